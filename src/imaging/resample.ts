/**
 * @file Resizing of plain images, separable, along x and then along y: with antialiasing as Pillow's `Image.resize` does it
 * (and torch's `interpolate(antialias=True)`), without it as torch's `interpolate` does.
 */

import { pixelsOf, resizeVectors, type Samples } from './resample-vectors.ts'
import { axisWeights, type Filter, type Weights } from './resample-weights.ts'

export type { Filter } from './resample-weights.ts'

/** [height, width, channels] row-major, channel last. */
export interface Plane {
  width: number
  height: number
  channels: number
  values: Float32Array
}

function requireSize(width: number, height: number): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`A size must be whole numbers of at least 1, not ${width} x ${height}.`)
  }
}

export interface ResizeOptions {
  /** Widen the kernel when shrinking, so that every pixel counts (default true). */
  antialias?: boolean
  /** Hold values in 0..1 after each pass, as Pillow does for 8-bit images: bicubic and Lanczos overshoot at edges. */
  clamp?: boolean
}

const unit = (x: number): number => (x < 0 ? 0 : Math.min(x, 1))

/** One row after the other: [rows, from, channels] to [rows, to, channels]. */
function alongX(
  values: Float32Array,
  rows: number,
  from: number,
  to: number,
  channels: number,
  w: Weights,
  clamp: boolean,
) {
  const { first, count, weights, taps } = w
  const out = new Float32Array(rows * to * channels)
  // Four grey rows at a time: their sums do not wait for each other.
  const four = channels === 1 ? rows - (rows % 4) : 0
  for (let y = 0; y < four; y += 4) {
    const base = y * from
    const target = y * to
    for (let x = 0; x < to; x++) {
      const w0 = x * taps
      const n = count[x]!
      let [a, b, c, d] = [0, 0, 0, 0]
      let i = base + first[x]!
      for (let k = 0; k < n; k++, i++) {
        const weight = weights[w0 + k]!
        a += weight * values[i]!
        b += weight * values[i + from]!
        c += weight * values[i + 2 * from]!
        d += weight * values[i + 3 * from]!
      }
      out[target + x] = clamp ? unit(a) : a
      out[target + to + x] = clamp ? unit(b) : b
      out[target + 2 * to + x] = clamp ? unit(c) : c
      out[target + 3 * to + x] = clamp ? unit(d) : d
    }
  }
  for (let y = four, at = four * to * channels; y < rows; y++) {
    const row = y * from * channels
    for (let x = 0; x < to; x++) {
      const start = row + first[x]! * channels
      const w0 = x * taps
      const n = count[x]!
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0
        for (let k = 0, i = start + c; k < n; k++, i += channels) sum += weights[w0 + k]! * values[i]!
        out[at] = clamp ? unit(sum) : sum
      }
    }
  }
  return out
}

/** Whole rows are summed: [from, row] to [to, row]. */
function alongY(
  values: Float32Array,
  row: number,
  to: number,
  { first, count, weights, taps }: Weights,
  clamp: boolean,
) {
  const out = new Float32Array(to * row)
  const sums = new Float64Array(row)
  for (let y = 0; y < to; y++) {
    sums.fill(0)
    for (let k = 0; k < count[y]!; k++) {
      const w = weights[y * taps + k]!
      const start = (first[y]! + k) * row
      for (let i = 0; i < row; i++) sums[i]! += w * values[start + i]!
    }
    const at = y * row
    for (let i = 0; i < row; i++) out[at + i] = clamp ? unit(sums[i]!) : sums[i]!
  }
  return out
}

/** Resizes to `width` x `height`. */
export function resize(
  image: Plane,
  width: number,
  height: number,
  filter: Filter,
  options: ResizeOptions = {},
): Plane {
  return resizeSamples(image, image, width, height, filter, options)
}

/** Resizes samples of the size of `image`, which need not have been made pixels. `plain` takes the plain loops. */
export function resizeSamples(
  image: Pick<Plane, 'width' | 'height' | 'channels'>,
  samples: Samples,
  width: number,
  height: number,
  filter: Filter,
  { antialias = true, clamp = false, plain = false }: ResizeOptions & { plain?: boolean } = {},
): Plane {
  requireSize(width, height)
  const { channels } = image
  const along = (from: number, to: number): Weights => axisWeights(from, to, filter, antialias)
  if (width !== image.width && height !== image.height && !plain) {
    const weights = { x: along(image.width, width), y: along(image.height, height) }
    const values = resizeVectors(samples, [image.width, image.height, channels], weights, clamp)
    if (values !== undefined) return { width, height, channels, values }
  }
  let values = pixelsOf(samples)
  if (width !== image.width)
    values = alongX(values, image.height, image.width, width, channels, along(image.width, width), clamp)
  if (height !== image.height) values = alongY(values, width * channels, height, along(image.height, height), clamp)
  return { width, height, channels, values: values === samples.values ? values.slice() : values }
}

/** An 8-bit image, [height, width, channels] row-major. */
export interface BytePlane {
  width: number
  height: number
  channels: number
  values: Uint8Array
}

/** Bits behind the point of a weight: Pillow's PRECISION_BITS for 8-bit images. */
const precision = 22

/** Weights as whole numbers, rounded away from zero, as Pillow's `normalize_coeffs_8bpc`. */
function wholeWeights({ weights }: Weights): Int32Array {
  return Int32Array.from(weights, (w) => Math.trunc(w * 2 ** precision + (w < 0 ? -0.5 : 0.5)))
}

/** One pass over `lines` lines: sample `i` of a line lies at `line * lineStep + i * step`. */
function bytePass(
  from: Uint8Array,
  to: Uint8Array,
  weights: Weights,
  count: number,
  lines: number,
  [lineStep, step]: readonly [number, number],
  [lineStepTo, stepTo]: readonly [number, number],
): void {
  const whole = wholeWeights(weights)
  for (let line = 0; line < lines; line++) {
    for (let x = 0; x < count; x++) {
      let sum = 1 << (precision - 1)
      let at = line * lineStep + weights.first[x]! * step
      for (let k = 0; k < weights.count[x]!; k++, at += step) sum += from[at]! * whole[x * weights.taps + k]!
      // Sums stay below 2^31: weights sum to 2^22 and overshoot little.
      const value = sum >> precision
      to[line * lineStepTo + x * stepTo] = value < 0 ? 0 : Math.min(value, 255)
    }
  }
}

/** Resizes an 8-bit image bit for bit as Pillow's `Image.resize`: whole-number weights, rounded and held in 0..255 after each pass. */
export function resizeBytes(image: BytePlane, width: number, height: number, filter: Filter): BytePlane {
  requireSize(width, height)
  const { channels } = image
  let { values } = image
  if (width !== image.width) {
    const out = new Uint8Array(image.height * width * channels)
    const weights = axisWeights(image.width, width, filter, true)
    for (let c = 0; c < channels; c++)
      bytePass(
        values.subarray(c),
        out.subarray(c),
        weights,
        width,
        image.height,
        [image.width * channels, channels],
        [width * channels, channels],
      )
    values = out
  }
  if (height !== image.height) {
    const row = width * channels
    const out = new Uint8Array(height * row)
    bytePass(values, out, axisWeights(image.height, height, filter, true), height, row, [1, row], [1, row])
    values = out
  }
  return { width, height, channels, values: values === image.values ? values.slice() : values }
}

/**
 * Moves the image into a canvas of `width` x `height`: source pixel (x, y) goes to (x - left, y - top). What falls outside is
 * cut; what is not covered is filled. Negative `left` or `top` pad.
 */
function place(image: Plane, width: number, height: number, left: number, top: number, fill: number): Plane {
  requireSize(width, height)
  const { channels } = image
  const values = new Float32Array(width * height * channels)
  if (fill !== 0) values.fill(fill)
  const x0 = Math.max(0, -left)
  const x1 = Math.min(width, image.width - left)
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top) && x1 > x0; y++) {
    const start = ((y + top) * image.width + x0 + left) * channels
    values.set(image.values.subarray(start, start + (x1 - x0) * channels), (y * width + x0) * channels)
  }
  return { width, height, channels, values }
}

/** Where the centre crop of Hugging Face's image processors begins: half pixels are cut towards the edge. */
export function centerOffset(from: number, to: number): number {
  return Math.trunc((from - to) / 2)
}

/** The middle `width` x `height`; an image that is smaller is padded with 0. */
export function centerCrop(image: Plane, width: number, height: number): Plane {
  return place(image, width, height, centerOffset(image.width, width), centerOffset(image.height, height), 0)
}

/** Pads to `width` x `height` with the image in the middle (the odd pixel goes right and below). */
export function padCenter(image: Plane, width: number, height: number, fill = 0): Plane {
  return place(
    image,
    width,
    height,
    -Math.floor((width - image.width) / 2),
    -Math.floor((height - image.height) / 2),
    fill,
  )
}
