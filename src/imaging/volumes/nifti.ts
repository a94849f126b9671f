/** @file NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h): single file or header and image, both byte orders, gzip. */

import { constants, gunzipSync } from 'node:zlib'
import { messageOf } from '../../core/errors.ts'
import {
  countVoxels,
  damagedVolume,
  spacingOfAffine,
  unsupportedVolume,
  type Volume,
  type VoxelType,
  voxelBytes,
  voxelValues,
} from './volume.ts'

const types: Readonly<Record<number, { type: VoxelType; channels: number }>> = {
  2: { type: 'uint8', channels: 1 },
  4: { type: 'int16', channels: 1 },
  8: { type: 'int32', channels: 1 },
  16: { type: 'float32', channels: 1 },
  64: { type: 'float64', channels: 1 },
  128: { type: 'uint8', channels: 3 },
  256: { type: 'int8', channels: 1 },
  512: { type: 'uint16', channels: 1 },
  768: { type: 'uint32', channels: 1 },
  1024: { type: 'int64', channels: 1 },
  1280: { type: 'uint64', channels: 1 },
  2304: { type: 'uint8', channels: 4 },
}

interface Header {
  littleEndian: boolean
  dim: number[]
  pixdim: number[]
  datatype: number
  voxOffset: number
  slope: number
  intercept: number
  qform: number
  sform: number
  quaternion: [number, number, number]
  offset: [number, number, number]
  /** Three rows of four. */
  rows: number[]
  single: boolean
}

/** True for the first bytes of a NIfTI header, with the byte order it shows. */
export function isNifti(bytes: Uint8Array): boolean {
  if (bytes.length < 348) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const little of [true, false]) {
    const size = view.getInt32(0, little)
    const magic = Buffer.from(bytes.subarray(size === 540 ? 4 : 344, size === 540 ? 8 : 348)).toString('latin1')
    if (size === 348 && /^n[i+]1\0$/.test(magic)) return true
    if (size === 540 && /^n[i+]2\0$/.test(magic)) return true
  }
  return false
}

function readHeader(bytes: Uint8Array, where: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const littleEndian = [348, 540].includes(view.getInt32(0, true))
  const second = view.getInt32(0, littleEndian) === 540
  if (second && bytes.length < 540) throw damagedVolume(where, 'its header is cut short')
  const i16 = (at: number): number => view.getInt16(at, littleEndian)
  const f32 = (at: number): number => view.getFloat32(at, littleEndian)
  const f64 = (at: number): number => view.getFloat64(at, littleEndian)
  const i64 = (at: number): number => Number(view.getBigInt64(at, littleEndian))
  const list = (count: number, read: (at: number) => number, from: number, step: number): number[] =>
    Array.from({ length: count }, (_, i) => read(from + step * i))
  const magicAt = second ? 4 : 344
  const single = bytes[magicAt + 1] === 0x2b
  if (second) {
    return {
      littleEndian,
      datatype: i16(12),
      dim: list(8, i64, 16, 8),
      pixdim: list(8, f64, 104, 8),
      voxOffset: i64(168),
      slope: f64(176),
      intercept: f64(184),
      qform: view.getInt32(344, littleEndian),
      sform: view.getInt32(348, littleEndian),
      quaternion: [f64(352), f64(360), f64(368)],
      offset: [f64(376), f64(384), f64(392)],
      rows: list(12, f64, 400, 8),
      single,
    }
  }
  return {
    littleEndian,
    datatype: i16(70),
    dim: list(8, i16, 40, 2),
    pixdim: list(8, f32, 76, 4),
    voxOffset: f32(108),
    slope: f32(112),
    intercept: f32(116),
    qform: i16(252),
    sform: i16(254),
    quaternion: [f32(256), f32(260), f32(264)],
    offset: [f32(268), f32(272), f32(276)],
    rows: list(12, f32, 280, 4),
    single,
  }
}

/** The qform matrix (nifti1.h, method 2): rotation from a quaternion, handedness in pixdim[0]. */
function fromQuaternion({ quaternion: [b, c, d], offset, pixdim }: Header): number[] {
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)))
  const handed = pixdim[0] === -1 ? -1 : 1
  const [x, y, z] = [pixdim[1]!, pixdim[2]!, pixdim[3]! * handed]
  // biome-ignore format: a matrix
  return [
    (a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * z, offset[0],
    2 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2 * (c * d - a * b) * z, offset[1],
    2 * (b * d - a * c) * x, 2 * (c * d + a * b) * y, (a * a + d * d - b * b - c * c) * z, offset[2],
    0, 0, 0, 1,
  ]
}

/** The orientation as nibabel chooses it: sform, else qform, else axes along the patient around the middle. */
function orientation(header: Header, size: readonly number[]): { affine: number[]; from: string } {
  const finite = (values: readonly number[]): boolean => values.every(Number.isFinite)
  if (header.sform > 0 && finite(header.rows)) return { affine: [...header.rows, 0, 0, 0, 1], from: 'sform' }
  if (header.qform > 0) {
    const affine = fromQuaternion(header)
    if (finite(affine)) return { affine, from: 'qform' }
  }
  const [x, y, z] = [1, 2, 3].map((axis) => Math.abs(header.pixdim[axis]!) || 1) as [number, number, number]
  const middle = (axis: number, step: number): number => (-(size[axis]! - 1) / 2) * step
  return { affine: [x, 0, 0, middle(0, x), 0, y, 0, middle(1, y), 0, 0, z, middle(2, z), 0, 0, 0, 1], from: 'none' }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** The first bytes behind gzip, enough for a header; undefined when there are none. */
export function gunzipStart(bytes: Uint8Array): Uint8Array | undefined {
  if (!isGzip(bytes)) return bytes
  try {
    // 2 kB unfold to at most 2 MB.
    return gunzipSync(bytes.subarray(0, 2048), { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return undefined
  }
}

function unpacked(bytes: Uint8Array, most: number, where: string): Uint8Array {
  if (!isGzip(bytes)) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: most })
  } catch (error) {
    const problem = error instanceof RangeError ? 'it unfolds to more than its header says' : messageOf(error)
    throw damagedVolume(where, `its gzip stream cannot be read (${problem})`, error)
  }
}

/**
 * Reads a NIfTI volume from the bytes of its file, or of its header with those of its image. Throws FILE_DAMAGED or
 * FORMAT_UNSUPPORTED (complex numbers, single bits).
 */
export function readNifti(input: Uint8Array, where: string, image?: Uint8Array): Volume {
  const start = gunzipStart(input)
  if (start === undefined || !isNifti(start)) throw damagedVolume(where, 'it has no NIfTI header')
  const header = readHeader(start, where)
  const { dim, datatype, littleEndian, voxOffset } = header
  const kind = types[datatype]
  if (kind === undefined) throw unsupportedVolume(where, `holds voxels of NIfTI type ${datatype}, which is not read`)
  const rank = dim[0]!
  if (rank < 1 || rank > 7) throw damagedVolume(where, `it has ${rank} dimensions`)
  const sizes = Array.from({ length: 7 }, (_, axis) => (axis < rank ? dim[axis + 1]! : 1))
  const count = countVoxels([...sizes, kind.channels], where)
  const size = sizes.slice(0, 3) as [number, number, number]
  const separate = !header.single
  if (separate && image === undefined) throw unsupportedVolume(where, 'is a NIfTI header without its .img file')
  const from = separate && voxOffset < 352 ? Math.max(0, voxOffset) : Math.max(voxOffset, header.single ? 352 : 0)
  if (!Number.isInteger(from) || from > 2 ** 31) throw damagedVolume(where, `its voxels begin at byte ${voxOffset}`)
  const needed = from + count * voxelBytes[kind.type]
  const data = unpacked(image ?? input, needed + 2 ** 20, where)
  if (data.length < needed) throw damagedVolume(where, `its voxels end at byte ${needed}, and ${data.length} are there`)
  const scaled = Number.isFinite(header.slope) && header.slope !== 0
  const slope = scaled ? header.slope : 1
  const intercept = scaled && Number.isFinite(header.intercept) ? header.intercept : 0
  const { affine, from: source } = orientation(header, size)
  const steps = slope === 1 && intercept === 0 ? [] : [`values times ${slope} plus ${intercept}`]
  return {
    size,
    frames: sizes.slice(3).reduce((product, each) => product * each, 1),
    channels: kind.channels,
    values: voxelValues(data.subarray(from), kind.type, count, littleEndian, { slope, intercept }),
    affine,
    spacing: spacingOfAffine(affine),
    provenance: { format: 'nifti', orientation: source, steps },
  }
}
