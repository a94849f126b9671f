/** @file Calibration, classes and ranks ready to be resampled, against torchmetrics and scikit-learn (tools/reference/metrics_classes.py). */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-classes.json' with { type: 'json' }
import { classReliability, ece, maximumCalibrationError, reliability } from './calibration.ts'
import {
  type ClassMetric,
  prepareBrier,
  prepareClassBrier,
  prepareClassEce,
  prepareClassMetric,
  prepareEce,
} from './classification.ts'
import { argmaxRows, classMcc, quadraticKappa } from './confusion.ts'
import { measure } from './measure.ts'
import { prepareMedianRank, prepareRecallAt } from './retrieval.ts'

const kinds: ClassMetric[] = ['accuracy', 'balancedAccuracy', 'macroF1', 'weightedF1', 'mcc', 'quadraticKappa']

describe('against torchmetrics and scikit-learn', () => {
  // torchmetrics averages in single precision.
  it.each(golden.binary.map((data) => [data.bins, data] as const))('a finding, %i bins', (bins, data) => {
    expect(prepareEce(data.probabilities, data.labels, { bins }).on()).toBeCloseTo(data.ece, 6)
    expect(maximumCalibrationError(reliability(data.probabilities, data.labels, { bins }))).toBeCloseTo(data.mce, 6)
    expect(prepareBrier(data.probabilities, data.labels).on()).toBeCloseTo(data.brier, 12)
  })

  it.each(golden.classes.map((data) => [data.classes, data] as const))('%i classes', (classes, data) => {
    const { bins, probabilities, truth } = data
    expect(prepareClassEce(probabilities, truth, classes, { bins }).on()).toBeCloseTo(data.ece, 6)
    expect(maximumCalibrationError(classReliability(probabilities, truth, classes, { bins }))).toBeCloseTo(data.mce, 6)
    expect(prepareClassBrier(probabilities, truth, classes).on()).toBeCloseTo(data.brier, 9)
    const predicted = argmaxRows(probabilities, classes)
    for (const kind of kinds)
      expect(prepareClassMetric(kind, truth, predicted, classes).on()).toBeCloseTo(data[kind], 12)
  })
})

describe('degenerate classes', () => {
  it('one class only: MCC 0, kappa undefined; nothing labelled: no value', () => {
    expect(
      classMcc([
        [3, 0],
        [0, 0],
      ]),
    ).toBe(0)
    expect(
      quadraticKappa([
        [3, 0],
        [0, 0],
      ]),
    ).toBeNaN()
    expect(
      quadraticKappa([
        [0, 2],
        [2, 0],
      ]),
    ).toBe(-1)
    for (const kind of kinds) expect(measure(prepareClassMetric(kind, [-1], [0], 2)).value).toBeNull()
    expect(measure(prepareEce([0.4], [-1]))).toMatchObject({ value: null, n: 0, skipped: 1 })
    expect(measure(prepareBrier([0.4], [Number.NaN])).value).toBeNull()
    expect(measure(prepareClassBrier([0.4, 0.6], [-1], 2)).value).toBeNull()
    expect(measure(prepareClassEce([0.4, 0.6], [-1], 2)).value).toBeNull()
  })

  it('refuses what the plain metrics refuse', () => {
    expect(() => prepareEce([1.5], [1])).toThrow('1.5')
    expect(() => prepareBrier([0.5], [])).toThrow('0 labels')
    expect(() => prepareClassMetric('accuracy', [2], [0], 2)).toThrow('class 2')
  })
})

describe('laws', () => {
  const items = fc.array(
    fc.record({
      p: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      y: fc.constantFrom(0, 1, -1),
      k: fc.integer({ min: -1, max: 2 }),
      c: fc.integer({ min: 0, max: 2 }),
      times: fc.integer({ min: 0, max: 3 }),
      rank: fc.integer({ min: 2, max: 12 }).map((n) => n / 2),
    }),
    { minLength: 1, maxLength: 20 },
  )

  it('counts stand for repeated cases', () => {
    fc.assert(
      fc.property(items, (all) => {
        const counts = all.map(({ times }) => times)
        const repeated = all.flatMap((item) => new Array<(typeof all)[number]>(item.times).fill(item))
        fc.pre(repeated.length > 0)
        const same = (fast: number, plain: number) =>
          Number.isNaN(plain) ? expect(fast).toBeNaN() : expect(fast).toBeCloseTo(plain, 12)
        const of = (list: typeof all) => [
          prepareEce(
            list.map(({ p }) => p),
            list.map(({ y }) => y),
          ),
          prepareBrier(
            list.map(({ p }) => p),
            list.map(({ y }) => y),
          ),
          ...kinds.map((kind) =>
            prepareClassMetric(
              kind,
              list.map(({ k }) => k),
              list.map(({ c }) => c),
              3,
            ),
          ),
          prepareRecallAt(
            list.map(({ rank }) => rank),
            2,
          ),
          prepareMedianRank(list.map(({ rank }) => rank)),
        ]
        of(all).forEach((metric, m) => void same(metric.on(counts), of(repeated)[m]!.on()))
      }),
    )
  })

  it('agrees with the plain ECE, and the median with that of sorted ranks', () => {
    fc.assert(
      fc.property(items, (all) => {
        const [p, y] = [all.map((item) => item.p), all.map((item) => item.y)]
        const plain = ece(p, y)
        if (Number.isNaN(plain)) expect(prepareEce(p, y).on()).toBeNaN()
        else expect(prepareEce(p, y).on()).toBeCloseTo(plain, 12)
        const ranks = all.map(({ rank }) => rank).sort((a, b) => a - b)
        const [low, high] = [ranks[(ranks.length - 1) >> 1]!, ranks[ranks.length >> 1]!]
        expect(prepareMedianRank(all.map(({ rank }) => rank)).on()).toBe((low + high) / 2)
      }),
    )
  })
})
