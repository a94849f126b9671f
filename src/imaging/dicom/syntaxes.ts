/** @file The transfer syntaxes of DICOM (PS3.6 annex A): how the data set is written, and what decodes the pixels. */

export const implicitLittle = '1.2.840.10008.1.2'
export const explicitLittle = '1.2.840.10008.1.2.1'
export const explicitBig = '1.2.840.10008.1.2.2'
export const deflated = '1.2.840.10008.1.2.1.99'

/** What decodes the pixels. `video` is known and not read. */
export type PixelCodec =
  | 'native'
  | 'rle'
  | 'jpeg'
  | 'jpeg-lossless'
  | 'jpeg-ls'
  | 'jpeg-2000'
  | 'ht-jpeg-2000'
  | 'deflated-frames'
  | 'video'

export interface TransferSyntax {
  name: string
  codec: PixelCodec
  /** True when decoded pixels are what was encoded, bit for bit. */
  lossless: boolean
}

const jpeg = '1.2.840.10008.1.2.4'
const lossless = (name: string, codec: PixelCodec): TransferSyntax => ({ name, codec, lossless: true })
const lossy = (name: string, codec: PixelCodec): TransferSyntax => ({ name, codec, lossless: false })

/** By UID. */
export const transferSyntaxes: Readonly<Record<string, TransferSyntax>> = {
  [implicitLittle]: lossless('Implicit VR Little Endian', 'native'),
  [explicitLittle]: lossless('Explicit VR Little Endian', 'native'),
  [explicitBig]: lossless('Explicit VR Big Endian', 'native'),
  [deflated]: lossless('Deflated Explicit VR Little Endian', 'native'),
  '1.2.840.10008.1.2.1.98': lossless('Encapsulated Uncompressed Explicit VR Little Endian', 'native'),
  '1.2.840.10008.1.2.5': lossless('RLE Lossless', 'rle'),
  '1.2.840.10008.1.2.8.1': lossless('Deflated Image Frame', 'deflated-frames'),
  [`${jpeg}.50`]: lossy('JPEG Baseline', 'jpeg'),
  [`${jpeg}.51`]: lossy('JPEG Extended (12 bit)', 'jpeg'),
  [`${jpeg}.57`]: lossless('JPEG Lossless', 'jpeg-lossless'),
  [`${jpeg}.70`]: lossless('JPEG Lossless, first-order prediction', 'jpeg-lossless'),
  [`${jpeg}.80`]: lossless('JPEG-LS Lossless', 'jpeg-ls'),
  [`${jpeg}.81`]: lossy('JPEG-LS Near-Lossless', 'jpeg-ls'),
  [`${jpeg}.90`]: lossless('JPEG 2000 Lossless', 'jpeg-2000'),
  [`${jpeg}.91`]: lossy('JPEG 2000', 'jpeg-2000'),
  [`${jpeg}.92`]: lossless('JPEG 2000 Part 2 Lossless', 'jpeg-2000'),
  [`${jpeg}.93`]: lossy('JPEG 2000 Part 2', 'jpeg-2000'),
  [`${jpeg}.201`]: lossless('High-Throughput JPEG 2000 Lossless', 'ht-jpeg-2000'),
  [`${jpeg}.202`]: lossless('High-Throughput JPEG 2000 Lossless, RPCL', 'ht-jpeg-2000'),
  [`${jpeg}.203`]: lossy('High-Throughput JPEG 2000', 'ht-jpeg-2000'),
  [`${jpeg}.100`]: lossy('MPEG-2 video', 'video'),
  [`${jpeg}.101`]: lossy('MPEG-2 video, high level', 'video'),
  [`${jpeg}.102`]: lossy('MPEG-4 video', 'video'),
  [`${jpeg}.103`]: lossy('MPEG-4 video, Blu-ray', 'video'),
  [`${jpeg}.104`]: lossy('MPEG-4 video, 2D', 'video'),
  [`${jpeg}.105`]: lossy('MPEG-4 video, 3D', 'video'),
  [`${jpeg}.106`]: lossy('MPEG-4 video, stereo', 'video'),
  [`${jpeg}.107`]: lossy('HEVC video', 'video'),
  [`${jpeg}.108`]: lossy('HEVC video, 10 bit', 'video'),
}

/** Name of a transfer syntax for people, or its UID. */
export function syntaxName(uid: string): string {
  return transferSyntaxes[uid]?.name ?? uid
}
