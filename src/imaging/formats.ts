/** @file Which format a file has, judged by its first bytes and never by its name. */

/** Formats that are recognised only so that they can be refused by name. */
const refused: readonly (readonly [name: string, offset: number, signature: string])[] = [
  ['GIF', 0, 'GIF8'],
  ['WebP', 8, 'WEBP'],
  ['BMP', 0, 'BM'],
  ['PDF', 0, '%PDF'],
  ['HEIF or AVIF', 4, 'ftyp'],
  ['JPEG 2000', 4, 'jP  '],
  ['JPEG XL', 4, 'JXL '],
  ['NIfTI', 344, 'n+1\0'],
  ['gzip', 0, '\x1f\x8b'],
  ['ZIP', 0, 'PK\x03\x04'],
]

function startsWith(bytes: Uint8Array, offset: number, signature: string): boolean {
  if (bytes.length < offset + signature.length) return false
  for (let i = 0; i < signature.length; i++) if (bytes[offset + i] !== signature.charCodeAt(i)) return false
  return true
}

/** True for the 128-byte preamble and `DICM` of a DICOM Part 10 file. */
export function hasDicomPreamble(bytes: Uint8Array): boolean {
  return startsWith(bytes, 128, 'DICM')
}

/**
 * The encoding of a DICOM data set that begins at byte 0, or undefined if the bytes do not look like one: the first element
 * must belong to group 0002 to 0010 with a known value representation, or to 0002 or 0008 with a short length.
 */
export function bareDicomEncoding(bytes: Uint8Array): { explicit: boolean; littleEndian: boolean } | undefined {
  if (bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const littleEndian of [true, false]) {
    const group = view.getUint16(0, littleEndian)
    const element = view.getUint16(2, littleEndian)
    if (group < 0x0002 || group > 0x0010 || group % 2 === 1) continue
    const vr = String.fromCharCode(bytes[4]!, bytes[5]!)
    if (/^(?:AE|AS|CS|DA|DT|IS|LO|OB|PN|SH|SQ|ST|TM|UI|UL|UN|US)$/.test(vr)) return { explicit: true, littleEndian }
    const first = (group === 0x0002 || group === 0x0008) && element <= 0x0100
    if (littleEndian && first && view.getUint32(4, true) <= 1024) return { explicit: false, littleEndian }
  }
  return undefined
}

/** The format of a file by its content; `refused` names one that is known and not read; undefined: not recognised. */
export function recognise(
  bytes: Uint8Array,
): { format: 'png' | 'jpeg' | 'tiff' | 'dicom' } | { refused: string } | undefined {
  if (hasDicomPreamble(bytes)) return { format: 'dicom' }
  if (startsWith(bytes, 0, '\x89PNG\r\n\x1a\n')) return { format: 'png' }
  if (startsWith(bytes, 0, '\xff\xd8\xff')) return { format: 'jpeg' }
  // Classic TIFF (42) and BigTIFF (43), both byte orders.
  for (const signature of ['II*\0', 'MM\0*', 'II+\0', 'MM\0+']) {
    if (startsWith(bytes, 0, signature)) return { format: 'tiff' }
  }
  for (const [name, offset, signature] of refused) {
    if (startsWith(bytes, offset, signature)) return { refused: name }
  }
  return bareDicomEncoding(bytes) === undefined ? undefined : { format: 'dicom' }
}
