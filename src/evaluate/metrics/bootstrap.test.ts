/** @file Intervals: percentiles against NumPy, coverage, patients, pairing, redraws, speed. */

import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics.json' with { type: 'json' }
import { random } from '../../core/random.ts'
import { rankedAuprc } from './auprc.ts'
import { auroc, rankedAuroc } from './auroc.ts'
import { bootstrap, bootstrapDraws, intervalOf, percentile } from './bootstrap.ts'
import { bootstrapFindings, compareFindings, meanWithInterval, withInterval } from './intervals.ts'
import { rank } from './ranked.ts'
import { atThreshold, decisionsAt, f1 } from './threshold.ts'

/** A finding of moderate difficulty. */
function finding(name: string, count: number, rate: number, shift: number, noise = name) {
  const truth = random('labels', name)
  const draw = random('scores', noise)
  const labels = Int8Array.from({ length: count }, () => (truth.chance(rate) ? 1 : 0))
  return { name, labels, scores: Float64Array.from(labels, (y) => draw.normal(y * shift)) }
}

describe('bootstrap', () => {
  it('takes percentiles as NumPy does', () => {
    const { values, shares, expected } = golden.percentile
    const sorted = Float64Array.from(values).sort()
    shares.forEach((share, i) => void expect(percentile(sorted, share)).toBeCloseTo(expected[i]!, 12))
  })

  it('offers the sorted index of CheXzero', () => {
    const draws = Float64Array.from({ length: 1000 }, (_, i) => 999 - i)
    expect(intervalOf(500, draws, { percentile: 'chexzero' })).toEqual({ value: 500, low: 24, high: 974 })
    expect(intervalOf(500, draws).low).toBeCloseTo(24.975, 9)
  })

  it('recomputes on the resample exactly what the plain metric gives on the repeated items', () => {
    const { scores, labels } = finding('a', 40, 0.5, 1)
    const plain = bootstrapDraws(
      40,
      1,
      (out, counts) => {
        const repeated = [...scores.keys()].flatMap((i) => new Array<number>(counts?.[i] ?? 1).fill(i))
        expect(repeated).toHaveLength(40)
        const again = (values: ArrayLike<number>) => repeated.map((i) => values[i]!)
        out[0] = auroc(again(scores), again(labels))
      },
      { seed: 3 },
    )
    const fast = withInterval(rankedAuroc, scores, labels, undefined, 3)
    expect(fast.value).toBeCloseTo(plain.point[0]!, 12)
    expect(fast.low).toBeCloseTo(intervalOf(0, plain.draws[0]!).low, 12)
    expect(fast.high).toBeCloseTo(intervalOf(0, plain.draws[0]!).high, 12)
  })

  it('has the half-width of a proportion: 0.055 for 0.8 on 200', () => {
    const right = Array.from({ length: 200 }, (_, i) => (i < 160 ? 1 : 0))
    const { value, low, high } = meanWithInterval(right)
    expect(value).toBe(0.8)
    expect((high - low) / 2).toBeGreaterThan(0.048)
    expect((high - low) / 2).toBeLessThan(0.062)
  })

  it('covers the truth in 92 to 97 % of 500 simulated sets', () => {
    const stream = random('coverage')
    let covered = 0
    for (let set = 0; set < 500; set++) {
      const right = Array.from({ length: 200 }, () => (stream.chance(0.8) ? 1 : 0))
      const { low, high } = meanWithInterval(right, undefined, set, { resamples: 300 })
      if (low <= 0.8 && 0.8 <= high) covered++
    }
    expect(covered / 500).toBeGreaterThanOrEqual(0.92)
    expect(covered / 500).toBeLessThanOrEqual(0.97)
  })

  it('draws whole patients: ten copies of a study add no certainty', () => {
    const once = finding('a', 60, 0.5, 1)
    const repeat = (values: ArrayLike<number>) => Array.from({ length: 600 }, (_, i) => values[i % 60]!)
    const copies: [number[], number[]] = [repeat(once.scores), repeat(once.labels)]
    const patients = Array.from({ length: 600 }, (_, i) => `p${i % 60}`)
    const plain = withInterval(rankedAuroc, once.scores, once.labels)
    const clustered = withInterval(rankedAuroc, ...copies, patients)
    const naive = withInterval(rankedAuroc, ...copies)
    expect(clustered.units).toBe(60)
    expect(clustered).toEqual(plain)
    expect(naive.high - naive.low).toBeLessThan((plain.high - plain.low) / 2)
  })

  it('a patient comes with all studies or not at all', () => {
    const patients = ['a', 'b', 'a', 'c', 'b', 'a']
    const seen = new Set<string>()
    bootstrapDraws(
      6,
      1,
      (out, counts) => {
        out[0] = 0
        if (counts === undefined) return
        expect([counts[2], counts[5], counts[4]]).toEqual([counts[0], counts[0], counts[1]])
        expect(counts[0]! + counts[1]! + counts[3]!).toBe(3)
        seen.add(counts.join())
      },
      { resamples: 200, clusters: patients },
    )
    // Ten ways to draw three of three with replacement.
    expect(seen.size).toBe(10)
  })

  it('is repeatable, and another seed differs', () => {
    const { scores, labels } = finding('a', 80, 0.3, 1)
    expect(withInterval(rankedAuprc, scores, labels, undefined, 1)).toEqual(
      withInterval(rankedAuprc, scores, labels, undefined, 1),
    )
    expect(withInterval(rankedAuprc, scores, labels, undefined, 1).low).not.toBe(
      withInterval(rankedAuprc, scores, labels, undefined, 2).low,
    )
  })

  it('draws again when a rare finding is lost, and counts it', () => {
    // One positive of 100 is absent from 37 % of the resamples: about 0.58 redraws for each that is kept.
    const labels = Array.from({ length: 100 }, (_, i) => (i === 0 ? 1 : 0))
    const result = withInterval(
      rankedAuroc,
      Array.from({ length: 100 }, (_, i) => i % 7),
      labels,
    )
    expect(result.skipped).toBe(0)
    expect(result.redrawn).toBeGreaterThan(450)
    expect(result.redrawn).toBeLessThan(720)
  })

  it('gives up after 100 redraws', () => {
    let calls = 0
    const result = bootstrap(
      5,
      1,
      (out, counts) => {
        calls++
        out[0] = counts === undefined ? 1 : Number.NaN
      },
      { resamples: 3 },
    )
    expect(result).toMatchObject({
      skipped: 3,
      redrawn: 300,
      intervals: [{ value: 1, low: Number.NaN, high: Number.NaN }],
    })
    expect(calls).toBe(1 + 3 * 101)
  })

  it('leaves undefined findings out of the mean', () => {
    const good = finding('good', 100, 0.4, 1.5)
    const empty = { name: 'empty', scores: good.scores, labels: new Int8Array(100) }
    const result = bootstrapFindings(rankedAuroc, [good, empty])
    expect(result.defined).toBe(1)
    expect(result.each[1]).toEqual({ name: 'empty', value: Number.NaN, low: Number.NaN, high: Number.NaN })
    expect(result.mean.value).toBe(result.each[0]?.value)
    expect([result.mean.low, result.mean.high]).toEqual([result.each[0]?.low, result.each[0]?.high])
  })

  it('intervals threshold metrics too', () => {
    const { scores, labels } = finding('a', 120, 0.4, 1.5)
    const { value, low, high } = withInterval(atThreshold(0.7, f1), scores, labels)
    expect(value).toBe(f1(decisionsAt(scores, labels, 0.7)))
    expect(low).toBeLessThan(value)
    expect(high).toBeGreaterThan(value)
  })

  it('takes 1000 resamples of 14 findings on 1000 items in under 3 s', () => {
    const findings = Array.from({ length: 14 }, (_, k) => finding(`f${k}`, 1000, 0.05 + 0.02 * k, 1))
    const start = performance.now()
    const result = bootstrapFindings(rankedAuroc, findings)
    expect(performance.now() - start).toBeLessThan(3000)
    expect(result.defined).toBe(14)
    // Paired: the mean of 14 independent findings is known better than any one of them.
    const widths = result.each.map(({ low, high }) => high - low)
    expect(result.mean.high - result.mean.low).toBeLessThan(Math.min(...widths))
  })

  it('refuses no items and odd lengths', () => {
    expect(() => withInterval(rankedAuroc, [], [])).toThrow('no items')
    expect(() => withInterval(rankedAuroc, [1, 2], [1, 0], ['p'])).toThrow('1 patients')
    const a = finding('a', 10, 0.5, 1)
    expect(() => bootstrapFindings(rankedAuroc, [a, finding('b', 11, 0.5, 1)])).toThrow('b has 11 items')
  })
})

describe('difference of two systems', () => {
  const base = [finding('x', 300, 0.3, 1), finding('y', 300, 0.3, 1)]

  it('is exactly zero between equals', () => {
    const { mean } = compareFindings(rankedAuroc, base, base)
    expect(mean).toEqual({ value: 0, low: 0, high: 0, beyondZero: 1 })
  })

  it('is narrower than unpaired intervals and sees a small, sure gain', () => {
    const better = base.map((f) => ({ ...f, scores: Float64Array.from(f.scores, (s, i) => s + 0.3 * f.labels[i]!) }))
    const { mean, each } = compareFindings(rankedAuroc, better, base)
    const alone = bootstrapFindings(rankedAuroc, base).mean
    expect(mean.value).toBeGreaterThan(0.03)
    expect(mean.low).toBeGreaterThan(0)
    expect(mean.beyondZero).toBe(0)
    expect(mean.high - mean.low).toBeLessThan((alone.high - alone.low) / 2)
    expect(each.map(({ name }) => name)).toEqual(['x', 'y'])
    const back = compareFindings(rankedAuroc, base, better).mean
    expect(back.low).toBeCloseTo(-mean.high, 12)
  })

  it('does not see what is not there', () => {
    const other = [finding('x', 300, 0.3, 1, 'x2'), finding('y', 300, 0.3, 1, 'y2')]
    const { mean } = compareFindings(rankedAuroc, other, base)
    expect(mean.low).toBeLessThan(0)
    expect(mean.high).toBeGreaterThan(0)
    expect(mean.beyondZero).toBeGreaterThan(0.05)
    const { draws } = bootstrapDraws(300, 1, (out, counts) => {
      const of = (findings: typeof base) =>
        findings.reduce((sum, { scores, labels }) => sum + rankedAuroc(rank(scores, labels), counts) / 2, 0)
      out[0] = of(other) - of(base)
    })
    const below = draws[0]!.filter((value) => value <= 0).length / 1000
    expect(mean.beyondZero).toBeCloseTo(2 * Math.min(below, 1 - below), 9)
    expect(compareFindings(rankedAuroc, base, other).mean.beyondZero).toBe(mean.beyondZero)
  })

  it('refuses systems scored on different labels', () => {
    expect(() => compareFindings(rankedAuroc, base, [base[0]!, finding('z', 300, 0.3, 1)])).toThrow('labels of y')
    expect(() => compareFindings(rankedAuroc, base, base.slice(0, 1))).toThrow('same labels')
  })
})
