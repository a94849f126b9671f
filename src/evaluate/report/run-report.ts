/** @file report.html of a run: what was trained, how the loss went, how fast. Made again whenever the run stops. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/files.ts'
import { duration } from '../../core/progress.ts'
import { readStudies } from '../../data/studies.ts'
import { objectiveOf, type RunConfig } from '../../pretrain/config.ts'
import { splitStudies } from '../../pretrain/prepare.ts'
import { type MetricsLine, type RunFolder, readMetrics, readRunConfig } from '../../pretrain/run-folder.ts'
import { type ReportSection, renderReport, table } from './html.ts'
import { linePlot, type Series } from './plots.ts'
import { shownSections } from './shown-section.ts'

function series(name: string, lines: readonly MetricsLine[], key: string): Series {
  const shown = lines.filter((line) => typeof line[key] === 'number')
  return { name, x: shown.map(({ step }) => step), y: shown.map((line) => line[key] as number) }
}

/** Writes report.html of a run and returns its path. */
export async function writeRunReport(folder: RunFolder): Promise<string> {
  const path = join(folder.path, 'report.html')
  const config = await readRunConfig(folder.path)
  if (config === undefined) return path
  const lines = await readMetrics(folder)
  const train = lines.filter(({ kind }) => kind === 'train')
  const validate = lines.filter(({ kind }) => kind === 'validate')
  const last = train.at(-1)
  const { survey, losses } = objectiveOf(config.objective)
  const best = validate.reduce<MetricsLine | undefined>(
    (a, b) => (a === undefined || Number(b.loss) < Number(a.loss) ? b : a),
    undefined,
  )
  const parts = losses.length > 1 ? losses.map((name) => series(name, train, name)) : []
  const { image, text, joint } = config.model
  const shown = await shownOf(folder.path, config)
  const html = renderReport({
    title: `${survey.name}: pre-training run`,
    subtitle: folder.path.split('/').at(-1) ?? '',
    sections: [
      {
        heading: 'Result',
        table: table(
          ['', ''],
          [
            ['objective', `${survey.name}, ${survey.paper}`],
            ['towers', `${image.kind} at ${image.size} px, ${text.kind}, joint space ${joint}`],
            ['last step', `${last?.step ?? 0}`],
            ['last training loss', Number(last?.loss ?? Number.NaN)],
            [
              'best validation loss',
              best === undefined ? 'not validated' : `${Number(best.loss).toFixed(4)} at step ${best.step}`,
            ],
            [
              'speed',
              `${Number(last?.pairsPerSecond ?? 0).toFixed(1)} pairs/s, ${(100 * Number(last?.dataWait ?? 0)).toFixed(1)} % of the time waiting for data`,
            ],
            ['time', duration(Number(last?.seconds ?? 0))],
          ],
        ),
      },
      {
        heading: 'Loss',
        plot: linePlot({ title: 'Loss', x: 'step', y: 'loss' }, [
          series('training', train, 'loss'),
          series('validation', validate, 'loss'),
          ...parts,
        ]),
      },
      {
        heading: 'Optimisation',
        plot: [
          linePlot(
            { title: 'Gradient norm', x: 'step', y: 'norm before clipping' },
            [series('gradient norm', train, 'gradientNorm')],
            { log: true, height: 220 },
          ),
          linePlot({ title: 'Learning rate', x: 'step', y: 'rate' }, [series('learning rate', train, 'rate')], {
            height: 220,
          }),
          ...(train.some(({ scale }) => typeof scale === 'number')
            ? [
                linePlot({ title: 'Logit scale', x: 'step', y: '1/τ' }, [series('logit scale', train, 'scale')], {
                  height: 220,
                }),
              ]
            : []),
        ],
      },
      ...shown,
      { heading: 'Configuration', html: `<pre>${escapePre(JSON.stringify(config, null, 2))}</pre>` },
    ],
    footer: 'Vesalius. For research and engineering, never for decisions about patients.',
  })
  await writeFileAtomic(path, html)
  return path
}

/** What the trained system shows, of validation studies; nothing before there is a model. */
async function shownOf(path: string, config: RunConfig): Promise<readonly ReportSection[]> {
  const { pictures } = objectiveOf(config.objective)
  if (pictures === undefined || !existsSync(join(path, 'model', 'model.safetensors'))) return []
  const { validate } = splitStudies(await readStudies(config.data.folder), config.data)
  return shownSections(path, config.data.folder, validate)
}

function escapePre(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}
