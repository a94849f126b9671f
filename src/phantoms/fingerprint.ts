/** @file What a domain draws, as a hash: numbers measured on other drawings are stale. */

import sharp from 'sharp'
import { parseWith } from '../core/config.ts'
import { sha256 } from '../core/files.ts'
import type { MadeStudy, MakeOptions, PhantomDomain } from './domain.ts'
import { domainOf } from './domains.ts'
import { placesOf } from './patients.ts'

/** Options of a domain's studies with its defaults filled in; throws a VesaliusError that names a wrong dial. */
export function makeOptions(
  { dials: schema, size, voices }: PhantomDomain,
  { dials = {}, ...given }: Partial<MakeOptions> = {},
): MakeOptions {
  return {
    seed: 1,
    size: size.default,
    bits: 8,
    masks: false,
    dicom: false,
    heldOutSynonyms: false,
    voice: voices[0],
    ...given,
    dials: parseWith(schema, dials, 'dials'),
  }
}

/** The first studies of a domain. */
export function firstStudies(id: string, count: number, given: Partial<MakeOptions> = {}): Promise<MadeStudy[]> {
  const domain = domainOf(id)
  const options = makeOptions(domain, given)
  return Promise.all(placesOf(options.seed, { count }).map((place) => domain.make(place, options)))
}

/**
 * Hash of twelve studies: their pixels, and of their records what reference lines are measured against (patient, split,
 * files, truth labels). Words are left out: no line learns from them but the shuffled pairs, which stay at chance whatever
 * they say. Files that are no PNG count by their names only: how they are packed depends on versions of libraries.
 */
export async function fingerprint(id: string): Promise<string> {
  const parts: string[] = []
  for (const { study, files } of await firstStudies(id, 12, { masks: true })) {
    const { patient, split, images, masks, truth } = study
    parts.push(JSON.stringify({ patient, split, images, masks, labels: truth?.labels }))
    for (const { path, bytes } of files) {
      parts.push(path, path.endsWith('.png') ? sha256(await sharp(bytes).raw().toBuffer()) : '')
    }
  }
  return sha256(parts.join('\n'))
}
