/** @file NRRD (.nrrd, .nhdr; teem's format specification): text header, voxels behind it or in another file. */

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

const types: Readonly<Record<string, VoxelType>> = Object.fromEntries(
  (
    [
      ['int8', 'signed char|int8|int8_t'],
      ['uint8', 'uchar|unsigned char|uint8|uint8_t'],
      ['int16', 'short|short int|signed short|signed short int|int16|int16_t'],
      ['uint16', 'ushort|unsigned short|unsigned short int|uint16|uint16_t'],
      ['int32', 'int|signed int|int32|int32_t'],
      ['uint32', 'uint|unsigned int|uint32|uint32_t'],
      ['int64', 'longlong|long long|long long int|signed long long|signed long long int|int64|int64_t'],
      ['uint64', 'ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t'],
      ['float32', 'float'],
      ['float64', 'double'],
    ] as const
  ).flatMap(([type, names]) => names.split('|').map((name) => [name, type])),
)

export function isNrrd(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'NRRD'
}

/** The fields of the header, names in lower case, and the byte behind the blank line that ends it. */
function readFields(bytes: Uint8Array, where: string): { fields: Map<string, string>; end: number } {
  const fields = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    if (at > 1 << 20) throw damagedVolume(where, 'its header does not end')
    let end = bytes.indexOf(0x0a, at)
    if (end < 0) end = bytes.length
    const line = Buffer.from(bytes.subarray(at, end)).toString('latin1').replace(/\r$/, '')
    at = end + 1
    if (line === '') break
    const split = line.indexOf(': ')
    if (split > 0 && !line.startsWith('#'))
      fields.set(line.slice(0, split).toLowerCase().trim(), line.slice(split + 2).trim())
  }
  return { fields, end: Math.min(at, bytes.length) }
}

/** How the named space runs, as signs that lead to RAS. */
function spaceFrame(space: string | undefined): 'LPS' | 'RAS' | undefined {
  if (space === undefined) return undefined
  if (/^(?:left-posterior-superior|LPS)/i.test(space)) return 'LPS'
  if (/^(?:right-anterior-superior|RAS)/i.test(space)) return 'RAS'
  return undefined
}

/** Which axes lie in space, their scaled directions, and the first voxel. */
function geometry(fields: Map<string, string>, rank: number) {
  const directionsText = fields.get('space directions')
  // Vectors in brackets, or `none` for an axis that is not in space.
  const vectors = directionsText
    ?.match(/\([^)]*\)|none/gi)
    ?.map((text) => (/none/i.test(text) ? undefined : numbersOf(text)))
  const kinds = fields.get('kinds')?.split(/\s+/) ?? []
  const outside = (axis: number): boolean =>
    vectors === undefined
      ? /vector|color|list|point|matrix|complex|quaternion/i.test(kinds[axis] ?? '')
      : vectors[axis] === undefined
  const spatial = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !outside(axis))
  const spacings = numbersOf(fields.get('spacings') ?? '')
  const axes = [0, 1, 2].map((place) => {
    const axis = spatial[place]
    const vector = axis === undefined ? undefined : vectors?.[axis]
    if (vector !== undefined) return [0, 1, 2].map((r) => vector[r] ?? (r === place ? 1 : 0))
    const step = axis === undefined ? 1 : (spacings[axis] ?? 1)
    return [0, 1, 2].map((r) => (r === place ? (Number.isFinite(step) ? step : 1) : 0))
  })
  const origin = numbersOf(fields.get('space origin') ?? '')
  return { spatial, axes, origin, frame: spaceFrame(fields.get('space')), directed: vectors !== undefined }
}

/** Reads an NRRD; `beside` reads its data file where it has one. Throws FILE_DAMAGED or FORMAT_UNSUPPORTED. */
export async function readNrrd(bytes: Uint8Array, where: string, beside: ReadBeside): Promise<Volume> {
  const { fields, end } = readFields(bytes, where)
  const sizes = numbersOf(fields.get('sizes') ?? '')
  const rank = Number(fields.get('dimension'))
  if (sizes.length !== rank || rank < 1 || rank > 6) throw damagedVolume(where, 'its sizes do not fit its dimension')
  const type = types[(fields.get('type') ?? '').toLowerCase()]
  if (type === undefined) throw unsupportedVolume(where, `has the type ${fields.get('type')}, which is not read`)
  const count = countVoxels(sizes, where)
  const file = fields.get('data file') ?? fields.get('datafile')
  if (file !== undefined && (/^LIST/.test(file) || file.includes('%')))
    throw unsupportedVolume(where, 'keeps its slices in several files, which is not read')
  const whole = file === undefined ? bytes.subarray(end) : await beside(file)
  const encoding = (fields.get('encoding') ?? 'raw').toLowerCase()
  const needed = count * voxelBytes[type]
  let data = whole
  for (let skip = Number(fields.get('line skip') ?? fields.get('lineskip') ?? 0); skip > 0; skip--) {
    const next = data.indexOf(0x0a)
    if (next < 0) throw damagedVolume(where, 'it has fewer lines than are to be skipped')
    data = data.subarray(next + 1)
  }
  const byteSkip = Number(fields.get('byte skip') ?? fields.get('byteskip') ?? 0)
  let values: Volume['values']
  if (encoding === 'raw' || encoding === 'gzip' || encoding === 'gz') {
    const raw = tail(
      encoding === 'raw' ? data : unfold(data, needed + Math.max(0, byteSkip), where),
      byteSkip,
      needed,
      where,
    )
    values = voxelValues(raw, type, count, !/^big$/i.test(fields.get('endian') ?? ''))
  } else if (/^(?:ascii|text|txt)$/.test(encoding)) values = textNumbers(data, count, where)
  else throw unsupportedVolume(where, `has the encoding ${encoding}, which is not read`)

  const { spatial, axes, origin, frame, directed } = geometry(fields, rank)
  // Without a named space axes are taken as ITK does: in the order of DICOM.
  const affine = affineOf(axes, origin, frame ?? 'LPS')
  if (spatial.length > 3) spatial.length = 3
  const first = spatial[0] ?? 0
  const channels = sizes.slice(0, first).reduce((product, each) => product * each, 1)
  const size = [0, 1, 2].map((place) => sizes[spatial[place] ?? -1] ?? 1) as [number, number, number]
  if (spatial.some((axis, place) => axis !== first + place))
    throw unsupportedVolume(where, 'has axes of space between others')
  return {
    size,
    frames: count / channels / (size[0] * size[1] * size[2]),
    channels,
    values,
    affine,
    spacing: spacingOfAffine(affine),
    provenance: { format: 'nrrd', orientation: directed ? 'space directions' : 'none', steps: [] },
  }
}
