/**
 * @file Questions with answers from the scene: presence, side, location, count, size, degree, comparison, change. For every
 * kind the answers are balanced where the scene allows it, so that the words of a question do not give the answer away.
 */

import type { Random } from '../core/random.ts'
import type { Study } from '../data/study.ts'
import type { Known } from './facts.ts'
import { isPlural, plural, withArticle } from './grammar.ts'

type Question = Study['questions'][number]
export type Course = Study['changes'][string]

/** A finding as a noun. */
export interface Noun {
  text: string
  /** Takes no article. */
  mass?: boolean
  many?: boolean
  /** Its plural, where it is regular in no way that the language knows. */
  plural?: string
  gender?: 'm' | 'f'
}

/** The questions of a language. */
export interface QuestionWords {
  yes: string
  no: string
  presence(noun: Noun): string
  /** Of the whole examination; null: is not asked. */
  normal: string | null
  kinds: string
  side(noun: Noun): string
  onSide(noun: Noun, side: 'left' | 'right'): string
  place(noun: Noun): string
  size(noun: Noun): string
  degree(noun: Noun): string
  count(noun: Noun): string
  change(noun: Noun): string
  larger(a: Noun, b: Noun): string
  /** Answers. */
  sides: Record<'left' | 'right' | 'bilateral', string>
  courses: Record<Course, string>
}

const the = ({ text }: Noun): string => `the ${text}`
const be = ({ many = false }: Noun): string => (many ? 'are' : 'is')
const have = ({ many = false }: Noun): string => (many ? 'have' : 'has')

/** Questions in English about an examination ("chest radiograph"). */
export function englishQuestions(examination: string | null): QuestionWords {
  return {
    yes: 'yes',
    no: 'no',
    presence: (noun) => (noun.many ? `Are there ${noun.text}?` : `Is there ${withArticle(noun.text, noun.mass)}?`),
    normal: examination === null ? null : `Is this ${examination} normal?`,
    kinds: 'How many different findings are there?',
    side: (noun) => `On which side ${be(noun)} ${the(noun)}?`,
    onSide: (noun, side) => `${noun.many ? 'Are' : 'Is'} ${the(noun)} on the ${side}?`,
    place: (noun) => `Where ${be(noun)} ${the(noun)}?`,
    size: (noun) => `How many millimetres ${noun.many ? 'do' : 'does'} ${the(noun)} measure?`,
    degree: (noun) => `How marked or large ${be(noun)} ${the(noun)}?`,
    count: (noun) => `How many ${noun.plural ?? (noun.many ? noun.text : plural(noun.text))} are there?`,
    change: (noun) => `How ${have(noun)} ${the(noun)} changed since the prior study?`,
    larger: (a, b) => `${a.many ? 'Are' : 'Is'} ${the(a)} larger than ${the(b)}?`,
    sides: { left: 'left', right: 'right', bilateral: 'both' },
    courses: { improving: 'improving', stable: 'stable', worsening: 'worsening' },
  }
}

/** A noun of a name in English. */
export function englishNoun(text: string, mass = false): Noun {
  return { text, mass, many: isPlural(text) }
}

/** What questions are asked from. */
export interface Askable {
  /** Everything drawn; what is in doubt is not asked about. */
  known: readonly Known[]
  /** Findings that are not drawn. */
  absent: readonly string[]
  noun(name: string): Noun
  changes: Study['changes']
  words: QuestionWords
  stream: Random
  /** Findings that are there in health too. */
  healthy?: ReadonlySet<string>
  /** Questions of the domain's own. */
  more?: readonly Question[]
}

/** Up to ten questions about a study. */
export function questionsOf({
  known,
  absent,
  noun,
  changes,
  words,
  stream,
  healthy = new Set(),
  more = [],
}: Askable): Question[] {
  const there = known.filter(({ strength }) => strength >= 0.5)
  const questions: Question[] = []
  const ask = (type: string, question: string, answer: string, kind: Question['kind']): void => {
    questions.push({ type, question, answer, kind })
  }
  const sure = (type: string, question: string, answer: boolean): void =>
    ask(type, question, answer ? words.yes : words.no, 'closed')

  const asked = there.length > 0 && (absent.length === 0 || stream.chance(0.5)) ? stream.pick(there).name : null
  if (asked !== null || absent.length > 0)
    sure('presence', words.presence(noun(asked ?? stream.pick(absent))), asked !== null)
  const normal = known.every(({ name }) => healthy.has(name))
  if (words.normal !== null) sure('presence', words.normal, normal)
  ask('count', words.kinds, String(there.length), 'open')
  for (const { name, facts } of there) {
    const of = noun(name)
    const { side, place, mm, count, degree } = facts
    if (side !== undefined) {
      ask('side', words.side(of), words.sides[side], 'open')
      const guess = stream.pick(['left', 'right'] as const)
      sure('side', words.onSide(of, guess), side === guess || side === 'bilateral')
    }
    if (place !== undefined) ask('location', words.place(of), place, 'open')
    if (mm !== undefined) ask('size', words.size(of), String(mm), 'open')
    if (degree !== undefined) ask('degree', words.degree(of), degree, 'open')
    if (count !== undefined) ask('count', words.count(of), String(count), 'open')
    const change = changes[name]
    if (change !== undefined) ask('change', words.change(of), words.courses[change], 'open')
  }
  const measured = there.filter(({ facts }) => facts.mm !== undefined)
  const swap = stream.chance(0.5)
  const [a, b] = swap ? [measured[1], measured[0]] : measured
  if (a && b && a.facts.mm !== b.facts.mm) {
    sure('comparison', words.larger(noun(a.name), noun(b.name)), (a.facts.mm as number) > (b.facts.mm as number))
  }
  // The domain's own are always asked.
  const chosen = stream.shuffle(questions).slice(0, Math.max(0, 10 - more.length))
  return [...chosen, ...more]
}
