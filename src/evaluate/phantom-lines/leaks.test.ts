import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { type Study, studySchema } from '../../data/study.ts'
import type { LineCases } from './cases.ts'
import { coarse } from './coarse.ts'
import { noiseFacts } from './leaks.ts'
import { factsLine } from './linear.ts'

const side = 32

function study(n: number, label: 0 | 1): Study {
  return studySchema.parse({
    id: `s${n}`,
    patient: `p${n}`,
    split: 'train',
    domain: 'knee',
    images: [],
    report: null,
    truth: { labels: { Dark: label }, sentences: [] },
  })
}

/** Flat pictures with Poisson-like noise; the finding halves the intensity of the lower half, or the dose of all. */
function cases(seed: number, kind: 'absorbs' | 'dose'): LineCases {
  const values = new Uint16Array(200 * side * side)
  const studies = Array.from({ length: 200 }, (_, n) => {
    const stream = random(seed, kind, n)
    const label = stream.chance(0.5) ? 1 : 0
    const light = stream.uniform(0.4, 0.7)
    for (let i = 0; i < side * side; i++) {
      const absorbed = kind === 'absorbs' && label === 1 && i > (side * side) / 2
      const mean = absorbed ? light / 2 : light
      const dose = kind === 'dose' && label === 1 ? 0.5 : 1
      values[n * side * side + i] = 65535 * Math.max(0, mean + 0.02 * Math.sqrt(mean / dose) * stream.normal())
    }
    return study(n, label)
  })
  return { studies, values, shape: [1, 1, side, side] }
}

function told(kind: 'absorbs' | 'dose', by: 'grain' | 'noise'): number | null {
  const [training, test] = [cases(1, kind), cases(2, kind)]
  const facts = noiseFacts(training)
  const of = (all: LineCases) => ({ studies: all.studies, facts: facts(all)[by] })
  return factsLine(['Dark'], of(training), of(test)).macro
}

describe('noise of pictures', () => {
  it('that follows intensity is no leak, though the grain as it is tells the label', () => {
    expect(told('absorbs', 'noise')).toBeLessThan(0.6)
    expect(told('absorbs', 'grain')).toBeGreaterThan(0.7)
  })

  it('that depends on the label at equal intensity is one', () => {
    expect(told('dose', 'noise')).toBeGreaterThan(0.95)
  })
})

describe('what a linear model sees', () => {
  const one = (shape: LineCases['shape'], value: (i: number) => number): LineCases => {
    const length = shape.reduce((a, b) => a * b, 1)
    return { studies: [study(0, 0)], values: Uint16Array.from({ length }, (_, i) => value(i)), shape }
  }

  it('has all channels of a picture', () => {
    const features = coarse(
      one([1, 3, 32, 32], (i) => (Math.floor(i / 1024) * 65535) / 2),
      false,
    )
    expect([...features]).toEqual(Array.from({ length: 768 }, (_, i) => expect.closeTo(Math.floor(i / 256) / 2, 4)))
  })

  it('has the mean of a bag, the depth of a volume and the times of a lead', () => {
    expect(
      coarse(
        one([4, 3, 32, 32], (i) => (i < 3072 ? 65535 : 0)),
        false,
      )[0],
    ).toBeCloseTo(0.25, 4)
    const volume = coarse(
      one([16, 3, 32, 32], (i) => (i < 2 * 3072 ? 65535 : 0)),
      true,
    )
    expect(volume.length).toBe(512)
    expect([volume[0], volume[63], volume[64]]).toEqual([1, 1, 0])
    expect(
      coarse(
        one([1, 12, 1, 1000], () => 0),
        false,
      ).length,
    ).toBe(768)
  })
})
