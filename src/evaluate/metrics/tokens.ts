/** @file Words of hypotheses and references for the scores of text overlap. Both sides go through the same tokenizer. */

import { VesaliusError } from '../../core/errors.ts'

/** One generated text with the texts it is compared with, as words. */
export interface TextCase {
  hypothesis: readonly string[]
  /** At least one that is not empty, or the case is skipped. */
  references: readonly (readonly string[])[]
}

/** What becomes of punctuation: a word of its own, or nothing. Decimal points and hyphens inside words stay. */
export type Punctuation = 'separate' | 'remove'

const word = /[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+|[.,](?=\p{N})[\p{N}]+)*/gu
const wordOrMark = new RegExp(`${word.source}|[^\\s\\p{L}\\p{N}]`, 'gu')

/** Lower-case words of a text. */
export function wordsOf(text: string, punctuation: Punctuation = 'separate'): string[] {
  return text.toLowerCase().match(punctuation === 'separate' ? wordOrMark : word) ?? []
}

/** Texts as cases; a reference may be one text or several. Throws when the numbers of both differ. */
export function textCases(
  hypotheses: readonly string[],
  references: readonly (string | readonly string[])[],
  punctuation: Punctuation = 'separate',
): TextCase[] {
  if (hypotheses.length !== references.length) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${hypotheses.length} generated texts but ${references.length} references.`,
      { hint: 'Give the reference, or the list of references, of each text; an empty one skips the case.' },
    )
  }
  return hypotheses.map((text, i) => {
    const reference = references[i]!
    const list = typeof reference === 'string' ? [reference] : reference
    return { hypothesis: wordsOf(text, punctuation), references: list.map((one) => wordsOf(one, punctuation)) }
  })
}

/** References with words; none: the case is skipped, also when the hypothesis is empty too. */
export function usableReferences({ references }: TextCase): (readonly string[])[] {
  return references.filter(({ length }) => length > 0)
}

/** Skipped cases of every text score. */
export const textRule = 'cases without a reference are skipped, an empty text scores 0; undefined when all are skipped'

/** How often each run of 1 to `longest` words occurs, one map a length. */
export function countRuns(words: readonly string[], longest: number): Map<string, number>[] {
  return Array.from({ length: longest }, (_, n) => {
    const counts = new Map<string, number>()
    for (let i = 0; i + n < words.length; i++) {
      const run = words.slice(i, i + n + 1).join('\u0000')
      counts.set(run, (counts.get(run) ?? 0) + 1)
    }
    return counts
  })
}
