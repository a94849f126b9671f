/** @file Boxes, detection and FROC against pycocotools, torchvision and MONAI (tools/reference/metrics_places.py), and laws. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-places.json' with { type: 'json' }
import { boxIou, centreInside, maskOfBoxes } from './boxes.ts'
import { type DetectionCase, prepareDetection } from './detection.ts'
import { frocCase, frocCurve, prepareFroc, sensitivityAt } from './froc.ts'
import { measure, measureDifference } from './measure.ts'

type Row = (string | number)[]

/** Cases from rows (label, x, y, w, h[, score]); an object with a sixth entry is a crowd. */
function casesOf(images: readonly { objects: readonly Row[]; detections: readonly Row[] }[]): DetectionCase[] {
  const split = ([label, x, y, w, h, score]: Row) => ({
    label: String(label),
    box: [x, y, w, h].map(Number),
    score: Number(score),
  })
  const object = (row: Row) => ({ ...split(row), crowd: row.length > 5 })
  return images.map(({ objects, detections }) => ({ truth: objects.map(object), detections: detections.map(split) }))
}

describe('boxes', () => {
  // MONAI computes overlaps in single precision.
  it.each(golden.boxes.map((data) => [data.a[0]!.length / 2, data] as const))('IoU in %i-D', (_, { a, b, iou }) => {
    a.forEach(
      (first, i) => void b.forEach((second, j) => void expect(boxIou(first, second)).toBeCloseTo(iou[i]![j]!, 7)),
    )
  })

  it('boxes without extent overlap nothing', () => {
    expect(boxIou([1, 1, 0, 5], [1, 1, 0, 5])).toBe(0)
    expect(boxIou([0, 0, 2, 2], [2, 0, 2, 2])).toBe(0)
  })

  it('a mask holds the pixels whose centres are inside, clipped to the image', () => {
    const mask = maskOfBoxes(
      [
        [1, 0, 2, 1],
        [2.4, 1.5, 9, 9],
        [-5, -5, 2, 2],
      ],
      3,
      4,
    )
    expect([...mask]).toEqual([0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1])
    expect(() => maskOfBoxes([[1, 2, 3]], 3, 4)).toThrow('[1, 2, 3]')
    expect(() => maskOfBoxes([[1, 2, -3, 1]], 3, 4)).toThrow('[1, 2, -3, 1] is not')
  })

  it('a centre on the border is inside', () => {
    expect(centreInside([0, 0, 2, 2], [1, 1, 5, 5])).toBe(true)
    expect(centreInside([0, 0, 1.9, 2], [1, 1, 5, 5])).toBe(false)
  })
})

describe('against pycocotools', () => {
  it.each(golden.detection.map((data, i) => [i, data] as const))('set %i', (_, { images, results }) => {
    const cases = casesOf(images)
    if (typeof results === 'string') {
      // Nothing was detected at all: 0, not undefined.
      expect(measure(prepareDetection(cases).ap).value).toBe(0)
      return
    }
    for (const { range, limit, classes } of results) {
      const result = prepareDetection(cases, { limit, sizes: [range[0]!, range[1]!] })
      const withObjects = classes.filter(({ recall }) => recall !== null)
      expect(result.classes.map(({ label }) => label)).toEqual(withObjects.map(({ label }) => label))
      for (const [k, { apAt, recall }] of withObjects.entries()) {
        const mine = result.classes[k]!
        apAt.forEach((value, t) => void expect(mine.apAt[t]!.on()).toBeCloseTo(value!, 9))
        expect(mine.recall.on()).toBeCloseTo(recall!, 9)
      }
      const all = withObjects.flatMap(({ apAt }) => apAt.map(Number))
      expect(result.ap.on()).toBeCloseTo(all.reduce((sum, value) => sum + value, 0) / all.length, 9)
    }
    expect(prepareDetection(cases).withoutObjects).toEqual(
      results[0]!.classes.filter(({ recall }) => recall === null).map(({ label }) => label),
    )
  })
})

describe('against MONAI', () => {
  it.each(golden.froc.map((data, i) => [i, data] as const))('FROC %i', (_, { cases, score, at, missed }) => {
    const own = cases.map(({ truth, detections }) =>
      frocCase({
        // The pixels of a box are those whose centres it holds; a detection is the pixel it names.
        truth: truth.map((box) => ({ box })),
        detections: detections.map(([x = 0, y = 0, s = 0]) => ({ box: [x, y, 1, 1], score: s })),
      }),
    )
    expect(prepareFroc(own).on()).toBeCloseTo(score, 12)
    const curve = frocCurve(own)
    for (const [rate, value] of Object.entries(at)) expect(sensitivityAt(curve, Number(rate))).toBeCloseTo(value, 12)
    expect(own.flatMap(({ lesions }) => Array.from(lesions)).filter(Number.isNaN)).toHaveLength(missed)
  })
})

describe('hand cases', () => {
  const box = (x: number) => [x, 0, 2, 2]
  const two: DetectionCase = {
    truth: [{ box: box(0) }, { box: box(10) }],
    detections: [
      { box: box(0), score: 0.9 },
      { box: box(50), score: 0.8 },
      { box: box(10), score: 0.7 },
    ],
  }

  it('two objects, hit, false, hit: AP = (51 + 50 * 2 / 3) / 101', () => {
    expect(prepareDetection([two], { thresholds: [0.5] }).ap.on()).toBeCloseTo((51 + (50 * 2) / 3) / 101, 12)
  })

  it('detections in images without objects are false positives', () => {
    const lone: DetectionCase = { truth: [], detections: [{ box: box(0), score: 0.95 }] }
    expect(prepareDetection([two, lone], { thresholds: [0.5] }).ap.on()).toBeLessThan(
      prepareDetection([two], { thresholds: [0.5] }).ap.on(),
    )
  })

  it('without objects the value is null with the reason, without detections 0', () => {
    const nothing = measure(prepareDetection([{ truth: [], detections: two.detections }]).ap)
    expect(nothing).toMatchObject({ value: null, interval: null })
    expect(nothing.reason).toMatch('without an object')
    expect(measure(prepareDetection([{ truth: two.truth, detections: [] }]).recall).value).toBe(0)
    expect(measure(prepareFroc([{ falsePositives: [1], lesions: [] }])).value).toBeNull()
    expect(prepareFroc([{ falsePositives: [], lesions: [0.5, Number.NaN] }]).on()).toBe(0.5)
  })

  it('refuses scores and boxes that are none', () => {
    expect(() => prepareDetection([{ truth: [], detections: [{ box: box(0), score: Number.NaN }] }])).toThrow('image 0')
    expect(() => prepareDetection([two, { truth: [{ box: [1, 2] }], detections: [] }])).toThrow('[1, 2]')
    expect(() => prepareFroc([], [])).toThrow('false positives')
  })
})

describe('laws', () => {
  const place = fc.tuple(
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
  )
  const image = fc.record({
    truth: fc.array(fc.record({ box: place }), { maxLength: 3 }),
    detections: fc.array(fc.record({ box: place, score: fc.integer({ min: 1, max: 4 }) }), { maxLength: 5 }),
  })
  const set = fc
    .array(image, { minLength: 2, maxLength: 5 })
    .filter((cases) => cases.some(({ truth }) => truth.length > 0))

  it('finding every object with no false one is 1', () => {
    fc.assert(
      fc.property(set, (cases) => {
        const perfect = cases.map(({ truth }) => ({
          truth,
          detections: truth.map(({ box }, i) => ({ box, score: i })),
        }))
        const result = prepareDetection(perfect)
        expect(result.ap.on()).toBeCloseTo(1, 12)
        expect(result.recall.on()).toBeCloseTo(1, 12)
        expect(prepareFroc(perfect.map((one) => frocCase(one, 0.5))).on()).toBe(1)
      }),
    )
  })

  it('only the order of scores matters', () => {
    fc.assert(
      fc.property(set, (cases) => {
        const mapped = cases.map(({ truth, detections }) => ({
          truth,
          detections: detections.map(({ box, score }) => ({ box, score: Math.exp(score) })),
        }))
        expect(prepareDetection(mapped).ap.on()).toBe(prepareDetection(cases).ap.on())
        expect(prepareFroc(mapped.map((c) => frocCase(c))).on()).toBe(prepareFroc(cases.map((c) => frocCase(c))).on())
      }),
    )
  })

  it('counts stand for repeated images, when no scores tie between images', () => {
    const counted = set.chain((cases) =>
      fc.tuple(
        fc.constant(cases),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: cases.length, maxLength: cases.length }),
      ),
    )
    fc.assert(
      fc.property(counted, ([cases, counts]) => {
        const apart = cases.map(({ truth, detections }, i) => ({
          truth,
          detections: detections.map(({ box }, d) => ({
            box,
            score: ((d + 1) * 7 + i * 3) / (i + 11) + i / 1e6 + d / 1e4,
          })),
        }))
        const repeated = apart.flatMap((one, i) => new Array<DetectionCase>(counts[i]!).fill(one))
        fc.pre(repeated.some(({ truth }) => truth.length > 0))
        expect(prepareDetection(apart).ap.on(counts)).toBeCloseTo(prepareDetection(repeated).ap.on(), 12)
        expect(prepareDetection(apart).recall.on(counts)).toBeCloseTo(prepareDetection(repeated).recall.on(), 12)
        const [froc, again] = [apart, repeated].map((list) => prepareFroc(list.map((one) => frocCase(one))))
        expect(froc!.on(counts)).toBeCloseTo(again!.on(), 12)
      }),
    )
  })

  it('a system against itself differs by exactly nothing', () => {
    const cases = casesOf(golden.detection[0]!.images)
    const [a, b] = [prepareDetection(cases), prepareDetection(cases)]
    expect(measureDifference(a.ap, b.ap, { resamples: 50 })).toEqual({ difference: 0, interval: [0, 0], p: 1 })
    const { value, interval } = measure(a.ap, { resamples: 200 })
    expect(interval![0]).toBeLessThan(value!)
    expect(interval![1]).toBeGreaterThan(value!)
  })
})
