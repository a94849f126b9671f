/** @file Metrics against scikit-learn (tools/reference/metrics.py), the golden values of the method sheet, and their laws. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics.json' with { type: 'json' }
import { auprc, macroAuprc, prevalence, rankedAuprc, rankedAuprcTrapezoid } from './auprc.ts'
import { auroc, macroAuroc, rankedAuroc, rocCurve } from './auroc.ts'
import {
  brier,
  calibrationError,
  classBrier,
  classReliability,
  ece,
  logLoss,
  maximumCalibrationError,
  reliability,
} from './calibration.ts'
import { accuracy, argmaxRows, classScores, confusionMatrix } from './confusion.ts'
import { findingsOf, oneVersusRest, rank } from './ranked.ts'
import {
  atThreshold,
  binaryBalancedAccuracy,
  chooseThreshold,
  decisionsAt,
  f1,
  mcc,
  pooled,
  sensitivity,
  specificity,
  youden,
} from './threshold.ts'

const labels = [1, 0, 1, 0, 1, 0]
const scores = [0.9, 0.8, 0.8, 0.3, 0.3, 0.1]

/** Coarse scores, so that ties are the rule, with both classes present. */
const problem = fc
  .array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: 0, max: 1 })), { minLength: 2, maxLength: 40 })
  .filter((items) => new Set(items.map(([, label]) => label)).size === 2)
  .map((items) => ({ scores: items.map(([score]) => score), labels: items.map(([, label]) => label) }))

describe('against scikit-learn', () => {
  it.each(golden.binary.map((data, i) => [i, data] as const))('yes/no finding %i', (_, data) => {
    expect(auroc(data.scores, data.labels)).toBeCloseTo(data.auroc, 12)
    expect(auprc(data.scores, data.labels)).toBeCloseTo(data.averagePrecision, 12)
    expect(auprc(data.scores, data.labels, 'PR-trapezoid')).toBeCloseTo(data.trapezoid, 12)
    const curve = rocCurve(data.scores, data.labels)
    expect(curve.threshold.slice(1)).toEqual(data.roc.threshold)
    data.roc.fpr.forEach((value, i) => void expect(curve.falsePositiveRate[i]).toBeCloseTo(value, 12))
    data.roc.tpr.forEach((value, i) => void expect(curve.truePositiveRate[i]).toBeCloseTo(value, 12))
    const { tp, fp, fn, tn, ...at } = data.at04
    const cells = decisionsAt(data.scores, data.labels, 0.4)
    expect(cells).toEqual({ tp, fp, fn, tn })
    expect(f1(cells)).toBeCloseTo(at.f1, 12)
    expect(mcc(cells)).toBeCloseTo(at.mcc, 12)
    expect(binaryBalancedAccuracy(cells)).toBeCloseTo(at.balancedAccuracy, 12)
    expect(chooseThreshold(data.scores, data.labels, 'f1')?.value).toBeCloseTo(data.best.f1, 12)
    expect(chooseThreshold(data.scores, data.labels, 'f1')?.threshold).toBe(data.best.f1Threshold)
    expect(chooseThreshold(data.scores, data.labels, 'mcc')?.value).toBeCloseTo(data.best.mcc, 12)
    expect(chooseThreshold(data.scores, data.labels, 'mcc')?.threshold).toBe(data.best.mccThreshold)
    expect(brier(data.scores, data.labels)).toBeCloseTo(data.brier, 12)
    expect(logLoss(data.scores, data.labels)).toBeCloseTo(data.logLoss, 9)
    const bins = reliability(
      data.scores.map((p) => p + 1e-6),
      data.labels,
    )
    expect(bins.flatMap(({ count }, b) => (count > 0 ? [b] : []))).toEqual(data.calibration.bins)
    data.calibration.bins.forEach((b, i) => {
      expect(bins[b]?.accuracy).toBeCloseTo(data.calibration.accuracy[i]!, 12)
      expect(bins[b]?.confidence).toBeCloseTo(data.calibration.confidence[i]!, 12)
    })
  })

  it.each(golden.classes.map((data, i) => [i, data] as const))('exclusive classes %i', (_, data) => {
    const predicted = argmaxRows(data.probabilities, data.classes)
    expect([...predicted]).toEqual(data.predicted)
    const matrix = confusionMatrix(data.truth, predicted, data.classes)
    expect(matrix).toEqual(data.confusion)
    const result = classScores(matrix)
    expect(result.accuracy).toBeCloseTo(data.accuracy, 12)
    expect(accuracy(data.truth, predicted)).toBeCloseTo(data.accuracy, 12)
    expect(result.balancedAccuracy).toBeCloseTo(data.balancedAccuracy, 12)
    expect(result.macroF1).toBeCloseTo(data.macroF1, 12)
    expect(result.weightedF1).toBeCloseTo(data.weightedF1, 12)
    expect(classBrier(data.probabilities, data.truth, data.classes)).toBeCloseTo(data.brier, 5)
    const names = Array.from({ length: data.classes }, (_, k) => `class ${k}`)
    const { each, undefined: missing } = macroAuroc(oneVersusRest(names, data.probabilities, data.truth))
    data.oneVersusRest.forEach((value, k) => void expect(each[k]).toBeCloseTo(value, 12))
    expect(missing).toEqual([names.at(-1)])
  })
})

describe('golden values of the sheet', () => {
  it('AUROC, AUPRC, threshold metrics', () => {
    expect(auroc(scores, labels)).toBeCloseTo(0.777778, 6)
    expect(auprc(scores, labels)).toBeCloseTo(0.755556, 6)
    expect(auprc(scores, labels, 'PR-trapezoid')).toBeCloseTo(0.822222, 6)
    const cells = decisionsAt(scores, labels, 0.8)
    expect(cells).toEqual({ tp: 2, fp: 1, fn: 1, tn: 2 })
    expect(mcc(cells)).toBeCloseTo(0.333333, 6)
    expect(f1(cells)).toBeCloseTo(0.666667, 6)
    expect(youden(cells)).toBeCloseTo(1 / 3, 12)
  })

  it('calibration', () => {
    const p = [0.95, 0.9, 0.8, 0.6, 0.55, 0.2]
    const y = [1, 1, 0, 1, 0, 0]
    expect(ece(p, y)).toBeCloseTo(0.35, 12)
    expect(brier(p, y)).toBeCloseTo(0.1925, 12)
    expect(maximumCalibrationError(reliability(p, y))).toBeCloseTo(0.8, 12)
    // Three bins of two: |1 - .925|, |.5 - .7|, |0 - .375|.
    expect(ece(p, y, { bins: 3, by: 'count' })).toBeCloseTo((0.075 + 0.2 + 0.375) / 3, 12)
  })
})

describe('laws of ranking metrics', () => {
  it('AUROC counts pairs, ties half', () => {
    fc.assert(
      fc.property(problem, ({ scores, labels }) => {
        let wins = 0
        let pairs = 0
        for (let i = 0; i < scores.length; i++)
          for (let j = 0; j < scores.length; j++) {
            if (labels[i] !== 1 || labels[j] !== 0) continue
            pairs++
            wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0
          }
        expect(auroc(scores, labels)).toBeCloseTo(wins / pairs, 12)
      }),
    )
  })

  it('only the order of scores matters', () => {
    fc.assert(
      fc.property(
        problem,
        fc.constantFrom<(s: number) => number>(
          (s) => 3 * s + 1,
          Math.exp,
          (s) => s ** 3,
        ),
        (p, f) => {
          expect(auroc(p.scores.map(f), p.labels)).toBe(auroc(p.scores, p.labels))
          expect(auprc(p.scores.map(f), p.labels)).toBe(auprc(p.scores, p.labels))
        },
      ),
    )
  })

  it('turning the scores round mirrors AUROC', () => {
    fc.assert(
      fc.property(problem, ({ scores, labels }) => {
        expect(
          auroc(
            scores.map((s) => -s),
            labels,
          ),
        ).toBeCloseTo(1 - auroc(scores, labels), 12)
      }),
    )
  })

  it('the order of items does not matter', () => {
    fc.assert(
      fc.property(problem, ({ scores, labels }) => {
        const back = [...scores.keys()].reverse()
        const again: [number[], number[]] = [back.map((i) => scores[i]!), back.map((i) => labels[i]!)]
        expect(auroc(...again)).toBeCloseTo(auroc(scores, labels), 12)
        expect(auprc(...again)).toBeCloseTo(auprc(scores, labels), 12)
      }),
    )
  })

  it('the trapezoid of the ROC curve is the AUROC', () => {
    fc.assert(
      fc.property(problem, ({ scores, labels }) => {
        const { falsePositiveRate: x, truePositiveRate: y } = rocCurve(scores, labels)
        const area = x.slice(1).reduce((sum, value, i) => sum + (value - x[i]!) * ((y[i]! + y[i + 1]!) / 2), 0)
        expect(area).toBeCloseTo(auroc(scores, labels), 12)
      }),
    )
  })

  it('counts stand for repeated items', () => {
    const counted = problem.chain((p) =>
      fc.tuple(
        fc.constant(p),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: p.scores.length, maxLength: p.scores.length }),
      ),
    )
    fc.assert(
      fc.property(counted, ([{ scores, labels }, counts]) => {
        const items = counts.flatMap((n, i) => new Array<number>(n).fill(i))
        const repeated: [number[], number[]] = [items.map((i) => scores[i]!), items.map((i) => labels[i]!)]
        const same = (fast: number, plain: number) =>
          Number.isNaN(plain) ? expect(fast).toBeNaN() : expect(fast).toBeCloseTo(plain, 12)
        same(rankedAuroc(rank(scores, labels), counts), auroc(...repeated))
        same(rankedAuprc(rank(scores, labels), counts), auprc(...repeated))
        same(rankedAuprcTrapezoid(rank(scores, labels), counts), auprc(...repeated, 'PR-trapezoid'))
        expect(atThreshold(0, mcc)(rank(scores, labels), counts)).toBe(mcc(decisionsAt(...repeated, 0)))
      }),
    )
  })

  it('a constant score gives 0.5 and the prevalence', () => {
    expect(auroc([2, 2, 2, 2, 2], [1, 0, 0, 0, 1])).toBe(0.5)
    expect(auprc([2, 2, 2, 2, 2], [1, 0, 0, 0, 1])).toBe(0.4)
    expect(prevalence([1, 0, 0, -1, 0, 1])).toBe(0.4)
  })

  it('infinite scores are ordered', () => {
    expect(auroc([Infinity, Infinity, 0, -Infinity], [1, 0, 1, 0])).toBe(0.625)
  })
})

describe('undefined values and bad input', () => {
  it('AUROC needs both classes, AUPRC a positive', () => {
    expect(auroc([1, 2], [1, 1])).toBeNaN()
    expect(auroc([1, 2], [0, 0])).toBeNaN()
    expect(auroc([], [])).toBeNaN()
    expect(auprc([1, 2], [0, 0])).toBeNaN()
    expect(auprc([1, 2], [1, 1])).toBe(1)
    expect(prevalence([-1])).toBeNaN()
  })

  it('unlabelled items leave their finding only, undefined findings leave the mean and are named', () => {
    const findings = findingsOf(
      ['Edema', 'Mass', 'Effusion'],
      [0.9, 0.1, 0.2, 0.4, 0.2, 0.6, 0.8, 0.3, 0.7],
      [1, -1, 0, 0, 0, 1, -1, 0, 1],
    )
    const result = macroAuroc(findings)
    expect(result.each).toEqual([1, Number.NaN, 1])
    expect(result.value).toBe(1)
    expect(result.undefined).toEqual(['Mass'])
    expect(macroAuprc(findings).each).toEqual([1, Number.NaN, 1])
    expect(auroc([0.9, 0.1, 5], [1, 0, Number.NaN])).toBe(1)
  })

  it('refuses what cannot be scored, naming the item', () => {
    expect(() => auroc([1, 2], [1])).toThrow('2 scores but 1 labels')
    expect(() => auroc([1, Number.NaN], [1, 0])).toThrow('item 1')
    expect(() => auroc([1, 2], [1, 2])).toThrow('label of item 1')
    expect(() => ece([1.2], [1])).toThrow('probability of item 0 is 1.2')
    expect(() => confusionMatrix([0, 3], [0, 0], 3)).toThrow('Item 1 has class 3')
    expect(() => confusionMatrix([0, 1], [0, Number.NaN], 3)).toThrow('Item 1')
    expect(() => argmaxRows([1, 2, 3], 2)).toThrow('not rows of 2 classes')
    expect(() => findingsOf(['a', 'b'], [1, 2, 3], [1, 0, 1])).toThrow('2 findings')
  })

  it('empty margins follow the stated policy', () => {
    const none = { tp: 0, fp: 0, fn: 0, tn: 4 }
    expect(f1(none)).toBe(0)
    expect(f1(none, 1)).toBe(1)
    expect(mcc(none)).toBe(0)
    expect(sensitivity(none)).toBeNaN()
    expect(specificity(none)).toBe(1)
    expect(chooseThreshold([0.1, 0.2], [0, 0])).toBeUndefined()
    expect(ece([], [])).toBeNaN()
    expect(maximumCalibrationError(reliability([], []))).toBeNaN()
    expect(
      classScores([
        [0, 0],
        [0, 0],
      ]).accuracy,
    ).toBeNaN()
  })
})

describe('thresholds and classes', () => {
  it('of equally good thresholds the lowest is taken', () => {
    // J is 0.5 at 0.9 and at 0.3, lower between.
    expect(chooseThreshold([0.9, 0.5, 0.3, 0.1], [1, 0, 1, 0], 'youden')).toMatchObject({ threshold: 0.3, value: 0.5 })
  })

  it('finds the best of all thresholds', () => {
    fc.assert(
      fc.property(problem, ({ scores, labels }) => {
        const best = Math.max(...scores.map((t) => mcc(decisionsAt(scores, labels, t))))
        expect(chooseThreshold(scores, labels, 'mcc')?.value).toBeCloseTo(best, 12)
      }),
    )
  })

  it('micro F1 pools the cells', () => {
    expect(
      f1(
        pooled([
          { tp: 1, fp: 0, fn: 0, tn: 9 },
          { tp: 0, fp: 1, fn: 1, tn: 0 },
        ]),
      ),
    ).toBe(0.5)
  })

  it('the first of equal classes is chosen, truth -1 is left out', () => {
    expect([...argmaxRows([0.5, 0.5, 0.1, 0.9], 2)]).toEqual([0, 1])
    expect(confusionMatrix([0, -1, 1], [1, 0, 1], 2)).toEqual([
      [0, 1],
      [0, 1],
    ])
    expect(accuracy([0, -1, 1], [1, 0, 1])).toBe(0.5)
  })

  it('confidence of exclusive classes is the largest probability', () => {
    const bins = classReliability([0.7, 0.3, 0.4, 0.6, 0.25, 0.75], [0, 0, 1], 2)
    expect(bins.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 0, 0])
    expect(calibrationError(bins)).toBeCloseTo((1 * 0.6 + 2 * (1 - 0.725)) / 3, 12)
  })
})
