import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import type { MadeStudy, PhantomDomain } from '../domain.ts'
import { greyDomains } from '../grey-domains.ts'
import { splitOf } from '../patients.ts'

/** Dials measured here: the shared ones once, and those that a domain has for itself. */
const measured: Record<string, readonly string[]> = {
  knee: [
    'contrast',
    'normals',
    'falseNegativeRate',
    'negationRate',
    'uncertaintyRate',
    'labelNoise',
    'shortcut',
    'prevalence',
    'cooccurrence',
    'noise',
    'nuisance',
  ],
  'brain-mri': ['infants', 'form'],
  'abdominal-ct': ['labelled', 'thickness', 'form'],
  'lung-nodule-ct': ['readers', 'disagreement', 'form'],
  'ultrasound-heart': ['frames'],
  placenta: ['camera', 'namedBackground'],
  ecg: ['contrast', 'noise', 'nuisance', 'rate', 'seconds'],
}

/** Measures of an effect at each of its values. */
async function measuresOf(domain: PhantomDomain, dial: string): Promise<number[]> {
  const effect = domain.effects?.[dial]
  if (!effect) throw new Error(`${domain.id} says nothing about its dial ${dial}`)
  const sets: MadeStudy[][] = []
  for (const value of effect.values) {
    const dials = parseWith(domain.dials, { ...effect.dials, [dial]: value }, 'dials')
    const size = effect.size ?? domain.size.least
    const options = { seed: 3, size, bits: 8, masks: false, dicom: false, dials, heldOutSynonyms: false } as const
    const made = Array.from({ length: Math.min(60, effect.studies ?? 60) }, (_, index) =>
      domain.make({ index, split: splitOf(3, index) }, { ...options, voice: domain.voices[0] }),
    )
    sets.push(await Promise.all(made))
  }
  return Promise.all(sets.map((made) => effect.measure(made, sets[0] as MadeStudy[])))
}

describe.each(greyDomains.map((domain) => [domain.id, domain] as const))('%s', (id, domain) => {
  it('says of every dial what it does', () => {
    expect(Object.keys(domain.effects ?? {}).sort()).toEqual(Object.keys(domain.dials.shape).sort())
  })

  for (const dial of measured[id] ?? []) {
    it(`turns ${dial} and its measure grows`, async () => {
      const measures = await measuresOf(domain, dial)
      for (let i = 1; i < measures.length; i++)
        expect(measures[i], String(measures)).toBeGreaterThan(measures[i - 1] as number)
    })
  }
})
