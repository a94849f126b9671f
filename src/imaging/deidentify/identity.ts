/**
 * @file What identifies the person in one file: the strings that were removed, so that no copy of them stays elsewhere
 * (in a protocol name, a code meaning, a comment inside compressed pixels).
 */

import type { Element } from '../dicom/elements.ts'
import { textVrs } from './values.ts'

/** Attributes whose value as a whole identifies, whatever their table entry. */
const identifiers = new Set([
  0x00080050, 0x00100020, 0x00100021, 0x00100024, 0x00101000, 0x00101001, 0x00101005, 0x00101040, 0x00101060,
  0x00101090, 0x00102154, 0x00102155, 0x00200010, 0x00380010, 0x00402016, 0x00402017,
])

/** Strings to look for, as characters 0 to 255, in upper case. */
export interface Identity {
  /** Found only as words of their own: short names would be found inside other words. */
  words: ReadonlySet<string>
  /** Found anywhere. */
  parts: readonly string[]
}

function latin1(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
}

/** Reserves a block of private elements; names a program, not a person. */
function isCreator(tag: number): boolean {
  return (tag >>> 16) % 2 === 1 && (tag & 0xffff) < 0x100
}

/** Collects names and identifiers of a data set, nested and private ones included. */
export function identityOf(elements: readonly Element[], removed: (element: Element) => boolean): Identity {
  const words = new Set<string>()
  const parts = new Set<string>()
  const add = (text: string, shortest: number): void => {
    const clean = text
      .replace(/[\0 ]+$/g, '')
      .trim()
      .toUpperCase()
    const digits = /^[\d.\-/ ]*$/.test(clean)
    if (clean.length < (digits ? 6 : shortest)) return
    if (clean.length < 5 || digits) words.add(clean)
    else parts.add(clean)
  }
  const walk = (level: readonly Element[]): void => {
    for (const element of level) {
      for (const item of element.items ?? []) walk(item)
      const { tag, vr, value } = element
      if (value === undefined || value.length === 0 || value.length > 4096) continue
      if (vr === 'PN') {
        for (const part of latin1(value).split(/[\\^= ,]/)) add(part, 3)
      } else if (identifiers.has(tag)) {
        for (const part of latin1(value).split('\\')) add(part, 3)
      } else if ((textVrs.has(vr) || vr === 'UN') && removed(element) && !isCreator(tag)) {
        // The sentence as a whole; single words of it may be plain English.
        if (value.length <= 256 && /^[\x20-\xff\0]+$/.test(latin1(value))) add(latin1(value), 8)
      }
    }
  }
  walk(elements)
  // The placeholders of other tools identify nobody.
  for (const plain of ['ANONYMOUS', 'ANONYMIZED', 'UNKNOWN', 'REMOVED', 'NONE', 'PATIENT', 'PHANTOM']) {
    words.delete(plain)
    parts.delete(plain)
  }
  return { words, parts: [...parts] }
}

/** Whether a text holds one of the strings. */
export function reveals(text: string, { words, parts }: Identity): boolean {
  const upper = text.toUpperCase()
  if (parts.some((part) => upper.includes(part))) return true
  if (words.size === 0) return false
  return upper.split(/[^A-Z0-9\x80-\xff]+/).some((word) => words.has(word)) || words.has(upper.trim())
}

/** Whether bytes hold one of the longer strings, as written, in upper, lower or capitalised letters. */
export function bytesReveal(bytes: Uint8Array, { parts }: Identity, shortest: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return parts
    .filter((part) => part.length >= shortest)
    .some((part) => {
      const lower = part.toLowerCase()
      const capital = lower.replace(/(^|[^a-z])([a-z])/g, (_, before: string, c: string) => before + c.toUpperCase())
      return [part, lower, capital].some((form) => buffer.includes(form, 0, 'latin1'))
    })
}
