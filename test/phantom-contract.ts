/**
 * @file What holds for every phantom domain, as tests that a domain's own test file registers: records follow the schema,
 * studies are pure functions of their place, geometry lies in the picture, words read back to the scene.
 */

import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { type Split, type Study, studySchema } from '../src/data/study.ts'
import type { MadeStudy, MakeOptions, PhantomDomain } from '../src/phantoms/domain.ts'
import { makeOptions } from '../src/phantoms/fingerprint.ts'
import { english } from '../src/phantoms/grammar.ts'

/** Study `index` of a domain. */
export function makeStudy(
  domain: PhantomDomain,
  index: number,
  { split = 'train', ...more }: Partial<MakeOptions> & { split?: Split | undefined } = {},
): Promise<MadeStudy> {
  return domain.make({ index, split }, makeOptions(domain, { seed: 7, size: domain.size.least, ...more }))
}

/** The first studies of a domain. */
export function makeStudies(
  domain: PhantomDomain,
  count: number,
  more: Partial<MakeOptions> = {},
): Promise<MadeStudy[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => makeStudy(domain, index, more)))
}

/** The findings that a text names, longest names first. */
export function namesIn(domain: PhantomDomain, text: string): Set<string> {
  const pool = Object.entries(domain.words ?? {}).flatMap(([name, entries]) =>
    entries.flatMap(({ train, heldOut }) =>
      [...train.map(([term]) => term), ...heldOut].map((term) => [term, name] as const),
    ),
  )
  const names = new Set<string>()
  let left = text.toLowerCase()
  for (const [term, name] of pool.sort((a, b) => b[0].length - a[0].length)) {
    const pattern = new RegExp(`(?<!\\p{L})${term.toLowerCase()}s?(?!\\p{L})`, 'gu')
    if (!pattern.test(left)) continue
    names.add(name)
    left = left.replaceAll(pattern, ' ')
  }
  return names
}

/** What a reader that knows the words and nothing of the generator finds in a sentence. */
export function readSentence(domain: PhantomDomain, text: string): { names: Set<string>; polarity: 1 | 0 | -1 } {
  const polarity = /^(?:no|there (?:is|are) no|negative)\b/i.test(text) ? 0 : english.doubtCue.test(text) ? -1 : 1
  return { names: namesIn(domain, text), polarity }
}

/** Every sentence of a study against its truth; returns how many affirmations were read. */
export function checkWords(domain: PhantomDomain, { labels, truth }: Study): number {
  let affirmed = 0
  for (const { text, finding, polarity } of truth?.sentences ?? []) {
    const said = readSentence(domain, text)
    for (const name of said.names) {
      if (said.polarity === 1) expect(truth?.labels[name], `${name}: ${text}`).toBe(1)
      if (said.polarity === 0) expect(truth?.labels[name], `${name}: ${text}`).toBe(0)
      if (said.polarity === -1) expect(labels[name], `${name}: ${text}`).toBe(-1)
      if (said.polarity === 1) affirmed++
    }
    if (finding === undefined || polarity === undefined) continue
    if (polarity === 0) expect(text).toMatch(english.denialCue)
    else expect(said.polarity, text).toBe(polarity)
    if (polarity === -1) expect(text).toMatch(english.doubtCue)
  }
  return affirmed
}

const honest = { labelNoise: 0 }

/**
 * Registers the tests of the contract. `dials` are those whose effect is
 * measured here, with few studies; `small` are dials that keep the tests quick.
 */
export function holdsTheContract(
  domain: PhantomDomain,
  dials: readonly string[] = [],
  small: Readonly<Record<string, unknown>> = {},
): void {
  const known = Object.keys(domain.dials.shape)
  const clean = { ...small, ...(known.includes('labelNoise') ? honest : {}) }
  const findings = domain.findings.length > 0
  let first: Promise<MadeStudy[]> | undefined
  const many = (): Promise<MadeStudy[]> => {
    first ??= makeStudies(domain, 200, { dials: clean, pictures: false })
    return first
  }

  describe(`${domain.id}: the contract`, () => {
    it('records follow the schema and name the files that are made, in the picture', async () => {
      for (const { study, files } of await makeStudies(domain, 12, { masks: true, dials: small })) {
        expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
        const named = [...study.images, ...study.masks, ...study.frames].map(({ path }) => path)
        if (study.omics) named.push(study.omics)
        expect(new Set(named)).toEqual(new Set(files.map(({ path }) => path)))
        for (const image of study.images.slice(0, 1)) {
          const bytes = files.find(({ path }) => path === image.path)?.bytes
          const { width, height } = await sharp(bytes).metadata()
          for (const { box } of study.boxes) {
            const [x, y, w, h] = box as number[]
            expect(Math.min(x as number, y as number)).toBeGreaterThanOrEqual(0)
            expect(Math.min(w as number, h as number)).toBeGreaterThan(0)
            expect((x as number) + (w as number)).toBeLessThanOrEqual(width as number)
            expect((y as number) + (h as number)).toBeLessThanOrEqual(height as number)
          }
        }
        const truth = study.truth?.labels ?? {}
        for (const name of domain.findings) expect(truth[name], name).toBeDefined()
        for (const sentence of study.truth?.sentences ?? []) {
          for (const box of sentence.boxes) expect(study.boxes[box]?.label).toBe(sentence.finding)
        }
      }
    })

    it('a study is a pure function of seed and index', async () => {
      const first = await makeStudy(domain, 5, { dials: small })
      await makeStudy(domain, 2, { dials: small })
      const again = await makeStudy(domain, 5, { dials: small })
      expect([again.study, again.files]).toEqual([first.study, first.files])
      expect((await makeStudy(domain, 5, { dials: small, seed: 8 })).files[0]?.bytes).not.toEqual(first.files[0]?.bytes)
    })

    it('all findings occur, and none always', async () => {
      const made = await many()
      for (const name of domain.findings) {
        const share = made.filter(({ study }) => study.truth?.labels[name] === 1).length / made.length
        expect(share, name).toBeGreaterThan(0.02)
        expect(share, name).toBeLessThan(0.9)
      }
    })

    if (domain.words && findings) {
      it('words say no more than the scene, in every voice, with usual and with held-out names', async () => {
        for (const [i, voice] of domain.voices.entries()) {
          let read = 0
          const made = i === 0 ? await many() : await makeStudies(domain, 200, { dials: clean, voice, pictures: false })
          for (const { study } of made) read += checkWords(domain, study)
          expect(read, voice).toBeGreaterThan(60)
          for (const { study } of await makeStudies(domain, 200, {
            dials: clean,
            voice,
            heldOutSynonyms: true,
            pictures: false,
          })) {
            checkWords(domain, study)
          }
        }
      })
    }

    for (const dial of dials) {
      it(`the dial ${dial} does what its card says`, async () => {
        const effect = domain.effects?.[dial]
        if (!effect) throw new Error(`${dial} has no effect in the card`)
        const sets = await Promise.all(
          effect.values.map((value) =>
            makeStudies(domain, Math.min(24, effect.studies ?? 24), {
              dials: { ...effect.dials, [dial]: value },
              pictures: !effect.records,
              size: effect.size ?? domain.size.least,
            }),
          ),
        )
        const measures = await Promise.all(sets.map((made) => effect.measure(made, sets[0] as MadeStudy[])))
        for (let i = 1; i < measures.length; i++)
          expect(measures[i], String(measures)).toBeGreaterThan(measures[i - 1] as number)
      })
    }

    it('every dial has an effect in the card', () => {
      const described = Object.keys(domain.effects ?? {})
      for (const dial of known) expect(described).toContain(dial)
    })
  })
}
