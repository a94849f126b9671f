/**
 * @file Detection: average precision and recall at IoU thresholds by the rules of COCO (pycocotools), for boxes in 2-D and
 * 3-D. Detections of the whole set are sorted by score; precision is made non-increasing and read at 101 recalls.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type Box, boxIou, boxShare, boxSize, checkBox } from './boxes.ts'
import { type Prepared, prepareMacro } from './measure.ts'
import type { Counts } from './ranked.ts'

export interface Detection {
  box: Box
  /** Larger = surer; any finite number. */
  score: number
  /** Class; one class when left out. */
  label?: string
}

/** What was found in one image, and what is there. */
export interface DetectionCase {
  detections: readonly Detection[]
  /**
   * `crowd`: a region of many objects that nobody told apart. It is neither missed nor found; any number of detections that
   * lie in it are no false positives (COCO's `iscrowd`).
   */
  truth: readonly { box: Box; label?: string; crowd?: boolean }[]
}

export interface DetectionOptions {
  /** IoU thresholds, default .5, .55, ... .95 as in COCO. */
  thresholds?: readonly number[]
  /** Most detections counted per image and class, best first; default 100. */
  limit?: number
  /**
   * Sizes [low, high] of the objects that count, in the squared (cubed) unit of the boxes. Others are neither missed nor
   * found, and detections of another size that find nothing are no false positives, as in COCO's small, medium, large.
   */
  sizes?: readonly [number, number]
}

/** COCO's thresholds. */
export const cocoThresholds: readonly number[] = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100)

/** Metrics of one class, or their mean. */
export interface DetectionMetrics {
  /** Mean over the thresholds. */
  ap: Prepared
  /** One at each threshold, in order. */
  apAt: Prepared[]
  /** Share of objects found at most `limit` detections an image, mean over the thresholds (COCO's AR). */
  recall: Prepared
}

export interface DetectionResult extends DetectionMetrics {
  /** Classes with objects, in order of their names; the three above are means over them. */
  classes: ({ label: string; objects: number } & DetectionMetrics)[]
  /** Classes that were detected but have no object: they are in no mean. */
  withoutObjects: string[]
}

/** The detections of one class at one threshold, all images together, in descending order of score. */
interface Found {
  image: Int32Array
  /** 1 where an object was hit, 0 where not. Ignored detections are left out. */
  hit: Uint8Array
}

const unnamed = ''

/**
 * Matches detections to objects, ready to be resampled by image. Images without objects take part: what is found in them
 * is false. Throws on a box or score that is none.
 */
export function prepareDetection(cases: readonly DetectionCase[], options: DetectionOptions = {}): DetectionResult {
  const { thresholds = cocoThresholds, limit = 100, sizes = [0, Number.POSITIVE_INFINITY] } = options
  checkCases(cases)
  const labels = new Set(cases.flatMap(({ truth }) => truth.map(({ label = unnamed }) => label)))
  const detected = new Set(cases.flatMap(({ detections }) => detections.map(({ label = unnamed }) => label)))
  const classes = [...labels].sort().flatMap((label) => {
    const { objects, found } = matchClass(cases, label, thresholds, limit, sizes)
    const total = objects.reduce((sum, n) => sum + n, 0)
    return total === 0 ? [] : [{ label, objects: total, ...metricsOf(objects, found, thresholds) }]
  })
  const defined = new Set(classes.map(({ label }) => label))
  const withoutObjects = [...new Set([...labels, ...detected])].filter((label) => !defined.has(label)).sort()
  const nothing = metricsOf(new Int32Array(cases.length), [], [])
  const mean = (part: (metrics: DetectionMetrics) => Prepared) =>
    classes.length === 0 ? part(nothing) : prepareMacro(classes.map(part), part(classes[0]!))
  return {
    ap: mean(({ ap }) => ap),
    apAt:
      classes.length === 0 ? thresholds.map(() => nothing.ap) : thresholds.map((_, t) => mean(({ apAt }) => apAt[t]!)),
    recall: mean(({ recall }) => recall),
    classes,
    withoutObjects,
  }
}

function checkCases(cases: readonly DetectionCase[]): void {
  for (const [i, { detections, truth }] of cases.entries()) {
    for (const { box } of truth) checkBox(box, `image ${i}, object`)
    for (const { box, score } of detections) {
      checkBox(box, `image ${i}, detection`)
      if (Number.isFinite(score)) continue
      throw new VesaliusError('NOT_FINITE', `A detection of image ${i} has the score ${score}.`, {
        where: `image ${i}`,
        hint: 'Check the model that produced the scores.',
      })
    }
  }
}

const rule = 'undefined without an object; classes without one are in no mean'

function metricsOf(objects: Int32Array, found: readonly Found[], thresholds: readonly number[]): DetectionMetrics {
  const base = { rule, count: objects.length, skipped: 0 }
  const total = (counts?: Counts) => {
    if (counts === undefined) return objects.reduce((sum, n) => sum + n, 0)
    let sum = 0
    for (let i = 0; i < objects.length; i++) sum += counts[i]! * objects[i]!
    return sum
  }
  const mean = (of: (found: Found, total: number, counts?: Counts) => number) => (counts?: Counts) => {
    const all = total(counts)
    if (all === 0) return Number.NaN
    let sum = 0
    for (const one of found) sum += of(one, all, counts)
    return sum / found.length
  }
  const range = thresholds.length > 1 ? `${thresholds[0]}:${thresholds.at(-1)}` : `${thresholds[0] ?? ''}`
  return {
    ap: { ...base, variant: `AP@${range}`, on: mean(averagePrecision) },
    apAt: found.map((one, t) => ({
      ...base,
      variant: `AP@${thresholds[t]}`,
      on: (counts) => {
        const all = total(counts)
        return all === 0 ? Number.NaN : averagePrecision(one, all, counts)
      },
    })),
    recall: { ...base, variant: `AR@${range}`, on: mean(recallOf) },
  }
}

function recallOf({ image, hit }: Found, objects: number, counts?: Counts): number {
  let hits = 0
  for (let i = 0; i < hit.length; i++) if (hit[i] === 1) hits += counts === undefined ? 1 : counts[image[i]!]!
  return hits / objects
}

/** Precision after the last hit that a recall needs, at its best from there on, averaged over recalls 0, .01, ... 1. */
function averagePrecision({ image, hit }: Found, objects: number, counts?: Counts): number {
  let hits = 0
  let falses = 0
  const hitsAt: number[] = []
  const precision: number[] = []
  for (let i = 0; i < hit.length; i++) {
    const times = counts === undefined ? 1 : counts[image[i]!]!
    if (times === 0) continue
    if (hit[i] === 0) {
      falses += times
      continue
    }
    hits += times
    hitsAt.push(hits)
    precision.push(hits / (hits + falses))
  }
  let sum = 0
  let best = 0
  let k = precision.length - 1
  for (let r = 100; r >= 0; r--) {
    // As COCO: the first place whose recall reaches r / 100. Recall and threshold are compared as the quotients they are.
    const recall = r === 100 ? 1 : r * 0.01
    while (k >= 0 && hitsAt[k]! / objects >= recall) best = Math.max(best, precision[k--]!)
    if (hits / objects >= recall) sum += best
  }
  return sum / 101
}

function matchClass(
  cases: readonly DetectionCase[],
  label: string,
  thresholds: readonly number[],
  limit: number,
  [low, high]: readonly [number, number],
): { objects: Int32Array; found: Found[] } {
  const counted = (box: Box) => boxSize(box) >= low && boxSize(box) <= high
  const objects = new Int32Array(cases.length)
  const rows: { image: number; score: number /** [T] 1 hit, 0 false, -1 ignored */; states: Int8Array }[] = []
  for (const [image, { detections, truth }] of cases.entries()) {
    const named = truth.filter((object) => (object.label ?? unnamed) === label)
    const counts = ({ box, crowd = false }: (typeof named)[number]) => !crowd && counted(box)
    // Objects that do not count come last: a detection takes one of them only if it fits no other.
    const sorted = [...named.filter(counts), ...named.filter((object) => !counts(object))]
    const counting = named.filter(counts).length
    objects[image] = counting
    const own = detections.filter((one) => (one.label ?? unnamed) === label).toSorted((a, b) => b.score - a.score)
    const kept = own.slice(0, limit)
    const overlaps = kept.map(({ box }) =>
      sorted.map((object) => (object.crowd ? boxShare(box, object.box) : boxIou(box, object.box))),
    )
    const states = kept.map(() => new Int8Array(thresholds.length))
    for (const [t, threshold] of thresholds.entries()) {
      const taken = new Uint8Array(sorted.length)
      for (const [d, overlap] of overlaps.entries()) {
        const match = bestMatch(overlap, taken, counting, threshold)
        if (match >= 0 && sorted[match]!.crowd !== true) taken[match] = 1
        if (match >= 0) states[d]![t] = match < counting ? 1 : -1
        else if (!counted(kept[d]!.box)) states[d]![t] = -1
      }
    }
    kept.forEach(({ score }, d) => void rows.push({ image, score, states: states[d]! }))
  }
  rows.sort((a, b) => b.score - a.score) // stable: ties stay in the order of images
  const found = thresholds.map((_, t) => {
    const used = rows.filter(({ states }) => states[t] !== -1)
    return {
      image: Int32Array.from(used, (row) => row.image),
      hit: Uint8Array.from(used, (row) => row.states[t]!),
    }
  })
  return { objects, found }
}

/** The free object of highest IoU at or above the threshold; of equals the last, as in COCO; -1 for none. */
function bestMatch(overlap: readonly number[], taken: Uint8Array, counting: number, threshold: number): number {
  let best = Math.min(threshold, 1 - 1e-10)
  let match = -1
  for (let g = 0; g < overlap.length; g++) {
    if (taken[g] === 1) continue
    if (g >= counting && match >= 0 && match < counting) break
    if (overlap[g]! < best) continue
    best = overlap[g]!
    match = g
  }
  return match
}
