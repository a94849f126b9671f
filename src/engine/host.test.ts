import { describe, expect, it } from 'vitest'
import { expectGradients } from '../../test/differences.ts'
import { normal } from '../../test/operands.ts'
import { VesaliusError } from '../core/errors.ts'
import { gradients } from './gradients.ts'
import { type HostRule, type HostValue, hostNode } from './host.ts'
import { kMeans } from './hosts/k-means.ts'
import { matching } from './hosts/matching.ts'
import { memoryBank } from './hosts/memory-bank.ts'
import { tap } from './hosts/tap.ts'
import { interpret, interpretAsync, type Values } from './interpreter.ts'
import { lowerTraining } from './onnx/lower.ts'
import * as op from './ops.ts'
import type { Tensor } from './tensor.ts'

const feedsOf = (values: Record<string, Values>): Map<string, Values> => new Map(Object.entries(values))
const thrown = (call: () => unknown): VesaliusError => {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(VesaliusError)
    return error as VesaliusError
  }
  return expect.fail('nothing was thrown')
}
const x = op.input('x', [2, 3])
const feeds = feedsOf({ x: normal(2, 3).values })
const node = (rule: Partial<HostRule>): Tensor =>
  hostNode({ name: 'probe', forward: ([v]) => [v!.data], ...rule }, [x], [x])[0] as Tensor

describe('a host node under the interpreter', () => {
  it('passes float64 values on, and its own derivative back', () => {
    const seen: HostValue[] = []
    const y = tap('look', op.mul(x, 2), (value) => seen.push(value))
    const loss = op.sum(op.mul(op.square(y), op.exp(x)))
    expectGradients(loss, [x], feeds)
    expect(seen[0]!.data).toBeInstanceOf(Float64Array)
    expect(seen[0]!.shape).toEqual([2, 3])
  })

  it('a rule of its own: squares, with a derivative that is a host node again', () => {
    const scaled = (t: Tensor, by: Tensor): Tensor =>
      hostNode(
        {
          name: 'product',
          forward: ([a, b]) => [Float64Array.from(a!.data, (v, i) => v * b!.data[i]!)],
          backward: ({ x: [a, b], gs: [g] }) => [scaled(g!, b!), scaled(g!, a!)],
        },
        [t, by],
        [t],
      )[0] as Tensor
    expectGradients(op.sum(op.tanh(scaled(x, op.exp(x)))), [x], feeds)
  })

  it('without a rule nothing flows', () => {
    const loss = op.sum(op.add(node({}), op.square(x)))
    const [g] = interpret(gradients(loss, [x]), feeds)
    expect([...g!]).toEqual([...feeds.get('x')!].map((v) => 2 * v))
  })

  it('tells by name what went wrong', () => {
    const run = (rule: Partial<HostRule>): VesaliusError => thrown(() => interpret([node(rule)], feeds))
    expect(run({ forward: () => [] }).message).toBe('The host node "probe" gave 0 results where 1 were announced.')
    expect(run({ forward: () => [new Float32Array(5)] }).message).toBe(
      'The host node "probe" gave 5 values for result 0 of shape [2, 3].',
    )
    expect(run({ forward: () => [new Int32Array(6)] }).message).toBe(
      'The host node "probe" gave a Int32Array for result 0, which is float32.',
    )
    const infinite = Float32Array.of(0, 1, Number.POSITIVE_INFINITY, 0, 0, 0)
    expect(run({ finite: true, forward: () => [infinite] }).message).toBe(
      'The host node "probe" gave Infinity as value 2 of result 0, which must be finite.',
    )
    const failing = run({
      forward: () => {
        throw new Error('the other side is gone')
      },
    })
    expect(failing.message).toBe('The host node "probe" failed: the other side is gone.')
    expect(thrown(() => hostNode({ name: 'idle', forward: () => [] }, [x], [])).message).toContain('"idle"')
    expect(thrown(() => lowerTraining({ y: node({}) })).message).toContain('"probe" cannot be part of a session')
  })

  it('that answers later needs interpretAsync', async () => {
    const later = node({ forward: ([v]) => Promise.resolve([v!.data.map((n) => n + 1)]) })
    expect(thrown(() => interpret([later], feeds)).hint).toBe('Use interpretAsync.')
    const [value] = await interpretAsync([op.mul(later, 2)], feeds)
    expect([...value!]).toEqual([...feeds.get('x')!].map((v) => 2 * (v + 1)))
    const refused = node({ forward: () => Promise.reject(new Error('no answer')) })
    await expect(interpretAsync([refused], feeds)).rejects.toThrow('The host node "probe" failed: no answer.')
  })
})

describe('memory bank', () => {
  const fresh = op.input('fresh', [2, 3])
  const rowsOf = (...starts: number[]): Values => Float64Array.from(starts.flatMap((v) => [v, v + 0.5, -v]))
  const value = (...starts: number[]): HostValue => ({ dtype: 'float32', shape: [2, 3], data: rowsOf(...starts) })
  const commit = (t: Tensor, values: HostValue): void =>
    (t.node.attributes as { rule: HostRule }).rule.commit!([values])

  it('is read as it was before the step; the step is taken in on commit, oldest rows first', () => {
    const bank = memoryBank({ name: 'queue', size: 3, width: 3 })
    const { rows, filled } = bank.exchange(fresh)
    const read = (): number[][] =>
      interpret([rows, op.cast(filled, 'float32')], feedsOf({ fresh: rowsOf(9, 9) })).map((v) => [...v])
    expect(read()).toEqual([Array(9).fill(0), [0, 0, 0]])
    expect(read()).toEqual([Array(9).fill(0), [0, 0, 0]])
    commit(rows, value(1, 2))
    expect(read()).toEqual([
      [...rowsOf(1, 2), 0, 0, 0],
      [1, 1, 0],
    ])
    commit(rows, value(3, 4))
    expect(read()).toEqual([[...rowsOf(4, 2, 3)], [1, 1, 1]])
    for (let i = 5; i < 25; i += 2) commit(rows, value(i, i + 1))
    expect([...read()[0]!].sort()).toEqual([...rowsOf(22, 23, 24)].sort())
  })

  it('gives a loss the gradient of the fresh rows alone', () => {
    const bank = memoryBank({ name: 'queue', size: 4, width: 3 })
    const { rows, filled } = bank.exchange(fresh)
    commit(rows, value(1, 2))
    const logits = op.matmul(fresh, rows, { transposeB: true }) //                            [2, 4]
    const open = op.reshape(op.cast(filled, 'float32'), [1, 4])
    const loss = op.sum(op.logSumExp(op.add(logits, op.mul(op.sub(open, 1), 1e9)), 1))
    expectGradients(loss, [fresh], feedsOf({ fresh: normal(2, 3).values }))
  })

  it('saves and restores everything, and refuses what is of another size', () => {
    const bank = memoryBank({ name: 'queue', size: 3, width: 3 })
    const { rows } = bank.exchange(fresh)
    commit(rows, value(1, 2))
    const saved = bank.values()
    commit(rows, value(3, 4))
    const wanted = bank.values()
    const again = memoryBank({ name: 'queue', size: 3, width: 3 })
    const other = again.exchange(fresh).rows
    again.restore(saved)
    commit(other, value(3, 4))
    expect(again.values()).toEqual(wanted)
    const wrong = memoryBank({ name: 'queue', size: 4, width: 3 })
    expect(thrown(() => wrong.restore(saved)).message).toContain('does not have 4 rows of 3')
    expect(() => bank.exchange(op.input('wide', [2, 4]))).toThrow('takes rows of 3')
    expect(() => bank.exchange(op.input('many', [5, 3]))).toThrow('fewer than come at once')
  })
})

describe('matching', () => {
  const cost = op.input('cost', [2, 2, 3])
  // Row 0 wants column 0 most, but row 1 needs it more; the second item is plain.
  const costs = Float64Array.of(1, 2, 9, 1, 5, 9, 4, 1, 9, 9, 9, 0)

  it('finds the cheapest columns of each item, no column twice', () => {
    const [columns] = interpret([matching(cost)], feedsOf({ cost: costs }))
    expect([...columns!]).toEqual([1, 0, 1, 2])
  })

  it('lets gradients through what was matched, and none through the matching', () => {
    const predictions = op.input('predictions', [3, 2])
    const targets = op.input('targets', [2, 2])
    const distances = op.sum(op.square(op.sub(op.reshape(targets, [2, 1, 2]), op.reshape(predictions, [1, 3, 2]))), 2)
    const matched = op.gather(predictions, matching(distances))
    const at = feedsOf({ predictions: normal(3, 2).values, targets: normal(2, 2).values })
    expectGradients(op.sum(op.square(op.sub(matched, targets))), [predictions, targets], at)
  })

  it('refuses more rows than columns, and costs that are no numbers', () => {
    expect(() => matching(op.input('tall', [3, 2]))).toThrow('3 rows do not find 2 columns each its own')
    expect(() => matching(op.input('flat', [3]))).toThrow('needs float32 costs [..., rows, columns]')
    expect(() =>
      interpret([matching(cost)], feedsOf({ cost: costs.map((v, i) => (i === 4 ? Number.NaN : v)) })),
    ).toThrow('row 1, column 1')
  })
})

describe('k-means', () => {
  /** Three far clouds of four points each. */
  const centres = [
    [0, 0],
    [50, 0],
    [0, 50],
  ]
  const noise = normal(12, 2).values
  const points = Float64Array.from(noise, (v, i) => v + centres[Math.floor(i / 2) % 3]![i % 2]!)
  const p = op.input('points', [12, 2])
  const at = feedsOf({ points })

  it('finds clouds; centroids are their means; gradients reach the points through the means', () => {
    const { assignments, centroids } = kMeans(p, { clusters: 3, seed: 4 })
    const [assigned, means] = interpret([assignments, centroids], at)
    for (let i = 0; i < 12; i++) expect(assigned![i]).toBe(assigned![i % 3])
    expect(new Set(assigned).size).toBe(3)
    for (let cloud = 0; cloud < 3; cloud++) {
      const own = [0, 1, 2, 3].map((j) => points[(cloud + 3 * j) * 2]!)
      expect(means![assigned![cloud]! * 2]).toBeCloseTo(own.reduce((a, b) => a + b) / 4, 10)
    }
    const spread = op.sum(op.square(op.sub(p, op.gather(centroids, assignments))))
    expectGradients(op.add(spread, op.sum(op.sigmoid(op.mul(centroids, 0.1)))), [p], at)
  })

  it('leaves no cluster empty, whatever the points', () => {
    const same = feedsOf({ points: new Float64Array(24).fill(1) })
    const [assigned] = interpret([kMeans(p, { clusters: 5, seed: 1 }).assignments], same)
    expect(new Set(assigned).size).toBe(5)
    const [all] = interpret([kMeans(p, { clusters: 12, seed: 1 }).assignments], at)
    expect(new Set(all).size).toBe(12)
    const bad = feedsOf({ points: points.map((v, i) => (i === 5 ? Number.NaN : v)) })
    expect(() => interpret([kMeans(p, { clusters: 2, seed: 1 }).assignments], bad)).toThrow(
      'value 5 of the points is NaN',
    )
    expect(() => kMeans(p, { clusters: 13, seed: 1 })).toThrow('12 points do not make 13 clusters')
  })
})
