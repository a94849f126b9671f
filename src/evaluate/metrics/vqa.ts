/** @file Visual question answering: normalised answers, accuracy of open and closed questions, overlap of words, choices. */

import { type Prepared, prepareMean } from './measure.ts'

const numbers: Readonly<Record<string, string>> = {
  none: '0',
  zero: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  ten: '10',
}

/** Contractions without their apostrophe, with it again, as in the code of the VQA challenge. */
const contractions: Readonly<Record<string, string>> = {
  aint: "ain't",
  arent: "aren't",
  cant: "can't",
  couldnt: "couldn't",
  didnt: "didn't",
  doesnt: "doesn't",
  dont: "don't",
  hadnt: "hadn't",
  hasnt: "hasn't",
  havent: "haven't",
  isnt: "isn't",
  shouldnt: "shouldn't",
  thats: "that's",
  theres: "there's",
  wasnt: "wasn't",
  werent: "weren't",
  whats: "what's",
  wont: "won't",
  wouldnt: "wouldn't",
}

const articles = new Set(['a', 'an', 'the'])

/**
 * An answer as it is compared: that of the VQA challenge's code (lower case, its punctuation off, full stops off except
 * decimal points, number words and "none" as digits, articles dropped, contractions spelled with their apostrophe), and
 * "x ray" and "x-ray" as xray, quotation marks off.
 */
export function normaliseAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[’‘]/gu, "'")
    .replace(/\bx[\s-]?ray/gu, 'xray')
    .replace(/(?<=\d),(?=\d)|(?<!\d)\.|\.(?!\d)/gu, '')
    .replace(/[;/[\]"{}()=+\\_\-<>@`,?!]|(?<!\p{L})'|'(?!\p{L})/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !articles.has(word))
    .map((word) =>
      Object.hasOwn(numbers, word) ? numbers[word]! : Object.hasOwn(contractions, word) ? contractions[word]! : word,
    )
    .join(' ')
}

/** One question with the answer that was given. */
export interface AnsweredQuestion {
  predicted: string
  /** The right answer, or several that are right (one an annotator). */
  answer: string | readonly string[]
  /** As the data say; without it a question is closed when its answer is yes or no. */
  kind?: 'open' | 'closed'
  /** Type of the question: modality, plane, organ, presence, ... */
  type?: string
}

/** Whether a question is closed: as the data say, else yes or no. */
export function isClosed({ kind, answer }: AnsweredQuestion): boolean {
  if (kind !== undefined) return kind === 'closed'
  return [answer].flat().every((one) => ['yes', 'no'].includes(normaliseAnswer(one)))
}

/** 1 where the normalised answer is right, else 0, [N]. An empty prediction is wrong unless the answer is empty too. */
export function exactMatches(questions: readonly AnsweredQuestion[]): Float64Array {
  return Float64Array.from(questions, ({ predicted, answer }) => {
    const own = normaliseAnswer(predicted)
    return [answer].flat().some((one) => normaliseAnswer(one) === own) ? 1 : 0
  })
}

/** Soft score of the VQA challenge with several annotators: min(1, how many agree / 3), [N]. */
export function softScores(questions: readonly AnsweredQuestion[]): Float64Array {
  return Float64Array.from(questions, ({ predicted, answer }) => {
    const own = normaliseAnswer(predicted)
    return Math.min(1, [answer].flat().filter((one) => normaliseAnswer(one) === own).length / 3)
  })
}

/** F1 of the words of two answers as multisets, best over the right answers, [N]. Both empty 1, one empty 0. */
export function tokenF1(questions: readonly AnsweredQuestion[]): Float64Array {
  const words = (text: string) =>
    normaliseAnswer(text)
      .split(' ')
      .filter((word) => word !== '')
  return Float64Array.from(questions, ({ predicted, answer }) => {
    const own = words(predicted)
    const scores = [answer].flat().map((one) => {
      const right = words(one)
      if (own.length + right.length === 0) return 1
      const left = [...right]
      let both = 0
      for (const word of own) {
        const at = left.indexOf(word)
        if (at < 0) continue
        left.splice(at, 1)
        both++
      }
      return (2 * both) / (own.length + right.length)
    })
    return Math.max(...scores)
  })
}

export interface VqaAccuracy {
  overall: Prepared
  open: Prepared
  closed: Prepared
  /** By type of question, in order of names; questions without one are left out. */
  types: { type: string; accuracy: Prepared }[]
}

/** Mean of a score [N] (exact matches by default) over all questions, the open, the closed, and each type, resampled alike. */
export function prepareVqa(
  questions: readonly AnsweredQuestion[],
  scores: ArrayLike<number> = exactMatches(questions),
): VqaAccuracy {
  const over = (part: string, keep: (question: AnsweredQuestion) => boolean) =>
    prepareMean(
      Float64Array.from(questions, (question, i) => (keep(question) ? scores[i]! : Number.NaN)),
      { variant: `VQA-${part}`, rule: 'the other questions take no part; undefined without a question of this kind' },
    )
  const types = [...new Set(questions.flatMap(({ type }) => (type === undefined ? [] : [type])))].sort()
  return {
    overall: over('overall', () => true),
    open: over('open', (question) => !isClosed(question)),
    closed: over('closed', isClosed),
    types: types.map((type) => ({ type, accuracy: over(type, (question) => question.type === type) })),
  }
}

/** Share of test answers (normalised) that occur among the training answers: the bound of a system that chooses from them. */
export function answerCoverage(training: readonly string[], test: readonly string[]): number {
  const known = new Set(training.map(normaliseAnswer))
  return test.length === 0
    ? Number.NaN
    : test.filter((answer) => known.has(normaliseAnswer(answer))).length / test.length
}

/**
 * The option that a generated text is closest to: ratio 2 M / (|a| + |b|) of the letters in longest common blocks (Ratcliff
 * and Obershelp; Python's difflib without its junk rules), first maximum wins; -1 when all ratios are 0.
 */
export function chooseOption(text: string, options: readonly string[]): number {
  let best = 0
  let choice = -1
  for (const [k, option] of options.entries()) {
    const ratio = matchingRatio(text.toLowerCase(), option.toLowerCase())
    if (ratio > best) [best, choice] = [ratio, k]
  }
  return choice
}

/** 2 M / (|a| + |b|), in 0..1, where M counts the letters in matching blocks; 1 for two empty texts. */
export function matchingRatio(a: string, b: string): number {
  return a.length + b.length === 0 ? 1 : (2 * matched(a, b)) / (a.length + b.length)
}

function matched(a: string, b: string): number {
  let [length, endA, endB] = [0, 0, 0]
  let row = new Int32Array(b.length + 1)
  for (let i = 0; i < a.length; i++) {
    const next = new Int32Array(b.length + 1)
    for (let j = 0; j < b.length; j++) {
      if (a[i] !== b[j]) continue
      next[j + 1] = row[j]! + 1
      if (next[j + 1]! > length) [length, endA, endB] = [next[j + 1]!, i + 1, j + 1]
    }
    row = next
  }
  if (length === 0) return 0
  return length + matched(a.slice(0, endA - length), b.slice(0, endB - length)) + matched(a.slice(endA), b.slice(endB))
}
