/**
 * @file Localisation of anomalies over a set of images: pixel AUROC and PRO, the per-region overlap (Bergmann et al. 2020,
 * the evaluation of MVTec AD). Both are areas under one walk over all pixels in descending order of score.
 */

import { VesaliusError } from '../../core/errors.ts'
import { sameSize } from './masks.ts'
import type { Prepared } from './measure.ts'
import type { Counts } from './ranked.ts'

/** One image: how anomalous each pixel looks and where it is so (not 0). Same [H, W]. */
export interface AnomalyCase {
  /** [H, W] larger = more anomalous; compared in single precision; NaN takes no part. */
  map: ArrayLike<number>
  mask: ArrayLike<number>
  width: number
}

/**
 * Numbers of the connected regions of a mask [H, W], neighbours across edges and corners: 0 outside, then 1, 2, ... in
 * raster order of their first pixels.
 */
export function regionsOf(mask: ArrayLike<number>, width: number): { regions: Int32Array; count: number } {
  if (!Number.isInteger(width) || width < 1 || mask.length % width !== 0) {
    throw new VesaliusError('SHAPE_MISMATCH', `${mask.length} pixels are not rows of ${width}.`, {
      hint: 'Give the width of the mask.',
    })
  }
  const height = mask.length / width
  const regions = new Int32Array(mask.length)
  let count = 0
  const open: number[] = []
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || regions[start] !== 0) continue
    regions[start] = ++count
    open.push(start)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const x = at % width
      const y = (at - x) / width
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u
          if (mask[next] === 0 || regions[next] !== 0) continue
          regions[next] = count
          open.push(next)
        }
      }
    }
  }
  return { regions, count }
}

/** Order of values from the largest, for single-precision numbers without NaN: a radix sort, as sets have millions of pixels. */
export function descendingOrder(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength))
  // Ascending unsigned keys for descending floats: negative numbers keep their bits, others are inverted below them.
  const keys = bits.map((b) => (b === 0x80000000 ? 0x7fffffff : b >>> 31 === 1 ? b : ~b & 0x7fffffff))
  let order = Uint32Array.from(keys.keys())
  let next = new Uint32Array(keys.length)
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2049)
    for (let i = 0; i < keys.length; i++) starts[((keys[i]! >>> shift) & 2047) + 1]!++
    for (let b = 0; b < 2048; b++) starts[b + 1]! += starts[b]!
    for (let k = 0; k < order.length; k++) {
      const i = order[k]!
      next[starts[(keys[i]! >>> shift) & 2047]!++] = i
    }
    ;[order, next] = [next, order]
  }
  return order
}

/** All pixels of a set in descending order of score, equal scores of one image merged. */
interface Walk {
  image: Int32Array
  /** Weight of the anomalous pixels: 1 each, or 1 / size of the region. */
  inside: Float64Array
  normal: Float64Array
  /** 1 where a run of equal scores ends. */
  ends: Uint8Array
  /** By image: total weight inside, and number of normal pixels. */
  weights: Float64Array
  normals: Float64Array
}

function walkOf(cases: readonly AnomalyCase[], weighting: 'pixel' | 'region'): Walk {
  const total = cases.reduce((sum, { map }) => sum + map.length, 0)
  const score = new Float32Array(total)
  const imageOf = new Int32Array(total)
  const weight = new Float64Array(total) // 0 = normal
  const weights = new Float64Array(cases.length)
  const normals = new Float64Array(cases.length)
  let used = 0
  for (const [i, { map, mask, width }] of cases.entries()) {
    sameSize(map, mask, 'of map and mask')
    const { regions, count } = regionsOf(mask, width)
    const sizes = new Float64Array(count + 1)
    for (let at = 0; at < map.length; at++) if (!Number.isNaN(map[at])) sizes[regions[at]!]!++
    for (let at = 0; at < map.length; at++) {
      if (Number.isNaN(map[at])) continue
      const region = regions[at]!
      score[used] = map[at]! + 0 // -0 is 0
      imageOf[used] = i
      weight[used] = region === 0 ? 0 : weighting === 'pixel' ? 1 : 1 / sizes[region]!
      if (region === 0) normals[i]!++
      used++
    }
    const seen = sizes.reduce(
      (sum, size, region) => sum + (region > 0 && size > 0 ? (weighting === 'pixel' ? size : 1) : 0),
      0,
    )
    weights[i] = seen
  }
  return merge(score.subarray(0, used), imageOf, weight, { weights, normals })
}

function merge(
  score: Float32Array,
  imageOf: Int32Array,
  weight: Float64Array,
  totals: Pick<Walk, 'weights' | 'normals'>,
): Walk {
  const order = descendingOrder(score)
  const walk = {
    image: new Int32Array(order.length),
    inside: new Float64Array(order.length),
    normal: new Float64Array(order.length),
    ends: new Uint8Array(order.length),
  }
  let rows = 0
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!
    const before = k > 0 ? order[k - 1]! : -1
    const same = before >= 0 && score[before] === score[i]
    if (before >= 0 && !same) walk.ends[rows - 1] = 1
    if (!same || imageOf[before] !== imageOf[i]) walk.image[rows++] = imageOf[i]!
    if (weight[i] === 0) walk.normal[rows - 1]!++
    else walk.inside[rows - 1]! += weight[i]!
  }
  if (rows > 0) walk.ends[rows - 1] = 1
  const cut = <T extends Int32Array | Float64Array | Uint8Array>(list: T) => list.slice(0, rows) as T
  return { image: cut(walk.image), inside: cut(walk.inside), normal: cut(walk.normal), ends: cut(walk.ends), ...totals }
}

/** Area under (share of normal pixels called, share of weight found) up to a share of normal pixels, divided by it. */
function areaUpTo(limit: number, walk: Walk, counts?: Counts): number {
  const { image, inside, normal, ends } = walk
  let weight = 0
  let normals = 0
  for (let i = 0; i < walk.weights.length; i++) {
    const times = counts === undefined ? 1 : counts[i]!
    weight += times * walk.weights[i]!
    normals += times * walk.normals[i]!
  }
  if (weight === 0 || normals === 0) return Number.NaN
  const end = limit * normals
  let [x, y, nextX, nextY, area] = [0, 0, 0, 0, 0]
  for (let k = 0; k < image.length; k++) {
    const times = counts === undefined ? 1 : counts[image[k]!]!
    nextX += times * normal[k]!
    nextY += times * inside[k]!
    if (ends[k] === 0) continue
    if (nextX >= end) {
      const share = nextX === x ? 0 : (end - x) / (nextX - x)
      area += ((end - x) * (2 * y + (nextY - y) * share)) / 2
      return area / (weight * end)
    }
    area += ((nextX - x) * (nextY + y)) / 2
    x = nextX
    y = nextY
  }
  return area / (weight * end)
}

/** AUROC of all pixels of a set together, ties half, resampled by image. NaN when no pixel is anomalous, or none normal. */
export function preparePixelAuroc(cases: readonly AnomalyCase[]): Prepared {
  return prepareArea(cases, 'pixel', 1, 'pixel-AUROC')
}

/**
 * PRO: share of each region that is called, averaged over the regions of the set, as area over the share of normal pixels
 * called up to `limit` (0.3), rescaled to 0..1. Every distinct score is a threshold. Random maps get about limit / 2.
 */
export function preparePro(cases: readonly AnomalyCase[], limit = 0.3): Prepared {
  if (!(limit > 0 && limit <= 1)) {
    throw new VesaliusError('CONFIG_INVALID', `The limit of PRO is ${limit}.`, {
      hint: 'Use 0.3, or a number up to 1.',
    })
  }
  return prepareArea(cases, 'region', limit, `PRO@${limit}`)
}

function prepareArea(
  cases: readonly AnomalyCase[],
  weighting: 'pixel' | 'region',
  limit: number,
  variant: string,
): Prepared {
  const walk = walkOf(cases, weighting)
  return {
    variant,
    rule: 'undefined without an anomalous or without a normal pixel',
    count: cases.length,
    skipped: 0,
    on: (counts) => areaUpTo(limit, walk, counts),
  }
}
