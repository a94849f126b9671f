import { describe, expect, it } from 'vitest'
import { gradientError, lossOf, noise, reordered } from '../../../test/objective-loss.ts'
import { gradients, input, interpret, sum, type Tensor } from '../../engine/index.ts'
import { logCosh, negLogCosh } from '../parts/neg-log-cosh.ts'
import { pan2022 } from './pan-2022.ts'

const [n, d] = [4, 5]
const given = { 'image.global': noise([n, d], 'u'), 'text.global': noise([n, d], 'v') }
const similar = (sharpness: number, chunk = 2) => [
  ...interpret(
    [negLogCosh(input('u', [n, d]), input('v', [n, d]), { sharpness, chunk })],
    new Map([
      ['u', Float64Array.from(given['image.global'].data)],
      ['v', Float64Array.from(given['text.global'].data)],
    ]),
  )[0]!,
]
const unit = (x: ArrayLike<number>, i: number) => {
  const row = Array.from(x).slice(i * d, (i + 1) * d)
  return row.map((v) => v / Math.hypot(...row))
}
const pairs = Array.from(
  { length: n * n },
  (_, at) => [unit(given['image.global'].data, Math.floor(at / n)), unit(given['text.global'].data, at % n)] as const,
)

describe('NegLogCosh', () => {
  it('is stable up to 1e4, even, zero at 0, with derivative tanh', () => {
    const x = input('x', [6])
    const values = [0, 1e-3, 0.5, -0.5, 30, -1e4]
    const [y, slope] = interpret(
      [logCosh(x), gradients(sum(logCosh(x)), [x])[0] as Tensor],
      new Map([['x', Float64Array.from(values)]]),
    )
    const exact = [0, 4.99999916e-7, 0.12011450695827752, 0.12011450695827752, 30 - Math.LN2, 1e4 - Math.LN2]
    exact.forEach((v, i) => {
      expect(Math.abs((y![i] as number) - v)).toBeLessThan(1e-7 * Math.max(1, v))
    })
    values.forEach((v, i) => {
      expect(slope![i]).toBeCloseTo(Math.tanh(v), 9)
    })
  })
  it('follows its definition, whatever the chunk', () => {
    const wanted = pairs.map(
      ([u, v]) => -u.reduce((total, x, i) => total + Math.log(Math.cosh(3 * (x - (v[i] as number)))), 0) / d,
    )
    for (const chunk of [1, 3, 8])
      similar(3, chunk).forEach((value, i) => {
        expect(value).toBeCloseTo(wanted[i] as number, 6)
      })
  })
  it('ranks as the cosine when blunt, as the L1 distance when sharp', () => {
    const order = (values: number[]) =>
      values
        .map((v, i) => [v, i] as const)
        .sort((a, b) => b[0] - a[0])
        .map(([, i]) => i)
    const cosine = pairs.map(([u, v]) => u.reduce((total, x, i) => total + x * (v[i] as number), 0))
    const l1 = pairs.map(([u, v]) => -u.reduce((total, x, i) => total + Math.abs(x - (v[i] as number)), 0))
    expect(order(similar(0.01))).toEqual(order(cosine))
    expect(order(similar(1000))).toEqual(order(l1))
  })
})

describe('Pan 2022', () => {
  it('is ln N where all pairs are the same, does not change with the order of pairs, has the gradient of its values', () => {
    const same = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [0, 0, 0, 0])]))
    expect(lossOf(pan2022, { given: same }).losses.contrastive).toBeCloseTo(Math.log(n), 9)
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [2, 0, 3, 1])]))
    expect(lossOf(pan2022, { given: moved }).losses.contrastive).toBeCloseTo(
      lossOf(pan2022, { given }).losses.contrastive!,
      9,
    )
    expect(gradientError(pan2022, { given })).toBeLessThan(1e-6)
    expect(pan2022.refuse?.(1)).toContain('no negatives')
  })
})
