/** @file Retrieval by relevance against scikit-learn and torchmetrics (tools/reference/metrics_tests.py), ties by brute force. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-tests.json' with { type: 'json' }
import { measure } from './measure.ts'
import { labelJaccard, prepareRelevance, type RankedQuery, relevanceScores } from './relevance.ts'

describe('relevance', () => {
  it.each(golden.relevance.map((data, i) => [i, data] as const))('equals the references %i', (_, data) => {
    for (const [k, value] of Object.entries(data.ndcg))
      expect(relevanceScores(data, Number(k)).ndcg).toBeCloseTo(value, 12)
    for (const [k, value] of Object.entries(data.precision ?? {}))
      expect(relevanceScores(data, Number(k)).precision).toBeCloseTo(value, 6)
    for (const [k, value] of Object.entries(data.recall ?? {}))
      expect(relevanceScores(data, Number(k)).recall).toBeCloseTo(value, 6)
    if (data.ap !== undefined)
      expect(relevanceScores(data, Number.POSITIVE_INFINITY).averagePrecision).toBeCloseTo(data.ap, 6)
    if (data.torchNdcg !== undefined) expect(relevanceScores(data, 5).ndcg).toBeCloseTo(data.torchNdcg, 6)
  })

  it('ties are the mean over all their orders', () => {
    const query = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom(0, 0.5, 1)), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(query, fc.integer({ min: 1, max: 6 }), (items, k) => {
        fc.pre(items.some(([, gain]) => gain > 0))
        const mine = relevanceScores({ scores: items.map(([s]) => s), gains: items.map(([, g]) => g) }, k)
        const orders = permutations(items).filter((order) => order.every(([s], i) => i === 0 || s <= order[i - 1]![0]))
        const plain = orders.map((order) =>
          relevanceScores({ scores: order.map((_, i) => -i), gains: order.map(([, g]) => g) }, k),
        )
        for (const part of ['precision', 'recall', 'averagePrecision', 'ndcg'] as const) {
          expect(mine[part]).toBeCloseTo(plain.reduce((sum, one) => sum + one[part], 0) / plain.length, 10)
        }
      }),
    )
  })

  it('average precision by hand: relevant at ranks 1 and 4 of 5, K = 3 and all', () => {
    const query: RankedQuery = { scores: [5, 4, 3, 2, 1], gains: [1, 0, 0, 1, 0] }
    expect(relevanceScores(query, 3).averagePrecision).toBeCloseTo(0.5, 12)
    expect(relevanceScores(query, Number.POSITIVE_INFINITY).averagePrecision).toBeCloseTo((1 + 0.5) / 2, 12)
    expect(relevanceScores(query, 10).precision).toBeCloseTo(0.2, 12)
  })

  it('a candidate with the gain NaN is not there; a query without relevant candidates is skipped', () => {
    expect(relevanceScores({ scores: [9, 1], gains: [Number.NaN, 1] }, 1).precision).toBe(1)
    const result = prepareRelevance(
      [
        { scores: [1, 2], gains: [1, 0] },
        { scores: [1, 2], gains: [0, 0] },
      ],
      1,
    )
    expect(measure(result.precision, { resamples: 10 })).toMatchObject({
      value: 0,
      n: 1,
      skipped: 1,
      variant: 'precision@1-mean-over-ties',
    })
    expect(result.chancePrecision.on()).toBe(0.5)
    expect(measure(prepareRelevance([{ scores: [], gains: [] }], 1).ndcg).value).toBeNull()
  })

  it('overlap of label sets', () => {
    expect(labelJaccard(['a', 'b', 'b'], ['b', 'c'])).toBeCloseTo(1 / 3, 12)
    expect(labelJaccard([], [])).toBe(0)
  })

  it('refuses what cannot be ranked', () => {
    expect(() => relevanceScores({ scores: [1], gains: [] }, 1)).toThrow('1 scores but 0 gains')
    expect(() => prepareRelevance([{ scores: [Number.NaN], gains: [1] }], 1)).toThrow('Candidate 0 of query 0')
    expect(() => relevanceScores({ scores: [1], gains: [1] }, 0)).toThrow('K is 0')
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]))
}
