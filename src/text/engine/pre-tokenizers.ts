/** @file Pre-tokenizers of a `tokenizer.json`: a normalised text to the pieces a model cuts. Equal to Python `tokenizers`. */

import { byteAlphabet } from '../tokenizer-json.ts'
import { isStep, literal, patternOf, space, stepsOf, unknownStep } from './json.ts'

/** Cuts one piece into several. `first` tells whether the piece begins the whole text. */
export type Cut = (piece: string, first: boolean) => string[]

/** GPT-2's own pattern, which ByteLevel uses unless told not to. */
const byteLevelPattern = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|[${space}]+(?![^${space}])|[${space}]+`,
  'gu',
)
/** Byte to its printable stand-in. */
export const byteSymbols: readonly string[] = (() => {
  const symbols = byteAlphabet()
  const order = [...byteOrder()]
  const out: string[] = []
  for (const [i, byte] of order.entries()) out[byte] = symbols[i]!
  return out
})()

/** Bytes in the order of the alphabet: printable Latin-1 first, then the rest. */
function* byteOrder(): Generator<number> {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174
  for (let b = 0; b < 256; b++) if (printable(b)) yield b
  for (let b = 0; b < 256; b++) if (!printable(b)) yield b
}

const plain = /^[\x21-\x7e]*$/
const encoder = new TextEncoder()

/** UTF-8 bytes of a text as their stand-ins. */
export function toByteSymbols(text: string): string {
  if (plain.test(text)) return text
  let out = ''
  for (const byte of encoder.encode(text)) out += byteSymbols[byte]!
  return out
}

type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous'

/** The parts of a text between and at the matches of a pattern. Empty parts are left out. */
function split(text: string, pattern: RegExp, behavior: Behavior, invert: boolean): string[] {
  const parts: { text: string; match: boolean }[] = []
  let end = 0
  for (const found of text.matchAll(pattern)) {
    if (found[0] === '') continue
    if (found.index > end) parts.push({ text: text.slice(end, found.index), match: invert })
    parts.push({ text: found[0], match: !invert })
    end = found.index + found[0].length
  }
  if (end < text.length) parts.push({ text: text.slice(end), match: invert })
  return joinParts(parts, behavior)
}

function joinParts(parts: readonly { text: string; match: boolean }[], behavior: Behavior): string[] {
  const out: string[] = []
  switch (behavior) {
    case 'Removed':
      for (const { text, match } of parts) if (!match) out.push(text)
      return out
    case 'Isolated':
      for (const { text } of parts) out.push(text)
      return out
    case 'Contiguous': {
      let before: boolean | undefined
      for (const { text, match } of parts) {
        if (match === before) out[out.length - 1] += text
        else out.push(text)
        before = match
      }
      return out
    }
    case 'MergedWithPrevious': {
      let open = false
      for (const { text, match } of parts) {
        if (match && open) out[out.length - 1] += text
        else out.push(text)
        open = !match
      }
      return out
    }
    case 'MergedWithNext': {
      let open = ''
      for (const { text, match } of parts) {
        if (match) {
          if (open !== '') out.push(open)
          open = text
        } else {
          out.push(open + text)
          open = ''
        }
      }
      if (open !== '') out.push(open)
      return out
    }
  }
}

const whiteSpace = new RegExp(`[${space}]+`, 'gu')
/** BERT's words and single punctuation marks. All of ASCII that is neither letter nor digit counts as punctuation. */
const bertPieces = new RegExp(`[!-/:-@[-\`{-~\\p{P}]|[^${space}!-/:-@[-\`{-~\\p{P}]+`, 'gu')
const wordOrMarks = new RegExp(
  `[\\p{L}\\p{M}\\p{N}\\p{Pc}\\u200C\\u200D]+|[^\\p{L}\\p{M}\\p{N}\\p{Pc}${space}\\u200C\\u200D]+`,
  'gu',
)
const punctuation = /[!-/:-@[-`{-~\p{P}]/gu

function metaspace(step: Record<string, unknown>): Cut {
  const mark = typeof step.replacement === 'string' ? step.replacement : '\u2581'
  const scheme = step.prepend_scheme ?? (step.add_prefix_space === false ? 'never' : 'always')
  const cut = step.split !== false
  const pattern = new RegExp(literal(mark), 'gu')
  return (piece, first) => {
    let text = piece.replaceAll(' ', mark)
    if ((scheme === 'always' || (scheme === 'first' && first)) && !text.startsWith(mark)) text = mark + text
    return cut ? split(text, pattern, 'MergedWithNext', false) : [text]
  }
}

function byteLevel(step: Record<string, unknown>): Cut {
  const prefix = step.add_prefix_space === true
  const regex = step.use_regex !== false
  return (piece) => {
    const text = prefix && !piece.startsWith(' ') ? ` ${piece}` : piece
    return regex ? (text.match(byteLevelPattern) ?? []).map(toByteSymbols) : [toByteSymbols(text)]
  }
}

/** The pre-tokenizer of a file; null leaves a text whole. Throws FORMAT_UNSUPPORTED for a step that is not known. */
export function preTokenizerOf(step: unknown, where: string): Cut[] {
  if (step === null || step === undefined) return []
  if (!isStep(step)) throw unknownStep('pre-tokenizer', step, where)
  switch (step.type) {
    case 'Sequence':
      return stepsOf(step.pretokenizers).flatMap((each) => preTokenizerOf(each, where))
    case 'BertPreTokenizer':
      return [(piece) => piece.match(bertPieces) ?? []]
    case 'ByteLevel':
      return [byteLevel(step)]
    case 'Metaspace':
      return [metaspace(step)]
    case 'Whitespace':
      return [(piece) => piece.match(wordOrMarks) ?? []]
    case 'WhitespaceSplit':
      return [(piece) => split(piece, whiteSpace, 'Removed', false)]
    case 'Punctuation':
      return [(piece) => split(piece, punctuation, (step.behavior as Behavior | undefined) ?? 'Isolated', false)]
    case 'Digits': {
      const digits = step.individual_digits === true ? /\p{N}/gu : /\p{N}+/gu
      return [(piece) => split(piece, digits, 'Isolated', false)]
    }
    case 'Split': {
      const pattern = patternOf(step.pattern, where)
      const behavior = step.behavior as Behavior
      const invert = step.invert === true
      if (!['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'].includes(behavior)) {
        throw unknownStep('pre-tokenizer', step, where)
      }
      if (behavior === 'Removed' && invert) return [(piece) => piece.match(pattern) ?? []]
      return [(piece) => split(piece, pattern, behavior, invert)]
    }
    default:
      throw unknownStep('pre-tokenizer', step, where)
  }
}
