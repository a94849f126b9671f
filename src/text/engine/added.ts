/** @file Added and special tokens: found in a text before anything is cut, and never cut themselves. */

import type { AddedTokenJson } from '../tokenizer-json.ts'
import { literal, space } from './json.ts'
import type { Normalize } from './normalizers.ts'

/** A stretch of text, or a token that was found. */
export type Stretch = { text: string; first: boolean } | { id: number }

const wordCharacter = /[\p{L}\p{M}\p{N}\p{Pc}]/u
const spaceBefore = new RegExp(`[${space}]+$`, 'u')
const spaceAfter = new RegExp(`^[${space}]+`, 'u')

function finder(tokens: readonly (AddedTokenJson & { content: string })[]): ((text: string) => Stretch[]) | undefined {
  if (tokens.length === 0) return undefined
  const byContent = new Map(tokens.map((token) => [token.content, token]))
  // The leftmost match, and the longest there.
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map(literal).join('|'), 'gu')
  return (text) => {
    const out: Stretch[] = []
    let end = 0
    for (const { 0: content, index } of text.matchAll(pattern)) {
      if (index < end) continue
      const token = byContent.get(content)!
      let start = index
      let stop = index + content.length
      if (token.single_word) {
        const before = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? ''
        const after = text.slice(stop)
        if (
          wordCharacter.test(before) ||
          (after !== '' && wordCharacter.test(String.fromCodePoint(after.codePointAt(0)!)))
        )
          continue
      }
      if (token.lstrip) start -= spaceBefore.exec(text.slice(end, start))?.[0].length ?? 0
      if (token.rstrip) stop += spaceAfter.exec(text.slice(stop))?.[0].length ?? 0
      if (start > end) out.push({ text: text.slice(end, start), first: end === 0 })
      out.push({ id: token.id })
      end = stop
    }
    if (end < text.length) out.push({ text: text.slice(end), first: end === 0 })
    return out
  }
}

/**
 * Cuts a text at its added tokens and normalises what lies between: tokens that are not normalised are looked for in the
 * text as given, the others in the normalised text (themselves normalised).
 */
export function addedTokens(tokens: readonly AddedTokenJson[], normalize: Normalize): (text: string) => Stretch[] {
  const usable = tokens.filter(({ content }) => content !== '')
  const isNormal = ({ normalized, special }: AddedTokenJson): boolean => normalized ?? special !== true
  const raw = finder(usable.filter((token) => !isNormal(token)))
  const normal = finder(
    usable
      .filter(isNormal)
      .map((token) => ({ ...token, content: normalize(token.content) }))
      .filter(({ content }) => content !== ''),
  )
  return (text) => {
    const out: Stretch[] = []
    for (const stretch of raw === undefined ? [{ text, first: true }] : raw(text)) {
      if ('id' in stretch) {
        out.push(stretch)
        continue
      }
      const clean = normalize(stretch.text)
      if (normal === undefined) out.push({ text: clean, first: stretch.first })
      else {
        for (const part of normal(clean))
          out.push('id' in part ? part : { ...part, first: part.first && stretch.first })
      }
    }
    return out
  }
}
