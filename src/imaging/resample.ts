/** @file Resizing that equals Pillow's (separable, antialiased when shrinking), crops and pads, on plain float images. */

/** [height, width, channels] row-major, channel last. */
export interface Plane {
  width: number
  height: number
  channels: number
  values: Float32Array
}

export type Filter = 'bicubic' | 'bilinear'

const kernels: Record<Filter, { support: number; at: (x: number) => number }> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = -0.5, the constant of Pillow (OpenCV and torch without antialiasing use -0.75).
  bicubic: {
    support: 2,
    at(x) {
      const a = -0.5
      const t = Math.abs(x)
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
      if (t < 2) return (((t - 5) * t + 8) * t - 4) * a
      return 0
    },
  },
}

interface Weights {
  /** First source index of each target index. */
  first: Int32Array
  /** Number of source values of each target index. */
  count: Int32Array
  /** [to, taps], rows sum to one. */
  weights: Float64Array
  taps: number
}

/** The weights of one axis, as Pillow's `precompute_coeffs`: the kernel is widened by the factor of shrinking. */
function axisWeights(from: number, to: number, filter: Filter): Weights {
  const { support: radius, at } = kernels[filter]
  const scale = from / to
  const widening = Math.max(scale, 1)
  const support = radius * widening
  const taps = Math.ceil(support) * 2 + 1
  const first = new Int32Array(to)
  const count = new Int32Array(to)
  const weights = new Float64Array(to * taps)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const low = Math.max(0, Math.trunc(center - support + 0.5))
    const high = Math.min(from, Math.trunc(center + support + 0.5))
    let sum = 0
    for (let k = low; k < high; k++) {
      const w = at((k - center + 0.5) / widening)
      weights[i * taps + k - low] = w
      sum += w
    }
    for (let k = 0; k < high - low; k++) weights[i * taps + k]! /= sum
    first[i] = low
    count[i] = high - low
  }
  return { first, count, weights, taps }
}

function requireSize(width: number, height: number): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`A size must be whole numbers of at least 1, not ${width} x ${height}.`)
  }
}

/**
 * Resizes to `width` x `height`, first along x and then along y, as Pillow's `Image.resize` does. With `clamp`, values are
 * held in 0..1 after each pass, as Pillow does for 8-bit images (bicubic overshoots at edges).
 */
export function resize(image: Plane, width: number, height: number, filter: Filter, clamp = false): Plane {
  requireSize(width, height)
  const { channels } = image
  let { values } = image
  if (width !== image.width) {
    const out = new Float32Array(image.height * width * channels)
    const { first, count, weights, taps } = axisWeights(image.width, width, filter)
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < width; x++) {
        const start = (y * image.width + first[x]!) * channels
        for (let c = 0; c < channels; c++) {
          let sum = 0
          for (let k = 0; k < count[x]!; k++) sum += weights[x * taps + k]! * values[start + k * channels + c]!
          out[(y * width + x) * channels + c] = clamp ? Math.min(1, Math.max(0, sum)) : sum
        }
      }
    }
    values = out
  }
  if (height !== image.height) {
    const row = width * channels
    const out = new Float32Array(height * row)
    const { first, count, weights, taps } = axisWeights(image.height, height, filter)
    const sums = new Float64Array(row)
    for (let y = 0; y < height; y++) {
      sums.fill(0)
      for (let k = 0; k < count[y]!; k++) {
        const w = weights[y * taps + k]!
        const start = (first[y]! + k) * row
        for (let i = 0; i < row; i++) sums[i]! += w * values[start + i]!
      }
      for (let i = 0; i < row; i++) out[y * row + i] = clamp ? Math.min(1, Math.max(0, sums[i]!)) : sums[i]!
    }
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
