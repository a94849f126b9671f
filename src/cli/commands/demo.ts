/** @file `vesalius demo`: phantoms, CLIP, reference lines, table, report, and a look at studies never seen. */

import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { duration } from '../../core/progress.ts'
import type { Evaluation } from '../../evaluate/evaluate.ts'
import type { ReportImage, ReportSection } from '../../evaluate/report/html.ts'
import { type Context, command } from '../command.ts'

const domain = 'chest-xray'
const size = 96
const splits = { train: 5000, validate: 128, test: 1000 }

/** What the demo trains: the same towers in all three runs, each with the rate that suits its loss. */
const recipe = {
  data: { text: 'mixed' },
  train: { batch: 32, weightDecay: 0.02, warmup: 0.1, validateEvery: 100, checkpointEvery: 200 },
} as const
const lines = {
  clip: { label: 'CLIP', epochs: 8, rate: 2e-3 },
  supervised: { label: 'Supervised line', epochs: 6, rate: 3e-3 },
  shuffled: { label: 'Shuffled control', epochs: 1, rate: 2e-3 },
}

export const demo = command({
  name: 'demo',
  summary: 'the whole path on made-up chest X-rays, in minutes',
  usage: ['demo [--out DIR]'],
  options: {
    out: { type: 'string', value: 'DIR', default: 'demo', help: 'folder to write; an earlier demo in it is replaced' },
    seed: { type: 'integer', default: 1, help: 'seed of everything random' },
  },
  examples: [{ text: 'Everything, in ./demo', command: 'demo' }],
  async run({ options }, context) {
    const began = performance.now()
    const { print } = context
    const out = resolve(options.out)
    const folders = {
      data: join(out, 'data'),
      clip: join(out, 'run'),
      supervised: join(out, 'supervised'),
      shuffled: join(out, 'shuffled'),
    }
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true })

    const { generate, listDomains } = await import('../../phantoms/index.ts')
    const { findings = [], smallFindings = [] } = listDomains().find(({ id }) => id === domain) ?? {}
    const total = Object.values(splits).reduce((a, b) => a + b)
    print(`Drawing ${total} chest X-ray phantoms and writing their reports ...`)
    await generate(domain, {
      out: folders.data,
      splits,
      seed: options.seed,
      size,
      workers: availableParallelism(),
      progress: context.progress('Drawing', total, 'studies'),
      signal: context.signal,
    })
    print('Training CLIP on images and reports, no labels ...')
    await trainRun(context, 'clip', folders, options.seed)
    print('Training the reference lines: supervised, and shuffled pairs ...')
    await trainRun(context, 'supervised', folders, options.seed, findings)
    await trainRun(context, 'shuffled', folders, options.seed)

    const { evaluate } = await import('../../evaluate/evaluate.ts')
    const evaluation = await evaluate({
      run: folders.clip,
      tasks: ['ZSC', 'ITR'],
      supervised: folders.supervised,
      shuffled: folders.shuffled,
      progress: context.progress,
    })
    const { evaluationReport, evaluationTables } = await import('../../evaluate/report/evaluation-report.ts')
    const { writeFileAtomic } = await import('../../core/files.ts')
    const seen = await lookAtUnseen(folders.clip, folders.data)
    const report = join(out, 'report.html')
    const subtitle = 'CLIP on procedural chest X-rays: a test of the method, nothing about patients'
    await writeFileAtomic(
      report,
      evaluationReport(evaluation, { title: 'Vesalius demo', subtitle, more: [seen.section] }),
    )
    print(`\n${evaluationTables(evaluation)}\n${seen.text}`)
    const seconds = (performance.now() - began) / 1000
    print(`Done in ${duration(seconds)}. Report: ${report}`)
    print(`Next: vesalius classify --model ${join(options.out, 'run')} --prompts chest-phantom ${seen.example}`)
    return { ...document(evaluation, smallFindings), seconds, report }
  },
})

async function trainRun(
  context: Context,
  line: keyof typeof lines,
  folders: Readonly<Record<'data' | keyof typeof lines, string>>,
  seed: number,
  findings: readonly string[] = [],
): Promise<void> {
  const { resolveRun } = await import('../../pretrain/config.ts')
  const { createRun } = await import('../../pretrain/run-folder.ts')
  const { train } = await import('../../pretrain/train.ts')
  const { writeRunReport } = await import('../../evaluate/report/run-report.ts')
  const { label, epochs, rate } = lines[line]
  const objective = line === 'supervised' ? 'supervised' : 'clip'
  const overrides = {
    objectiveConfig: line === 'supervised' ? { findings, from: 'truth' } : {},
    data: { ...recipe.data, shufflePairs: line === 'shuffled' },
    train: { ...recipe.train, epochs, rate, seed },
  }
  const config = resolveRun({ data: folders.data, objective, size, channels: 1, overrides }, 'The demo')
  const folder = await createRun(folders[line], config)
  await train({ config, folder, progress: (steps) => context.progress(label, steps, 'steps'), signal: context.signal })
  await writeRunReport(folder)
}

/** Classifies a few test studies and sets what the model says beside the truth. */
async function lookAtUnseen(
  run: string,
  data: string,
): Promise<{ text: string; section: ReportSection; example: string }> {
  const { readFile } = await import('node:fs/promises')
  const { readStudies } = await import('../../data/studies.ts')
  const { openModel } = await import('../../apply/model.ts')
  const { classMatrix, score } = await import('../../apply/classify/zero-shot.ts')
  const { fillPrompts, loadPromptSet } = await import('../../text/index.ts')
  const tests = (await readStudies(data)).filter(({ split }) => split === 'test')
  const abnormal = tests.filter(({ truth }) => Object.values(truth?.labels ?? {}).includes(1))
  const normal = tests.filter((study) => !abnormal.includes(study))
  const chosen = [...abnormal.slice(0, 4), ...normal.slice(0, 2)]
  const model = await openModel(run)
  try {
    const matrix = await classMatrix(model, fillPrompts(await loadPromptSet('chest-phantom')))
    const lines: string[] = ['Studies it has never seen (three most likely findings):']
    const images: ReportImage[] = []
    for (const { id, images: pictures, truth } of chosen) {
      const file = join(data, pictures[0]!.path)
      const { pixels } = await model.readPicture(file)
      const settings = { scale: model.scale, width: model.config.joint, nameOf: () => id }
      const [{ probabilities = [] } = {}] = score(await model.embedPixels(pixels), matrix, settings)
      const said = matrix.prompts.names
        .map((name, k) => ({ name, p: probabilities[k] as number }))
        .sort((a, b) => b.p - a.p)
        .slice(0, 3)
        .map(({ name, p }) => `${name} ${(100 * p).toFixed(0)} %`)
        .join(', ')
      const there = Object.entries(truth?.labels ?? {})
        .filter(([, label]) => label === 1)
        .map(([name]) => name)
      const is = there.length === 0 ? 'no finding' : there.join(', ')
      lines.push(`  ${id}  truth: ${is}`, `           says: ${said}`)
      images.push({
        data: await readFile(file),
        type: 'image/png',
        alt: `Phantom ${id}`,
        caption: `${id}. Truth: ${is}. Says: ${said}`,
      })
    }
    const section = { heading: 'Studies it has never seen', images }
    return { text: `${lines.join('\n')}\n`, section, example: join(data, chosen[0]?.images[0]?.path ?? '') }
  } finally {
    await model.close()
  }
}

/** The document of `--json`. */
function document(
  { zeroShot, retrieval, reference }: Evaluation,
  smallFindings: readonly string[],
): Record<string, unknown> {
  const small = smallFindings.flatMap((name) => reference?.pixelBaseline.perClass[name]?.auroc ?? [])
  return {
    findings: zeroShot?.findings,
    zeroShot: { macroAuroc: zeroShot?.macroAuroc, interval: zeroShot?.interval, perClass: zeroShot?.perClass },
    retrieval,
    reference: {
      chance: { macroAuroc: 0.5, ...retrieval?.chance },
      shuffled: { macroAuroc: reference?.shuffled?.macroAuroc, interval: reference?.shuffled?.interval },
      pixelBaseline: {
        macroAuroc: reference?.pixelBaseline.macroAuroc,
        smallFindings: small.length === 0 ? null : small.reduce((a, b) => a + b) / small.length,
        perClass: reference?.pixelBaseline.perClass,
      },
      supervised: { macroAuroc: reference?.supervised?.macroAuroc, perClass: reference?.supervised?.perClass },
    },
    smallFindings,
  }
}

export { demo as command }
