/**
 * @file De-identification of one DICOM file by PS3.15 Annex E: the Basic Application Level Confidentiality Profile with
 * named options. More is removed than the table asks for wherever a value does not look like what its attribute is for.
 */

import { VesaliusError } from '../../core/errors.ts'
import {
  asciiOf,
  type DicomFile,
  type Element,
  encodingOf,
  find,
  readDicomFile,
  writeDicomFile,
} from '../dicom/elements.ts'
import { type Cleaning, type Counts, cleanLevel, noCounts } from './clean.ts'
import { bytesReveal, identityOf } from './identity.ts'
import { type BurnedIn, blackened, burnedIn, type Rectangle, withoutComments } from './pixels.ts'
import { type PrivateAttribute, safePrivate } from './private.ts'
import { type ProfileOption, profileOptions, profileWith, typesOf, usualOptions } from './profile.ts'
import { keyedBy, textBytes, textVrs } from './values.ts'

/** How to de-identify. */
export interface DeidentifyOptions {
  /** Secret of at least 16 bytes. Files under one key fit together; without the key nothing can be traced back. */
  key: Uint8Array
  /** Options of PS3.15 Annex E. Default: dates shifted. */
  options?: readonly ProfileOption[]
  /** Private attributes to keep besides the standard's list; needs the option retain-safe-private. */
  keepPrivate?: readonly PrivateAttribute[]
  /** Rectangles to make black in every frame; needs the option clean-pixel-data. */
  blacken?: readonly Rectangle[]
}

/** What was done to a file. Holds nothing about the patient. */
export interface DeidentifyReport {
  sopClass: string
  modality: string
  counts: Counts
  /** Text in the pixels: stated by the file, possible by its kind, or denied. Pixels are not read. */
  burnedIn: BurnedIn
}

export interface Deidentified {
  bytes: Buffer
  /** Replaced names: what to call the patient and the file. */
  patient: string
  instance: string
  report: DeidentifyReport
}

const pixelData = 0x7fe00010
const directoryClass = '1.2.840.10008.1.3.10'

/**
 * De-identifies a file. The transfer syntax stays; preamble, meta header and trailing padding are written anew. Throws
 * FILE_DAMAGED or FORMAT_UNSUPPORTED for what cannot be read, DATA_INVALID when a removed name would remain, USAGE for
 * options that contradict each other.
 *
 * @example
 * const { bytes, report } = deidentify(await readFile('chest.dcm'), 'chest.dcm', { key: randomBytes(32) })
 */
export function deidentify(bytes: Uint8Array, where: string, options: DeidentifyOptions): Deidentified {
  const chosen = options.options ?? usualOptions
  check(options, chosen)
  const file = readDicomFile(bytes, where)
  const sopClass = asciiOf(find(file.elements, 0x00080016) ?? file.meta.find(({ tag }) => tag === 0x00020002))
  const instance = asciiOf(find(file.elements, 0x00080018) ?? file.meta.find(({ tag }) => tag === 0x00020003))
  if (sopClass === directoryClass || find(file.elements, 0x00041220) !== undefined) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} is a DICOMDIR, a list of other files.`, {
      where,
      hint: 'Leave it out; it names the files it was made for.',
    })
  }
  if (!/^[0-9.]{1,64}$/.test(sopClass) || !/^[0-9.]{1,64}$/.test(instance)) {
    throw new VesaliusError(
      'DATA_INVALID',
      `${where} has no valid SOP class or instance UID (0008,0016), (0008,0018).`,
      {
        where,
        hint: 'Without them no other program can read a copy.',
      },
    )
  }
  const keyed = keyedBy(options.key)
  const patient =
    [0x00100020, 0x00100010, 0x0020000d]
      .map((tag) => asciiOf(find(file.elements, tag)).trim())
      .find((id) => id !== '') ?? instance
  const actionOf = profileWith(chosen)
  const typeOf = typesOf(sopClass)
  const keepUids = chosen.includes('retain-uids')
  const counts = noCounts()
  const identity = identityOf(file.elements, ({ tag, vr }) =>
    (tag >>> 16) % 2 === 1
      ? true
      : textVrs.has(vr) && actionOf(tag, typeOf(tag)) !== 'K' && actionOf(tag, typeOf(tag)) !== undefined,
  )
  const cleaning: Cleaning = {
    actionOf,
    typeOf,
    keyed,
    days: keyed.days(patient),
    dates: chosen.includes('retain-dates') ? 'keep' : chosen.includes('modified-dates') ? 'shift' : 'remove',
    keepUids,
    pseudonym: keyed.pseudonym(patient),
    identity,
    listed: chosen.includes('retain-safe-private') ? [...safePrivate, ...(options.keepPrivate ?? [])] : [],
    counts,
  }
  const flag = burnedIn(file.elements)
  let elements = cleanLevel(file.elements, true, 'plain', cleaning).filter(({ tag }) => tag !== pixelData)
  const pixels = pixelsOf(file, options, where)
  if (pixels !== undefined) elements = [...elements, pixels]
  elements = withMethod(elements, chosen, cleaning.dates)

  const newInstance = keepUids ? instance : keyed.uid(instance)
  const meta: Element[] = [
    { tag: 0x00020001, vr: 'OB', value: Uint8Array.of(0, 1) },
    { tag: 0x00020002, vr: 'UI', value: textBytes('UI', sopClass) },
    { tag: 0x00020003, vr: 'UI', value: textBytes('UI', newInstance) },
    { tag: 0x00020010, vr: 'UI', value: textBytes('UI', file.transferSyntax) },
    { tag: 0x00020012, vr: 'UI', value: textBytes('UI', '2.25.299792458') },
    { tag: 0x00020013, vr: 'SH', value: textBytes('SH', 'VESALIUS') },
  ]
  const written = writeDicomFile({ meta, elements, transferSyntax: file.transferSyntax })
  // Long names only: four letters turn up in any megabyte of pixels by chance.
  if (bytesReveal(written, identity, 7)) {
    throw new VesaliusError(
      'DATA_INVALID',
      `${where} holds a name or identifier of its header inside its pixels or tables.`,
      {
        where,
        hint: 'It cannot be de-identified safely and was not written.',
      },
    )
  }
  return {
    bytes: written,
    patient: cleaning.pseudonym,
    instance: newInstance,
    report: { sopClass, modality: asciiOf(find(elements, 0x00080060)).trim(), counts, burnedIn: flag },
  }
}

function check({ key, keepPrivate, blacken }: DeidentifyOptions, chosen: readonly ProfileOption[]): void {
  const usage = (problem: string, hint: string): never => {
    throw new VesaliusError('USAGE', problem, { hint })
  }
  if (key.length < 16) usage('The key of de-identification is too short.', 'Give at least 16 random bytes.')
  if ((keepPrivate?.length ?? 0) > 0 && !chosen.includes('retain-safe-private')) {
    usage(
      'Private attributes are listed, but the option retain-safe-private is not chosen.',
      'Choose it, or list none.',
    )
  }
  if ((blacken?.length ?? 0) > 0 !== chosen.includes('clean-pixel-data')) {
    usage(
      'Clean pixel data goes with the rectangles to make black.',
      'Give both the option and at least one rectangle.',
    )
  }
}

function pixelsOf(
  { elements, transferSyntax }: DicomFile,
  { blacken }: DeidentifyOptions,
  where: string,
): Element | undefined {
  const pixels = find(elements, pixelData)
  if (pixels === undefined || pixels.items !== undefined) return undefined
  if (blacken !== undefined && blacken.length > 0) {
    return blackened(elements, blacken, encodingOf(transferSyntax).bigEndian, where)
  }
  if (pixels.fragments === undefined) return pixels
  return { ...pixels, fragments: pixels.fragments.map((each, i) => (i === 0 ? each : withoutComments(each))) }
}

/** Records the method: (0012,0062), (0012,0063), (0012,0064) and (0028,0303), in the order of tags. */
function withMethod(
  elements: readonly Element[],
  chosen: readonly ProfileOption[],
  dates: Cleaning['dates'],
): Element[] {
  const codes = [
    { code: '113100', meaning: 'Basic Application Confidentiality Profile' },
    ...chosen.map((option) => profileOptions[option]),
  ]
  const method = ['Vesalius: PS3.15 Annex E basic profile', ...chosen].join('\\')
  const modified = { keep: 'UNMODIFIED', shift: 'MODIFIED', remove: 'REMOVED' }[dates]
  const added: Element[] = [
    { tag: 0x00120062, vr: 'CS', value: textBytes('CS', 'YES') },
    { tag: 0x00120063, vr: 'LO', value: textBytes('LO', method) },
    {
      tag: 0x00120064,
      vr: 'SQ',
      items: codes.map(({ code, meaning }) => [
        { tag: 0x00080100, vr: 'SH', value: textBytes('SH', code) },
        { tag: 0x00080102, vr: 'SH', value: textBytes('SH', 'DCM') },
        { tag: 0x00080104, vr: 'LO', value: textBytes('LO', meaning) },
      ]),
    },
    { tag: 0x00280303, vr: 'CS', value: textBytes('CS', modified) },
  ]
  const cleanPixels = chosen.includes('clean-pixel-data')
  const kept = elements.filter(({ tag }) => !(cleanPixels && tag === 0x00280301))
  if (cleanPixels) added.push({ tag: 0x00280301, vr: 'CS', value: textBytes('CS', 'NO') })
  return [...kept, ...added].sort((a, b) => a.tag - b.tag)
}
