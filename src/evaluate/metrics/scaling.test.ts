/** @file Temperature and Platt scaling against SciPy and scikit-learn. */

import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics.json' with { type: 'json' }
import { auroc } from './auroc.ts'
import { logLoss } from './calibration.ts'
import { argmaxRows } from './confusion.ts'
import { applyPlatt, applyTemperature, fitPlatt, fitTemperature } from './scaling.ts'

const { classes, truth, logits, temperature, labels, scores, platt } = golden.scaling

describe('temperature', () => {
  it("equals SciPy's minimum", () => {
    expect(fitTemperature(logits, truth, classes) / temperature).toBeCloseTo(1, 5)
  })

  it('scales with the logits and changes no prediction', () => {
    const t = fitTemperature(logits, truth, classes)
    expect(
      fitTemperature(
        logits.map((v) => 5 * v),
        truth,
        classes,
      ),
    ).toBeCloseTo(5 * t, 3)
    expect(argmaxRows(applyTemperature(logits, classes, t), classes)).toEqual(argmaxRows(logits, classes))
  })

  it('leaves unlabelled items out and needs one', () => {
    const half = truth.map((k, i) => (i % 2 === 0 ? k : -1))
    const kept = truth.filter((_, i) => i % 2 === 0)
    const rows = logits.filter((_, at) => Math.floor(at / classes) % 2 === 0)
    expect(fitTemperature(logits, half, classes)).toBeCloseTo(fitTemperature(rows, kept, classes), 9)
    expect(() => fitTemperature([1, 2], [-1], 2)).toThrow('no labelled item')
    expect(() => fitTemperature([1, 2, 3], [0], 2)).toThrow('1 rows of 2')
  })
})

describe('Platt', () => {
  it('equals logistic regression on the score', () => {
    const p = applyPlatt(fitPlatt(scores, labels)!, scores)
    platt.forEach((value, i) => void expect(p[i]).toBeCloseTo(value, 4))
  })

  it('changes no ranking and lowers the log loss', () => {
    const p = applyPlatt(fitPlatt(scores, labels)!, scores)
    expect(auroc(p, labels)).toBe(auroc(scores, labels))
    expect(logLoss(p, labels)).toBeLessThan(logLoss(scores, labels))
  })

  it('stays finite on separable and constant scores, and declines one class', () => {
    const apart = fitPlatt([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])!
    expect(applyPlatt(apart, [0.1, 0.9])[1]).toBeGreaterThan(0.99)
    expect(Number.isFinite(apart.a)).toBe(true)
    expect(applyPlatt(fitPlatt([2, 2, 2, 2], [0, 0, 0, 1])!, [2])[0]).toBeCloseTo(0.25, 6)
    expect(fitPlatt([1, 2], [1, 1])).toBeUndefined()
    expect(() => fitPlatt([1, Infinity], [1, 0])).toThrow('item 1')
  })
})
