/** @file De-identification of a data set, level by level, by the actions of the profile. */

import { isKnownCharacterSet } from '../dicom/character-sets.ts'
import { vrOf } from '../dicom/dictionary.ts'
import type { Element } from '../dicom/elements.ts'
import { codeStrings } from './code-strings.ts'
import { bytesReveal, type Identity, reveals } from './identity.ts'
import { keptPrivate, type PrivateAttribute } from './private.ts'
import type { Action, ActionOf, TypeOf } from './profile.ts'
import { plainText } from './technical-text.ts'
import { dummyValue, hasShape, type Keyed, numberVrs, shiftDates, textBytes, textVrs } from './values.ts'
import { cleanText } from './vocabulary.ts'

/** How many attributes met which fate. Holds no values. */
export interface Counts {
  removed: number
  emptied: number
  replaced: number
  cleaned: number
  uids: number
  dates: number
  privateRemoved: number
  privateKept: number
  overlays: number
  /** Values that the profile would keep, and that were emptied: no term of the standard, no valid form, a name inside. */
  doubtful: number
}

/** Nothing done yet. */
export function noCounts(): Counts {
  return {
    removed: 0,
    emptied: 0,
    replaced: 0,
    cleaned: 0,
    uids: 0,
    dates: 0,
    privateRemoved: 0,
    privateKept: 0,
    overlays: 0,
    doubtful: 0,
  }
}

/** What is the same for all levels of a file. */
export interface Cleaning {
  actionOf: ActionOf
  typeOf: TypeOf
  keyed: Keyed
  days: number
  dates: 'shift' | 'keep' | 'remove'
  keepUids: boolean
  pseudonym: string
  identity: Identity
  listed: readonly PrivateAttribute[]
  counts: Counts
}

/** What happens to text that the table does not name: kept if harmless, dummies (inside D), cleaned (inside C). */
type Mode = 'plain' | 'dummy' | 'clean'

const terms = new Set(codeStrings.trim().split('|'))
const standardUid = /^1\.2\.840\.10008\./
/** Binary attributes that hold measurements: pixels, tables, waveforms, offsets, points. */
const measured = new Set([
  0x7fe00001, 0x7fe00002, 0x7fe00008, 0x7fe00009, 0x7fe00010, 0x00283006, 0x00281201, 0x00281202, 0x00281203,
  0x00281204, 0x00281221, 0x00281222, 0x00281223, 0x00281224, 0x54001010, 0x54000110, 0x54000112, 0x5400100a,
  0x00660016, 0x00660021, 0x00660023, 0x00660024, 0x00660025, 0x00660026, 0x00660028, 0x00660029, 0x00660040,
  0x00660041, 0x00660042, 0x00660043, 0x00700022, 0x00700150, 0x00700151, 0x00700152,
])
/** Attributes that say how a file was de-identified; written anew. */
const ownAttributes = new Set([0x00120062, 0x00120063, 0x00120064, 0x00280303])

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
}

const empty = new Uint8Array(0)

/** The elements of one level, de-identified. `top` is the data set itself. */
export function cleanLevel(level: readonly Element[], top: boolean, mode: Mode, cleaning: Cleaning): Element[] {
  const { counts } = cleaning
  const kept = keptPrivate(level, cleaning.listed)
  const out: Element[] = []
  for (const element of level) {
    const { tag } = element
    const group = tag >>> 16
    if ((tag & 0xffff) === 0 || group < 8 || group === 0xfffc || ownAttributes.has(tag)) continue
    if (group % 2 === 1) {
      // A listed attribute holds numbers; text in its place is not what was listed.
      const isCreator = (tag & 0xffff) < 0x100
      if (kept.has(element) && element.items === undefined && (isCreator || !mayBeText(element, cleaning))) {
        counts.privateKept += isCreator ? 0 : 1
        out.push(element)
      } else counts.privateRemoved++
      continue
    }
    const cleaned = cleanElement(element, top, mode, cleaning)
    if (cleaned !== undefined) out.push(cleaned)
  }
  return out
}

function mayBeText({ vr, value }: Element, { identity }: Cleaning): boolean {
  if (value === undefined) return true
  const text = textOf(value)
  if (vr === 'DS' || vr === 'IS') return !hasShape(vr, text.replace(/[\0 ]+$/, ''))
  return /[A-Za-z]{4}/.test(text) || bytesReveal(value, identity, 5)
}

function cleanElement(element: Element, top: boolean, mode: Mode, cleaning: Cleaning): Element | undefined {
  const { counts } = cleaning
  const { tag } = element
  const group = tag >>> 16
  if (tag === 0x00100010 || tag === 0x00100020) {
    counts.replaced++
    return { tag, vr: tag === 0x00100010 ? 'PN' : 'LO', value: textBytes('LO', cleaning.pseudonym) }
  }
  const action = cleaning.actionOf(tag, top ? cleaning.typeOf(tag) : undefined)
  if ((group & 0xff00) === 0x6000 && (tag & 0xffff) === 0x3000) counts.overlays++
  return action === undefined ? unnamed(element, mode, cleaning) : act(element, action, mode, cleaning)
}

function recurse(element: Element, mode: Mode, cleaning: Cleaning): Element {
  return { ...element, items: element.items!.map((item) => cleanLevel(item, false, mode, cleaning)) }
}

function act(element: Element, action: Action, mode: Mode, cleaning: Cleaning): Element | undefined {
  const { counts } = cleaning
  const { tag, vr, items } = element
  switch (action) {
    case 'X':
      counts.removed++
      return undefined
    case 'Z':
      counts.emptied++
      return items === undefined ? { tag, vr, value: empty } : { ...element, items: [] }
    case 'D':
      counts.replaced++
      if (items !== undefined) return recurse(element, 'dummy', cleaning)
      return vr === 'UI' ? replaceUids(element, cleaning) : { tag, vr, value: dummyValue(vr) }
    case 'U':
      if (items !== undefined) return recurse(element, mode, cleaning)
      if (vr === 'UI' || vrOf(tag) === 'UI') return replaceUids(element, cleaning)
      counts.replaced++
      return { tag, vr, value: dummyValue(vr) }
    case 'K':
      return items === undefined ? guarded(element, cleaning) : recurse(element, mode, cleaning)
    case 'C':
      return clean(element, cleaning)
  }
}

/** C: dates shifted, sequences cleaned inside, text reduced to known words, everything else removed. */
function clean(element: Element, cleaning: Cleaning): Element | undefined {
  const { counts } = cleaning
  const { tag, vr, value, items } = element
  if (items !== undefined) return recurse(element, 'clean', cleaning)
  if (vr === 'DA' || vr === 'DT' || vr === 'TM') return dated(element, cleaning)
  if (value === undefined || !textVrs.has(vr)) {
    if (vr === 'CS' || vr === 'AS' || vr === 'DS' || vr === 'IS') return unnamed(element, 'clean', cleaning)
    counts.removed++
    return undefined
  }
  counts.cleaned++
  return guarded({ tag, vr, value: textBytes(vr, vr === 'PN' ? '' : cleanText(textOf(value))) }, cleaning)
}

function replaceUids(element: Element, { keyed, counts, keepUids }: Cleaning): Element {
  const text = textOf(element.value ?? empty).replace(/[\0 ]+$/, '')
  const uids = text.split('\\').map((part) => {
    const uid = part.replace(/[\0 ]+$/, '').trim()
    if (uid === '' || (standardUid.test(uid) && hasShape('UI', uid)) || (keepUids && hasShape('UI', uid))) return uid
    counts.uids++
    return keyed.uid(uid)
  })
  return { tag: element.tag, vr: 'UI', value: textBytes('UI', uids.join('\\')) }
}

function dated(element: Element, cleaning: Cleaning): Element {
  const { counts } = cleaning
  const { tag, vr, value } = element
  const text = textOf(value ?? empty).replace(/[\0 ]+$/, '')
  if (cleaning.dates === 'remove' || !hasShape(vr, text)) {
    if (text !== '') counts.emptied++
    return { tag, vr, value: empty }
  }
  if (cleaning.dates === 'keep' || vr === 'TM') return element
  counts.dates++
  return { tag, vr, value: textBytes(vr, shiftDates(vr, text, cleaning.days)) }
}

/** Attributes that the table does not name, and kinds of values that may hold anything. */
function unnamed(element: Element, mode: Mode, cleaning: Cleaning): Element | undefined {
  const { counts } = cleaning
  const { tag, vr, value, items, fragments } = element
  if (items !== undefined) {
    // A sequence that the dictionary does not know may mean anything.
    if (vrOf(tag) !== 'SQ') {
      counts.removed++
      return undefined
    }
    return recurse(element, mode, cleaning)
  }
  const known = vrOf(tag)
  if (fragments !== undefined) return measured.has(tag) ? element : undefined
  if (value === undefined || known === 'UN') {
    counts.removed++
    return undefined
  }
  if (vr === 'UI') return replaceUids(element, cleaning)
  if (vr === 'DA' || vr === 'DT' || vr === 'TM') return dated(element, cleaning)
  const text = textOf(value).replace(/[\0 ]+$/, '')
  const keepIf = (fits: boolean): Element => {
    if (fits) return guarded(element, cleaning)
    counts.doubtful++
    return { tag, vr, value: empty }
  }
  if (tag === 0x00080005) return keepIf(text.split('\\').every(isKnownCharacterSet))
  if (vr === 'CS') {
    const parts = text.split('\\').map((part) => part.trim())
    const fit = parts.map((part) => (terms.has(part) && !reveals(part, cleaning.identity) ? part : ''))
    if (fit.some((part, i) => part !== parts[i])) counts.doubtful++
    return { tag, vr, value: textBytes(vr, fit.join('\\')) }
  }
  if (vr === 'AS' || vr === 'DS' || vr === 'IS') return keepIf(hasShape(vr, text))
  if (textVrs.has(vr)) return unnamedText(element, text, mode, cleaning)
  if (numberVrs.has(vr) && (numberVrs.has(known) || known === 'OW' || known === 'OB')) return guarded(element, cleaning)
  if (measured.has(tag)) return tag >>> 16 === 0x7fe0 ? element : guarded(element, cleaning)
  counts.removed++
  return undefined
}

const codeAttributes = new Set([0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119])

function unnamedText(element: Element, text: string, mode: Mode, cleaning: Cleaning): Element {
  const { counts } = cleaning
  const { tag, vr } = element
  if (text === '') return { tag, vr, value: empty }
  if (vr === 'PN' || (mode === 'dummy' && !codeAttributes.has(tag))) {
    counts.replaced++
    return { tag, vr, value: dummyValue(vr) }
  }
  const whole = ['ST', 'LT', 'UT', 'UR'].includes(vr)
  const parts = whole ? [text] : text.split('\\')
  const plain = parts.map((part) => plainText(tag, part))
  const same = plain.every((part, i) => part === parts[i]!.trim())
  if (!same) counts.doubtful++
  // The meaning of a code may not be empty (type 1).
  const joined = tag === 0x00080104 && plain.join('') === '' ? 'REMOVED' : plain.join('\\')
  return guarded({ tag, vr, value: textBytes(vr, joined) }, cleaning)
}

/** A value that stays, unless it holds a name or an identifier that was removed elsewhere in the file. */
function guarded(element: Element, { identity, counts }: Cleaning): Element {
  const { tag, vr, value } = element
  if (value === undefined || value.length === 0) return element
  const isText = textVrs.has(vr) || vr === 'CS' || vr === 'AS' || vr === 'DS' || vr === 'IS'
  const found = isText ? reveals(textOf(value).replace(/[\0 ]+$/, ''), identity) : bytesReveal(value, identity, 4)
  if (!found) return element
  counts.doubtful++
  return { tag, vr, value: empty }
}
