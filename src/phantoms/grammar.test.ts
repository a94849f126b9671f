import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import {
  abbreviate,
  affirm,
  deny,
  doubt,
  english,
  fill,
  labelsOf,
  longTail,
  misspell,
  nameOf,
  plural,
  reportOf,
  sentence,
  type Terms,
  truthOf,
  withArticle,
} from './grammar.ts'

const terms: Terms = { train: longTail('nodule', 'lung nodule', 'nodular opacity'), heldOut: ['coin lesion'] }

describe('pools', () => {
  it('have a long tail, and a held-out pool that ordinary speech never enters', () => {
    const stream = random(1, 'names')
    const counts = new Map<string, number>()
    for (let i = 0; i < 700; i++) {
      const name = nameOf(terms, {}, stream)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const [a, b, c] = terms.train.map(([name]) => counts.get(name) as number) as [number, number, number]
    expect(a).toBeGreaterThan(1.5 * b)
    expect(b).toBeGreaterThan(1.5 * c)
    expect(c).toBeGreaterThan(50)
    expect(nameOf(terms, { heldOutSynonyms: true }, stream)).toBe('coin lesion')
    expect(counts.has('coin lesion')).toBe(false)
  })
})

describe('sentences', () => {
  it('affirm without a word of doubt or denial; doubt and denial are marked; all end with one stop', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(null, 'in the left lung'),
        fc.boolean(),
        fc.boolean(),
        (seed, place, mass, many) => {
          const stream = random(seed, 'say')
          const phrase = { noun: many ? 'nodules' : 'nodule', place, mass, many }
          const yes = affirm(phrase, stream)
          expect(yes).not.toMatch(english.doubtCue)
          expect(yes).not.toMatch(english.contradiction)
          const open = doubt(phrase, stream)
          expect(open).toMatch(english.doubtCue)
          const no = [deny('nodule', stream), deny('nodule', stream, 'mass')]
          for (const text of no) expect(text).toMatch(english.denialCue)
          expect(no[1]).toContain('mass')
          for (const text of [yes, open, ...no]) {
            expect(text).toMatch(/^[A-Z][^.]*[^ .]\.$/)
            expect(text).not.toMatch(/ {2}|[{}]/)
            expect(text.toLowerCase()).toContain('nodule')
          }
          if (place) for (const text of [yes, open]) expect(text.toLowerCase()).toContain(place)
          if (many) expect(yes).not.toMatch(/\b(?:a|an|is)\b/)
        },
      ),
    )
  })

  it('fill slots, choose articles and plurals', () => {
    expect(fill('{at} there is {item} .', { at: 'in the apex', item: 'a mass' })).toBe('In the apex there is a mass.')
    expect(['8 mm nodule', 'effusion', '18 mm cyst', 'mass', '80 mm mass'].map((noun) => withArticle(noun))).toEqual([
      'an 8 mm nodule',
      'an effusion',
      'an 18 mm cyst',
      'a mass',
      'an 80 mm mass',
    ])
    expect(['nodule', 'mass', 'opacity', 'patch', 'day'].map(plural)).toEqual([
      'nodules',
      'masses',
      'opacities',
      'patches',
      'days',
    ])
  })

  it('slip at the given rate, within one word, and abbreviate', () => {
    const text = 'There is a consolidation in the left upper lobe.'
    const stream = random(2, 'slips')
    const slips = Array.from({ length: 400 }, () => misspell(text, stream, 0.2)).filter((t) => t !== text)
    expect(slips.length).toBeGreaterThan(40)
    expect(slips.length).toBeLessThan(120)
    for (const slip of slips) expect([...slip].sort()).toEqual([...text].sort())
    expect(abbreviate(text, { 'left upper lobe': 'LUL' }, stream, 1)).toBe('There is a consolidation in the LUL.')
  })
})

describe('a report', () => {
  const sentences = [
    sentence('Cough.', { section: 'indication' }),
    sentence('No nodule or mass.', { name: 'Nodule', polarity: 0 }),
    sentence('No nodule or mass.', { name: 'Mass', polarity: 0 }),
    sentence('Possible effusion.', { name: 'Effusion', polarity: -1, finding: 0 }),
    sentence('Effusion.', { name: 'Effusion', polarity: 1, finding: 0, section: 'impression' }),
  ]

  it('says a sentence about two findings once; absent sections are absent', () => {
    expect(reportOf(sentences)).toEqual({
      indication: 'Cough.',
      findings: 'No nodule or mass. Possible effusion.',
      impression: 'Effusion.',
      language: 'en',
    })
  })

  it('has labels and linked boxes', () => {
    expect(labelsOf(sentences)).toEqual({ Nodule: 0, Mass: 0, Effusion: 1 })
    const truth = truthOf(sentences, [1, 0, 0])
    expect(truth[3]).toEqual({
      text: 'Possible effusion.',
      section: 'findings',
      finding: 'Effusion',
      polarity: -1,
      boxes: [1, 2],
    })
    expect(truth[0]).toEqual({ text: 'Cough.', section: 'indication', boxes: [] })
  })
})
