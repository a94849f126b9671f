import { describe, expect, it } from 'vitest'
import { bestTrial, trialAt } from './random-search.ts'

describe('random search', () => {
  const at = (i: number, seed = 1) => trialAt(['tokenWeight', 'patchWeight'], { seed, most: 0.5 }, i)
  it('begins without the terms, then draws each by itself from the whole range, the same again for the same seed', () => {
    expect(at(0)).toEqual({ tokenWeight: 0, patchWeight: 0 })
    const all = Array.from({ length: 400 }, (_, i) => at(i + 1))
    for (const name of ['tokenWeight', 'patchWeight'] as const) {
      const values = all.map((trial) => trial[name]!)
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...values)).toBeLessThan(0.5)
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.48)
    }
    expect(all.some(({ tokenWeight, patchWeight }) => tokenWeight === patchWeight)).toBe(false)
    expect(at(7)).toEqual(at(7))
    expect(at(7)).not.toEqual(at(7, 2))
  })
  it('takes the first of the best, and nothing where nothing is defined', () => {
    const results = [{ score: 0.6 }, { score: null }, { score: 0.8, first: true }, { score: 0.8 }]
    expect(bestTrial(results)).toEqual({ score: 0.8, first: true })
    expect(bestTrial([{ score: null }])).toBeUndefined()
  })
})
