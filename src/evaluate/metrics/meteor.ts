/**
 * @file METEOR in its definition of 2005 (Banerjee and Lavie), with the parameters and the alignment of NLTK:
 *
 *   Fm = P R / (0.9 P + 0.1 R),  penalty = 0.5 (chunks / matches)^3,  METEOR = Fm (1 - penalty)
 *
 * Words are matched one to one, first equal ones, then equal stems, then synonyms of a table. Without WordNet: a table is
 * named in the variant. Not comparable with METEOR 1.5, which the COCO package runs.
 */

import { type Prepared, prepareMean } from './measure.ts'
import { porterStem } from './porter.ts'
import { type TextCase, textRule, usableReferences } from './tokens.ts'

/** Words that mean the same, such as effusion and fluid, with a name for the variant. */
export interface Synonyms {
  name: string
  /** Each group lists stems or words that may be matched with each other; a word may be in several groups. */
  groups: readonly (readonly string[])[]
}

export interface MeteorOptions {
  synonyms?: Synonyms
}

type Positioned = { at: number; key: string }

/**
 * Matches from the end of the text backwards, each word with the last free one of the reference that is equal. This is
 * NLTK's rule; the paper asks for the fewest crossings, which differs where words repeat.
 */
function matchEqual(hypothesis: Positioned[], reference: Positioned[], keysOf: (key: string) => readonly string[]) {
  const free = new Map<string, number[]>()
  reference.forEach(({ key }, j) => {
    const list = free.get(key)
    if (list === undefined) free.set(key, [j])
    else list.push(j)
  })
  const matches: [number, number][] = []
  const takenH = new Set<number>()
  const takenR = new Set<number>()
  for (let i = hypothesis.length - 1; i >= 0; i--) {
    const { at, key } = hypothesis[i]!
    const lists = keysOf(key).flatMap((one) => free.get(one) ?? [])
    if (lists.length === 0) continue
    const j = Math.max(...lists)
    free.get(reference[j]!.key)!.pop()
    takenH.add(i)
    takenR.add(j)
    matches.push([at, reference[j]!.at])
  }
  return {
    matches,
    hypothesis: hypothesis.filter((_, i) => !takenH.has(i)),
    reference: reference.filter((_, j) => !takenR.has(j)),
  }
}

/** Pairs (place in the hypothesis, place in the reference) of matched words, in the order of the hypothesis. */
export function alignWords(
  hypothesis: readonly string[],
  reference: readonly string[],
  { synonyms }: MeteorOptions = {},
): [number, number][] {
  const positioned = (words: readonly string[]) => words.map((key, at) => ({ at, key }))
  const stemmed = (words: Positioned[]) => words.map(({ at, key }) => ({ at, key: porterStem(key) }))
  const exact = matchEqual(positioned(hypothesis), positioned(reference), (key) => [key])
  const stems = matchEqual(stemmed(exact.hypothesis), stemmed(exact.reference), (key) => [key])
  const all = [...exact.matches, ...stems.matches]
  if (synonyms !== undefined) {
    const groups = synonyms.groups.map((group) => new Set(group.map(porterStem)))
    const same = (key: string) => [...new Set([key, ...groups.filter((g) => g.has(key)).flatMap((g) => [...g])])]
    all.push(...matchEqual(stems.hypothesis, stems.reference, same).matches)
  }
  return all.sort(([a], [b]) => a - b)
}

/** METEOR of words against one reference; 0 without a match. Equal texts get 1 - 0.5 / words^3, not 1. */
export function meteorOf(
  hypothesis: readonly string[],
  reference: readonly string[],
  options: MeteorOptions = {},
): number {
  const pairs = alignWords(hypothesis, reference, options)
  if (pairs.length === 0) return 0
  const precision = pairs.length / hypothesis.length
  const recall = pairs.length / reference.length
  let chunks = 1
  for (let k = 1; k < pairs.length; k++) {
    const [[h0, r0], [h1, r1]] = [pairs[k - 1]!, pairs[k]!]
    if (h1 !== h0 + 1 || r1 !== r0 + 1) chunks++
  }
  const mean = (precision * recall) / (0.9 * precision + 0.1 * recall)
  return mean * (1 - 0.5 * (chunks / pairs.length) ** 3)
}

/** METEOR of each case, the best over its references, [N] in 0..1; NaN for a case without a reference. */
export function meteor(cases: readonly TextCase[], options: MeteorOptions = {}): Float64Array {
  return Float64Array.from(cases, (one) => {
    const scores = usableReferences(one).map((reference) => meteorOf(one.hypothesis, reference, options))
    return scores.length === 0 ? Number.NaN : Math.max(...scores)
  })
}

/** Mean METEOR over the cases. */
export function prepareMeteor(cases: readonly TextCase[], options: MeteorOptions = {}): Prepared {
  const variant = `METEOR-2005-exact+stem${options.synonyms === undefined ? '' : `+${options.synonyms.name}`}`
  return prepareMean(meteor(cases, options), { variant, rule: textRule })
}
