/** @file Conformal sets against MAPIE (tools/reference/metrics_tests.py), coverage by simulation. */

import { describe, expect, it } from 'vitest'
import originals from '../../../test/golden/metrics-originals.json' with { type: 'json' }
import golden from '../../../test/golden/metrics-tests.json' with { type: 'json' }
import { random } from '../../core/random.ts'
import {
  classQuantiles,
  conformalP,
  conformalQuantile,
  conformalReport,
  conformalScores,
  conformalSets,
  findingProbabilities,
  scoresOfTruth,
} from './conformal.ts'
import { measure } from './measure.ts'

describe('conformal sets', () => {
  it.each(originals.raps.map((data, i) => [i, data] as const))(
    "RAPS scores are those of its authors' code: %i",
    (_, data) => {
      const { probabilities, classes, penalty, freeRanks } = data
      // Their share is what is kept of the class's own probability, ours what is taken off.
      const given = { ...random('unused'), uniform: () => 1 - data.random }
      const scores = conformalScores(probabilities, classes, { kind: 'raps', penalty, freeRanks, random: given })
      data.scores.forEach((expected, i) => void expect(scores[i]).toBeCloseTo(expected, 9))
    },
  )

  it.each(golden.conformal.map((data, i) => [`${data.score} ${i}`, data] as const))('equal MAPIE: %s', (_, data) => {
    const kind = data.score as 'lac' | 'aps'
    const shares = data.shares.values()
    const given = { ...random('unused'), uniform: () => shares.next().value! }
    const scores = conformalScores(data.probabilities, 4, kind === 'lac' ? { kind } : { kind, random: given })
    const quantile = conformalQuantile(scoresOfTruth(scores, data.truth, 4), data.alpha)
    // MAPIE leaves no set empty here.
    expect([
      ...conformalSets(conformalScores(data.testProbabilities, 4, { kind }), 4, quantile, kind === 'aps'),
    ]).toEqual(data.sets)
  })

  it('takes the right rank, and everything when there are too few cases', () => {
    const nine = [5, 1, 9, 3, 7, 2, 8, 4, 6]
    expect(conformalQuantile(nine, 0.1)).toBe(9)
    expect(conformalQuantile(nine.slice(0, 8), 0.1)).toBe(Number.POSITIVE_INFINITY)
    expect(
      conformalQuantile(
        Array.from({ length: 99 }, (_, i) => i + 1),
        0.1,
      ),
    ).toBe(90)
    expect(
      conformalP(
        Array.from({ length: 19 }, (_, i) => i),
        17,
      ),
    ).toBe(0.15)
    expect(() => conformalQuantile([Number.NaN], 0.1)).toThrow('not a number')
    expect(() => conformalQuantile([1], 1)).toThrow('alpha is 1')
  })

  /** Three classes, calibrated by construction; `shift` moves test cases to the third. */
  function sample(stream: ReturnType<typeof random>, n: number, weights = [1, 1, 1]) {
    const probabilities: number[] = []
    const truth: number[] = []
    for (let i = 0; i < n; i++) {
      const logits = [0, 1, 2].map(() => 1.5 * stream.normal())
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0)
      const p = logits.map((z) => Math.exp(z) / total)
      probabilities.push(...p)
      truth.push(stream.weighted(p.map((value, k) => [k, value * weights[k]!] as const)))
    }
    return { probabilities, truth }
  }

  it.each(['lac', 'aps', 'raps'] as const)(
    '%s covers 90 % over 200 splits, with the spread that theory gives',
    (kind) => {
      const stream = random('conformal', kind)
      const coverages = Array.from({ length: 200 }, () => {
        const [calibration, test] = [sample(stream, 500), sample(stream, 500)]
        const own = (probabilities: number[]) => conformalScores(probabilities, 3, { kind, random: stream })
        const quantile = conformalQuantile(scoresOfTruth(own(calibration.probabilities), calibration.truth, 3), 0.1)
        return conformalReport(conformalSets(own(test.probabilities), 3, quantile), test.truth, 3).coverage.on()
      })
      const mean = coverages.reduce((sum, value) => sum + value, 0) / 200
      const spread = Math.sqrt(coverages.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 199)
      expect(Math.abs(mean - 0.9)).toBeLessThan(0.005)
      const theory = Math.sqrt(0.1 * 0.9 * (1 / 500 + 1 / 500))
      expect(spread).toBeGreaterThan(0.75 * theory)
      expect(spread).toBeLessThan(1.25 * theory)
    },
  )

  it('loses coverage when test cases come from elsewhere', () => {
    const stream = random('shift')
    const calibration = sample(stream, 2000)
    const test = sample(stream, 2000, [1, 1, 30])
    const own = (probabilities: number[]) => conformalScores(probabilities, 3, { kind: 'lac' })
    const quantile = conformalQuantile(scoresOfTruth(own(calibration.probabilities), calibration.truth, 3), 0.1)
    expect(
      conformalReport(conformalSets(own(test.probabilities), 3, quantile), test.truth, 3).coverage.on(),
    ).toBeLessThan(0.87)
  })

  it('one quantile for each class covers each class', () => {
    const stream = random('mondrian')
    const [calibration, test] = [sample(stream, 3000, [6, 1, 1]), sample(stream, 3000, [6, 1, 1])]
    const scores = conformalScores(calibration.probabilities, 3, { kind: 'lac' })
    const sets = conformalSets(
      conformalScores(test.probabilities, 3, { kind: 'lac' }),
      3,
      classQuantiles(scores, calibration.truth, 3, 0.1),
    )
    for (const coverage of conformalReport(sets, test.truth, 3).byClass) {
      expect(coverage).toBeGreaterThan(0.86)
      expect(coverage).toBeLessThan(0.94)
    }
  })

  it('reports sizes, empty and full sets, abstention', () => {
    const report = conformalReport([1, 0, 1, 1, 0, 0, 0, 1, 1, 1], [0, 1, 0, 0, -1], 2)
    expect(report.coverage.on()).toBe(0.5)
    expect(measure(report.coverage, { resamples: 20 })).toMatchObject({ n: 4, skipped: 1 })
    expect(report).toMatchObject({ medianSize: 1, empty: 0.25, full: 0.25, abstention: 0.5, singletonAccuracy: 0.5 })
    expect(report.bySize).toEqual([
      { size: 0, n: 1, coverage: 0 },
      { size: 1, n: 2, coverage: 0.5 },
      { size: 2, n: 1, coverage: 1 },
    ])
    expect(report.byClass).toEqual([1 / 3, 1])
    expect(() => conformalReport([1], [0], 2)).toThrow('1 sets of 2')
  })

  it('findings have four sets, empty ones may be filled', () => {
    expect([...findingProbabilities([0.25])]).toEqual([0.75, 0.25])
    const scores = conformalScores(findingProbabilities([0.45, 0.95]), 2, { kind: 'lac' })
    expect([...conformalSets(scores, 2, 0.1)]).toEqual([0, 0, 0, 1])
    expect([...conformalSets(scores, 2, 0.1, true)]).toEqual([1, 0, 0, 1])
    expect(() => conformalScores([1.5, 0], 2, { kind: 'lac' })).toThrow('item 0 is 1.5')
    expect(() => conformalScores([0.5], 2, { kind: 'lac' })).toThrow('rows of 2')
  })
})
