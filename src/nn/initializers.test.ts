import { describe, expect, it } from 'vitest'
import { type Initializer, initialValues, layOut, type Shape } from '../engine/index.ts'
import {
  fans,
  kaimingNormal,
  kaimingUniform,
  truncatedNormal,
  uniformByFanIn,
  xavierNormal,
  xavierUniform,
} from './initializers.ts'

/** Fresh values of one parameter. */
function draw(shape: Shape, init: Initializer): Float32Array {
  const layout = layOut([{ name: 'w', shape, init, kind: 'parameter', decay: true }])
  return initialValues(layout, 11).subarray(0, layout.byName.get('w')!.size)
}

/** Mean, standard deviation, extremes, and kurtosis (3 for a normal, 1.8 for a uniform distribution). */
function moments(values: Float32Array): { mean: number; sd: number; low: number; high: number; kurtosis: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const power = (k: number): number => values.reduce((sum, v) => sum + (v - mean) ** k, 0) / values.length
  const extremes = values.reduce<readonly [number, number]>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as const)
  return { mean, sd: Math.sqrt(power(2)), low: extremes[0]!, high: extremes[1]!, kurtosis: power(4) / power(2) ** 2 }
}

const shape = [64, 32, 3, 3]
const near = (found: number, wanted: number, share: number): void =>
  expect(Math.abs(found / wanted - 1)).toBeLessThan(share)

describe('initial values', () => {
  it('fans of convolution weights count the kernel', () => {
    expect(fans(shape)).toEqual({ fanIn: 288, fanOut: 576 })
    expect(fans([5, 7])).toEqual({ fanIn: 7, fanOut: 5 })
    expect(() => fans([5])).toThrow('Fans need a weight with two axes or more, not [5].')
  })

  // Variances as torch.nn.init documents them: gain^2 / fan, or 2 gain^2 / (fanIn + fanOut).
  it.each([
    ['kaiming normal', kaimingNormal(shape), 2 / 288, 3],
    ['kaiming normal by fan-out', kaimingNormal(shape, { mode: 'fanOut' }), 2 / 576, 3],
    ['kaiming normal before a leaky slope', kaimingNormal(shape, { after: { leakyRelu: 0.5 } }), 1.6 / 288, 3],
    ['kaiming uniform', kaimingUniform(shape), 2 / 288, 1.8],
    ['kaiming uniform before tanh', kaimingUniform(shape, { after: 'tanh' }), (5 / 3) ** 2 / 288, 1.8],
    ['default of PyTorch layers', uniformByFanIn(shape), 1 / 3 / 288, 1.8],
    ['the same, by its name', kaimingUniform(shape, { after: { leakyRelu: Math.sqrt(5) } }), 1 / 3 / 288, 1.8],
    ['xavier uniform', xavierUniform(shape), 2 / 864, 1.8],
    ['xavier normal with a gain', xavierNormal(shape, 2), 8 / 864, 3],
  ] as const)('%s', (_, init, variance, kurtosis) => {
    const found = moments(draw(shape, init))
    expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / 18432))
    near(found.sd, Math.sqrt(variance), 0.02)
    near(found.kurtosis, kurtosis, 0.08)
  })

  it('truncated normals stay inside and keep the shape, wide or narrow', () => {
    const wide = moments(draw([100, 100], truncatedNormal(1)))
    // Variance of a standard normal cut at 2: 1 - 4 phi(2) / (2 Phi(2) - 1).
    near(wide.sd, Math.sqrt(1 - (4 * 0.05399096651) / 0.954499736), 0.02)
    expect([wide.low >= -2, wide.high <= 2, wide.high > 1.9]).toEqual([true, true, true])
    const narrow = moments(draw([100, 100], truncatedNormal(5, -1, 2)))
    expect([narrow.low >= -1, narrow.high <= 2]).toEqual([true, true])
    near(narrow.sd, Math.sqrt(0.75), 0.03)
    expect(() => draw([2, 2], truncatedNormal(1, 1, 2))).toThrow('low < 0 < high')
  })

  it.each([[[12, 5]], [[5, 12]], [[6, 2, 2, 2]]])('orthogonal %j', (of) => {
    const values = draw(of, { kind: 'orthogonal', gain: 1.5 })
    const [rows, columns] = [of[0]!, values.length / of[0]!]
    const at = (i: number, k: number): number => (rows > columns ? values[k * columns + i]! : values[i * columns + k]!)
    for (let i = 0; i < Math.min(rows, columns); i++) {
      for (let j = 0; j < Math.min(rows, columns); j++) {
        let dot = 0
        for (let k = 0; k < Math.max(rows, columns); k++) dot += at(i, k) * at(j, k)
        expect(dot).toBeCloseTo(i === j ? 2.25 : 0, 5)
      }
    }
  })

  it('orthogonal matrices turn every way: entries of many of them are normal-like around zero', () => {
    const values = draw([200, 200], { kind: 'orthogonal', gain: 1 })
    const { mean, sd, kurtosis } = moments(values)
    expect(Math.abs(mean)).toBeLessThan(0.002)
    near(sd, Math.sqrt(1 / 200), 0.001)
    near(kurtosis, 3, 0.05)
  })
})
