/** @file Pixels in de-identification: comments inside compressed streams, rectangles made black, burned-in text flagged. */

import { VesaliusError } from '../../core/errors.ts'
import { asciiOf, type Element, find } from '../dicom/elements.ts'

/** A rectangle of pixels: left, top, width, height. */
export type Rectangle = readonly [x: number, y: number, width: number, height: number]

const pixelData = 0x7fe00010

/**
 * Empties comments and application data of a JPEG, JPEG-LS or JPEG 2000 stream without moving a byte: their length stays,
 * their content becomes zeros. JFIF and Adobe segments stay, because decoders read colour from them.
 */
export function withoutComments(stream: Uint8Array): Uint8Array {
  const out = Uint8Array.from(stream)
  const isJpeg2000 = out[0] === 0xff && out[1] === 0x4f
  if (!isJpeg2000 && !(out[0] === 0xff && out[1] === 0xd8)) return out
  let at = 2
  while (at + 4 <= out.length && out[at] === 0xff) {
    const marker = out[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    // Start of scan, start of tile part, end: what follows is coded pixels.
    if (marker === 0xda || marker === 0xd9 || (isJpeg2000 && (marker === 0x90 || marker === 0x93))) break
    const length = out[at + 2]! * 256 + out[at + 3]!
    const end = Math.min(out.length, at + 2 + length)
    const isComment = isJpeg2000
      ? marker === 0x64
      : marker === 0xfe || (marker >= 0xe1 && marker <= 0xef && marker !== 0xee)
    // JPEG 2000 says in two bytes whether a comment is text; JPEG-LS keeps colour transforms in APP8 as "mrfx".
    const isTransform = marker === 0xe8 && Buffer.from(out.subarray(at + 4, at + 8)).toString('latin1') === 'mrfx'
    if (isComment && !isTransform) out.fill(0, Math.min(end, at + 4 + (isJpeg2000 ? 2 : 0)), end)
    if (length < 2) break
    at = end
  }
  return out
}

/** Whether text may be burned into the pixels. */
export type BurnedIn = 'stated' | 'possible' | 'denied'

const riskyModalities = new Set(['US', 'ES', 'GM', 'XC', 'OT', 'IVUS', 'BMD', 'DOC', 'ECG', 'SC'])
const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7'

/** What (0028,0301), the modality, the image type and the class say about text in the pixels. */
export function burnedIn(elements: readonly Element[]): BurnedIn {
  const stated = asciiOf(find(elements, 0x00280301)).trim()
  if (stated === 'YES') return 'stated'
  if (stated === 'NO' || find(elements, pixelData) === undefined) return 'denied'
  const modality = asciiOf(find(elements, 0x00080060)).trim()
  const type = asciiOf(find(elements, 0x00080008))
  const risky =
    riskyModalities.has(modality) ||
    asciiOf(find(elements, 0x00080016)).startsWith(secondaryCapture) ||
    /SECONDARY|SCREEN|SAVE|DERIVED\\SECONDARY/.test(type)
  return risky ? 'possible' : 'denied'
}

function unsigned(elements: readonly Element[], tag: number, bigEndian: boolean): number {
  const value = find(elements, tag)?.value
  if (value === undefined || value.length < 2) return 0
  return bigEndian ? value[0]! * 256 + value[1]! : value[1]! * 256 + value[0]!
}

/**
 * Pixel data with some rectangles black in every frame. Only uncompressed pixels can be cleaned without loss elsewhere:
 * throws FORMAT_UNSUPPORTED for compressed ones and for packed colour differences.
 */
export function blackened(
  elements: readonly Element[],
  rectangles: readonly Rectangle[],
  bigEndian: boolean,
  where: string,
): Element | undefined {
  const pixels = find(elements, pixelData)
  if (pixels === undefined) return undefined
  const number = (tag: number): number => unsigned(elements, tag, bigEndian)
  const [rows, columns, samples, bits] = [0x00280010, 0x00280011, 0x00280002, 0x00280100].map(number)
  const photometric = asciiOf(find(elements, 0x00280004)).trim()
  if (pixels.value === undefined || bits! % 8 !== 0 || bits === 0 || photometric === 'YBR_FULL_422') {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `The pixels of ${where} cannot be cleaned as they are stored.`, {
      where,
      hint: 'Convert it to an uncompressed transfer syntax first, e.g. with gdcmconv --raw.',
    })
  }
  const out = Uint8Array.from(pixels.value)
  const bytes = bits! / 8
  const planar = samples! > 1 && number(0x00280006) === 1
  const frameBytes = rows! * columns! * samples! * bytes
  const white = photometric === 'MONOCHROME1' ? 0xff : 0
  const stride = planar ? bytes : samples! * bytes
  const planes = planar ? samples! : 1
  for (let start = 0; frameBytes > 0 && start + frameBytes <= out.length; start += frameBytes) {
    for (let plane = 0; plane < planes; plane++) {
      for (const [x, y, width, height] of rectangles) {
        const right = Math.min(columns!, x + width)
        for (let row = Math.max(0, y); row < Math.min(rows!, y + height); row++) {
          const line = start + (plane * rows! + row) * columns! * stride
          if (right > x) out.fill(white, line + Math.max(0, x) * stride, line + right * stride)
        }
      }
    }
  }
  return { ...pixels, value: out }
}
