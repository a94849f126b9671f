/** @file Careful reading of the steps of a `tokenizer.json`. */

import { VesaliusError } from '../../core/errors.ts'

/** A step of the file: `{ "type": "Lowercase", ... }`. */
export type Step = Record<string, unknown> & { type?: unknown }

export function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The steps of a `Sequence` under its own name for the list. */
export function stepsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function unknownStep(kind: string, step: unknown, where: string): VesaliusError {
  const type = isStep(step) ? String(step.type) : typeof step
  return new VesaliusError(
    'FORMAT_UNSUPPORTED',
    `${where} cannot be used as a tokenizer: its ${kind} of type ${type} is not known.`,
    { where, hint: 'CLIP byte BPE, BERT WordPiece, SentencePiece, and other tokenizer.json of transformers are read.' },
  )
}

/** White space as Rust and Oniguruma see it: Unicode's White_Space, with U+0085 and without U+FEFF. */
export const space = '\\t-\\r \\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000'

const trailing = /[.*+?^${}()|[\]\\/]/g

/** A literal as a pattern. */
export function literal(text: string): string {
  return text.replace(trailing, '\\$&')
}

/** `(?i:'s|'t)` without the modifier, which JavaScript lacks: letters become classes of both cases. */
function withoutModifier(body: string): string {
  return `(?:${body.replace(/(?<!\\)[a-zA-Z]/g, (c) => `[${c.toLowerCase()}${c.toUpperCase()}${c.toLowerCase() === 's' ? '\\u017F' : ''}]`)})`
}

/**
 * An Oniguruma pattern as a JavaScript one with the flags `gu`: `\s` and `\S` with Unicode's white space, `(?i:...)`
 * written out, possessive quantifiers as greedy ones, escapes of plain characters removed.
 */
export function regexOf(pattern: string, where: string): RegExp {
  let out = ''
  let inClass = false
  const source = pattern.replace(/\(\?i:([^()]*)\)/g, (_, body: string) => withoutModifier(body))
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!
    if (c === '\\') {
      const next = source[++i] ?? ''
      if (next === 's') out += inClass ? space : `[${space}]`
      else if (next === 'S' && !inClass) out += `[^${space}]`
      else if (next === 'h') out += inClass ? '0-9a-fA-F' : '[0-9a-fA-F]'
      else if (next === 'A') out += '(?<![^])'
      else if (next === 'z' || next === 'Z') out += '(?![^])'
      else if (/[a-zA-Z0-9^$\\.*+?()[\]{}|/]/.test(next) || (inClass && next === '-')) out += c + next
      else out += next
      continue
    }
    const nested = inClass && c === '['
    if (c === '[') inClass = true
    else if (c === ']') inClass = false
    if (!inClass && c === '+' && /[+*?]/.test(source[i - 1] ?? '') && source[i - 2] !== '\\') continue
    out += nested ? '\\[' : c
  }
  try {
    return new RegExp(out, 'gu')
  } catch (error) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} has a pattern that cannot be read: ${pattern}.`, {
      where,
      cause: error,
    })
  }
}

/** `{ "Regex": ... }` or `{ "String": ... }`. */
export function patternOf(value: unknown, where: string): RegExp {
  if (typeof value === 'string') return new RegExp(literal(value), 'gu')
  if (isStep(value) && typeof value.Regex === 'string') return regexOf(value.Regex, where)
  if (isStep(value) && typeof value.String === 'string') return new RegExp(literal(value.String), 'gu')
  throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} has a step without a pattern.`, { where })
}
