/** @file Retrieval: SciPy's mid-ranks, identical reports, chance, bad input. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics.json' with { type: 'json' }
import { identicalGroups, retrieval } from './retrieval.ts'

const identity = (n: number) => Float32Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))

describe('retrieval', () => {
  it.each(golden.retrieval.map((data, i) => [i, data] as const))('equals SciPy ranks %i', (_, data) => {
    const result = retrieval(Float32Array.from(data.similarity), data.count)
    for (const way of ['imageToText', 'textToImage'] as const) {
      expect([...result[way].ranks]).toEqual(data[way].ranks)
      for (const k of [1, 5, 10] as const) expect(result[way].recall[k]).toBeCloseTo(data[way].recall[k], 12)
      expect(result[way].medianRank).toBe(data[way].median)
      expect(result[way].meanRank).toBeCloseTo(data[way].mean, 12)
      expect(result[way].reciprocalRank).toBeCloseTo(data[way].reciprocal, 12)
    }
  })

  it('is perfect on the identity', () => {
    const { imageToText, textToImage } = retrieval(identity(7), 7)
    expect(imageToText.recall).toEqual({ 1: 1, 5: 1, 10: 1 })
    expect(textToImage.medianRank).toBe(1)
  })

  it('a system that cannot tell anything apart gets the middle rank, not the first', () => {
    const { imageToText, chance } = retrieval(new Float32Array(25), 5)
    expect(imageToText.recall[1]).toBe(0)
    expect(imageToText.meanRank).toBe(3)
    expect(chance[1]).toBeCloseTo(0.2, 12)
    expect(chance[5]).toBe(1)
    expect(chance[10]).toBe(1)
  })

  it('counts identical reports as hits on request only', () => {
    const groups = identicalGroups(['No  effusion.', 'Edema.', ' No effusion. '])
    expect([...groups]).toEqual([0, 1, 0])
    // Texts 0 and 2 are the same, hence the same column: every query ties on them.
    const similarity = Float32Array.from([0.9, 0.1, 0.9, 0.5, 0.6, 0.5, 0.8, 0.2, 0.8])
    expect([...retrieval(similarity, 3).imageToText.ranks]).toEqual([1.5, 1, 1.5])
    const lenient = retrieval(similarity, 3, { groups, identicalAsHits: true })
    expect([...lenient.imageToText.ranks]).toEqual([1, 1, 1])
    // 1 - C(1, 1) / C(3, 1) for the pair, 1 / 3 for the single one.
    expect(lenient.chance[1]).toBeCloseTo((2 / 3 + 1 / 3 + 2 / 3) / 3, 12)
    expect([...retrieval(similarity, 3, { groups }).imageToText.ranks]).toEqual([1.5, 1, 1.5])
  })

  it('an image of the same report may answer a text query', () => {
    const similarity = Float32Array.from([0.1, 0.1, 0.2, 0.3, 0.3, 0.4, 0.2, 0.2, 0.9])
    const options = { groups: [4, 4, 5], identicalAsHits: true }
    expect([...retrieval(similarity, 3).textToImage.ranks]).toEqual([3, 1, 1])
    expect([...retrieval(similarity, 3, options).textToImage.ranks]).toEqual([1, 1, 1])
  })

  it('the rank among ties is the mean over all orders', () => {
    // 4 equal candidates, 2 valid: first valid stands at 1, 1, 1, 2, 2, 3 over the 6 placements, mean 5 / 3.
    const ranks = retrieval(new Float32Array(16), 4, { groups: [0, 0, 1, 1], identicalAsHits: true }).imageToText.ranks
    expect(ranks[0]).toBeCloseTo(5 / 3, 12)
  })

  it('more hits are never worse, and only order matters', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 36, maxLength: 36 }), (values) => {
        const groups = [0, 1, 0, 2, 2, 3]
        const strict = retrieval(values, 6)
        const lenient = retrieval(values, 6, { groups, identicalAsHits: true })
        strict.imageToText.ranks.forEach((rank, i) => {
          expect(lenient.imageToText.ranks[i]).toBeLessThanOrEqual(rank)
        })
        expect(
          retrieval(
            values.map((v) => Math.exp(v)),
            6,
          ),
        ).toEqual(strict)
        const transposed = values.map((_, at) => values[(at % 6) * 6 + Math.floor(at / 6)]!)
        expect(retrieval(transposed, 6).imageToText).toEqual(strict.textToImage)
      }),
    )
  })

  it('refuses what is not a square of numbers', () => {
    expect(() => retrieval(new Float32Array(5), 2)).toThrow('2 images by 2 texts')
    expect(() => retrieval([], 0)).toThrow('square')
    expect(() => retrieval([1, Number.NaN, 0, 1], 2)).toThrow('image 0, text 1')
    expect(() => retrieval([1, 0, 0, 1], 2, { identicalAsHits: true })).toThrow('identical')
    expect(() => retrieval([1, 0, 0, 1], 2, { groups: [1] })).toThrow('1 groups')
  })
})
