/**
 * @file A number of a protocol, kept as what it is computed from, case by case. So intervals, paired differences of two
 * systems and differences over several seeds are all the same resampling, today or from a file.
 */

import { rankedAuprc } from './metrics/auprc.ts'
import { rankedAuroc } from './metrics/auroc.ts'
import { prepareBleu } from './metrics/bleu.ts'
import type { BootstrapOptions, BootstrapRun } from './metrics/bootstrap.ts'
import { type ObservationStates, prepareClinicalEfficacy } from './metrics/clinical.ts'
import { type DetectionCase, prepareDetection } from './metrics/detection.ts'
import { type Measure, measureAll, type Prepared, weightedMean } from './metrics/measure.ts'
import { type Counts, type Finding, meanDefined, rank } from './metrics/ranked.ts'
import type { TextCase } from './metrics/tokens.ts'

/** What a number is computed from; every list has one entry a case, in the order of the cases. NaN cases are left out. */
export type CaseMeasure =
  /** Mean of one value a case: accuracy from 0 and 1, recall, overlap, contrast. `variant` names what was averaged. */
  | { kind: 'mean'; values: ArrayLike<number>; variant?: string }
  /** Median of one value a case, such as a rank. */
  | { kind: 'median'; values: ArrayLike<number> }
  /** Sum over sum: pooled overlap, token counts. */
  | { kind: 'ratio'; top: ArrayLike<number>; bottom: ArrayLike<number> }
  /** Mean over findings of the area under the ROC curve; findings with one class only are left out. */
  | { kind: 'auroc'; findings: readonly Finding[] }
  /** Mean over findings of the average precision. */
  | { kind: 'auprc'; findings: readonly Finding[] }
  /** Mean over findings of the expected calibration error of probabilities, ten bins of equal width. */
  | { kind: 'ece'; findings: readonly Finding[] }
  /** Share of comparable pairs whose risks are in the order of their times (Harrell's C); ties of risk count half. */
  | { kind: 'concordance'; times: ArrayLike<number>; events: ArrayLike<number>; risks: ArrayLike<number> }

  /** COCO's average precision or recall of boxes. */
  | { kind: 'detection'; cases: readonly DetectionCase[]; thresholds: readonly number[]; which: 'ap' | 'recall' }
  /** BLEU-n of the whole set. */
  | { kind: 'bleu'; cases: readonly TextCase[]; n: 1 | 2 | 3 | 4 }
  /** What generated reports call positive against what the real ones do, as one labeler reads both. */
  | ({ kind: 'clinical'; average: 'micro' | 'macro' | 'example'; score: 'precision' | 'recall' | 'f1' } & ClinicalCases)

/** What a labeler finds in generated and in real reports, [N] each. */
export interface ClinicalCases {
  generated: readonly ObservationStates[]
  real: readonly ObservationStates[]
  observations: readonly string[]
}

/** Measures of the same cases. */
export interface CaseMeasures {
  /** Patient (or other unit that is drawn as a whole) of each case. */
  units: ArrayLike<number>
  measures: Readonly<Record<string, CaseMeasure>>
}

type OnCounts = Prepared['on']

/** The measure as every family of metrics hands it over: prepared once, to be resampled. */
export function preparedMeasure(measure: CaseMeasure): Prepared {
  switch (measure.kind) {
    case 'mean':
      return {
        ...partOf(measure.values.length, (i) => !Number.isNaN(measure.values[i])),
        variant: measure.variant ?? 'mean',
        rule: 'the mean of the cases that have a value',
        on: (counts) => weightedMean(measure.values, counts),
      }
    case 'median':
      return {
        ...partOf(measure.values.length, (i) => !Number.isNaN(measure.values[i])),
        variant: 'median',
        rule: 'the median of the cases that have a value',
        on: medianOf(measure.values),
      }
    case 'ratio': {
      const { top, bottom } = measure
      return {
        ...partOf(top.length, (i) => !Number.isNaN(top[i]) && !Number.isNaN(bottom[i])),
        variant: 'ratio of sums',
        rule: 'undefined when there is nothing to divide by',
        on: ratioOf(top, bottom),
      }
    }
    case 'auroc':
    case 'auprc': {
      const { findings, kind } = measure
      const known = (i: number): boolean => findings.some(({ labels }) => labels[i] === 0 || labels[i] === 1)
      return {
        ...partOf(findings[0]?.labels.length ?? 0, known),
        variant: kind === 'auroc' ? 'macro AUROC' : 'macro AP-step',
        rule: 'findings without cases of both kinds are left out of the mean; undefined when all are',
        on: macroOf(kind === 'auroc' ? rankedAuroc : rankedAuprc, findings),
      }
    }
    case 'ece':
      return {
        ...partOf(measure.findings[0]?.labels.length ?? 0, (i) =>
          measure.findings.some(({ labels }) => labels[i] === 0 || labels[i] === 1),
        ),
        variant: 'ECE of 10 bins, mean over findings',
        rule: 'undefined when no case has a label',
        on: calibrationOf(measure.findings),
      }
    case 'concordance':
      return {
        ...partOf(measure.times.length, () => true),
        variant: "Harrell's C",
        rule: 'undefined when no two cases can be compared',
        on: concordanceOf(measure),
      }
    case 'detection':
      return prepareDetection(measure.cases, { thresholds: measure.thresholds })[measure.which]
    case 'bleu':
      return prepareBleu(measure.cases)[measure.n - 1]!
    case 'clinical': {
      const { generated, real, observations } = measure
      return prepareClinicalEfficacy(generated, real, { observations })[measure.average][measure.score]
    }
  }
}

function partOf(count: number, known: (i: number) => boolean): Pick<Prepared, 'count' | 'skipped'> {
  let n = 0
  for (let i = 0; i < count; i++) if (known(i)) n++
  return { count, skipped: count - n }
}

function ratioOf(top: ArrayLike<number>, bottom: ArrayLike<number>): OnCounts {
  return (counts) => {
    let [above, below] = [0, 0]
    for (let i = 0; i < top.length; i++) {
      if (Number.isNaN(top[i]) || Number.isNaN(bottom[i])) continue
      const count = counts === undefined ? 1 : counts[i]!
      above += count * top[i]!
      below += count * bottom[i]!
    }
    return below === 0 ? Number.NaN : above / below
  }
}

/** Of several findings. A resample that loses one of them is another question: it is undefined, and drawn again. */
function macroOf(metric: typeof rankedAuroc, findings: readonly Finding[]): OnCounts {
  const ranked = findings.map(({ name, scores, labels }) => rank(scores, labels, name))
  const used = ranked.filter((finding) => !Number.isNaN(metric(finding)))
  return (counts) => used.reduce((sum, finding) => sum + metric(finding, counts), 0) / used.length
}

/** Gap between probability and frequency in each of ten bins, weighted by its cases, averaged over findings. */
function calibrationOf(findings: readonly Finding[]): OnCounts {
  const bins = 10
  return (counts) => {
    const errors = findings.map(({ scores, labels }) => {
      const [said, seen] = [new Float64Array(bins), new Float64Array(bins)]
      let total = 0
      for (let i = 0; i < labels.length; i++) {
        if (labels[i] !== 0 && labels[i] !== 1) continue
        const count = counts === undefined ? 1 : counts[i]!
        const bin = Math.min(bins - 1, Math.floor(scores[i]! * bins))
        said[bin]! += count * scores[i]!
        seen[bin]! += count * labels[i]!
        total += count
      }
      return total === 0 ? Number.NaN : said.reduce((sum, value, b) => sum + Math.abs(value - seen[b]!), 0) / total
    })
    return meanDefined(errors).value
  }
}

function medianOf(values: ArrayLike<number>): OnCounts {
  const order = Array.from(values, (_, i) => i)
    .filter((i) => !Number.isNaN(values[i]))
    .sort((a, b) => values[a]! - values[b]!)
  return (counts?: Counts) => {
    const times = (i: number): number => (counts === undefined ? 1 : counts[i]!)
    const total = order.reduce((sum, i) => sum + times(i), 0)
    if (total === 0) return Number.NaN
    // Mean of the two in the middle, as if every case stood there as often as it was drawn.
    const at = (place: number): number => {
      let passed = 0
      for (const i of order) {
        passed += times(i)
        if (passed > place) return values[i]!
      }
      return Number.NaN
    }
    return (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2
  }
}

function concordanceOf({ times, events, risks }: Extract<CaseMeasure, { kind: 'concordance' }>): OnCounts {
  return (counts) => {
    let [concordant, comparable] = [0, 0]
    for (let i = 0; i < times.length; i++) {
      const first = counts === undefined ? 1 : counts[i]!
      if (events[i] !== 1 || first === 0) continue
      for (let j = 0; j < times.length; j++) {
        // i died while j was known to live; at equal times only a censored j lived longer.
        if (!(times[i]! < times[j]! || (times[i] === times[j] && events[j] !== 1))) continue
        const weight = first * (counts === undefined ? 1 : counts[j]!)
        comparable += weight
        concordant += weight * (risks[i]! > risks[j]! ? 1 : risks[i] === risks[j] ? 0.5 : 0)
      }
    }
    return comparable === 0 ? Number.NaN : concordant / comparable
  }
}

/** All measures with intervals, on the same resamples of units. */
export function withIntervals(
  { units, measures }: CaseMeasures,
  options: Omit<BootstrapOptions, 'clusters'> = {},
): { values: Record<string, Measure>; bootstrap: BootstrapRun } {
  const names = Object.keys(measures)
  const prepared = names.map((name) => preparedMeasure(measures[name]!))
  const { measures: found, bootstrap } = measureAll(prepared, { ...options, clusters: units })
  return { values: Object.fromEntries(names.map((name, k) => [name, found[k]!])), bootstrap }
}

/** Measures as JSON: typed arrays become lists, NaN becomes null, infinities the largest numbers (they only have to sort). */
export function measuresToJson(measures: CaseMeasures): unknown {
  const plain = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array)
    if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE
    return value === Number.NEGATIVE_INFINITY ? -Number.MAX_VALUE : value
  }
  return JSON.parse(JSON.stringify(measures, (_, value: unknown) => plain(value))) as unknown
}

/** What {@link measuresToJson} wrote; null is NaN again. */
export function measuresFromJson(value: unknown): CaseMeasures {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    Array.isArray(part) && part.includes(null) ? part.map((entry: unknown) => entry ?? Number.NaN) : part,
  ) as CaseMeasures
}
