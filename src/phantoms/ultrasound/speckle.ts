/**
 * @file Ultrasound: speckle as the envelope of a band-limited complex Gaussian field, echo strength in decibels,
 * logarithmic compression.
 */

import type { Random } from '../../core/random.ts'

/**
 * Envelope of fully developed speckle (Rayleigh distributed, mean square 1) on a grid of `width` x `height`; grains have
 * standard deviations `across` and `along` in pixels. Row-major.
 */
export function speckle(width: number, height: number, across: number, along: number, stream: Random): Float32Array {
  const part = (): Float32Array => {
    const noise = new Float32Array(width * height)
    for (let i = 0; i < noise.length; i++) noise[i] = stream.normal()
    return smooth(smooth(noise, width, height, across, 1), width, height, along, width)
  }
  const [re, im] = [part(), part()]
  let power = 0
  for (let i = 0; i < re.length; i++) {
    const value = (re[i] as number) ** 2 + (im[i] as number) ** 2
    power += value
    re[i] = value
  }
  const scale = re.length / power
  for (let i = 0; i < re.length; i++) re[i] = Math.sqrt((re[i] as number) * scale)
  return re
}

/** Gaussian smoothing along rows (`step` 1) or columns (`step` = width); the field goes on cyclically. */
function smooth(field: Float32Array, width: number, height: number, sigma: number, step: number): Float32Array {
  const reach = Math.max(1, Math.ceil(2.5 * sigma))
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / Math.max(0.3, sigma)) ** 2),
  )
  const length = step === 1 ? width : height
  const out = new Float32Array(field.length)
  for (let i = 0; i < field.length; i++) {
    const at = step === 1 ? i % width : Math.floor(i / width)
    const base = i - at * step
    let sum = 0
    for (let k = -reach; k <= reach; k++) {
      const j = (((at + k) % length) + length) % length
      sum += (kernel[k + reach] as number) * (field[base + j * step] as number)
    }
    out[i] = sum
  }
  return out
}

/** Grey in [0, 1] of an echo: 0 dB is white, -`range` dB black. */
export function compress(decibels: number, envelope: number, range: number): number {
  const level = decibels + 20 * Math.log10(Math.max(1e-4, envelope))
  return Math.min(1, Math.max(0, 1 + level / range))
}
