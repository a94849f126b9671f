/** @file Grounding, anomaly maps and key points against scikit-learn, torchmetrics, anomalib and SciPy (tools/reference/metrics_places.py). */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-places.json' with { type: 'json' }
import { type AnomalyCase, descendingOrder, preparePixelAuroc, preparePro, regionsOf } from './anomaly.ts'
import { contrastToNoise, mapAuc, pointingGame, thresholdedIou } from './grounding.ts'
import { prepareMre, prepareSdr, radialErrors } from './key-points.ts'
import { measure, prepareGroupMean } from './measure.ts'

describe('grounding', () => {
  it.each(golden.grounding.map((data, i) => [i, data] as const))('equals the references %i', (_, data) => {
    const map = data.map.map((value) => value ?? Number.NaN)
    expect(contrastToNoise(map, data.mask)).toBeCloseTo(data.contrast, 12)
    expect(contrastToNoise(map, data.mask, 'absolute')).toBeCloseTo(Math.abs(data.contrast), 12)
    expect(mapAuc(map, data.mask)).toBeCloseTo(data.auc, 12)
    expect(pointingGame(map, data.mask)).toBe(data.pointing)
    const mean = data.iou.reduce((sum, value) => sum + value, 0) / 5
    expect(thresholdedIou(map, data.mask)).toBeCloseTo(mean, 6)
  })

  it('hand check of the contrast: means .8 and .2, variances .01 and .03 give 3', () => {
    const [a, b] = [0.1, Math.sqrt(0.03)]
    const map = [0.8 - a, 0.8 + a, 0.2 - b, 0.2 + b]
    expect(contrastToNoise(map, [1, 1, 0, 0])).toBeCloseTo(3, 12)
    expect(contrastToNoise(map, [0, 0, 1, 1])).toBeCloseTo(-3, 12)
    expect(contrastToNoise([1, 1, 1], [1, 0, 0])).toBe(0)
  })

  it('boxes outside the crop are a miss for pointing and undefined for the rest', () => {
    const map = [Number.NaN, 0.2, 0.9]
    for (const mask of [
      [1, 0, 0],
      [0, 0, 0],
    ]) {
      expect(pointingGame(map, mask)).toBe(0)
      expect(contrastToNoise(map, mask)).toBeNaN()
      expect(thresholdedIou(map, mask)).toBeNaN()
      expect(mapAuc(map, mask)).toBeNaN()
    }
    expect(pointingGame([Number.NaN], [1])).toBeNaN()
  })

  it('the first of equal maxima points, a tolerance reaches from it', () => {
    const map = [0, 5, 0, 0, 0, 5, 0, 0, 0]
    expect(pointingGame(map, [0, 0, 0, 0, 0, 1, 0, 0, 0])).toBe(0)
    expect(pointingGame(map, [0, 0, 0, 0, 0, 1, 0, 0, 0], 1, 3)).toBe(0)
    expect(pointingGame(map, [0, 0, 0, 0, 0, 1, 0, 0, 0], 1.5, 3)).toBe(1)
    expect(() => pointingGame(map, [1])).toThrow('9 and 1')
  })

  it('a threshold that nothing reaches counts 0', () => {
    expect(thresholdedIou([0.35, 0], [1, 0])).toBeCloseTo(3 / 5, 12)
  })

  it('a monotone map keeps pointing and rank AUC, not the contrast', () => {
    const map = golden.grounding[1]!.map.map(Number)
    const { mask } = golden.grounding[1]!
    const bent = map.map((value) => Math.exp(3 * value))
    expect(pointingGame(bent, mask)).toBe(pointingGame(map, mask))
    expect(mapAuc(bent, mask)).toBe(mapAuc(map, mask))
    expect(contrastToNoise(bent, mask)).not.toBeCloseTo(contrastToNoise(map, mask), 3)
  })

  it('means go over findings first', () => {
    const mean = prepareGroupMean([1, 0, 0, 1, Number.NaN], ['a', 'b', 'b', 'b', 'c'], { variant: 'x', rule: 'no map' })
    expect(mean.on()).toBeCloseTo((1 + 1 / 3) / 2, 12)
    expect(mean.on([0, 1, 1, 2, 1])).toBeCloseTo(0.5, 12)
    expect(measure(mean, { resamples: 20 })).toMatchObject({ n: 4, skipped: 1, reason: 'no map' })
    expect(() => prepareGroupMean([1], [], { variant: '', rule: '' })).toThrow('0 groups')
  })
})

describe('anomaly maps', () => {
  const casesOf = ({ maps, masks, width }: (typeof golden.anomaly)[number]): AnomalyCase[] =>
    maps.map((map, i) => ({ map, mask: masks[i]!, width }))

  it.each(golden.anomaly.map((data, i) => [i, data] as const))('equals the references %i', (_, data) => {
    const cases = casesOf(data)
    expect(preparePixelAuroc(cases).on()).toBeCloseTo(data.pixelAuroc, 12)
    for (const [limit, value] of Object.entries(data.pro))
      expect(preparePro(cases, Number(limit)).on()).toBeCloseTo(value, 12)
    // anomalib sums in single precision.
    expect(preparePro(cases).on()).toBeCloseTo(data.anomalib, 6)
    expect(cases.reduce((sum, { mask, width }) => sum + regionsOf(mask, width).count, 0)).toBe(data.regions)
  })

  it('regions touch at corners and are numbered in raster order', () => {
    const { regions, count } = regionsOf([0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1], 4)
    expect([...regions]).toEqual([0, 1, 0, 2, 1, 0, 0, 0, 0, 0, 0, 3])
    expect(count).toBe(3)
    expect(() => regionsOf([1, 0, 1], 2)).toThrow('rows of 2')
  })

  it('a perfect map is 1, a constant one half the limit', () => {
    const mask = [0, 1, 1, 0, 0, 0, 1, 0, 0]
    expect(preparePro([{ map: mask, mask, width: 3 }]).on()).toBe(1)
    expect(preparePro([{ map: new Float32Array(9), mask, width: 3 }]).on()).toBeCloseTo(0.15, 12)
    expect(preparePixelAuroc([{ map: new Float32Array(9), mask, width: 3 }]).on()).toBe(0.5)
  })

  it('without anomalous or normal pixels there is no value', () => {
    const none = preparePro([{ map: [1, 2], mask: [0, 0], width: 2 }])
    expect(measure(none)).toMatchObject({
      value: null,
      reason: 'undefined without an anomalous or without a normal pixel',
    })
    expect(preparePixelAuroc([{ map: [1, Number.NaN], mask: [1, 0], width: 2 }]).on()).toBeNaN()
    expect(() => preparePro([], 0)).toThrow('limit')
  })

  it('counts stand for repeated images', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }), (counts) => {
        const cases = casesOf(golden.anomaly[0]!)
        const repeated = cases.flatMap((one, i) => new Array<AnomalyCase>(counts[i]!).fill(one))
        for (const prepare of [preparePixelAuroc, preparePro]) {
          const [fast, plain] = [prepare(cases).on(counts), prepare(repeated).on()]
          if (Number.isNaN(plain)) expect(fast).toBeNaN()
          else expect(fast).toBeCloseTo(plain, 10)
        }
      }),
    )
  })

  it('sorts single-precision numbers from the largest', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, minLength: 0, maxLength: 60 }), (values) => {
        const plain = values.map((v) => v + 0)
        const sorted = Array.from(descendingOrder(plain), (i) => plain[i]!)
        expect(sorted).toEqual([...plain].sort((a, b) => b - a))
      }),
    )
  })
})

describe('key points', () => {
  const { predicted, truth, spacing, errors } = golden.points

  it('equals SciPy distances', () => {
    const mine = radialErrors(predicted, truth, spacing)
    errors.forEach((value, i) => void expect(mine[i]).toBeCloseTo(value, 12))
    expect(prepareMre(mine).on()).toBeCloseTo(errors.reduce((sum, value) => sum + value, 0) / errors.length, 12)
    expect(prepareSdr(mine, 2).on()).toBe(errors.filter((value) => value <= 2).length / errors.length)
    const each = radialErrors(
      predicted,
      truth,
      predicted.map(() => spacing),
    )
    expect(each).toEqual(mine)
  })

  it('doubling the spacing doubles the error', () => {
    const twice = radialErrors(
      predicted,
      truth,
      spacing.map((s) => 2 * s),
    )
    errors.forEach((value, i) => void expect(twice[i]).toBeCloseTo(2 * value, 12))
  })

  it('a missing point is left out and counted, or costs the diagonal; it is always a miss', () => {
    const some = radialErrors(
      [[3, 4], null],
      [
        [0, 0],
        [1, 1],
      ],
      [1, 1],
    )
    expect(measure(prepareMre(some), { resamples: 10 })).toMatchObject({
      value: 5,
      n: 1,
      skipped: 1,
      variant: 'MRE-of-predicted',
    })
    expect(prepareMre(some, 100).on()).toBe(52.5)
    expect(prepareMre(some, [1, 7]).on()).toBe(6)
    expect(prepareSdr(some, 10).on()).toBe(0.5)
    expect(measure(prepareMre([Number.NaN]))).toMatchObject({ value: null, n: 0 })
  })

  it('refuses what does not fit', () => {
    expect(() => radialErrors([], [[1, 2]], [1, 1])).toThrow('0 predicted and 1 true')
    expect(() => radialErrors([[1, 2, 3]], [[1, 2]], [1, 1])).toThrow('Point 0')
  })
})
