import { describe, expect, it } from 'vitest'
import { interpret } from './interpreter.ts'
import { lowerServing, lowerTraining } from './onnx/lower.ts'
import * as op from './ops.ts'
import { type Distribution, drawRandom } from './random-leaves.ts'
import type { Shape } from './tensor.ts'

const key = { seed: 7, step: 3, name: 'encoder.dropout' }
const draw = (distribution: Distribution, shape: Shape, more: Partial<typeof key & { row: number }> = {}): number[] =>
  Array.from(drawRandom({ ...key, ...more }, distribution, shape))
const count = 200_000
const kinds: readonly Distribution[] = [
  { kind: 'uniform' },
  { kind: 'normal' },
  { kind: 'gumbel' },
  { kind: 'bernoulli', keep: 0.3 },
]

function moments(x: readonly number[]): { mean: number; variance: number } {
  const mean = x.reduce((s, v) => s + v, 0) / x.length
  return { mean, variance: x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [moments(a), moments(b)]
  const product = a.reduce((s, v, i) => s + (v - ma.mean) * ((b[i] as number) - mb.mean), 0) / a.length
  return product / Math.sqrt(ma.variance * mb.variance)
}

/** Chi-square of counts that should be equal, in standard deviations from its mean. */
function unevenness(counts: readonly number[]): number {
  const expected = counts.reduce((s, n) => s + n, 0) / counts.length
  const chi = counts.reduce((s, n) => s + (n - expected) ** 2 / expected, 0)
  const freedom = counts.length - 1
  return (chi - freedom) / Math.sqrt(2 * freedom)
}

function histogram(x: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const v of x) counts[Math.min(Math.floor(v * bins), bins - 1)]! += 1
  return counts
}

describe('distributions', () => {
  const gumbelMean = 0.5772156649
  it.each([
    [{ kind: 'uniform' }, 0.5, 1 / 12],
    [{ kind: 'normal' }, 0, 1],
    [{ kind: 'gumbel' }, gumbelMean, Math.PI ** 2 / 6],
    [{ kind: 'bernoulli', keep: 0.3 }, 0.3, 0.21],
  ] as const)('%j has the right mean and variance', (distribution, mean, variance) => {
    const found = moments(draw(distribution, [count]))
    expect(Math.abs(found.mean - mean)).toBeLessThan(4 * Math.sqrt(variance / count))
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.03)
  })

  it('uniform: even in 100 bins, consecutive pairs even in 16 x 16, inside [0, 1)', () => {
    const x = draw({ kind: 'uniform' }, [count])
    expect(x.every((v) => v >= 0 && v < 1)).toBe(true)
    expect(Math.abs(unevenness(histogram(x, 100)))).toBeLessThan(4)
    const pairs = x.flatMap((v, i) => (i % 2 === 0 ? [(Math.floor(v * 16) + x[i + 1]!) / 16] : []))
    expect(Math.abs(unevenness(histogram(pairs, 256)))).toBeLessThan(4)
  })

  it('normal: the right share beyond 1, 2 and 3, neighbours uncorrelated', () => {
    const x = draw({ kind: 'normal' }, [count])
    for (const [bound, share] of [
      [1, 0.3173105],
      [2, 0.0455003],
      [3, 0.0026998],
    ] as const) {
      const found = x.filter((v) => Math.abs(v) > bound).length / count
      expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt(share / count))
    }
    expect(Math.abs(correlation(x.slice(1), x.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(count))
  })

  it('bernoulli: never at 0, always at 1', () => {
    expect(draw({ kind: 'bernoulli', keep: 0 }, [1000]).every((v) => v === 0)).toBe(true)
    expect(draw({ kind: 'bernoulli', keep: 1 }, [1000]).every((v) => v === 1)).toBe(true)
  })

  it('choice: different numbers in every row, every number as often at every place', () => {
    const [rows, k, of] = [20_000, 3, 7]
    const drawn = drawRandom(key, { kind: 'choice', of }, [rows, k])
    expect(drawn).toBeInstanceOf(Int32Array)
    const counts = Array.from({ length: k }, () => new Array<number>(of).fill(0))
    for (let r = 0; r < rows; r++) {
      const row = [...drawn.subarray(r * k, (r + 1) * k)]
      expect(new Set(row).size).toBe(k)
      row.forEach((v, i) => {
        counts[i]![v]! += 1
      })
    }
    for (const line of counts) expect(Math.abs(unevenness(line))).toBeLessThan(4)
    expect(draw({ kind: 'choice', of: 5 }, [5]).sort()).toEqual([0, 1, 2, 3, 4])
  })

  it('categorical: as often as the softmax says', () => {
    const logits = op.input('logits', [3])
    const y = op.categorical('which', op.broadcast(logits, [30_000, 3]))
    const noise = Float64Array.from(drawRandom({ ...key, name: 'which' }, { kind: 'gumbel' }, [30_000, 3]))
    const feeds = new Map([
      ['logits', Float64Array.of(Math.log(0.2), Math.log(0.5), Math.log(0.3))],
      ['which', noise],
    ])
    const [found] = interpret([y], feeds)
    const shares = [0.2, 0.5, 0.3]
    shares.forEach((p, i) => {
      const share = found!.filter((v) => v === i).length / 30_000
      expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 30_000))
    })
  })
})

describe('counter-based', () => {
  it('the same key gives the same numbers; another seed, step or name gives uncorrelated ones', () => {
    for (const distribution of kinds) {
      const one = draw(distribution, [20_000])
      expect(draw(distribution, [20_000])).toEqual(one)
      const others = [{ seed: 8 }, { step: 4 }, { step: -1 }, { name: 'encoder.dropouu' }, { name: '' }]
      for (const other of others) {
        const found = draw(distribution, [20_000], other)
        expect(Math.abs(correlation(one, found))).toBeLessThan(4 / Math.sqrt(20_000))
      }
    }
  })

  it('keys that differ in two places at once do not meet: (1, 12) is not (11, 2)', () => {
    const at = (seed: number, step: number): number[] => draw({ kind: 'uniform' }, [8], { seed, step })
    expect(at(1, 12)).not.toEqual(at(11, 2))
    expect(at(1, 2)).not.toEqual(at(2, 1))
  })

  it('a chunk of the batch draws the rows that the whole batch has there', () => {
    for (const distribution of [...kinds, { kind: 'choice', of: 9 } as const]) {
      const whole = draw(distribution, [6, 3, 5])
      expect([...draw(distribution, [2, 3, 5], { row: 0 }), ...draw(distribution, [4, 3, 5], { row: 2 })]).toEqual(
        whole,
      )
      expect([...draw(distribution, [1, 3, 5], { row: 0 }), ...draw(distribution, [5, 3, 5], { row: 1 })]).toEqual(
        whole,
      )
    }
  })

  it('stays what it is: runs resume and replay by these numbers', () => {
    expect(draw({ kind: 'uniform' }, [3])).toEqual([0.1470547318458557, 0.9098632335662842, 0.8706522583961487])
    expect(draw({ kind: 'normal' }, [2]).map((v) => v.toFixed(5))).toEqual(['1.65232', '-1.05059'])
    expect(draw({ kind: 'gumbel' }, [2]).map((v) => v.toFixed(5))).toEqual(['-0.65074', '2.35957'])
    expect(draw({ kind: 'choice', of: 10 }, [5])).toEqual([1, 9, 8, 4, 2])
  })

  it('nothing of nothing', () => {
    for (const distribution of kinds) expect(draw(distribution, [0, 3])).toEqual([])
    expect(draw({ kind: 'choice', of: 4 }, [3, 0])).toEqual([])
  })
})

describe('in a graph', () => {
  it('is an input that the lowered model lists as random', () => {
    const keep = op.randomLeaf('mask', [2, 3], { kind: 'bernoulli', keep: 0.9 })
    const order = op.randomLeaf('order', [2, 3], { kind: 'choice', of: 5 })
    const model = lowerTraining({ y: op.mul(op.input('x', [2, 3]), keep), order })
    expect(model.randoms).toEqual([
      { name: 'mask', shape: [2, 3], distribution: { kind: 'bernoulli', keep: 0.9 } },
      { name: 'order', shape: [2, 3], distribution: { kind: 'choice', of: 5 } },
    ])
    expect(model.inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['x', 'float32'],
      ['mask', 'float32'],
      ['order', 'int32'],
    ])
  })

  it('refuses two leaves of one name, and random values in a served model', () => {
    const leaf = (): ReturnType<typeof op.randomLeaf> => op.randomLeaf('noise', [2], { kind: 'normal' })
    expect(() => lowerTraining({ y: op.add(leaf(), leaf()) })).toThrow('Two leaves of the graph are called "noise"')
    expect(() => lowerServing(() => ({ y: op.exp(leaf()) }), new Map())).toThrow('random values ("noise")')
  })

  it('refuses what cannot be drawn, with name and shape', () => {
    const leaf = (shape: Shape, distribution: Distribution) => () => op.randomLeaf('a.b', shape, distribution)
    expect(leaf([2, 6], { kind: 'choice', of: 5 })).toThrow(
      'random: "a.b" chooses 6 different numbers along its last axis out of 5 (shape [2, 6]).',
    )
    expect(leaf([], { kind: 'choice', of: 5 })).toThrow('needs an axis')
    expect(leaf([2], { kind: 'bernoulli', keep: 1.5 })).toThrow('1.5')
  })
})
