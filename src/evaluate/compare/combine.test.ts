import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import type { CaseMeasures } from '../case-measures.ts'
import { combine } from './combine.ts'

const cases = 60

/** Runs of a system: case i of seed s scores base(i) + shift + seedShift(s) + noise. */
function runs(name: string, seeds: number, shift: number, spread: number): Record<string, CaseMeasures[]>[] {
  return Array.from({ length: seeds }, (_, s) => {
    const seedShift = random('shift', name, s).normal(0, spread)
    const noise = random('noise', name, s)
    const values = Float64Array.from({ length: cases }, (_, i) => {
      return random('case', i).normal(0, 1) + shift + seedShift + noise.normal(0, 0.1)
    })
    const units = Int32Array.from({ length: cases }, (_, i) => i)
    return { ITR: [{ units, measures: { score: { kind: 'mean', values } } }] }
  })
}

const cell = (systems: Parameters<typeof combine>[0], id: string) => {
  const found = combine(systems, { resamples: 400 }).find((table) => table.id === id)?.metrics['ITR.score']
  if (found === undefined) throw new Error('no such cell')
  return found
}
const width = (pair: [number, number] | null | undefined): number => (pair ? pair[1] - pair[0] : Number.NaN)

describe('a comparison', () => {
  const clip = { id: 'clip', runs: runs('clip', 4, 0, 0) }

  it('of a system with itself shows no difference, whatever cases and seeds are drawn', () => {
    expect(cell([clip, { ...clip, id: 'twin' }], 'twin').vsClip).toEqual({ difference: 0, interval: [0, 0] })
  })

  it('is paired: the difference of two systems is known far better than either of them', () => {
    const better = { id: 'better', runs: runs('better', 4, 0.3, 0) }
    const { interval, vsClip } = cell([clip, better], 'better')
    expect(vsClip?.difference).toBeCloseTo(0.3, 1)
    expect(vsClip?.interval?.[0]).toBeGreaterThan(0.2)
    expect(width(vsClip?.interval)).toBeLessThan(width(interval) / 4)
  })

  it('counts the luck of the seed: seeds that differ widen the difference, more cases would not help', () => {
    const lucky = { id: 'lucky', runs: runs('lucky', 4, 0, 0.8) }
    const steady = { id: 'steady', runs: runs('steady', 4, 0, 0) }
    const of = (system: typeof lucky) => width(cell([clip, system], system.id).vsClip?.interval)
    expect(of(lucky)).toBeGreaterThan(5 * of(steady))
    const { mean, sd, perSeed } = cell([clip, lucky], 'lucky')
    expect(perSeed).toHaveLength(4)
    expect(mean).toBeCloseTo((perSeed as number[]).reduce((a, b) => a + b) / 4, 12)
    const variance = (perSeed as number[]).reduce((sum, value) => sum + (value - (mean as number)) ** 2, 0) / 3
    expect(sd).toBeCloseTo(Math.sqrt(variance), 12)
  })

  it('has no deviation with one seed and no difference without CLIP', () => {
    expect(cell([{ id: 'only', runs: runs('only', 1, 0, 0) }], 'only')).toMatchObject({ sd: null, vsClip: null })
  })

  it('refuses runs that were measured on other cases', () => {
    const other = runs('other', 4, 0, 0)
    other[2]!.ITR![0] = { ...other[2]!.ITR![0]!, units: Int32Array.from({ length: cases }, (_, i) => i + 1) }
    expect(() => combine([clip, { id: 'other', runs: other }])).toThrow('not measured on the same cases')
  })
})
