import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import { gradientError, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { random } from '../../core/random.ts'
import { gradients, initialValues, input, interpret, layOut, type Tensor, valuesByName } from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { type Bound, bestCellCritic, boundLoss } from '../parts/mutual-information.ts'
import { localmi } from './localmi.ts'

const [b, p, c, d] = [4, 5, 6, 3]
const given = { 'image.regionsRaw': noise([b, p, c], 'v'), 'text.sentence': noise([b, d], 's') }
const config = { hidden: [8, 5], chunk: 8 }

describe('bounds', () => {
  const golden = goldenOf<{ values: Values } & Record<'dv' | 'infonce', { loss: number; gradient: Values }>>('localmi')
  it.each(['dv', 'infonce'] as const)("%s is the authors' with its gradient", (bound) => {
    const x = input('x', golden.values.shape)
    const loss = boundLoss(x, bound)
    const feeds = new Map([['x', Float64Array.from(golden.values.data)]])
    const [value, slope] = interpret([loss, gradients(loss, [x])[0] as Tensor], feeds)
    expectNear('loss', value!, [golden[bound].loss], 1e-6)
    expectNear('gradient', slope!, golden[bound].gradient.data, 1e-6)
  })

  it('estimate no more than there is, and more where there is more: Gaussian pairs, an ideal critic', () => {
    // The density ratio of a d-dimensional Gaussian pair with correlation ρ; the information is -d/2 ln(1 - ρ²).
    const [n, width] = [200, 3]
    const estimate = (rho: number, bound: Bound): number => {
      const stream = random('pairs', rho)
      const draw = () => Array.from({ length: width }, () => stream.normal())
      const x = Array.from({ length: n }, draw)
      const y = x.map((row) => row.map((v) => rho * v + Math.sqrt(1 - rho ** 2) * stream.normal()))
      const log = (u: number, v: number) =>
        -0.5 * Math.log(1 - rho ** 2) - (rho ** 2 * (u * u + v * v) - 2 * rho * u * v) / (2 * (1 - rho ** 2))
      const f = x.flatMap((row) => y.map((other) => row.reduce((sum, u, i) => sum + log(u, other[i] as number), 0)))
      const [value] = interpret([boundLoss(input('f', [n, n]), bound)], new Map([['f', Float64Array.from(f)]]))
      return -(value?.[0] as number)
    }
    const truth = (rho: number) => (-width / 2) * Math.log(1 - rho ** 2)
    const estimates = [0.2, 0.5, 0.8].map((rho) => estimate(rho, 'dv'))
    for (const [i, value] of estimates.entries())
      expect(Math.abs(value - truth([0.2, 0.5, 0.8][i] as number))).toBeLessThan(0.3)
    expect(estimates).toEqual([...estimates].sort((u, v) => u - v))
    expect(estimate(0.5, 'infonce') + Math.log(n * (n - 1))).toBeCloseTo(estimates[1] as number, 6)
  })

  it('of rows is ln N where the critic says the same of all', () => {
    const [value] = interpret([boundLoss(input('f', [5, 5]), 'infonce-rows')], new Map([['f', new Float64Array(25)]]))
    expect(value?.[0]).toBeCloseTo(Math.log(5), 6)
  })
})

describe('LocalMI', () => {
  it('its critic is the perceptron on the joined pair, at the best cell', () => {
    const [v, s] = [input('v', [b, p, c]), input('s', [b, d])]
    for (const chunk of [1, 3, 8]) {
      const traced = trace((scope) => bestCellCritic(scope, v, s, { hidden: [8, 5], chunk }), { training: true })
      const layout = layOut(traced.declarations)
      const flat = initialValues(layout, 3)
      const feeds = new Map([...valuesByName(layout, flat)].map(([name, x]) => [name, Float64Array.from(x)]))
      feeds.set('v', Float64Array.from(given['image.regionsRaw'].data))
      feeds.set('s', Float64Array.from(given['text.sentence'].data))
      const weights = (name: string) => feeds.get(name) as Float64Array
      const dense = (x: number[], layer: string, outputs: number) =>
        Array.from({ length: outputs }, (_, o) =>
          x.reduce(
            (sum, value, i) => sum + value * (weights(`${layer}.weight`)[o * x.length + i] as number),
            feeds.get(`${layer}.bias`)?.[o] ?? 0,
          ),
        )
      const relu = (x: number[]) => x.map((value) => Math.max(value, 0))
      const wanted = Array.from({ length: b * b }, (_, at) => {
        const [i, j] = [Math.floor(at / b), at % b]
        const text = Array.from(weights('s').subarray(j * d, (j + 1) * d))
        return Math.max(
          ...Array.from({ length: p }, (_, n) => {
            const cell = Array.from(weights('v').subarray((i * p + n) * c, (i * p + n + 1) * c))
            return dense(relu(dense(relu(dense([...cell, ...text], 'fc1', 8)), 'fc2', 5)), 'fc3', 1)[0] as number
          }),
        )
      })
      expectNear('critic', interpret([traced.outputs], feeds)[0]!, wanted, 1e-6)
    }
  })

  it('sends the gradient of each pair through one cell', () => {
    const { gradients: found } = lossOf(localmi, { given, config: { ...config, bound: 'dv' } })
    const slopes = found['image.regionsRaw'] as Float64Array
    const reached = Array.from({ length: b * p }, (_, at) => slopes.subarray(at * c, (at + 1) * c).some((v) => v !== 0))
    // At most one cell a pair: b sentences an image.
    for (let i = 0; i < b; i++) expect(reached.slice(i * p, (i + 1) * p).filter(Boolean).length).toBeLessThan(p)
    expect(reached.filter(Boolean).length).toBeGreaterThanOrEqual(b)
  })

  it.each(['dv', 'infonce', 'infonce-rows'])('has the gradient of its values: %s', (bound) => {
    expect(gradientError(localmi, { given, config: { ...config, bound } })).toBeLessThan(1e-6)
  })

  it('does not change when studies are reordered together', () => {
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [3, 1, 0, 2])]))
    const value = (x: typeof given | typeof moved) => lossOf(localmi, { given: x, config }).losses.information as number
    expect(value(moved)).toBeCloseTo(value(given), 6)
  })

  it('trains image tower, text tower and critic, the global variant too; one study is refused', () => {
    const { information } = reachedBy('localmi')
    for (const part of ['vision_model.layer4', 'text_model.encoder', 'objective.critic.fc1'])
      expect([...information!].some((name) => name.startsWith(part))).toBe(true)
    const whole = { 'image.globalRaw': noise([b, c], 'g'), 'text.sentence': given['text.sentence'] }
    expect(lossOf(localmi, { given: whole, config: { ...config, local: false } }).losses.information).toBeTypeOf(
      'number',
    )
    expect(localmi.refuse?.(1)).toContain('no negatives')
  })
})
