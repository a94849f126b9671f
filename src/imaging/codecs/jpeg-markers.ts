/** @file The few JPEG markers DICOM needs: how many components there are, and whether they are transformed colours. */

interface Markers {
  jfif: boolean
  adobe: boolean
  /** Component identifiers of the frame header. */
  components: number[]
}

function readMarkers(bytes: Uint8Array): Markers {
  const found: Markers = { jfif: false, adobe: false, components: [] }
  let position = 2
  while (position + 4 <= bytes.length && bytes[position] === 0xff) {
    const marker = bytes[position + 1]!
    if (marker === 0xff) {
      position++
      continue
    }
    const length = (bytes[position + 2]! << 8) | bytes[position + 3]!
    if (length < 2 || marker === 0xda) break
    if (marker === 0xe0) found.jfif ||= bytes[position + 4] === 0x4a
    // Decoders ignore a marker that is too short to hold a transform.
    if (marker === 0xee) found.adobe ||= bytes[position + 4] === 0x41 && length >= 14
    // Start of frame, except DHT (c4), JPG (c8) and DAC (cc).
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const count = bytes[position + 9] ?? 0
      for (let i = 0; i < count; i++) found.components.push(bytes[position + 10 + 3 * i] ?? 0)
      break
    }
    position += 2 + length
  }
  return found
}

/** True when the picture has one component. */
export function isGreyJpeg(bytes: Uint8Array): boolean {
  return readMarkers(bytes).components.length === 1
}

/**
 * The stream marked as plain RGB, for files whose header says so: without JFIF or Adobe marker a decoder assumes YCbCr. A
 * stream with a marker of its own is left alone.
 */
export function withoutColorTransform(bytes: Uint8Array): Uint8Array {
  const { jfif, adobe, components } = readMarkers(bytes)
  if (jfif || adobe || components.length !== 3) return bytes
  // APP14 "Adobe", version 100, no flags, transform 0.
  const app14 = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0]
  return Buffer.concat([bytes.subarray(0, 2), Uint8Array.from(app14), bytes.subarray(2)])
}
