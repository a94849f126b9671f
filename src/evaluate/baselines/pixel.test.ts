/** @file The pixel baseline against scikit-learn, its pooling, its degenerate cases and its speed. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/pixel.json' with { type: 'json' }
import { random } from '../../core/random.ts'
import { auroc } from '../metrics/auroc.ts'
import { choleskySolver, minimize } from './minimize.ts'
import { fitPixelBaseline, poolChannels, poolTo16, predictPixelBaseline } from './pixel.ts'

const images = Float32Array.from(golden.images.flatMap((row) => [...row].map(Number)))

/** Largest difference of two lists of numbers. */
const gap = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from({ length: b.length }, (_, i) => Math.abs(a[i]! - b[i]!)))

describe('against scikit-learn', () => {
  it.each(golden.multiLabel)('one logistic model a finding, C = $strength', ({ strength, outputs }) => {
    const model = fitPixelBaseline(images, Int8Array.from(golden.labels.flat()), { strength })
    expect(model.converged).toBe(true)
    const probabilities = predictPixelBaseline(model, images)
    outputs.forEach((expected, k) => {
      expect(gap(model.weights.subarray(k * 256, (k + 1) * 256), expected.weights[0]!)).toBeLessThan(1e-4)
      expect(model.intercepts[k]).toBeCloseTo(expected.intercepts[0]!, 3)
      const column = Float32Array.from(golden.images, (_, i) => probabilities[i * 3 + k]!)
      expect(
        gap(
          column,
          expected.probabilities.map((row) => row[1]!),
        ),
      ).toBeLessThan(1e-4)
    })
  })

  it.each(golden.exclusive)('softmax over exclusive classes, C = $strength', (expected) => {
    const labels = Int8Array.from(golden.classes.flatMap((c) => [0, 1, 2].map((k) => (k === c ? 1 : 0))))
    const model = fitPixelBaseline(images, labels, { mode: 'exclusive', strength: expected.strength })
    expect(gap(model.weights, expected.weights.flat())).toBeLessThan(1e-4)
    expect(gap(predictPixelBaseline(model, images), expected.probabilities.flat())).toBeLessThan(1e-4)
  })
})

describe('pooling', () => {
  it('averages blocks', () => {
    const values = Float32Array.from({ length: 64 * 32 }, (_, at) => (at % 64) + 100 * Math.floor(at / 64))
    const pooled = poolTo16(values, 64, 32)
    expect(pooled[0]).toBeCloseTo(1.5 + 50, 4)
    expect(pooled[16 * 3 + 5]).toBeCloseTo(21.5 + 650, 3)
  })

  it('keeps a 16 x 16 image, a constant, and the mean, whatever the size', () => {
    const values = Float32Array.from({ length: 256 }, (_, i) => i)
    expect(poolTo16(values, 16, 16)).toEqual(values)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (w, h) => {
        const stream = random(w, h)
        const image = Float64Array.from({ length: w * h }, () => stream.uniform())
        const mean = (a: ArrayLike<number>) => Array.from(a).reduce((sum, v) => sum + v, 0) / a.length
        expect(mean(poolTo16(image, w, h))).toBeCloseTo(mean(image), 5)
        expect(gap(poolTo16(new Float32Array(w * h).fill(7), w, h), new Float32Array(256).fill(7))).toBeLessThan(1e-5)
      }),
    )
  })

  it('refuses wrong sizes and values that are not finite', () => {
    expect(() => poolTo16([1, 2, 3], 2, 2)).toThrow('3 pixels do not form 2 x 2')
    expect(() => poolTo16([], 0, 0)).toThrow('do not form')
    expect(() => poolTo16(new Float32Array(256).fill(Number.NaN, 17, 18), 16, 16)).toThrow('row 1, column 1')
  })
})

describe('several channels', () => {
  it('are all pooled', () => {
    const pooled = poolChannels(
      Float32Array.from({ length: 3 * 1024 }, (_, i) => Math.floor(i / 1024)),
      32,
    )
    expect([...pooled]).toEqual(Array.from({ length: 768 }, (_, i) => Math.floor(i / 256)))
  })

  it('of one grey picture give what its one channel gives', () => {
    const labels = Int8Array.from(golden.labels.flat())
    const thrice = Float32Array.from({ length: 3 * images.length }, (_, i) => {
      const [row, d] = [Math.floor(i / 768), i % 256]
      return images[row * 256 + d]!
    })
    const once = predictPixelBaseline(fitPixelBaseline(images, labels), images)
    const again = predictPixelBaseline(fitPixelBaseline(thrice, labels, { width: 768 }), thrice)
    expect(gap(again, once)).toBeLessThan(1e-3)
  })
})

describe('degenerate labels', () => {
  const few = images.subarray(0, 4 * 256)

  it('a finding of one class is constant and named', () => {
    const labels = Int8Array.from([0, 1, -1, 1, 0, 1, -1, 0, 0, 1, -1, 1, 0, 1, -1, 0])
    const model = fitPixelBaseline(few, labels)
    expect(model.constant).toEqual([0, 1, 2])
    const p = predictPixelBaseline(model, few)
    for (let i = 0; i < 4; i++) expect([...p.subarray(i * 4, i * 4 + 3)]).toEqual([0, 1, 0.5])
    expect(p[3]).toBeGreaterThan(0.5)
    expect(p[7]).toBeLessThan(0.5)
  })

  it('unlabelled items do not take part', () => {
    const labels = Int8Array.from([1, 0, -1, 0])
    const without = Float32Array.from([...few.subarray(0, 512), ...few.subarray(768)])
    const model = fitPixelBaseline(few, labels)
    // Same standardisation is not required for the same predictions to be close; the order must agree.
    const other = fitPixelBaseline(without, Int8Array.from([1, 0, 0]))
    expect(auroc(predictPixelBaseline(model, without), [1, 0, 0])).toBe(1)
    expect(auroc(predictPixelBaseline(other, without), [1, 0, 0])).toBe(1)
    expect(model.constant).toEqual([])
  })

  it('a class that training never shows has probability 0', () => {
    const labels = Int8Array.from([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1])
    const model = fitPixelBaseline(few, labels, { mode: 'exclusive' })
    const p = predictPixelBaseline(model, few)
    expect(model.constant).toEqual([1])
    for (let i = 0; i < 4; i++) {
      expect(p[i * 3 + 1]).toBe(0)
      expect(p[i * 3]! + p[i * 3 + 2]!).toBeCloseTo(1, 6)
    }
    const only = fitPixelBaseline(few, Int8Array.from([0, 1, 0, 1, 0, 1, 0, 1]), { mode: 'exclusive' })
    expect([...predictPixelBaseline(only, few.subarray(0, 256))]).toEqual([0, 1])
  })

  it('refuses what is not a table', () => {
    expect(() => fitPixelBaseline(new Float32Array(0), new Int8Array(0))).toThrow('no training images')
    expect(() => fitPixelBaseline(few, Int8Array.of(1, 0, 1))).toThrow('not 4 equal rows')
    expect(() => fitPixelBaseline(few.subarray(1), Int8Array.of(1))).toThrow('256 pooled pixels')
    expect(() => fitPixelBaseline(few, Int8Array.of(1, 1, 0, 1, 0, 1, 1, 0), { mode: 'exclusive' })).toThrow('Image 0')
    expect(() => fitPixelBaseline(few, Int8Array.of(1, 0, 1, 0), { strength: 0 })).toThrow(
      'inverse penalty of the pixel baseline is 0',
    )
    expect(() => fitPixelBaseline(few, Int8Array.of(1, 0, 2, 0))).toThrow('label of image 2, output 0 is 2')
  })
})

describe('solver', () => {
  it('solves with the Cholesky factor', () => {
    const v = Float64Array.of(1, 2, 3)
    choleskySolver(Float64Array.of(4, 2, 0.6, 2, 5, 1, 0.6, 1, 3), 3)(v)
    const back = [4 * v[0]! + 2 * v[1]! + 0.6 * v[2]!, 2 * v[0]! + 5 * v[1]! + v[2]!, 0.6 * v[0]! + v[1]! + 3 * v[2]!]
    back.forEach((value, i) => void expect(value).toBeCloseTo(i + 1, 12))
  })

  it('minimises a badly scaled quadratic without a preconditioner', () => {
    const { x, converged } = minimize(
      (w, g) => {
        g[0] = 2000 * (w[0]! - 1)
        g[1] = 0.2 * (w[1]! + 3)
        return 1000 * (w[0]! - 1) ** 2 + 0.1 * (w[1]! + 3) ** 2
      },
      Float64Array.of(50, 50),
    )
    expect(converged).toBe(true)
    expect(x[0]).toBeCloseTo(1, 6)
    expect(x[1]).toBeCloseTo(-3, 4)
  })

  it('fits 14 findings on images whose pixels correlate', () => {
    const stream = random('speed')
    const n = 1500
    const many = new Float32Array(n * 256)
    for (let i = 0; i < n; i++) {
      // Neighbouring pixels correlate strongly, as in images.
      let value = 0
      for (let d = 0; d < 256; d++) many[i * 256 + d] = value = 0.97 * value + stream.normal()
    }
    const labels = Int8Array.from({ length: n * 14 }, (_, at) => {
      const i = Math.floor(at / 14)
      const k = at % 14
      return many[i * 256 + 15 * k + 9]! - many[i * 256 + 7 * k]! + 2 * stream.normal() > k ? 1 : 0
    })
    const model = fitPixelBaseline(many, labels)
    expect(model.converged).toBe(true)
    const p = predictPixelBaseline(model, many)
    const first = (values: ArrayLike<number>) => Float32Array.from({ length: n }, (_, i) => values[i * 14]!)
    expect(auroc(first(p), first(labels))).toBeGreaterThan(0.8)
  })
})
