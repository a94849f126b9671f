/** @file Kernels of resizing and the weights they give along one axis. */

export type Filter = 'bilinear' | 'bicubic' | 'lanczos'

/** Keys' cubic. */
function cubic(x: number, a: number): number {
  const t = Math.abs(x)
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a
  return 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

interface Kernel {
  /** Source pixels to either side. */
  support: number
  at: (x: number, antialias: boolean) => number
}

const kernels: Record<Filter, Kernel> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Pillow, and torch with antialiasing, take a = -0.5; torch without it (like OpenCV) -0.75.
  bicubic: { support: 2, at: (x, antialias) => cubic(x, antialias ? -0.5 : -0.75) },
  lanczos: { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

export interface Weights {
  /** First source index of each target index. */
  first: Int32Array
  /** Number of source values of each target index. */
  count: Int32Array
  /** [to, taps], rows sum to one. */
  weights: Float64Array
  taps: number
}

/** Pillow's `precompute_coeffs`: the kernel is widened by the factor of shrinking, and cut off at the edges. */
function widened(from: number, to: number, { support: radius, at }: Kernel): Weights {
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
      const w = at((k - center + 0.5) / widening, true)
      weights[i * taps + k - low] = w
      sum += w
    }
    for (let k = 0; k < high - low; k++) weights[i * taps + k]! /= sum
    first[i] = low
    count[i] = high - low
  }
  return { first, count, weights, taps }
}

/** torch's `interpolate` without antialiasing (align_corners=False): a kernel of fixed width, edge pixels repeated. */
function pointwise(from: number, to: number, { support, at }: Kernel): Weights {
  const scale = from / to
  const taps = Math.min(from, 2 * support)
  const first = new Int32Array(to)
  const count = new Int32Array(to).fill(taps)
  const weights = new Float64Array(to * taps)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale - 0.5
    const left = Math.floor(center) - support + 1
    first[i] = Math.min(Math.max(0, left), from - taps)
    let sum = 0
    for (let k = left; k < left + 2 * support; k++) sum += at(k - center, false)
    for (let k = left; k < left + 2 * support; k++) {
      const place = Math.min(Math.max(0, k), from - 1) - first[i]!
      weights[i * taps + place]! += at(k - center, false) / sum
    }
  }
  return { first, count, weights, taps }
}

/** The weights of one axis. */
export function axisWeights(from: number, to: number, filter: Filter, antialias: boolean): Weights {
  return antialias ? widened(from, to, kernels[filter]) : pointwise(from, to, kernels[filter])
}
