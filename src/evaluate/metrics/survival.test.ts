/** @file Survival against lifelines and scikit-survival (tools/reference/metrics_tests.py), pairs counted one by one. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-tests.json' with { type: 'json' }
import { auroc } from './auroc.ts'
import { measure } from './measure.ts'
import { kaplanMeier, logRank, medianSurvival, prepareConcordance } from './survival.ts'

describe('survival', () => {
  it.each(golden.survival.map((data, i) => [i, data] as const))(
    'equals lifelines and scikit-survival %i',
    (_, data) => {
      expect(prepareConcordance(data.times, data.events, data.risk).on()).toBeCloseTo(data.concordance, 12)
      const curve = kaplanMeier(data.times, data.events)
      const { median, low, high, ...columns } = data.kaplanMeier
      expect(curve.time).toEqual(columns.time)
      expect(curve.atRisk).toEqual(columns.atRisk)
      expect(curve.events).toEqual(columns.events)
      columns.survival.forEach((value, k) => void expect(curve.survival[k]).toBeCloseTo(value, 12))
      low.forEach((value, k) => {
        if (curve.survival[k] === 0) return // lifelines prints 0 here
        expect(curve.low[k]).toBeCloseTo(value!, 9)
        expect(curve.high[k]).toBeCloseTo(high[k]!, 9)
      })
      expect(medianSurvival(curve)).toBe(median)
      const test = logRank(data.times, data.events, data.group)
      expect(test.statistic).toBeCloseTo(data.logRank.statistic, 9)
      expect(test.p).toBeCloseTo(data.logRank.p, 9)
      expect(test.degrees).toBe(data.logRank.degrees)
      const sum = (part: 'observed' | 'expected') => test.groups.reduce((total, group) => total + group[part], 0)
      expect(sum('expected')).toBeCloseTo(sum('observed'), 9)
    },
  )

  const cases = fc.array(
    fc.record({
      time: fc.integer({ min: 0, max: 5 }),
      event: fc.constantFrom(0, 1),
      risk: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 2, maxLength: 12 },
  )

  it('the C-index counts pairs', () => {
    fc.assert(
      fc.property(cases, (all) => {
        let [right, pairs] = [0, 0]
        for (const a of all)
          for (const b of all) {
            if (a.event === 0 || !(a.time < b.time || (a.time === b.time && b.event === 0))) continue
            pairs++
            right += a.risk > b.risk ? 1 : a.risk === b.risk ? 0.5 : 0
          }
        const value = prepareConcordance(
          all.map((c) => c.time),
          all.map((c) => c.event),
          all.map((c) => c.risk),
        ).on()
        if (pairs === 0) expect(value).toBeNaN()
        else expect(value).toBeCloseTo(right / pairs, 12)
      }),
    )
  })

  it('counts stand for repeated cases, and without censoring it is the AUROC of two times', () => {
    const { times, events, risk } = golden.survival[0]!
    const counts = times.map((_, i) => i % 3)
    const drawn = counts.flatMap((n, i) => new Array<number>(n).fill(i))
    const pick = (list: number[]) => drawn.map((i) => list[i]!)
    expect(prepareConcordance(times, events, risk).on(counts)).toBeCloseTo(
      prepareConcordance(pick(times), pick(events), pick(risk)).on(),
      12,
    )
    const early = [1, 1, 2, 2, 2]
    expect(prepareConcordance(early, [1, 1, 1, 1, 1], [3, 1, 2, 1, 0]).on()).toBe(
      auroc([3, 1, 2, 1, 0], [1, 1, 0, 0, 0]),
    )
  })

  it('degenerate groups and curves', () => {
    expect(measure(prepareConcordance([1, 2], [0, 0], [1, 2]))).toMatchObject({ value: null, n: 2 })
    expect(logRank([1, 2], [1, 1], ['a', 'a'])).toMatchObject({ p: null, degrees: 0 })
    expect(logRank([1, 2], [0, 0], ['a', 'b']).p).toBeNull()
    expect(logRank([], [], []).p).toBeNull()
    expect(kaplanMeier([], [])).toMatchObject({ time: [0], survival: [1] })
    expect(medianSurvival(kaplanMeier([1, 2, 3], [1, 0, 0]))).toBeNull()
    expect(kaplanMeier([1], [1])).toMatchObject({ survival: [1, 0], low: [1, Number.NaN] })
    expect(() => kaplanMeier([1], [2])).toThrow('event 2')
    expect(() => kaplanMeier([-1], [1])).toThrow('time -1')
    expect(() => logRank([1], [1], [])).toThrow('0 scores or groups')
    expect(() => prepareConcordance([1], [1], [Number.NaN])).toThrow('risk of case 0')
  })
})
