/** @file Tests of two systems against SciPy, statsmodels and pROC (tools/reference/metrics_tests.py). */

import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-tests.json' with { type: 'json' }
import { rankedAuroc } from './auroc.ts'
import { delong, delongAuroc } from './delong.ts'
import { chiSquareTail, fairCoinsUpTo, normalLevel, normalTwoSided } from './distributions.ts'
import { measureDifference, prepareFinding, prepareMacro, prepareMean } from './measure.ts'
import { holm, mcnemar, permutationTest, wilcoxon } from './significance.ts'

/** Equal to 1e-9 of the value, which may be tiny. */
function near(value: number | null, expected: number, tolerance = 1e-9): void {
  expect(Math.abs((value ?? Number.NaN) - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected) + 1e-300)
}

describe('tails', () => {
  it('equal SciPy', () => {
    for (const [x, k, p] of golden.tails.chi2) near(chiSquareTail(x!, k!), p!)
    for (const [z, p] of golden.tails.normal) near(normalTwoSided(z!), p!)
    for (const [level, z] of golden.tails.level) near(normalLevel(level!), z!)
    for (const [k, n, p] of golden.tails.coins) near(fairCoinsUpTo(k!, n!), p!)
  })
})

describe('two systems', () => {
  it.each(golden.delong.map((data, i) => [i, data] as const))("DeLong's test equals pROC %i", (_, data) => {
    const one = delongAuroc(data.a, data.labels)
    near(one.auroc, data.aurocA)
    near(one.standardError ** 2, data.varianceA)
    near(one.interval[0], data.low)
    near(one.interval[1], data.high)
    const test = delong(data.a, data.b, data.labels)
    near(test.difference, data.aurocA - data.aurocB, 1e-8)
    near(test.difference / test.standardError, data.z, 1e-8)
    near(test.p, data.p, 1e-8)
    expect(delong(data.b, data.a, data.labels).p).toBe(test.p)
  })

  it.each(golden.paired.map((data, i) => [i, data] as const))(
    'paired tests equal SciPy and statsmodels %i',
    (_, data) => {
      near(wilcoxon(data.a, data.b).p, data.wilcoxon.p)
      expect(wilcoxon(data.a, data.b).statistic).toBe(data.wilcoxon.statistic)
      near(mcnemar(data.rightA, data.rightB).p, data.mcnemar)
      if (data.permutation !== undefined) {
        const test = permutationTest(data.a, data.b)
        expect(test.exact).toBe(true)
        near(test.p, data.permutation)
      }
      const many = permutationTest(data.a, data.b, { resamples: 4000, seed: 2 })
      const expected = data.permutation ?? wilcoxon(data.a, data.b).p!
      expect(Math.abs(many.p! - expected)).toBeLessThan(0.08)
    },
  )

  it('corrects several p values as statsmodels', () => {
    holm(golden.holm.p).forEach((value, i) => void near(value, golden.holm.corrected[i]!))
    expect(holm([0.01, Number.NaN, 0.04])).toEqual([0.02, Number.NaN, 0.04])
  })

  it('equal systems do not differ', () => {
    const values = [1, 0, 1, 1]
    expect(mcnemar(values, values)).toEqual({ onlyA: 0, onlyB: 0, p: 1 })
    expect(wilcoxon(values, values)).toEqual({ statistic: 0, n: 0, p: null })
    expect(permutationTest(values, values)).toEqual({ difference: 0, p: 1, exact: true })
    expect(delong([1, 2, 3, 4], [1, 2, 3, 4], [0, 1, 0, 1])).toMatchObject({ difference: 0, p: 1 })
  })

  it('without cases or classes there is no p', () => {
    expect(permutationTest([Number.NaN], [1])).toEqual({ difference: Number.NaN, p: null, exact: true })
    expect(delong([1, 2], [2, 1], [1, 1]).p).toBeNull()
    expect(delong([1, 2], [2, 1], [1, 0]).p).toBeNull()
    expect(() => mcnemar([1], [])).toThrow('1 cases, the other 0')
    expect(() => delong([1], [1, 2], [1])).toThrow('1 cases, the other 2')
  })

  it('exchanges whole patients', () => {
    // Ten copies of each of three patients are three units: the smallest two-sided p is 2 / 8.
    const a = Array.from({ length: 30 }, () => 1)
    const b = Array.from({ length: 30 }, () => 0)
    expect(permutationTest(a, b, { clusters: a.map((_, i) => i % 3) }).p).toBe(0.25)
    expect(permutationTest(a, b).p).toBeLessThan(0.001)
    expect(permutationTest([1, 1], [0, 0], { clusters: ['p', 'p'] }).p).toBe(1)
  })

  it('the paired bootstrap of any metric agrees with DeLong on AUROC', () => {
    const { a, b, labels } = golden.delong[1]!
    const about = { variant: 'AUROC', rule: 'needs both classes' }
    const [first, second] = [a, b].map((scores) => prepareFinding(rankedAuroc, scores, labels, about))
    const boot = measureDifference(first!, second!, { resamples: 2000 })
    const test = delong(a, b, labels)
    expect(boot.difference).toBeCloseTo(test.difference, 12)
    expect(Math.abs(boot.interval![0] - test.interval[0])).toBeLessThan(0.02)
    expect(Math.abs(boot.interval![1] - test.interval[1])).toBeLessThan(0.02)
    expect(() => measureDifference(first!, prepareMean([1], about))).toThrow('AUROC has 1 cases where AUROC has 120')
    const nothing = prepareMean([Number.NaN], about)
    expect(measureDifference(nothing, nothing)).toEqual({ difference: null, interval: null, p: null })
    expect(
      prepareMacro(
        [
          first!,
          prepareFinding(
            rankedAuroc,
            a,
            labels.map(() => 1),
            about,
          ),
        ],
        about,
      ).on(),
    ).toBe(first!.on())
  })
})
