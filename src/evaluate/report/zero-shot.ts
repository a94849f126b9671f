/** @file What a report shows of zero-shot scores: curves, decisions, and the surest errors with their pictures. */

import sharp from 'sharp'
import type { Model } from '../../apply/model.ts'
import { pictures } from '../context.ts'
import { rankedAuroc, rocCurve } from '../metrics/auroc.ts'
import { type Finding, rank } from '../metrics/ranked.ts'
import type { EvaluationData } from '../protocol.ts'
import { greysOf } from './grounding.ts'
import { type ReportImage, type ReportSection, table } from './html.ts'
import { linePlot, rocPlot } from './plots.ts'

/** Curves of at most this many findings: more lines cannot be told apart. */
const most = 7

/** Precision after each distinct score from the top, against recall. */
export function precisionRecall({ name, scores, labels }: Finding): { name: string; x: number[]; y: number[] } {
  const { positive, groupEnd } = rank(scores, labels, name)
  const total = positive.reduce((sum, value) => sum + value, 0)
  const [x, y]: [number[], number[]] = [[], []]
  let [hits, i] = [0, 0]
  for (const end of groupEnd) {
    for (; i < end; i++) hits += positive[i]!
    x.push(hits / total)
    y.push(hits / end)
  }
  return { name, x, y }
}

/** Curves, decisions at one half, and the surest errors. */
export async function zeroShotSections(
  model: Model,
  data: EvaluationData,
  findings: readonly Finding[],
): Promise<ReportSection[]> {
  const ranked = findings.map((finding) => ({ finding, auroc: rankedAuroc(rank(finding.scores, finding.labels)) }))
  const known = ranked.filter(({ auroc }) => !Number.isNaN(auroc)).sort((a, b) => b.auroc - a.auroc)
  const step = Math.max(1, (known.length - 1) / (most - 1))
  const chosen = known.length <= most ? known : Array.from({ length: most }, (_, i) => known[Math.round(i * step)]!)
  const n = data.test.length
  const decisions = findings.map(({ name, scores, labels }) => {
    const count = (said: boolean, truth: number): number =>
      Array.from(labels).filter((label, i) => label === truth && scores[i]! >= 0.5 === said).length
    return [name, count(true, 1), count(false, 1), count(true, 0), count(false, 0)]
  })
  return [
    {
      heading: 'Zero-shot: curves and decisions',
      text: `${n} test studies. Curves of ${chosen.length} of ${findings.length} findings, from the best to the worst. Decisions at probability one half, truth in the head of the column.`,
      plot: [
        rocPlot(
          { title: 'ROC curves' },
          chosen.map(({ finding }) => ({ name: finding.name, ...rocCurve(finding.scores, finding.labels) })),
        ),
        linePlot(
          { title: 'Precision and recall', x: 'recall', y: 'precision' },
          chosen.map(({ finding }) => precisionRecall(finding)),
        ),
      ],
      table: table(['finding', 'present, said', 'present, missed', 'absent, said', 'absent, left'], decisions),
    },
    { heading: 'Zero-shot: the surest errors', images: await surestErrors(model, data, findings) },
  ]
}

async function surestErrors(model: Model, data: EvaluationData, findings: readonly Finding[]): Promise<ReportImage[]> {
  const errors = findings
    .flatMap(({ name, scores, labels }) =>
      Array.from(labels).flatMap((label, study) => {
        const p = scores[study]!
        return (label === 1 && p < 0.5) || (label === 0 && p >= 0.5)
          ? [{ name, study, p, off: Math.abs(p - label) }]
          : []
      }),
    )
    .sort((a, b) => b.off - a.off)
  // One a finding: the surest errors of one finding alone would hide the others.
  const seen = new Set<string>()
  const worst = errors.filter(({ name }) => !seen.has(name) && seen.add(name)).slice(0, 8)
  const load = pictures(model, data.folder, data.test)
  return Promise.all(
    worst.map(async ({ name, study, p }) => ({
      data: await png(greysOf(await load([study]), model), model.config.image.size),
      type: 'image/png' as const,
      alt: `Picture of study ${data.test[study]!.id}`,
      caption: `${data.test[study]!.id}: ${name} ${p >= 0.5 ? 'said, but absent' : 'missed'} (probability ${p.toFixed(2)})`,
    })),
  )
}

/** Greys 0..1 [size, size] as a PNG, enlarged without smoothing where small. */
export function png(grey: Float32Array, size: number): Promise<Uint8Array> {
  const bytes = Buffer.from(Uint8Array.from(grey, (value) => Math.round(value * 255)))
  const scale = Math.max(1, Math.round(192 / size))
  return sharp(bytes, { raw: { width: size, height: size, channels: 1 } })
    .resize(size * scale, size * scale, { kernel: 'nearest' })
    .png()
    .toBuffer()
}

/** Pictures with what was found for them: the own report's rank, and the report that came first. */
export async function retrievalSection(
  model: Model,
  data: EvaluationData,
  places: readonly number[],
  words: readonly string[],
  similarity: Float32Array,
  ranks: Float64Array,
): Promise<ReportSection> {
  const n = places.length
  const order = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!)
  const chosen = [
    ...new Set([...order.slice(0, 2), ...order.slice(Math.floor(n / 2), Math.floor(n / 2) + 2), ...order.slice(-2)]),
  ]
  const load = pictures(model, data.folder, data.test)
  const images = await Promise.all(
    chosen.map(async (i): Promise<ReportImage> => {
      const row = similarity.subarray(i * n, (i + 1) * n)
      const first = row.indexOf(row.reduce((top, value) => Math.max(top, value), Number.NEGATIVE_INFINITY))
      return {
        data: await png(greysOf(await load([places[i]!]), model), model.config.image.size),
        type: 'image/png',
        alt: `Picture of study ${data.test[places[i]!]!.id}`,
        caption: `${data.test[places[i]!]!.id}: own report at rank ${ranks[i]}: "${words[i]}" First: "${words[first]}"`,
      }
    }),
  )
  return { heading: 'Retrieval: best, middle and worst', images }
}
