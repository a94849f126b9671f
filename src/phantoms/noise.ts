/** @file Randomness in pictures: smooth texture that is the same at every size, and photon noise. */

import { type Random, random } from '../core/random.ts'

/**
 * Smooth random texture in [-1, 1]: values on a grid of `cell` millimetres, interpolated with a smooth step. The same
 * (key, position) gives the same value at every image size.
 */
export function texture(seed: number, key: string, cell: number): (x: number, y: number) => number {
  const n = 32
  const stream = random(seed, 'texture', key)
  const grid = Float32Array.from({ length: n * n }, () => stream.uniform(-1, 1))
  const ease = (t: number): number => t * t * (3 - 2 * t)
  const at = (i: number, j: number): number => grid[(j & (n - 1)) * n + (i & (n - 1))] as number
  return (x, y) => {
    const gx = x / cell
    const gy = y / cell
    const i = Math.floor(gx)
    const j = Math.floor(gy)
    const tx = ease(gx - i)
    const ty = ease(gy - j)
    const top = at(i, j) + (at(i + 1, j) - at(i, j)) * tx
    const bottom = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * tx
    return top + (bottom - top) * ty
  }
}

/**
 * Adds Poisson-Gaussian noise to a field of attenuation in place. `photons` reach a pixel through nothing; through
 * attenuation T only photons * exp(-T). In the log domain the Poisson part has variance 1 / N and the electronic part
 * electronic^2 / N^2.
 */
export function addPhotonNoise(attenuation: Float32Array, photons: number, electronic: number, stream: Random): void {
  for (let i = 0; i < attenuation.length; i++) {
    const t = attenuation[i] as number
    const count = photons * Math.exp(-t)
    attenuation[i] = t + stream.normal() * Math.sqrt(1 / count + (electronic * electronic) / (count * count))
  }
}
