/** @file The results of an evaluation as terminal tables and as one HTML page. */

import { textTable } from '../../core/table.ts'
import type { Evaluation } from '../evaluate.ts'
import type { FindingScores } from '../protocols/findings.ts'
import type { Recalls } from '../protocols/retrieval.ts'
import type { ProtocolOutcome } from '../run-protocols.ts'
import { type ReportSection, renderReport, table } from './html.ts'
import { confusionPlot, intervalPlot } from './plots.ts'

type Row = (string | number | null)[]

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(3)
const interval = (pair: readonly [number, number] | null | undefined): string =>
  pair === null || pair === undefined ? '' : `${pair[0].toFixed(3)} to ${pair[1].toFixed(3)}`

const findingColumns = ['finding', 'positives', 'zero-shot AUROC', '95 % interval', 'pixels', 'supervised', 'shuffled']

/** One row a finding, and the macro mean; reference lines beside the model. */
function findingRows({ zeroShot, reference }: Evaluation): Row[] {
  if (zeroShot === undefined) return []
  const { pixelBaseline, supervised, shuffled } = reference ?? {}
  const of = (line: FindingScores | undefined, name: string): number | null => line?.perClass[name]?.auroc ?? null
  const rows: Row[] = zeroShot.findings.map((name) => {
    const { auroc, interval: pair, positives } = zeroShot.perClass[name]!
    return [name, positives, auroc, interval(pair), of(pixelBaseline, name), of(supervised, name), of(shuffled, name)]
  })
  const lines = [pixelBaseline, supervised, shuffled].map((line) => line?.macroAuroc ?? null)
  return [...rows, ['macro', null, zeroShot.macroAuroc, interval(zeroShot.interval), ...lines]]
}

const recallColumns = ['direction', 'R@1', 'R@5', 'R@10', 'median rank']

function recallRows({ retrieval }: Evaluation): Row[] {
  if (retrieval === undefined) return []
  const row = (name: string, { r1, r5, r10, medianRank }: Recalls): Row => [
    name,
    number(r1),
    number(r5),
    number(r10),
    medianRank.toFixed(1),
  ]
  const { identicalAsHits: same, chance, candidates } = retrieval
  return [
    row('image to text', retrieval.imageToText),
    row('text to image', retrieval.textToImage),
    row('image to text, same words count', same.imageToText),
    row('text to image, same words count', same.textToImage),
    ['chance', number(chance.r1), number(chance.r5), number(chance.r10), ((candidates + 1) / 2).toFixed(1)],
  ]
}

const measureColumns = ['protocol', 'measure', 'value', '95 % interval', 'n', 'left out']

function measureRows(outcomes: readonly ProtocolOutcome[]): Row[] {
  return outcomes.flatMap((outcome) =>
    outcome.skipped !== undefined
      ? []
      : Object.entries(outcome.metrics).map(([name, { value, interval: pair, n, skipped }]): Row => {
          const less = outcome.protocol.lower?.includes(name) ? `${name} (less is better)` : name
          return [outcome.protocol.id, less, value, interval(pair), n, skipped]
        }),
  )
}

function skippedLines(outcomes: readonly ProtocolOutcome[]): string[] {
  return outcomes.flatMap(({ protocol, skipped }) => (skipped === undefined ? [] : [`${protocol.id}: ${skipped}`]))
}

/** One part a protocol: what it measures, its numbers, then what it draws itself. */
function protocolSections(outcomes: readonly ProtocolOutcome[]): ReportSection[] {
  const parts = outcomes.flatMap((outcome): ReportSection[] => {
    if (outcome.skipped !== undefined) return []
    const { protocol, metrics, sections } = outcome
    const shown = Object.entries(metrics).filter(
      ([name, { value }]) => value !== null && !/MedianRank|contrast/.test(name),
    )
    const references = Object.values(protocol.chance ?? {})
    return [
      {
        heading: `${protocol.id}: ${protocol.name}`,
        text: protocol.measures,
        ...(shown.length === 0
          ? {}
          : {
              plot: intervalPlot(
                { title: `${protocol.id}: values with 95 % intervals`, x: 'value' },
                [
                  {
                    name: protocol.id,
                    rows: shown.map(([name, { value, interval: pair }]) => ({
                      name,
                      value: value as number,
                      low: pair?.[0] ?? Number.NaN,
                      high: pair?.[1] ?? Number.NaN,
                    })),
                  },
                ],
                { references: references[0] === undefined ? [] : [{ name: 'chance', value: references[0] }] },
              ),
            }),
        table: table(measureColumns, measureRows([outcome])),
      },
      ...sections,
    ]
  })
  const skipped = skippedLines(outcomes)
  return skipped.length === 0 ? parts : [...parts, { heading: 'Not measured on these data', text: skipped }]
}

/** Tables for the terminal. */
export function evaluationTables(evaluation: Evaluation): string {
  const { zeroShot, retrieval, domain, outcomes } = evaluation
  const parts: string[] = []
  const rows = measureRows(outcomes)
  if (rows.length > 0) parts.push(textTable(measureColumns, rows), '')
  const skipped = skippedLines(outcomes)
  if (skipped.length > 0) parts.push('Not measured on these data:', ...skipped.map((line) => `  ${line}`), '')
  if (zeroShot !== undefined)
    parts.push(`Zero-shot findings, ${zeroShot.n} studies`, textTable(findingColumns, findingRows(evaluation)), '')
  if (retrieval !== undefined) {
    parts.push(
      `Retrieval among ${retrieval.candidates} (${retrieval.repeated} share their report word for word)`,
      textTable(recallColumns, recallRows(evaluation)),
      '',
    )
  }
  if (domain !== undefined) {
    parts.push(
      `Domain identification: accuracy ${number(domain.accuracy)} (${interval(domain.interval)}), ${domain.n} images, ${domain.folds} folds (${domain.perFold.map(number).join(', ')})`,
      `Linear model on 16 x 16 pixels: ${number(domain.pixelBaseline.accuracy)} (${interval(domain.pixelBaseline.interval)})`,
      textTable(
        ['truth \\ said', ...domain.classes],
        domain.confusion.map((row, i) => [domain.classes[i] as string, ...row]),
      ),
      '',
    )
  }
  return parts.join('\n')
}

function intervalRows({
  findings,
  perClass,
}: FindingScores): { name: string; value: number; low: number; high: number }[] {
  return findings.map((name) => {
    const { auroc, interval: pair } = perClass[name]!
    return { name, value: auroc ?? Number.NaN, low: pair?.[0] ?? Number.NaN, high: pair?.[1] ?? Number.NaN }
  })
}

function findingSections(evaluation: Evaluation): ReportSection[] {
  const { zeroShot, reference } = evaluation
  if (zeroShot === undefined) return []
  const { pixelBaseline, supervised, shuffled } = reference ?? {}
  const systems = [
    { name: 'zero-shot', scores: zeroShot },
    { name: 'supervised', scores: supervised },
    { name: 'pixel baseline', scores: pixelBaseline },
    { name: 'shuffled pairs', scores: shuffled },
  ].flatMap(({ name, scores }) => (scores === undefined ? [] : [{ name, rows: intervalRows(scores) }]))
  return [
    {
      heading: 'Zero-shot findings',
      text: [
        `AUROC of positive against negative prompts on ${zeroShot.n} studies, with 95 % bootstrap intervals over ${zeroShot.bootstrap.units} patients (${zeroShot.bootstrap.resamples} resamples, ${zeroShot.bootstrap.redrawn} redrawn). Prompts ${zeroShot.prompts}.`,
        'Pixel baseline: logistic regression on 16 x 16 pixels. Supervised: the same image tower trained on the true labels. Shuffled: a training with images and words paired at random.',
      ],
      plot: intervalPlot({ title: 'AUROC by finding', x: 'AUROC' }, systems, {
        references: [{ name: 'chance', value: 0.5 }],
      }),
      table: table(findingColumns, findingRows(evaluation)),
    },
  ]
}

function otherSections(evaluation: Evaluation): ReportSection[] {
  const { retrieval, domain } = evaluation
  const sections: ReportSection[] = []
  if (retrieval !== undefined) {
    sections.push({
      heading: 'Image-text retrieval',
      text: `${retrieval.candidates} candidates, ties by mid-rank. ${retrieval.repeated} reports are shared word for word with another study; the second pair of rows counts any of them as a hit.`,
      table: table(recallColumns, recallRows(evaluation)),
    })
  }
  if (domain !== undefined) {
    sections.push({
      heading: 'Domain identification',
      text: [
        `Accuracy ${number(domain.accuracy)} (95 % interval ${interval(domain.interval)}) on ${domain.n} images never trained on, ${domain.folds} folds. A linear model on 16 x 16 pixels reaches ${number(domain.pixelBaseline.accuracy)} (${interval(domain.pixelBaseline.interval)}). Prompts ${domain.prompts}.`,
      ],
      plot: confusionPlot({ title: 'Confusion, truth in rows' }, domain.classes, domain.confusion),
    })
  }
  return sections
}

/** The whole evaluation as one page. */
export function evaluationReport(
  evaluation: Evaluation,
  { title, subtitle, more = [] }: { title: string; subtitle: string; more?: readonly ReportSection[] },
): string {
  return renderReport({
    title,
    subtitle,
    sections: [
      ...findingSections(evaluation),
      ...otherSections(evaluation),
      ...protocolSections(evaluation.outcomes),
      ...more,
    ],
    footer: 'Vesalius. For research and engineering, never for decisions about patients.',
  })
}
