/** @file Replacement values: dummies by value representation, keyed UIDs and pseudonyms, dates shifted by patient. */

import { createHmac } from 'node:crypto'

/** Value representations of free text. */
export const textVrs = new Set(['AE', 'LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UR', 'UT'])
/** Binary numbers of a fixed size. */
export const numberVrs = new Set(['AT', 'FD', 'FL', 'SL', 'SS', 'SV', 'UL', 'US', 'UV'])

/** What a value of each kind looks like when it is not abused for something else. */
const shapes: Record<string, RegExp> = {
  DA: /^(?:\d{8}|\d{4}\.\d{2}\.\d{2})?$/,
  TM: /^(?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?|\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?$/,
  DT: /^(?:\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?:[+-]\d{4})?)?$/,
  AS: /^(?:\d{3}[DWMY])?$/,
  DS: /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)?$/,
  IS: /^(?:[+-]?\d+)?$/,
  UI: /^[0-9.]{0,64}$/,
}

/** Whether every value of a string has the form of its representation. */
export function hasShape(vr: string, text: string): boolean {
  const shape = shapes[vr]
  return shape === undefined || text.split('\\').every((part) => shape.test(part.trim()))
}

const dummies: Record<string, string> = {
  AE: 'REMOVED',
  AS: '000Y',
  CS: 'REMOVED',
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: 'REMOVED',
  LT: 'REMOVED',
  PN: 'REMOVED',
  SH: 'REMOVED',
  ST: 'REMOVED',
  TM: '000000',
  UC: 'REMOVED',
  UR: 'urn:removed',
  UT: 'REMOVED',
}

/** Bytes of a string, padded to an even length: identifiers with a zero byte, the rest with a space. */
export function textBytes(vr: string, text: string): Uint8Array {
  const pad = text.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' '
  return Buffer.from(text + pad, 'latin1')
}

/** A value that says nothing, of a representation: text that is the same in every character set, zeros for numbers. */
export function dummyValue(vr: string): Uint8Array {
  const text = dummies[vr]
  if (text !== undefined) return textBytes(vr, text)
  if (vr === 'FD' || vr === 'SV' || vr === 'UV') return new Uint8Array(8)
  return new Uint8Array(vr === 'US' || vr === 'SS' || vr === 'OB' || vr === 'UN' ? 2 : 4)
}

const day = 86_400_000

/** The day of `YYYYMMDD` plus some days; undefined for a day that is not in the calendar. */
function shiftDay(text: string, days: number): string | undefined {
  const [year, month, date] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number)
  const time = new Date(0)
  time.setUTCFullYear(year!, month! - 1, date)
  if (time.getUTCMonth() !== month! - 1 || time.getUTCDate() !== date) return undefined
  const moved = new Date(time.getTime() + days * day)
  const y = moved.getUTCFullYear()
  if (y < 1 || y > 9999) return undefined
  return `${String(y).padStart(4, '0')}${String(moved.getUTCMonth() + 1).padStart(2, '0')}${String(moved.getUTCDate()).padStart(2, '0')}`
}

/**
 * A DA or DT value moved by whole days; the time of day stays. Years and months alone move as their first day does. A
 * value that is no date becomes ''.
 */
export function shiftDates(vr: string, text: string, days: number): string {
  return text
    .split('\\')
    .map((part) => {
      const value = part.trim()
      if (value === '' || !hasShape(vr, value)) return ''
      const plain = value.replaceAll('.', vr === 'DA' ? '' : '.')
      const digits = /^\d*/.exec(plain)![0]
      const moved = shiftDay(digits.slice(0, 8) + fill(digits), days)
      return moved === undefined ? '' : moved.slice(0, Math.min(8, digits.length)) + plain.slice(8)
    })
    .join('\\')
}

/** What is missing of a month and day: the first. */
function fill(digits: string): string {
  return digits.length >= 8 ? '' : digits.length >= 6 ? '01' : '0101'
}

/** Everything that depends on the key: the same key gives the same replacements, in every file and every run. */
export interface Keyed {
  /** A UID under 2.25 (UUID-derived, PS3.5 B.2) for a UID. */
  uid(uid: string): string
  /** A pseudonym of a patient: `P-` and 16 hexadecimal digits. */
  pseudonym(patient: string): string
  /** A name for what a user called a study: `S-` and 16 hexadecimal digits. */
  study(id: string): string
  /** A pseudonym of whom a user's own folder or table names, in any script. */
  person(name: string): string
  /** Days to move the dates of a patient by: -3650 to -1. */
  days(patient: string): number
}

/** Replacements by HMAC-SHA-256 under a key of at least 16 bytes. */
export function keyedBy(key: Uint8Array): Keyed {
  const mac = (purpose: string, text: string): Buffer =>
    createHmac('sha256', key).update(`${purpose}\0`).update(text, 'latin1').digest()
  const short = (purpose: string, text: string): string => mac(purpose, text).toString('hex').slice(0, 16)
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
  return {
    study: (id) => `S-${short('study', utf8(id))}`,
    person: (name) => `P-${short('person', utf8(name))}`,
    uid: (uid) => `2.25.${BigInt(`0x${mac('uid', uid).toString('hex').slice(0, 32)}`)}`,
    pseudonym: (patient) => `P-${short('patient', patient)}`,
    days: (patient) => -1 - (mac('dates', patient).readUInt32BE(0) % 3650),
  }
}
