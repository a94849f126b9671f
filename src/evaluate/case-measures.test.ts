import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CaseMeasure, measuresFromJson, measuresToJson, preparedMeasure, withIntervals } from './case-measures.ts'

const cases = 12
const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: cases, maxLength: cases })
const draws = fc.array(fc.nat(3), { minLength: cases, maxLength: cases })

/** The case lists of a measure with every case repeated as often as it was drawn. */
function repeated(measure: CaseMeasure, counts: readonly number[]): CaseMeasure {
  const again = <T>(values: ArrayLike<T>): T[] => counts.flatMap((count, i) => new Array<T>(count).fill(values[i]!))
  switch (measure.kind) {
    case 'mean':
    case 'median':
      return { ...measure, values: again(measure.values) }
    case 'ratio':
      return { ...measure, top: again(measure.top), bottom: again(measure.bottom) }
    case 'auroc':
    case 'auprc':
    case 'ece':
      return {
        ...measure,
        findings: measure.findings.map((f) => ({ ...f, scores: again(f.scores), labels: again(f.labels) })),
      }
    case 'detection':
      return { ...measure, cases: again(measure.cases) }
    case 'bleu':
      return { ...measure, cases: again(measure.cases) }
    case 'concordance':
      return { ...measure, times: again(measure.times), events: again(measure.events), risks: again(measure.risks) }
    case 'clinical':
      return { ...measure, generated: again(measure.generated), real: again(measure.real) }
  }
}

const states = (values: readonly number[]) =>
  values.map((value) => ({
    a: value > 0 ? ('positive' as const) : ('negative' as const),
    b: value > 2 ? ('uncertain' as const) : ('blank' as const),
  }))
const binary = numbers.map((values) => values.map((v) => (v > 0 ? 1 : 0)))
const measures: fc.Arbitrary<CaseMeasure> = fc.oneof(
  numbers.map((values): CaseMeasure => ({ kind: 'mean', values })),
  numbers.map((values): CaseMeasure => ({ kind: 'median', values })),
  fc
    .tuple(numbers, numbers)
    .map(([top, b]): CaseMeasure => ({ kind: 'ratio', top, bottom: b.map((v) => Math.abs(v) + 1) })),
  fc
    .tuple(numbers, binary)
    .map(([scores, labels]): CaseMeasure => ({ kind: 'auroc', findings: [{ name: 'a', scores, labels }] })),
  fc
    .tuple(numbers, binary)
    .map(([scores, labels]): CaseMeasure => ({ kind: 'auprc', findings: [{ name: 'a', scores, labels }] })),
  fc.tuple(numbers, binary).map(
    ([s, labels]): CaseMeasure => ({
      kind: 'ece',
      findings: [{ name: 'a', scores: s.map((v) => (v + 5) / 10), labels }],
    }),
  ),
  fc
    .tuple(numbers, numbers, fc.constantFrom('micro' as const, 'example' as const))
    .map(([generated, real, average]): CaseMeasure => {
      const read = { generated: states(generated), real: states(real), observations: ['a', 'b'] }
      return { kind: 'clinical', average, score: 'f1', ...read }
    }),
  fc.tuple(numbers, binary, numbers).map(([t, events, risks]): CaseMeasure => {
    const times = t.map((v) => Math.round(v) + 6)
    return { kind: 'concordance', times, events, risks }
  }),
)

describe('a measure', () => {
  it('on counted cases is the measure of the repeated cases', () => {
    fc.assert(
      fc.property(measures, draws, (measure, counts) => {
        const counted = preparedMeasure(measure).on(counts)
        const written = preparedMeasure(repeated(measure, counts)).on()
        if (Number.isNaN(counted)) {
          // A finding that the resample lost is undefined either way.
          expect(written).toBeNaN()
        } else expect(counted).toBeCloseTo(written, 10)
      }),
      { numRuns: 300 },
    )
  })

  it('comes back from JSON with the same values, NaN and infinities included', () => {
    const labels = [1, 0, -1]
    const measured = {
      units: Int32Array.of(0, 1, 1),
      measures: {
        a: { kind: 'mean', values: Float64Array.of(1, Number.NaN, 3) },
        b: { kind: 'auroc', findings: [{ name: 'x', scores: [Number.NEGATIVE_INFINITY, 0.25, 2], labels }] },
      },
    } as const
    const again = measuresFromJson(JSON.parse(JSON.stringify(measuresToJson(measured))))
    for (const name of ['a', 'b'] as const)
      expect(preparedMeasure(again.measures[name]!).on()).toBe(preparedMeasure(measured.measures[name]).on())
    expect(again.units).toEqual([0, 1, 1])
  })

  it('has an interval around it, the cases that took part, and a reason where it is undefined', () => {
    const { values } = withIntervals({
      units: [0, 1, 2, 3],
      measures: {
        known: { kind: 'mean', values: [0, 1, Number.NaN, 1] },
        unknown: { kind: 'auroc', findings: [{ name: 'x', scores: [1, 2, 3, 4], labels: [1, 1, -1, -1] }] },
      },
    })
    expect(values.known).toMatchObject({ n: 3, skipped: 1 })
    expect(values.known?.value).toBeCloseTo(2 / 3, 12)
    expect(values.unknown).toMatchObject({ value: null, interval: null, n: 2, skipped: 2 })
    expect(values.unknown?.reason).toContain('cases of both kinds')
  })

  it('draws patients, not cases: two studies of each patient widen the interval as one study would', () => {
    const one = Float64Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 1 : 0))
    const two = Float64Array.from({ length: 80 }, (_, i) => one[i >> 1]!)
    const width = (values: Float64Array, units: Int32Array): number => {
      const [low, high] = withIntervals({ units, measures: { m: { kind: 'mean', values } } }).values.m!.interval!
      return high - low
    }
    const single = width(one, Int32Array.from(one.keys()))
    const patients = Int32Array.from(two, (_, i) => i >> 1)
    expect(width(two, patients)).toBeCloseTo(single, 6)
    expect(width(two, Int32Array.from(two.keys()))).toBeLessThan(single * 0.85)
  })
})
