import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { inFloat64, passOf, smallStep, stepGradientError } from '../../../test/objective-pass.ts'
import { drawRandom, gradients, input, interpret, reshape, sum, type Tensor } from '../../engine/index.ts'
import { encodeText } from '../../models/two-tower.ts'
import { type Scope, trace } from '../../nn/index.ts'
import { bootstrapWeights, drawReport, evenWeights, itemSpread, weighItems } from '../parts/recomposition.ts'
import { pan2022 } from './pan-2022.ts'
import { pan2023 } from './pan-2023.ts'

/** Values of a part on items and mask, with its draws at a step. */
function made(build: (scope: Scope, items: Tensor, mask: Tensor) => Tensor, items: Values, mask: Values, step = 0) {
  const { outputs } = trace((scope) => build(scope, input('items', items.shape), input('mask', mask.shape, 'int32')), {
    training: true,
  })
  const [b, k, d] = items.shape as [number, number, number]
  const feeds = new Map([
    ['items', Float64Array.from(items.data)],
    ['mask', Float64Array.from(mask.data)],
    ['drawn_items', Float64Array.from(drawRandom({ seed: 3, step, name: 'items' }, { kind: 'uniform' }, [b, k]))],
    ['report_noise', Float64Array.from(drawRandom({ seed: 3, step, name: 'noise' }, { kind: 'normal' }, [b, d]))],
  ])
  return interpret([outputs], feeds)[0]!
}

/** The same report many times: draws of one study. */
const [many, k, d, n] = [2000, 5, 3, 4]
const one = noise([k, d], 'items')
const items: Values = { shape: [many, k, d], data: Array.from({ length: many }, () => Array.from(one.data)).flat() }
const mask = ints([many, k], Array.from({ length: many }, () => [1, 1, 1, 1, 0]).flat())
const dimension = (c: number) => Array.from({ length: n }, (_, i) => one.data[i * d + c] as number)
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
/** Population covariance of two dimensions of the items. */
const covariance = (x: readonly number[], y: readonly number[]) =>
  mean(x.map((v, i) => (v - mean(x)) * ((y[i] as number) - mean(y))))
const column = (values: ArrayLike<number>, c: number) =>
  Array.from({ length: many }, (_, i) => values[i * d + c] as number)

describe('recomposed reports', () => {
  it('a bootstrap draws as many items as there are, never padding, and differs from study to study', () => {
    const weights = made((scope, _, real) => bootstrapWeights(scope, real), items, mask)
    const seen = new Set<string>()
    for (let i = 0; i < many; i++) {
      const row = [...weights.subarray(i * k, (i + 1) * k)]
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
      expect(row.every((v) => Number.isInteger(v * n))).toBe(true)
      expect(row[4]).toBe(0)
      seen.add(row.join())
    }
    expect(seen.size).toBe(35) // multisets of 4 out of 4
  })

  it('has the mean of the items, and 1/K of their covariance, in every pair of dimensions', () => {
    const drawn = made((scope, x, real) => weighItems(x, bootstrapWeights(scope, real)), items, mask)
    for (let a = 0; a < d; a++) {
      const [x, wanted] = [column(drawn, a), dimension(a)]
      const error = Math.sqrt(covariance(wanted, wanted) / n / many)
      expect(Math.abs(mean(x) - mean(wanted))).toBeLessThan(4 * error)
      for (let c = 0; c <= a; c++) {
        const scale = Math.sqrt(covariance(wanted, wanted) * covariance(dimension(c), dimension(c))) / n
        const difference = covariance(x, column(drawn, c)) - covariance(wanted, dimension(c)) / n
        expect(Math.abs(difference)).toBeLessThan((6 * scale) / Math.sqrt(many))
      }
    }
  })

  it('is drawn about the mean with the standard deviation of the items, each dimension by itself', () => {
    const drawn = made(
      (scope, x, real) => drawReport(scope, weighItems(x, evenWeights(real)), itemSpread(x, real), 1),
      items,
      mask,
    )
    for (let a = 0; a < d; a++) {
      const [x, wanted] = [column(drawn, a), dimension(a)]
      const sd = Math.sqrt(covariance(wanted, wanted))
      expect(Math.abs(mean(x) - mean(wanted))).toBeLessThan((4 * sd) / Math.sqrt(many))
      expect(Math.abs(covariance(x, x) / sd ** 2 - 1)).toBeLessThan(6 / Math.sqrt(many))
      for (let c = 0; c < a; c++) {
        const other = column(drawn, c)
        const correlation = covariance(x, other) / Math.sqrt(covariance(x, x) * covariance(other, other))
        expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(many))
      }
    }
  })

  it('one item is itself, whatever is drawn, with a gradient that is a number', () => {
    const lone = noise([2, 3, d], 'lone')
    const first = ints([2, 3], [1, 0, 0, 1, 0, 0])
    const about = (scope: Scope, x: Tensor, real: Tensor) =>
      drawReport(scope, weighItems(x, bootstrapWeights(scope, real)), itemSpread(x, real), 1)
    const rows = Array.from(lone.data)
    const wanted = [...rows.slice(0, d), ...rows.slice(3 * d, 4 * d)]
    expectNear('item', made(about, lone, first), wanted, 1e-12)
    const x = input('items', lone.shape)
    const spread = itemSpread(x, input('mask', [2, 3], 'int32'))
    const [slope] = interpret(
      [gradients(sum(spread), [x])[0] as Tensor],
      new Map([
        ['items', Float64Array.from(rows)],
        ['mask', Float64Array.from(first.data)],
      ]),
    )
    expect([...slope!].every((v) => v === 0)).toBe(true)
  })

  it('new draws at each step; α = 0 is the model without a draw, bit for bit', () => {
    const about = (alpha: number) => (scope: Scope, x: Tensor, real: Tensor) =>
      drawReport(scope, weighItems(x, evenWeights(real)), itemSpread(x, real), alpha)
    const plain = made((_, x, real) => weighItems(x, evenWeights(real)), items, mask)
    expect([...made(about(0), items, mask)]).toEqual([...plain])
    expect([...made(about(1), items, mask, 0)]).not.toEqual([...made(about(1), items, mask, 1)])
  })
})

describe('Pan 2023', () => {
  const [b, joint] = [4, 5]
  const given = { 'image.global': noise([b, joint], 'v'), 'report.global': noise([b, joint], 'u') }
  const moved = (order: readonly number[]) =>
    Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, order)]))

  it.each(['neg-log-cosh', 'cosine'] as const)(
    'is ln N where all pairs are the same, does not change with their order, has the gradient of its values: %s',
    (similarity) => {
      const config = { similarity }
      expect(lossOf(pan2023, { given: moved([0, 0, 0, 0]), config }).losses.contrastive).toBeCloseTo(Math.log(b), 9)
      const { contrastive } = lossOf(pan2023, { given, config }).losses
      expect(lossOf(pan2023, { given: moved([2, 0, 3, 1]), config }).losses.contrastive).toBeCloseTo(contrastive!, 9)
      expect(gradientError(pan2023, { given, config })).toBeLessThan(1e-6)
    },
  )

  it('is the loss of Pan 2022 on the recomposed report', () => {
    const joined = { 'image.global': given['image.global'], 'text.global': given['report.global'] }
    expect(lossOf(pan2023, { given }).losses.contrastive).toBe(lossOf(pan2022, { given: joined }).losses.contrastive)
  })

  const small = (config: Record<string, unknown>) => smallStep('pan-2023', { most: 3, ...config })
  const reports = (config: Record<string, unknown>, change?: Parameters<ReturnType<typeof passOf>>[0]) => [
    ...passOf(small(config), 'report')(change).global!,
  ]

  it('both switches change it, each by itself; without them it is the mean of the items', () => {
    const plain = reports({ pfr: false, dfr: false })
    const all = [
      { pfr: true, dfr: false },
      { pfr: false, dfr: true },
      { pfr: true, dfr: true },
    ].map((config) => reports(config))
    expect(new Set([plain, ...all].map((values) => values.join())).size).toBe(4)
    expect(reports({ pfr: false, dfr: true, alpha: 0 })).toEqual(plain)
  })

  it('padding changes nothing: neither an item that is none, nor tokens behind an item', () => {
    const without = (change: (feeds: Map<string, Float64Array>) => void) =>
      reports({ frozenText: false }, (feeds) => {
        feeds.get('sentenceMask')!.set([1, 1, 0, 1, 1, 0])
        change(feeds)
      })
    const plain = without(() => {})
    expect(without((feeds) => feeds.get('sentenceIds')!.fill(7, 16, 24))).toEqual(plain)
    expect(without((feeds) => feeds.get('sentenceIds')!.fill(7, 8, 16))).not.toEqual(plain)
  })

  it('its step, draws included, has the gradient of its values', () => {
    expect(stepGradientError(small({}))).toBeLessThan(1e-5)
  })

  it('a frozen tower is not in the step: items come encoded, and give what the live tower gives', () => {
    const [live, still] = [small({ frozenText: false }), small({})]
    const names = (made: typeof live) => [...made.layout.byName.keys()].filter((name) => name.startsWith('text_'))
    expect(names(still)).toEqual(['text_projection.weight'])
    expect(names(live).length).toBeGreaterThan(10)
    const plain = { pfr: false, dfr: false }
    const [b, s, t, w] = [2, 3, 8, 16]
    const config = small({ ...plain, frozenText: false })
    const encoded = inFloat64(
      config,
      (scope) => {
        const rows = (name: string) => reshape(input(name, [b, s, t], 'int32'), [b * s, t])
        return encodeText(scope, rows('sentenceIds'), rows('sentenceTokenMask'), config.step.model)
      },
      ({ globalRaw }) => [globalRaw],
    )
    const [features] = interpret([encoded.outputs.globalRaw], encoded.feeds())
    expect(features).toHaveLength(b * s * w)
    const once = reports(plain, (feeds) => feeds.set('sentenceFeatures', features as Float64Array))
    expectNear('report', once, reports({ ...plain, frozenText: false }), 1e-12)
    expect(reports(plain)).not.toEqual(once)
  })

  it('one study is refused', () => {
    expect(pan2023.refuse?.(1)).toContain('no negatives')
  })
})
