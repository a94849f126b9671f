import { describe, expect, it } from 'vitest'
import { gradientError, lossOf, noise, reordered } from '../../../test/objective-loss.ts'
import { siglip } from './siglip.ts'

const [n, d] = [4, 5]
const given = { 'image.global': noise([n, d], 'i'), 'text.global': noise([n, d], 't') }
const value = (x: typeof given, config = {}) => lossOf(siglip, { given: x, config, scale: 7 }).losses.sigmoid as number

describe('SigLIP', () => {
  it('follows the definition written out with sums', () => {
    const row = (x: ArrayLike<number>, i: number) => Array.from(x).slice(i * d, (i + 1) * d)
    let wanted = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const [x, y] = [row(given['image.global'].data, i), row(given['text.global'].data, j)]
        const cosine = x.reduce((sum, v, k) => sum + v * (y[k] as number), 0) / (Math.hypot(...x) * Math.hypot(...y))
        wanted += Math.log(1 + Math.exp((i === j ? -1 : 1) * (7 * cosine - 3))) / n
      }
    expect(value(given, { bias: -3 })).toBeCloseTo(wanted, 6)
  })
  it('starts near the loss of the pairs alone: the bias of the paper silences the negatives', () => {
    const silent = lossOf(siglip, { given, scale: 0 }).losses.sigmoid as number
    expect(silent).toBeCloseTo(10 + (n - 1) * Math.log1p(Math.exp(-10)) + Math.log1p(Math.exp(-10)), 4)
  })
  it('does not change when pairs are reordered together, and has the gradient of its values', () => {
    const moved = {
      'image.global': reordered(given['image.global'], [2, 0, 3, 1]),
      'text.global': reordered(given['text.global'], [2, 0, 3, 1]),
    }
    expect(value(moved)).toBeCloseTo(value(given), 9)
    expect(gradientError(siglip, { given, config: { bias: -1 } })).toBeLessThan(1e-6)
    expect(siglip.refuse?.(1)).toContain('no negatives')
  })
})
