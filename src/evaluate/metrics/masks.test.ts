/** @file Masks and their surfaces against MONAI and torchmetrics (tools/reference/metrics_masks.py), hand cases, laws. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-masks.json' with { type: 'json' }
import { dice, iou, type Overlap, overlapOf, prepareMeanIou, preparePooledOverlap } from './masks.ts'
import { measure } from './measure.ts'
import {
  hausdorff,
  meanSurfaceDistance,
  normalisedSurfaceDistance,
  squaredDistances,
  surfaceDistances,
  surfaceVoxels,
} from './surface.ts'
import { surfaceDiceByArea } from './surface-area.ts'

const digits = (text: string) => Uint8Array.from(text, Number)

/** MONAI computes in single precision: equal to 1e-6 of the value. */
function near(value: number, expected: number | string | null): void {
  if (typeof expected === 'number') {
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)))
  } else expect(value).toBeNaN()
}

describe('against MONAI', () => {
  it.each(golden.cases.map((data) => [data.name, data] as const))('%s', (_, data) => {
    const predicted = digits(data.predicted)
    const truth = digits(data.truth)
    const overlap = overlapOf(predicted, truth)
    near(dice(overlap), data.dice)
    near(iou(overlap), data.iou)
    const distances = surfaceDistances(predicted, truth, { size: data.size, spacing: data.spacing })
    for (const [tolerance, expected] of Object.entries(data.surfaceDice)) {
      near(normalisedSurfaceDistance(distances, Number(tolerance)), expected)
    }
    for (const [tolerance, expected] of Object.entries(data.surfaceDiceByArea)) {
      const grid = { size: data.size, spacing: data.spacing }
      near(surfaceDiceByArea(predicted, truth, grid, Number(tolerance)), expected)
    }
    // Both empty: MONAI gives NaN, we give 0 (nothing is apart); checked below.
    if (data.name === 'both empty') return
    near(hausdorff(distances), data.hausdorff95)
    near(hausdorff(distances, 100), data.hausdorff)
    near(meanSurfaceDistance(distances), data.meanDistance)
  })

  it('IoU of classes over a set', () => {
    const { truth, predicted, jaccard } = golden.classes
    jaccard.forEach((expected, label) => {
      const overlaps = truth.map((mask, i) => overlapOf(predicted[i]!, mask, label))
      near(preparePooledOverlap(iou, overlaps, 'IoU').on(), expected)
    })
    const mean = prepareMeanIou(predicted, truth, [0, 1, 2, 3, 9])
    near(mean.on(), jaccard.reduce((sum, value) => sum + value, 0) / 4)
    const twice = prepareMeanIou([...predicted, predicted[0]!], [...truth, truth[0]!], [0, 1, 2, 3])
    expect(prepareMeanIou(predicted, truth, [0, 1, 2, 3]).on([2, 1, 1])).toBeCloseTo(twice.on(), 12)
  })
})

describe('degenerate masks', () => {
  const [empty, square] = [new Uint8Array(16), Uint8Array.from({ length: 16 }, (_, i) => (i === 5 || i === 6 ? 1 : 0))]
  const grid = { size: [4, 4] }

  it('both empty is right, one empty is wrong', () => {
    expect(dice(overlapOf(empty, empty))).toBe(1)
    expect(dice(overlapOf(empty, empty), Number.NaN)).toBeNaN()
    expect(iou(overlapOf(empty, square))).toBe(0)
    expect(hausdorff(surfaceDistances(empty, empty, grid))).toBe(0)
    expect(meanSurfaceDistance(surfaceDistances(empty, empty, grid))).toBe(0)
    expect(hausdorff(surfaceDistances(empty, square, grid))).toBeNaN()
    expect(normalisedSurfaceDistance(surfaceDistances(square, empty, grid), 2)).toBe(0)
  })

  it('an empty set of voxels is undefined when pooled, with the reason', () => {
    const result = measure(preparePooledOverlap(dice, [overlapOf(empty, empty)], 'Dice-pooled'))
    expect(result).toMatchObject({ value: null, interval: null, n: 1 })
    expect(result.reason).toMatch('no case has a voxel')
  })

  it('NaN is background', () => {
    expect(overlapOf([Number.NaN, 1], [1, 1])).toEqual({ both: 1, predicted: 1, truth: 2 })
  })

  it('refuses other sizes', () => {
    expect(() => overlapOf([1], [1, 0])).toThrow('1 and 2 elements')
    expect(() => surfaceVoxels(empty, { size: [4, 5] })).toThrow('16 voxels is not of size 4 x 5')
    expect(() => surfaceVoxels(empty, { size: [4, 4], spacing: [1, 0] })).toThrow('spacing 1 x 0')
  })
})

describe('laws', () => {
  const size = [5, 4, 3]
  const mask = fc.uint8Array({ min: 0, max: 1, minLength: 60, maxLength: 60 })
  const spacings = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0.5, 1, 1.25, 3)))

  it('distances are those of brute force, whatever the spacing', () => {
    fc.assert(
      fc.property(mask, spacings, (voxels, spacing) => {
        const inside = [...voxels.keys()].filter((i) => voxels[i] === 1)
        fc.pre(inside.length > 0)
        const place = (i: number) => [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3]
        squaredDistances(inside, { size, spacing }).forEach((value, i) => {
          const to = (j: number) =>
            place(j).reduce((sum, x, axis) => sum + ((x - place(i)[axis]!) * spacing[axis]!) ** 2, 0)
          expect(value).toBeCloseTo(Math.min(...inside.map(to)), 9)
        })
      }),
    )
  })

  it('Dice = 2 IoU / (1 + IoU); both are symmetric and in 0..1', () => {
    fc.assert(
      fc.property(mask, mask, (p, y) => {
        const overlap = overlapOf(p, y)
        expect(dice(overlap)).toBeCloseTo((2 * iou(overlap)) / (1 + iou(overlap)), 12)
        expect(dice(overlapOf(y, p))).toBe(dice(overlap))
        expect(iou(overlap)).toBeGreaterThanOrEqual(0)
        expect(iou(overlap)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('doubling the spacing doubles distances and leaves Dice; a tolerance above the Hausdorff distance accepts all', () => {
    fc.assert(
      fc.property(mask, mask, spacings, (p, y, spacing) => {
        fc.pre(p.includes(1) && y.includes(1))
        const once = surfaceDistances(p, y, { size, spacing })
        const twice = surfaceDistances(p, y, { size, spacing: spacing.map((s) => 2 * s) })
        expect(hausdorff(twice)).toBeCloseTo(2 * hausdorff(once), 9)
        expect(hausdorff(once)).toBeLessThanOrEqual(hausdorff(once, 100))
        expect(normalisedSurfaceDistance(once, hausdorff(once, 100))).toBe(1)
        const back = surfaceDistances(y, p, { size, spacing })
        expect(hausdorff(back)).toBe(hausdorff(once))
      }),
    )
  })

  it('pooled over a resample equals the repeated cases', () => {
    const overlaps: Overlap[] = [
      { both: 3, predicted: 5, truth: 4 },
      { both: 0, predicted: 0, truth: 2 },
    ]
    const repeated = [overlaps[0]!, overlaps[0]!, overlaps[0]!, overlaps[1]!]
    expect(preparePooledOverlap(dice, overlaps, '').on([3, 1])).toBe(preparePooledOverlap(dice, repeated, '').on())
  })
})
