/** @file Which words go with an image. */

import { VesaliusError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { Study } from './study.ts'

export const textModes = [
  'report',
  'findings',
  'impression',
  'sections',
  'mixed',
  'sentence',
  'impression-sentence',
  'caption',
] as const
export type TextMode = (typeof textModes)[number]

/** Sentences of a text: split after a full stop, question or exclamation mark that is followed by white space. */
function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

/**
 * Text of a study in this mode; `stream` decides what is drawn (a section, a sentence, one of several captions). A
 * study without a report falls back on its captions, one without the wanted section on the other. Throws
 * DATA_LACKS_FIELD for a study without any words.
 */
export function textOf(study: Study, mode: TextMode, stream: Random): string {
  const { findings = '', impression = '' } = study.report ?? {}
  const whole = [findings, impression].filter((part) => part !== '').join(' ')
  if (mode === 'caption' || whole === '') {
    if (study.captions.length > 0) return stream.pick(study.captions)
    if (whole === '') {
      throw new VesaliusError('DATA_LACKS_FIELD', `The study ${study.id} has neither a report nor a caption.`, {
        where: `study ${study.id}`,
        hint: 'Training on image-text pairs needs words for every study: leave such studies out, or add captions.',
      })
    }
    return whole
  }
  switch (mode) {
    case 'report':
      return whole
    case 'findings':
      return findings === '' ? impression : findings
    case 'impression':
      return impression === '' ? findings : impression
    case 'sentence':
      return stream.pick(sentences(whole))
    case 'impression-sentence':
      return stream.pick(sentences(impression === '' ? findings : impression))
    case 'mixed': {
      const parts = [findings, impression].filter((part) => part !== '')
      return stream.pick([...parts, stream.pick(sentences(whole))])
    }
    case 'sections': {
      const parts = [findings, impression].filter((part) => part !== '')
      return stream.pick([...parts, whole])
    }
  }
}

/** The whole report of a study, or its first caption; '' when it has no words. What lengths are judged by. */
export function reportOf({ report, captions }: Study): string {
  const whole = [report?.findings ?? '', report?.impression ?? ''].filter((part) => part !== '').join(' ')
  return whole === '' ? (captions[0] ?? '') : whole
}

/** A text without some words (whole words, any case): controls that must not read the answer off the words. */
export function dropWords(text: string, words: readonly string[]): string {
  if (words.length === 0) return text
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'giu')
  return text.replace(pattern, '').replace(/\s+/g, ' ').trim()
}

/** A text of the mirrored picture: left and right swapped, as words of their own and before a hyphen, case kept. */
export function swapSides(text: string): string {
  return text.replace(/\b(left|right)(?=\b|ward|sided)/giu, (word) => {
    const other = word.toLowerCase() === 'left' ? 'right' : 'left'
    if (word === word.toUpperCase()) return other.toUpperCase()
    return word[0] === word[0]?.toUpperCase() ? other[0]?.toUpperCase() + other.slice(1) : other
  })
}
