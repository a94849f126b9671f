/** @file PNG, JPEG and TIFF through sharp. Values stay what they are stored as: no colour profile, no gamma, 16 bits kept. */

import sharp, { type Metadata, type OutputInfo } from 'sharp'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { decodePlainPng, type PlainPng } from './codecs/png.ts'
import { compactImage } from './compact.ts'
import { pixelLimit } from './dicom/layout.ts'
import type { DecodedImage, ReadOptions, Step } from './types.ts'

const names: Record<string, string> = { png: 'PNG', jpeg: 'JPEG', tiff: 'TIFF' }
/** Transformations to upright, EXIF tag 0x0112. */
const orientations = [
  '',
  '',
  'mirrored',
  'rotated 180',
  'flipped',
  'transposed',
  'rotated 90',
  'transversed',
  'rotated 270',
]

function damaged(where: string, format: string, cause: unknown): VesaliusError {
  const text = messageOf(cause)
  if (/pixel limit/i.test(text)) {
    return new VesaliusError('FORMAT_UNSUPPORTED', `${where} has more than ${pixelLimit} pixels.`, {
      where,
      hint: 'Cut it into tiles or shrink it first.',
      cause,
    })
  }
  return new VesaliusError(
    'FILE_DAMAGED',
    `${where} is a ${names[format] ?? format} file that is damaged or cut short.`,
    {
      where,
      hint: 'Copy or export the file again.',
      cause,
    },
  )
}

function unsupported(where: string, what: string): VesaliusError {
  return new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${what}.`, {
    where,
    hint: 'Export it as 8-bit or 16-bit grey or RGB.',
  })
}

/** The colour space to ask for, so that nothing is converted but what has to be. */
function plan(metadata: Metadata, where: string): { space: string; colors: 1 | 3; depth: 8 | 16; note?: string } {
  const { space, depth, channels } = metadata
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw unsupported(where, `stores ${depth} samples, and only unsigned 8-bit and 16-bit ones are read`)
  }
  const bits = depth === 'uchar' ? 8 : 16
  const colors = channels - (metadata.hasAlpha ? 1 : 0)
  if (space === 'cmyk') return { space: 'srgb', colors: 3, depth: 8, note: 'CMYK converted to RGB' }
  const alpha = metadata.hasAlpha ? 'alpha dropped' : undefined
  if (space === 'b-w' || space === 'grey16')
    return { space: bits === 8 ? 'b-w' : 'grey16', colors: 1, depth: bits, note: alpha }
  if (space === 'srgb' || space === 'rgb' || space === 'rgb16') {
    const note = [metadata.isPalette ? 'palette expanded to RGB' : '', alpha ?? '']
      .filter((part) => part !== '')
      .join(', ')
    return { space: bits === 8 ? 'srgb' : 'rgb16', colors: 3, depth: bits, note: note === '' ? undefined : note }
  }
  throw unsupported(where, `has ${colors} channels in colour space ${space}, which is not grey, RGB or CMYK`)
}

/**
 * Decodes PNG, JPEG or TIFF bytes. Grey stays one channel; alpha is dropped (as Pillow's convert('RGB') does); palettes and
 * CMYK become RGB; EXIF orientation is applied; of several pages `frame` (default 0) is read.
 *
 * Throws FILE_DAMAGED for bytes that are cut short or corrupt, FORMAT_UNSUPPORTED for sample types that are not read.
 */
export async function decodeRaster(
  bytes: Uint8Array,
  format: 'png' | 'jpeg' | 'tiff',
  where: string,
  options: ReadOptions = {},
): Promise<DecodedImage> {
  const page = options.frame ?? 0
  const plain = format === 'png' && page === 0 ? decodePlainPng(bytes, pixelLimit) : undefined
  if (plain !== undefined) return plainImage(plain)
  const input = { failOn: 'error', limitInputPixels: pixelLimit } as const
  let metadata: Metadata
  try {
    metadata = await sharp(bytes, input).metadata()
  } catch (error) {
    throw damaged(where, format, error)
  }
  // A block of 8 x 8 pixels takes at least one bit; decoders would fill up the rest for seconds.
  if (format === 'jpeg' && metadata.width * metadata.height > bytes.length * 512)
    throw damaged(where, format, 'more pixels than its bytes can hold')
  const pages = metadata.pages ?? 1
  if (page < 0 || page >= pages || !Number.isInteger(page)) {
    throw new VesaliusError('USAGE', `${where} has no frame ${page}.`, {
      where,
      hint: `It has frames 0 to ${pages - 1}.`,
    })
  }
  const { space, colors, depth, note } = plan(metadata, where)
  // Display profiles change values; stored values are kept. CMYK has no fixed meaning without its profile.
  const ignoreIcc = metadata.space !== 'cmyk'
  const pageOption = format === 'tiff' ? { page } : {}
  let data: Buffer
  let info: OutputInfo
  try {
    const raw = sharp(bytes, { ...input, ignoreIcc, ...pageOption })
      .autoOrient()
      .toColourspace(space)
    ;({ data, info } = await raw.raw({ depth: depth === 8 ? 'uchar' : 'ushort' }).toBuffer({ resolveWithObject: true }))
  } catch (error) {
    throw damaged(where, format, error)
  }
  const { width, height, channels: stored } = info
  const samples =
    depth === 8 ? data : new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length))
  if (stored < colors || samples.length < width * height * stored) {
    throw damaged(where, format, `${stored} channels, ${samples.length} samples`)
  }
  const steps: Step[] = [{ step: 'decode', format: names[format]!, bits: depth, ...(pages > 1 ? { page, pages } : {}) }]
  const turned = metadata.orientation === undefined ? '' : (orientations[metadata.orientation] ?? '')
  if (turned !== '') steps.push({ step: 'orientation', note: `${turned} as EXIF says`, exif: metadata.orientation! })
  if (note !== undefined) steps.push({ step: 'color', note })
  const provenance = { format, photometric: metadata.space, steps }
  return rasterImage({ width, height, channels: colors }, withoutAlpha(samples, stored, colors), provenance)
}

function plainImage({ width, height, channels, samples }: PlainPng): DecodedImage {
  const bits = samples instanceof Uint16Array ? 16 : 8
  const photometric = channels === 1 ? { 8: 'b-w', 16: 'grey16' }[bits] : { 8: 'srgb', 16: 'rgb16' }[bits]
  return rasterImage({ width, height, channels }, samples, {
    format: 'png',
    photometric,
    steps: [{ step: 'decode', format: 'PNG', bits }],
  })
}

/** An image of samples that span the range of their type. */
function rasterImage(
  size: Pick<DecodedImage, 'width' | 'height' | 'channels'>,
  values: Uint8Array | Uint16Array,
  provenance: DecodedImage['provenance'],
): DecodedImage {
  const bitDepth = values instanceof Uint16Array ? 16 : 8
  const white = 2 ** bitDepth - 1
  const table = Float32Array.from({ length: white + 1 }, (_, i) => i / white)
  return compactImage({ ...size, bitDepth, range: { black: 0, white }, provenance }, { values, table, lowest: 0 })
}

/** The first `colors` of `stored` channels. */
function withoutAlpha<T extends Uint8Array | Uint16Array>(samples: T, stored: number, colors: number): T {
  if (stored === colors) return samples
  const pixels = samples.length / stored
  const out = samples.slice(0, pixels * colors) as T
  for (let i = 0; i < pixels; i++) for (let c = 0; c < colors; c++) out[i * colors + c] = samples[i * stored + c]!
  return out
}
