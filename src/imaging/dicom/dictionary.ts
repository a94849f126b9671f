/** @file The DICOM dictionary: which value representation a tag has. */

import { dictionaryTable } from './dictionary-table.ts'

function unpack(): Map<number, string> {
  const known = new Map<number, string>()
  for (const line of dictionaryTable.trim().split('\n')) {
    const [vr = '', ...groups] = line.split(' ')
    for (const group of groups) {
      const base = Number.parseInt(group.slice(0, 4), 16) * 0x10000
      for (let i = 5; i < group.length; i += 4) known.set(base + Number.parseInt(group.slice(i, i + 4), 16), vr)
    }
  }
  return known
}

const dictionary = unpack()

/**
 * Value representation of a tag (PS3.6); `LO` for private creators, `UN` for what the dictionary does not know. Of a choice
 * (US or SS, OB or OW) the first. Repeating groups 50xx and 60xx stand under their first group.
 */
export function vrOf(tag: number): string {
  const group = tag >>> 16
  const element = tag & 0xffff
  if (element === 0) return 'UL'
  if (group % 2 === 1) return element >= 0x10 && element <= 0xff ? 'LO' : 'UN'
  const plain = group >= 0x5000 && group <= 0x50ff ? 0x5000 : group >= 0x6000 && group <= 0x60ff ? 0x6000 : group
  return dictionary.get(plain * 0x10000 + element) ?? repeating.get(element + plain * 0x10000) ?? 'UN'
}

/** Elements of overlays and curves; the dictionary proper lists no repeating groups. */
const repeating = new Map<number, string>([
  ...[0x10, 0x11, 0x12, 0x100, 0x102].map((element): [number, string] => [0x60000000 + element, 'US']),
  ...[0x40, 0x45].map((element): [number, string] => [0x60000000 + element, 'CS']),
  [0x60000015, 'IS'],
  [0x60000022, 'LO'],
  [0x60000050, 'SS'],
  [0x60000051, 'US'],
  [0x60001301, 'IS'],
  [0x60001302, 'DS'],
  [0x60001303, 'DS'],
  [0x60001500, 'LO'],
  [0x60003000, 'OW'],
  [0x60004000, 'LT'],
])
