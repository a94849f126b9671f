/** @file Volumes: voxel values, and where each voxel lies in the patient. One frame for all formats: millimetres, RAS+. */

import { VesaliusError } from '../../core/errors.ts'

/** Voxel index (i, j, k, 1) to millimetres to the patient's right, front and head: 4 x 4, row-major. */
export type Affine = readonly number[]

export interface Volume {
  /** Voxels along i (fastest in memory), j and k. */
  size: [number, number, number]
  /** Volumes one after another: time, directions, or channels of a vector image. */
  frames: number
  /** Colours or vectors interleaved in a voxel. */
  channels: number
  /** [frames, k, j, i, channels] in the units of the file, slope and intercept applied. */
  values: Float32Array | Float64Array
  affine: Affine
  /** mm between voxels along i, j, k: the lengths of the columns of `affine`. */
  spacing: [number, number, number]
  provenance: VolumeProvenance
}

export interface VolumeProvenance {
  format: 'nifti' | 'nrrd' | 'metaimage' | 'dicom'
  /** Where the orientation comes from: sform, qform, header, none ... */
  orientation: string
  /** What was done, as sentences. */
  steps: string[]
}

/** More values than are read: 2 GB of single floats. */
export const voxelLimit = 512 * 1024 * 1024

/** Types of voxels that are read, by the names of typed arrays. */
export type VoxelType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64'

export const voxelBytes: Readonly<Record<VoxelType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
}

export function damagedVolume(where: string, problem: string, cause?: unknown): VesaliusError {
  return new VesaliusError('FILE_DAMAGED', `${where} is a damaged volume: ${problem}.`, {
    where,
    hint: 'Copy or export the file again.',
    ...(cause === undefined ? {} : { cause }),
  })
}

export function unsupportedVolume(where: string, problem: string): VesaliusError {
  return new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${problem}.`, {
    where,
    hint: 'Convert it to NIfTI with real numbers first, e.g. with nibabel or ITK.',
  })
}

/** The number of values of these dimensions. Throws FILE_DAMAGED for sizes that are none, FORMAT_UNSUPPORTED beyond the limit. */
export function countVoxels(sizes: readonly number[], where: string): number {
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw damagedVolume(where, `its size is ${sizes.join(' x ')}`)
  }
  const count = sizes.reduce((product, size) => product * size, 1)
  if (count > voxelLimit) {
    throw unsupportedVolume(where, `has ${sizes.join(' x ')} voxels, more than the ${voxelLimit} that are read`)
  }
  return count
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Voxels of one type as floats: 64 bits where 32 could not hold them. Values are slope * stored + intercept. */
export function voxelValues(
  data: Uint8Array,
  type: VoxelType,
  count: number,
  littleEndian: boolean,
  { slope, intercept }: { slope: number; intercept: number } = { slope: 1, intercept: 0 },
): Float32Array | Float64Array {
  const size = voxelBytes[type]
  const raw = Buffer.from(new ArrayBuffer(count * size))
  raw.set(data.subarray(0, count * size))
  if (size > 1 && littleEndian !== hostIsLittle) {
    if (size === 2) raw.swap16()
    else if (size === 4) raw.swap32()
    else raw.swap64()
  }
  const typed = {
    int8: Int8Array,
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    int64: BigInt64Array,
    uint64: BigUint64Array,
    float32: Float32Array,
    float64: Float64Array,
  }[type]
  const stored = new typed(raw.buffer as ArrayBuffer)
  const wide = size >= 4 && type !== 'float32'
  const values = wide ? new Float64Array(count) : new Float32Array(count)
  if (slope === 1 && intercept === 0) for (let i = 0; i < count; i++) values[i] = Number(stored[i]!)
  else for (let i = 0; i < count; i++) values[i] = Number(stored[i]!) * slope + intercept
  return values
}

/** Lengths of the first three columns. */
export function spacingOfAffine(affine: Affine): [number, number, number] {
  const length = (c: number): number => Math.hypot(affine[c]!, affine[4 + c]!, affine[8 + c]!)
  return [length(0), length(1), length(2)]
}

/** An affine of directions (unit or scaled, one a voxel axis) and the position of the first voxel, given in LPS or RAS. */
export function affineOf(
  axes: readonly (readonly number[])[],
  origin: readonly number[],
  frame: 'LPS' | 'RAS',
): number[] {
  const sign = frame === 'LPS' ? [-1, -1, 1] : [1, 1, 1]
  const rows = [0, 1, 2].map((r) => [...axes.map((axis) => sign[r]! * (axis[r] ?? 0)), sign[r]! * (origin[r] ?? 0)])
  // Minus zero is confusing to read.
  return [...rows.flat(), 0, 0, 0, 1].map((value) => value + 0)
}

/** Voxel to millimetres. */
export function toPatient(affine: Affine, i: number, j: number, k: number): [number, number, number] {
  const row = (r: number): number => affine[r]! * i + affine[r + 1]! * j + affine[r + 2]! * k + affine[r + 3]!
  return [row(0), row(4), row(8)]
}

/** True when both have the same size and their voxels lie within `tolerance` mm of each other: labels fit the picture. */
export function sameGrid(a: Volume, b: Volume, tolerance = 0.01): boolean {
  if (a.size.some((size, axis) => size !== b.size[axis])) return false
  const ends = [0, 1].flatMap((i) => [0, 1].flatMap((j) => [0, 1].map((k) => [i, j, k])))
  return ends.every((end) => {
    const [i, j, k] = end.map((at, axis) => at * (a.size[axis]! - 1)) as [number, number, number]
    const [p, q] = [toPatient(a.affine, i, j, k), toPatient(b.affine, i, j, k)]
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) <= tolerance
  })
}
