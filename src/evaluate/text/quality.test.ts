import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { preparedMeasure } from '../case-measures.ts'
import { diseases, synonyms } from './diseases.ts'
import { distribution, eigenvalues, overlapOf, textQuality } from './quality.ts'

const width = 64
const vector = (...keys: string[]): Float32Array => {
  const stream = random('vector', ...keys)
  return Float32Array.from({ length: width }, () => stream.normal())
}
const encoder = (of: (text: string) => Float32Array) => ({
  embed: async (texts: readonly string[]) => {
    const out = new Float32Array(texts.length * width)
    texts.forEach((text, i) => {
      out.set(of(text), i * width)
    })
    return out
  },
})
const value = (quality: Awaited<ReturnType<typeof textQuality>>, name: string): number => {
  const found = quality.measured.flatMap(({ measures }) => (measures[name] ? [measures[name]] : []))[0]!
  return preparedMeasure(found).on()
}
const organOf = (name: string) => Object.keys(diseases).find((organ) => diseases[organ]!.includes(name)) ?? ''

describe('text-encoder quality', () => {
  it('of random vectors: similarities around 0 with deviation 1 / sqrt(D), synonyms and denials at chance', async () => {
    const quality = await textQuality(encoder((text) => vector(text)))
    expect(Math.abs(quality.within.mean)).toBeLessThan(3 / Math.sqrt(width * quality.within.pairs) + 0.01)
    expect(quality.within.sd).toBeCloseTo(1 / Math.sqrt(width), 1)
    expect(quality.overlap).toBeGreaterThan(0.9)
    expect(Math.abs(value(quality, 'synonymAuroc') - 0.5)).toBeLessThan(0.12)
    expect(value(quality, 'organPurity')).toBeLessThan(0.35)
    expect(quality.indistinguishable).toEqual([])
  })

  it('of a tower that knows organs, synonyms and denials: pure, apart, ranked', async () => {
    const canonical = new Map(synonyms.map(([name, other]) => [other, name]))
    const knows = encoder((text) => {
      const bare = text.replace(/^there is (?:no )?|^no | is present$| is absent$/g, '')
      const name = canonical.get(bare) ?? bare
      const sign = /\bno\b|absent/.test(text) ? -1 : 1
      const [own, organ] = [vector(name), vector('organ', organOf(name))]
      const polarity = vector('polarity')
      return own.map((v, d) => v + 1.5 * organ[d]! + sign * 2 * polarity[d]! + 0.1 * vector(text)[d]!)
    })
    const quality = await textQuality(knows)
    expect(value(quality, 'synonymAuroc')).toBeGreaterThan(0.99)
    expect(value(quality, 'negationAuroc')).toBeGreaterThan(0.99)
    expect(value(quality, 'entailment')).toBe(1)
    expect(value(quality, 'organPurity')).toBe(1)
    expect(quality.overlap).toBeLessThan(0.2)
    expect(quality.paraphraseGap).toBeGreaterThan(0.1)
  })

  it('is not fooled by one large common vector: plain similarities rise to 1, centred ones stay', async () => {
    const common = vector('common')
    const plain = await textQuality(encoder((text) => vector(text)))
    const cone = await textQuality(encoder((text) => vector(text).map((v, d) => v + 20 * common[d]!)))
    expect(cone.within.mean).toBeGreaterThan(0.98)
    expect(cone.centred.within).toBeCloseTo(plain.centred.within, 4)
    expect(cone.effectiveRank).toBeCloseTo(plain.effectiveRank, 2)
  })

  it('names what it cannot tell apart', async () => {
    const quality = await textQuality(encoder((text) => vector(text === 'wart' ? 'nevus' : text)))
    expect(quality.indistinguishable).toEqual(['nevus = wart'])
  })

  it('has 20 to 30 diseases an organ, none twice in one', () => {
    for (const list of Object.values(diseases)) {
      expect(list.length).toBeGreaterThanOrEqual(20)
      expect(list.length).toBeLessThanOrEqual(30)
      expect(new Set(list).size).toBe(list.length)
    }
  })
})

describe('parts', () => {
  it('a density integrates to 1, its overlap with itself is 1, and a constant is a spike', () => {
    const stream = random('normal')
    const one = distribution(Array.from({ length: 300 }, () => stream.normal(0.2, 0.1)))
    expect(one.density.reduce((a, b) => a + b, 0) / 200).toBeCloseTo(1, 3)
    expect(overlapOf(one, one)).toBeCloseTo(1, 3)
    const spike = distribution([0.5, 0.5, 0.5])
    expect(spike.sd).toBe(0)
    expect(overlapOf(one, spike)).toBeLessThan(0.2)
  })

  it('eigenvalues of a symmetric matrix: their sum is the trace, their product the determinant', () => {
    const found = eigenvalues([Float64Array.of(4, 1, 2), Float64Array.of(1, 3, 0), Float64Array.of(2, 0, 5)])
    expect(found.reduce((a, b) => a + b)).toBeCloseTo(12, 9)
    expect(found.reduce((a, b) => a * b)).toBeCloseTo(43, 8)
  })
})
