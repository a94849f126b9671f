/** @file Rendered pictures as file bytes: grey (8 or 16 bits) or colour PNG. */

import sharp, { type Sharp } from 'sharp'

/** What a bit depth holds. */
export type Bits = 8 | 16

/** Values in [0, 1] as integers of 8 or 16 bits, rounded. */
export function quantise(pixels: Float32Array, bits: Bits): Uint8Array | Uint16Array {
  const top = bits === 8 ? 255 : 65535
  const out = bits === 8 ? new Uint8Array(pixels.length) : new Uint16Array(pixels.length)
  for (let i = 0; i < pixels.length; i++) {
    const v = pixels[i] as number
    out[i] = v <= 0 ? 0 : v >= 1 ? top : Math.round(v * top)
  }
  return out
}

/** A greyscale PNG [height, width]. */
export function encodePng(values: Uint8Array | Uint16Array, width: number, height: number): Promise<Buffer> {
  const space = values instanceof Uint16Array ? 'grey16' : 'b-w'
  return encode(sharp(values, { raw: { width, height, channels: 1 } }).toColourspace(space))
}

/** A colour PNG of 8 bits from red, green, blue in turn [height, width, 3]. */
export function encodeRgbPng(values: Uint8Array, width: number, height: number): Promise<Buffer> {
  return encode(sharp(values, { raw: { width, height, channels: 3 } }))
}

/** Stored, not compressed: the size of a file says nothing about what is in the picture. */
function encode(picture: Sharp): Promise<Buffer> {
  return picture.png({ compressionLevel: 0, adaptiveFiltering: false }).toBuffer()
}
