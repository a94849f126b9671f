/**
 * @file Private attributes that are known to be safe (PS3.15 table E.3.10-1) and how they are recognised: by their creator,
 * never by their number alone.
 */

import { asciiOf, type Element, find } from '../dicom/elements.ts'

/** Creator, group, and low byte of the element. */
export interface PrivateAttribute {
  creator: string
  group: number
  element: number
}

const entry = (creator: string, group: number, ...elements: number[]): PrivateAttribute[] =>
  elements.map((element) => ({ creator, group, element }))

const through = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/**
 * Numbers and codes of the table, and the directions of diffusion beside its b values. What the table lists of texts, UIDs,
 * sequences and bytes is left out: such a field can hold anything.
 */
export const safePrivate: readonly PrivateAttribute[] = [
  ...entry('ELSCINT1', 0x00e1, 0x21, 0x50),
  ...entry('ELSCINT1', 0x01e1, 0x26),
  ...entry('ELSCINT1', 0x01f1, 0x01, 0x07, 0x26, 0x27),
  ...entry('GEIIS PACS', 0x0903, 0x10, 0x11, 0x12),
  ...entry('GEMS_ACQU_01', 0x0019, 0x23, 0x24, 0x27, 0xbb, 0xbc, 0xbd),
  ...entry('GEMS_HELIOS_01', 0x0045, 0x01, 0x02),
  ...entry('GEMS_PARM_01', 0x0043, 0x39, 0x6f),
  ...entry('GEMS_SERS_01', 0x0025, 0x07),
  ...entry('NQHeader', 0x0099, 0x04, 0x10, 0x21),
  ...entry('NQLeft', 0x0199, ...through(0x01, 0x16)),
  ...entry('NQRight', 0x0299, ...through(0x01, 0x16)),
  ...entry('Philips Imaging DD 001', 0x2001, 0x03, 0x04),
  ...entry('Philips MR Imaging DD 001', 0x2005, 0x0d, 0x0e, 0xb0, 0xb1, 0xb2),
  ...entry('Philips PET Private Group', 0x7053, 0x00, 0x09),
  ...entry('SIEMENS MR HEADER', 0x0019, 0x0a, 0x0c, 0x0d, 0x0e, 0x27, 0x28),
  ...entry('SIEMENS Ultrasound SC2000', 0x0119, 0x05, 0x06, 0x07, 0x08, 0x09, 0x13),
  ...entry('SIEMENS Ultrasound SC2000', 0x0129, 0x30),
  ...entry('SIEMENS Ultrasound SC2000', 0x0139, 0x01),
  ...entry('SIEMENS Ultrasound SC2000', 0x0149, 0x01, 0x02, 0x03),
]

/** Reads `CREATOR,GGEE`, e.g. `GEMS_PARM_01,0043xx39` or `GEMS_PARM_01,004339`; undefined when it is neither. */
export function parsePrivate(text: string): PrivateAttribute | undefined {
  const found = /^(.+),([0-9a-f]{4})(?:xx)?([0-9a-f]{2})$/i.exec(text)
  if (found === null) return undefined
  return { creator: found[1]!.trim(), group: Number.parseInt(found[2]!, 16), element: Number.parseInt(found[3]!, 16) }
}

/** Which private elements of one level are listed: the attributes and the creators that reserve their blocks. */
export function keptPrivate(level: readonly Element[], listed: readonly PrivateAttribute[]): Set<Element> {
  const kept = new Set<Element>()
  for (const element of level) {
    const group = element.tag >>> 16
    const low = element.tag & 0xffff
    if (group % 2 === 0 || low < 0x1000) continue
    const creator = find(level, group * 0x10000 + (low >>> 8))
    const name = asciiOf(creator).trim()
    if (!listed.some((each) => each.creator === name && each.group === group && each.element === (low & 0xff))) continue
    kept.add(element)
    kept.add(creator!)
  }
  return kept
}
