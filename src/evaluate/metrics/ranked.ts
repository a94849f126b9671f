/**
 * @file One finding, sorted once. Every ranking metric walks the sorted items with a count per item, so that a bootstrap
 * resample costs one pass instead of one sort.
 */

import { VesaliusError } from '../../core/errors.ts'

/** Scores and labels of one finding, item by item. */
export interface Finding {
  /** Name for tables and messages. */
  name: string
  /** [N] any real number, larger = more likely present. */
  scores: ArrayLike<number>
  /** [N] 1 present, 0 absent, -1 or NaN = left out of this finding only. */
  labels: ArrayLike<number>
}

/** The labelled items of a finding in descending order of score. */
export interface Ranked {
  /** [M] index of the item in the caller's arrays. */
  item: Int32Array
  /** [M] 1 where the item is positive. */
  positive: Uint8Array
  /** [M] score of the item. */
  score: Float64Array
  /** [G] end (exclusive) of each run of equal scores. */
  groupEnd: Int32Array
}

/** How many times each item occurs in a resample, [N]. Absent: once each. */
export type Counts = ArrayLike<number>

/** A number computed from one ranked finding on a resample; NaN where it is undefined. */
export type RankedMetric = (ranked: Ranked, counts?: Counts) => number

/** Refuses arrays of different length, labels other than 1, 0, -1, NaN, and scores that are NaN. */
export function checkFinding(scores: ArrayLike<number>, labels: ArrayLike<number>, name = 'the finding'): void {
  if (scores.length !== labels.length) {
    throw new VesaliusError('SHAPE_MISMATCH', `${name} has ${scores.length} scores but ${labels.length} labels.`, {
      where: name,
      hint: 'Give one score and one label for each item; mark an unlabelled item with -1.',
    })
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    if (label !== 0 && label !== 1 && label !== -1 && !Number.isNaN(label)) {
      throw new VesaliusError('DATA_INVALID', `The label of item ${i} of ${name} is ${label}.`, {
        where: `${name}, item ${i}`,
        hint: 'Use 1 for present, 0 for absent and -1 for items to leave out.',
      })
    }
    // A NaN score would silently land anywhere in the order; it is a fault of the system, not a property of the data.
    if (Number.isNaN(scores[i])) {
      throw new VesaliusError('NOT_FINITE', `The score of item ${i} of ${name} is not a number.`, {
        where: `${name}, item ${i}`,
        hint: 'Check the model that produced the scores.',
      })
    }
  }
}

/** Sorts the labelled items of one finding; see {@link checkFinding} for what is refused. */
export function rank(scores: ArrayLike<number>, labels: ArrayLike<number>, name?: string): Ranked {
  checkFinding(scores, labels, name)
  const labelled: number[] = []
  for (let i = 0; i < labels.length; i++) if (labels[i] === 0 || labels[i] === 1) labelled.push(i)
  // -Infinity - -Infinity is NaN, so the comparison is spelled out.
  labelled.sort((a, b) => (scores[a]! === scores[b]! ? a - b : scores[a]! < scores[b]! ? 1 : -1))
  const item = Int32Array.from(labelled)
  const score = Float64Array.from(labelled, (i) => scores[i]!)
  const ends: number[] = []
  for (let i = 0; i < score.length; i++) if (i + 1 === score.length || score[i] !== score[i + 1]) ends.push(i + 1)
  return { item, positive: Uint8Array.from(labelled, (i) => labels[i]!), score, groupEnd: Int32Array.from(ends) }
}

/** The mean of the defined values, with how many there were; NaN when there is none. */
export function meanDefined(values: ArrayLike<number>): { value: number; defined: number } {
  let sum = 0
  let defined = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue
    sum += values[i]!
    defined++
  }
  return { value: defined === 0 ? Number.NaN : sum / defined, defined }
}

/** A mean over findings, with the findings that could not take part. */
export interface Macro {
  /** Mean over the defined findings; NaN when none is defined. */
  value: number
  /** Value of each finding in order; NaN where undefined. */
  each: number[]
  /** Names of the findings left out because the metric is undefined on them. */
  undefined: string[]
}

/** A ranking metric of each finding and its mean over the findings where it is defined. */
export function macro(metric: RankedMetric, findings: readonly Finding[]): Macro {
  const each = findings.map(({ name, scores, labels }) => metric(rank(scores, labels, name)))
  return {
    value: meanDefined(each).value,
    each,
    undefined: findings.filter((_, k) => Number.isNaN(each[k])).map((finding) => finding.name),
  }
}

/** Columns of row-major scores and labels [N, K] as findings, in the order of `names` (K of them). */
export function findingsOf(names: readonly string[], scores: ArrayLike<number>, labels: ArrayLike<number>): Finding[] {
  const width = names.length
  if (scores.length !== labels.length || (width > 0 && scores.length % width !== 0)) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `${scores.length} scores and ${labels.length} labels do not form two equal tables of ${width} findings.`,
      { hint: 'Give both as [items, findings], row by row.' },
    )
  }
  const count = width === 0 ? 0 : scores.length / width
  return names.map((name, k) => ({
    name,
    scores: Float64Array.from({ length: count }, (_, i) => scores[i * width + k]!),
    labels: Float64Array.from({ length: count }, (_, i) => labels[i * width + k]!),
  }))
}

/** Exclusive classes as one finding each (one against the rest): scores [N, K], truth [N] class index or -1. */
export function oneVersusRest(
  names: readonly string[],
  scores: ArrayLike<number>,
  truth: ArrayLike<number>,
): Finding[] {
  const width = names.length
  const labels = Int8Array.from({ length: truth.length * width }, (_, at) => {
    const label = truth[Math.floor(at / width)]!
    return label < 0 ? -1 : label === at % width ? 1 : 0
  })
  return findingsOf(names, scores, labels)
}
