/**
 * @file Polygons to pixels with exact area coverage, and Gaussian-like blur. Each edge adds its signed coverage to an
 * accumulation buffer; one running sum along each row then gives the filled picture, so any number of polygons with
 * any values cost one pass. Fields are row-major Float32Array [height * width].
 */

import { area, type Points } from './geometry.ts'

/** An accumulation buffer of `width` x `height` pixels; rows are two longer for the edge terms. */
export interface Layer {
  width: number
  height: number
  sums: Float32Array
  used: boolean
}

/** An empty layer. */
export function layer(width: number, height: number): Layer {
  return { width, height, sums: new Float32Array((width + 2) * height), used: false }
}

/** Adds `value` times the coverage of a closed polygon (pixels; any orientation). Parts outside the picture are cut. */
export function addPolygon(target: Layer, points: Points, value: number): void {
  const n = points.length
  if (n < 6 || value === 0) return
  const signed = area(points) > 0 ? -value : value
  target.used = true
  for (let i = 0; i < n; i += 2) {
    const j = i + 2 === n ? 0 : i + 2
    addEdge(target, points[i] as number, points[i + 1] as number, points[j] as number, points[j + 1] as number, signed)
  }
}

function addEdge(target: Layer, ax: number, ay: number, bx: number, by: number, value: number): void {
  if (ay === by) return
  const { width, height, sums } = target
  let direction = value
  let x0 = ax
  let y0 = ay
  let x1 = bx
  let y1 = by
  if (ay > by) {
    direction = -value
    x0 = bx
    y0 = by
    x1 = ax
    y1 = ay
  }
  if (y1 <= 0 || y0 >= height) return
  const slope = (x1 - x0) / (y1 - y0)
  let x = x0
  if (y0 < 0) {
    x -= y0 * slope
    y0 = 0
  }
  if (y1 > height) y1 = height
  const last = Math.ceil(y1)
  for (let row = Math.floor(y0); row < last; row++) {
    const top = Math.max(row, y0)
    const bottom = Math.min(row + 1, y1)
    const dy = bottom - top
    const next = x + slope * dy
    addSpan(sums, row * (width + 2), width, Math.min(x, next), Math.max(x, next), direction * dy)
    x = next
  }
}

/** One edge piece inside one row: `d` units of height spread between the columns of [left, right]. */
function addSpan(sums: Float32Array, base: number, width: number, left: number, right: number, d: number): void {
  const x0 = left < 0 ? 0 : Math.min(left, width)
  const x1 = right < 0 ? 0 : Math.min(right, width)
  const first = Math.floor(x0)
  const end = Math.ceil(x1)
  if (end <= first + 1) {
    const middle = (x0 + x1) / 2 - first
    sums[base + first] = (sums[base + first] as number) + d * (1 - middle)
    sums[base + first + 1] = (sums[base + first + 1] as number) + d * middle
    return
  }
  const s = 1 / (x1 - x0)
  const f0 = 1 - (x0 - first)
  const a0 = 0.5 * s * f0 * f0
  const f1 = x1 - end + 1
  const am = 0.5 * s * f1 * f1
  sums[base + first] = (sums[base + first] as number) + d * a0
  if (end === first + 2) {
    sums[base + first + 1] = (sums[base + first + 1] as number) + d * (1 - a0 - am)
  } else {
    const a1 = s * (1.5 - (x0 - first))
    sums[base + first + 1] = (sums[base + first + 1] as number) + d * (a1 - a0)
    for (let c = first + 2; c < end - 1; c++) sums[base + c] = (sums[base + c] as number) + d * s
    const a2 = a1 + (end - first - 3) * s
    sums[base + end - 1] = (sums[base + end - 1] as number) + d * (1 - a2 - am)
  }
  sums[base + end] = (sums[base + end] as number) + d * am
}

/** The filled picture of a layer, blurred by `sigma` pixels. */
export function resolve(source: Layer, sigma = 0): Float32Array {
  const { width, height, sums } = source
  const out = new Float32Array(width * height)
  if (!source.used) return out
  for (let y = 0; y < height; y++) {
    let sum = 0
    const from = y * (width + 2)
    const to = y * width
    for (let x = 0; x < width; x++) {
      sum += sums[from + x] as number
      out[to + x] = sum
    }
  }
  return sigma > 0 ? blur(out, width, height, sigma) : out
}

/**
 * Blurs in place by about a Gaussian of `sigma` pixels: two passes of a box with fractional ends, edges repeated.
 * Returns the same array.
 */
export function blur(field: Float32Array, width: number, height: number, sigma: number): Float32Array {
  if (sigma < 0.05) return field
  const passes = 2
  // A box of 2r + 1 ones with ends of weight `part` has variance (r (r+1) (2r+1) / 3 + 2 part (r+1)^2) / (2r + 1 + 2 part).
  const variance = (sigma * sigma) / passes
  const r = Math.floor((Math.sqrt(1 + 12 * variance) - 1) / 2)
  const part = ((2 * r + 1) * (r * (r + 1) - 3 * variance)) / (6 * (variance - (r + 1) ** 2))
  const scratch = new Float32Array(Math.max(width, height))
  for (let pass = 0; pass < passes; pass++) {
    boxRows(field, width, height, r, part, scratch)
    boxColumns(field, width, height, r, part)
  }
  return field
}

function boxRows(
  field: Float32Array,
  width: number,
  height: number,
  r: number,
  part: number,
  line: Float32Array,
): void {
  const norm = 1 / (2 * (r + part) + 1)
  const last = width - 1
  for (let y = 0; y < height; y++) {
    const base = y * width
    for (let x = 0; x < width; x++) line[x] = field[base + x] as number
    let sum = 0
    for (let k = -r; k <= r; k++) sum += line[k < 0 ? 0 : Math.min(k, last)] as number
    for (let x = 0; x < width; x++) {
      const before = x - r - 1
      const after = x + r + 1
      const low = line[Math.max(before, 0)] as number
      const high = line[Math.min(after, last)] as number
      field[base + x] = (sum + part * (low + high)) * norm
      const leaving = x - r
      sum += high - (line[leaving < 0 ? 0 : Math.min(leaving, last)] as number)
    }
  }
}

function boxColumns(field: Float32Array, width: number, height: number, r: number, part: number): void {
  const norm = 1 / (2 * (r + part) + 1)
  const last = height - 1
  const source = field.slice()
  const sums = new Float32Array(width)
  const row = (y: number): number => (y < 0 ? 0 : Math.min(y, last)) * width
  for (let k = -r; k <= r; k++) {
    const base = row(k)
    for (let x = 0; x < width; x++) sums[x] = (sums[x] as number) + (source[base + x] as number)
  }
  for (let y = 0; y < height; y++) {
    const low = row(y - r - 1)
    const high = row(y + r + 1)
    const leaving = row(y - r)
    const base = y * width
    for (let x = 0; x < width; x++) {
      const sum = sums[x] as number
      const entering = source[high + x] as number
      field[base + x] = (sum + part * ((source[low + x] as number) + entering)) * norm
      sums[x] = sum + entering - (source[leaving + x] as number)
    }
  }
}
