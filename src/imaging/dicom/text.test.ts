import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pydicomData } from '../../../test/peers.ts'
import { VesaliusError } from '../../core/errors.ts'
import { sha256 } from '../../core/files.ts'
import { decodeText, isKnownCharacterSet } from './character-sets.ts'
import { asciiOf, type Element, find, readDicomFile, tagName, writeDicomFile } from './elements.ts'
import { readStructuredReport } from './structured-report.ts'

interface Golden {
  texts: { sets: string[]; person: boolean; hex: string; text: string }[]
  files: Record<string, { elements: number; sha256: string }>
  reports: Record<string, { items: number; title: string; sha256: string }>
}
const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/dicom-text.json', import.meta.url), 'utf8'),
) as Golden
const data = pydicomData()

describe('character sets', () => {
  test('every text that pydicom encodes and decodes reads the same', () => {
    expect(golden.texts.length).toBeGreaterThan(700)
    for (const { sets, person, hex, text } of golden.texts) {
      const read = decodeText(Buffer.from(hex, 'hex'), sets, person)
      // pydicom drops an empty component group at the end of a name.
      expect({ sets, text: person ? read.replace(/=+$/, '') : read }).toEqual({ sets, text })
      expect(sets.every(isKnownCharacterSet)).toBe(true)
    }
  })

  test('the initial sets return after a delimiter of names, and a backslash inside a kanji is none', () => {
    const katakana = ['ISO 2022 IR 13', 'ISO 2022 IR 87']
    // The second byte of this kanji is 5C, a backslash in ASCII.
    const inside = Buffer.from('1b24423d5c1b284a5cd4', 'hex')
    expect(decodeText(inside, katakana).split('\\')).toEqual([
      '十'.replace('十', decodeText(inside.subarray(0, 5), katakana)),
      'ﾔ',
    ])
    // ESC $ ) C without a return: the caret resets the upper half to Latin-1.
    expect(decodeText(Buffer.from('1b242943b1e85ee9', 'hex'), ['ISO 2022 IR 100', 'ISO 2022 IR 149'], true)).toBe(
      '김^é',
    )
  })

  test('any bytes in any set give a text and no error', () => {
    const sets = fc.constantFrom(...golden.texts.map((each) => each.sets), ['nonsense'], [])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), sets, fc.boolean(), (bytes, terms, person) => {
        expect(typeof decodeText(bytes, terms, person)).toBe('string')
      }),
    )
    expect(isKnownCharacterSet('ISO_IR 999')).toBe(false)
  })
})

function walk(elements: readonly Element[], outer: readonly string[], lines: string[]): void {
  const own = find(elements, 0x00080005)
  const sets = own === undefined ? outer : asciiOf(own).split('\\')
  for (const { tag, vr, value, items } of elements) {
    for (const each of items ?? []) walk(each, sets, lines)
    if (
      value === undefined ||
      (tag >>> 16) % 2 === 1 ||
      !['SH', 'LO', 'ST', 'LT', 'UC', 'UT', 'PN'].includes(vr) ||
      tag % 0x10000 === 0
    )
      continue
    const text = decodeText(value, sets, vr === 'PN')
    const values = ['ST', 'LT', 'UT'].includes(vr) ? [text] : text.split('\\')
    lines.push(`${tag.toString(16).padStart(8, '0')} ${values.map((v) => v.replace(/[\0 =]+$/, '')).join('\\')}`)
  }
}

describe.skipIf(data === undefined)("pydicom's test files (needs the Debian package python3-pydicom)", () => {
  const folder = data ?? ''

  test.each(Object.keys(golden.files))('%s: the same texts', (name) => {
    const lines: string[] = []
    walk(readDicomFile(readFileSync(join(folder, 'charset_files', name)), name).elements, [], lines)
    expect({ elements: lines.length, sha256: sha256(lines.join('\n')) }).toEqual(golden.files[name])
  })

  test.each(Object.keys(golden.reports))('%s: the same content items', (name) => {
    const path = join(folder, 'test_files', name)
    if (!existsSync(path)) return
    const { items, title } = readStructuredReport(readFileSync(path), name)
    const rows = items.map(({ depth, relationship, kind, concept, value }) =>
      [depth, relationship, kind, concept, value].join('\t'),
    )
    const expected = golden.reports[name]
    expect([items.length, title]).toEqual([expected?.items, expected?.title])
    expect(sha256(rows.join('\n'))).toBe(expected?.sha256)
  })

  test('written unchanged and read again, every value of every file is the same', () => {
    let read = 0
    for (const name of readdirSync(join(folder, 'test_files')).filter((each) => each.endsWith('.dcm'))) {
      try {
        const file = readDicomFile(readFileSync(join(folder, 'test_files', name)), name)
        const meta = file.meta.filter(({ tag }) => tag % 0x10000 !== 0)
        const again = readDicomFile(writeDicomFile(file), name)
        expect(again.meta.slice(1)).toEqual(meta)
        expect(plain(again.elements)).toEqual(plain(file.elements))
        read++
      } catch (error) {
        expect(error).toBeInstanceOf(VesaliusError)
      }
    }
    expect(read).toBeGreaterThan(50)
  })
})

/** Values as hex, without group lengths. */
function plain(elements: readonly Element[]): unknown[] {
  return elements
    .filter(({ tag }) => tag % 0x10000 !== 0)
    .map(({ tag, vr, value, items, fragments }) => [
      tagName(tag),
      vr,
      value === undefined ? undefined : sha256(value),
      items?.map(plain),
      fragments?.map((each) => sha256(each)),
    ])
}
