/** @file MetaImage (.mha, .mhd) as ITK reads it: header of `Name = value` lines, voxels behind it or in another file. */

import { numbersOf, type ReadBeside, tail, textNumbers, unfold } from './header-text.ts'
import {
  affineOf,
  countVoxels,
  damagedVolume,
  spacingOfAffine,
  unsupportedVolume,
  type Volume,
  type VoxelType,
  voxelBytes,
  voxelValues,
} from './volume.ts'

const types: Readonly<Record<string, VoxelType>> = {
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
}

/** True for a text that begins like a MetaImage header. */
export function isMetaImage(bytes: Uint8Array): boolean {
  return /^\s*(?:ObjectType\s*=\s*Image|NDims\s*=|Comment\s*=)/.test(
    Buffer.from(bytes.subarray(0, 256)).toString('latin1'),
  )
}

/** The fields up to ElementDataFile, which is the last, and the byte behind them. */
function readFields(bytes: Uint8Array, where: string): { fields: Map<string, string>; end: number } {
  const fields = new Map<string, string>()
  let at = 0
  while (at < bytes.length && at < 65_536) {
    let end = bytes.indexOf(0x0a, at)
    if (end < 0) end = bytes.length
    const line = Buffer.from(bytes.subarray(at, end)).toString('latin1').replace(/\r$/, '')
    at = end + 1
    const split = line.indexOf('=')
    if (split < 0) continue
    const name = line.slice(0, split).trim()
    fields.set(name, line.slice(split + 1).trim())
    if (name === 'ElementDataFile') return { fields, end: at }
  }
  throw damagedVolume(where, 'its header names no ElementDataFile')
}

/** Voxel axes, scaled, and the first voxel: three of three, the missing ones of flat images filled in. */
function geometry(fields: Map<string, string>, rank: number): { axes: number[][]; origin: number[]; from: string } {
  const get = (...names: string[]): string | undefined =>
    names.map((name) => fields.get(name)).find((text) => text !== undefined)
  const matrixText = get('TransformMatrix', 'Rotation', 'Orientation')
  const matrix = matrixText === undefined ? [] : numbersOf(matrixText)
  const spacing = numbersOf(get('ElementSpacing', 'ElementSize') ?? '')
  const origin = numbersOf(get('Offset', 'Position', 'Origin') ?? '')
  const usable = matrix.length === rank * rank && matrix.every(Number.isFinite)
  const axes = [0, 1, 2].map((axis) => {
    const step = Math.abs(spacing[axis] ?? 1) || 1
    // Row `axis` of the matrix is the direction of that axis.
    return [0, 1, 2].map((r) => {
      if (!usable || axis >= rank || r >= rank) return axis === r ? step : 0
      return matrix[axis * rank + r]! * step
    })
  })
  return { axes, origin: [0, 1, 2].map((r) => origin[r] ?? 0), from: usable ? 'TransformMatrix' : 'none' }
}

/** Reads a MetaImage; `beside` reads its data file where it has one. Throws FILE_DAMAGED or FORMAT_UNSUPPORTED. */
export async function readMetaImage(bytes: Uint8Array, where: string, beside: ReadBeside): Promise<Volume> {
  const { fields, end } = readFields(bytes, where)
  const dimensions = numbersOf(fields.get('DimSize') ?? '')
  const rank = Number(fields.get('NDims') ?? dimensions.length)
  if (dimensions.length !== rank || rank < 1 || rank > 5) throw damagedVolume(where, 'its DimSize does not fit NDims')
  const type = types[(fields.get('ElementType') ?? '').replace(/_ARRAY$/, '')]
  if (type === undefined)
    throw unsupportedVolume(where, `has the ElementType ${fields.get('ElementType')}, which is not read`)
  const channels = Number(fields.get('ElementNumberOfChannels') ?? 1)
  const count = countVoxels([...dimensions, channels], where)
  const yes = (...names: string[]): boolean => names.some((name) => /^true$/i.test(fields.get(name) ?? ''))
  const file = fields.get('ElementDataFile')!
  if (/^LIST/i.test(file) || file.includes('%'))
    throw unsupportedVolume(where, 'keeps its slices in several files, which is not read')
  const local = /^local$/i.test(file)
  const data = local ? bytes.subarray(end) : await beside(file)
  const needed = count * voxelBytes[type]
  const ascii = fields.has('BinaryData') && !yes('BinaryData')
  const from = local ? 0 : Number(fields.get('HeaderSize') ?? 0)
  const raw = ascii
    ? data
    : yes('CompressedData')
      ? tail(unfold(data, needed, where), 0, needed, where)
      : tail(data, from, needed, where)
  const { axes, origin, from: source } = geometry(fields, Math.min(rank, 3))
  const affine = affineOf(axes, origin, 'LPS')
  return {
    size: [0, 1, 2].map((axis) => dimensions[axis] ?? 1) as [number, number, number],
    frames: dimensions.slice(3).reduce((product, each) => product * each, 1),
    channels,
    values: ascii
      ? textNumbers(raw, count, where)
      : voxelValues(raw, type, count, !yes('BinaryDataByteOrderMSB', 'ElementByteOrderMSB')),
    affine,
    spacing: spacingOfAffine(affine),
    provenance: { format: 'metaimage', orientation: source, steps: [] },
  }
}
