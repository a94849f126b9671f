/**
 * @file Porter's stemmer (Porter 1980) with the extensions of NLTK, its default, so that METEOR matches the same words:
 * a few irregular forms, words of one or two letters kept, y -> i only behind a consonant, some suffixes more.
 */

const irregular: Readonly<Record<string, string>> = {
  skies: 'sky',
  sky: 'sky',
  dying: 'die',
  lying: 'lie',
  tying: 'tie',
  news: 'news',
  innings: 'inning',
  inning: 'inning',
  outings: 'outing',
  outing: 'outing',
  cannings: 'canning',
  canning: 'canning',
  howe: 'howe',
  proceed: 'proceed',
  exceed: 'exceed',
  succeed: 'succeed',
}

/** Whether each letter is a consonant; y is one at the start and behind a vowel. */
function consonants(word: string): boolean[] {
  const flags: boolean[] = []
  for (const [i, letter] of [...word].entries()) {
    flags.push(letter === 'y' ? i === 0 || !flags[i - 1]! : !'aeiou'.includes(letter))
  }
  return flags
}

/** How often a vowel is followed by a consonant: m of [C](VC)^m[V]. */
function measureOf(stem: string): number {
  const flags = consonants(stem)
  let count = 0
  for (let i = 1; i < flags.length; i++) if (flags[i] && !flags[i - 1]) count++
  return count
}

const hasMeasure = (stem: string) => measureOf(stem) > 0
const longMeasure = (stem: string) => measureOf(stem) > 1
const hasVowel = (stem: string) => consonants(stem).includes(false)

function endsDoubleConsonant(word: string): boolean {
  return word.length >= 2 && word.at(-1) === word.at(-2) && consonants(word).at(-1)!
}

/** Ends consonant, vowel, consonant, the last not w, x or y; in NLTK also a vowel and a consonant alone. */
function endsShort(word: string): boolean {
  const flags = consonants(word)
  const n = word.length
  if (n === 2) return !flags[0] && flags[1]!
  return n >= 3 && flags[n - 3]! && !flags[n - 2] && flags[n - 1]! && !'wxy'.includes(word[n - 1]!)
}

/** Suffix, what replaces it, and the condition on what stands before it. */
type Rule = readonly [suffix: string, replacement: string, when?: (stem: string) => boolean]

/** Applies the first rule whose suffix fits, or none if its condition does not hold. */
function apply(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, when] of rules) {
    if (!word.endsWith(suffix)) continue
    const stem = word.slice(0, word.length - suffix.length)
    return when === undefined || when(stem) ? stem + replacement : word
  }
  return word
}

const plurals: readonly Rule[] = [
  ['sses', 'ss'],
  ['ies', 'i'],
  ['ss', 'ss'],
  ['s', ''],
]

function pastAndGerund(word: string): string {
  if (word.endsWith('ied')) return word.length === 4 ? word.slice(0, -1) : word.slice(0, -2)
  if (word.endsWith('eed')) return hasMeasure(word.slice(0, -3)) ? word.slice(0, -1) : word
  const suffix = ['ed', 'ing'].find((one) => word.endsWith(one) && hasVowel(word.slice(0, -one.length)))
  if (suffix === undefined) return word
  const stem = word.slice(0, -suffix.length)
  if (stem.endsWith('at') || stem.endsWith('bl') || stem.endsWith('iz')) return `${stem}e`
  if (endsDoubleConsonant(stem)) return 'lsz'.includes(stem.at(-1)!) ? stem : stem.slice(0, -1)
  return measureOf(stem) === 1 && endsShort(stem) ? `${stem}e` : stem
}

const step2: readonly Rule[] = [
  ['ational', 'ate', hasMeasure],
  ['tional', 'tion', hasMeasure],
  ['enci', 'ence', hasMeasure],
  ['anci', 'ance', hasMeasure],
  ['izer', 'ize', hasMeasure],
  ['bli', 'ble', hasMeasure],
  ['alli', 'al', hasMeasure],
  ['entli', 'ent', hasMeasure],
  ['eli', 'e', hasMeasure],
  ['ousli', 'ous', hasMeasure],
  ['ization', 'ize', hasMeasure],
  ['ation', 'ate', hasMeasure],
  ['ator', 'ate', hasMeasure],
  ['alism', 'al', hasMeasure],
  ['iveness', 'ive', hasMeasure],
  ['fulness', 'ful', hasMeasure],
  ['ousness', 'ous', hasMeasure],
  ['aliti', 'al', hasMeasure],
  ['iviti', 'ive', hasMeasure],
  ['biliti', 'ble', hasMeasure],
  ['fulli', 'ful', hasMeasure],
  // The measure is that of the word up to and with the l.
  ['logi', 'log', (stem) => hasMeasure(`${stem}l`)],
]

const step3: readonly Rule[] = [
  ['icate', 'ic', hasMeasure],
  ['ative', '', hasMeasure],
  ['alize', 'al', hasMeasure],
  ['iciti', 'ic', hasMeasure],
  ['ical', 'ic', hasMeasure],
  ['ful', '', hasMeasure],
  ['ness', '', hasMeasure],
]

const removed = 'al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize'.split(' ')
const step4: readonly Rule[] = removed.map((suffix) => [
  suffix,
  '',
  suffix === 'ion' ? (stem) => longMeasure(stem) && /[st]$/.test(stem) : longMeasure,
])

function suffixes2(word: string): string {
  // "-ally" becomes "-al", which may be a suffix of its own.
  if (word.endsWith('alli') && hasMeasure(word.slice(0, -4))) return suffixes2(word.slice(0, -2))
  return apply(word, step2)
}

function finalE(word: string): string {
  if (!word.endsWith('e')) return word
  const stem = word.slice(0, -1)
  const m = measureOf(stem)
  return m > 1 || (m === 1 && !endsShort(stem)) ? stem : word
}

/** The stem of a lower-case word. */
export function porterStem(word: string): string {
  if (Object.hasOwn(irregular, word)) return irregular[word]!
  if (word.length <= 2) return word
  let stem = word.endsWith('ies') && word.length === 4 ? word.slice(0, -1) : apply(word, plurals)
  stem = pastAndGerund(stem)
  stem = apply(stem, [['y', 'i', (before) => before.length > 1 && consonants(before).at(-1)!]])
  stem = suffixes2(stem)
  stem = apply(stem, step3)
  stem = apply(stem, step4)
  stem = finalE(stem)
  return stem.endsWith('ll') && longMeasure(stem.slice(0, -1)) ? stem.slice(0, -1) : stem
}
