/** @file The compressed bytes of each frame: fragments (PS3.5 A.4) joined by the offset tables, or by where streams begin. */

import { unsigned32Of } from './fields.ts'
import { type DicomHeader, damagedDicom } from './header.ts'
import { pixelData } from './parse.ts'

/** Item tag, as a little-endian 32-bit number of the file. */
const item = 0xe000fffe

interface Fragment {
  /** Byte of the item's tag. */
  at: number
  data: Uint8Array
  /** False when the file ends inside it. */
  whole: boolean
}

export interface Fragments {
  /** Offsets of frames from the first fragment; empty when there is no table. */
  offsets: readonly number[]
  fragments: readonly Fragment[]
}

/** Extended Offset Table (7FE0,0001): 64-bit numbers, for files beyond 4 GB. */
function extendedOffsets({ dataSet }: DicomHeader): number[] {
  const element = dataSet.elements.get(0x7fe00001)
  if (element === undefined) return []
  return Array.from({ length: Math.trunc(element.length / 8) }, (_, i) => {
    const low = unsigned32Of(dataSet, 0x7fe00001, 2 * i) ?? 0
    return low + 2 ** 32 * (unsigned32Of(dataSet, 0x7fe00001, 2 * i + 1) ?? 0)
  })
}

/** Reads the items of encapsulated pixel data. Throws FILE_DAMAGED when there is none. */
export function readFragments(header: DicomHeader, where: string): Fragments {
  const { bytes, dataSet } = header
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const items: Fragment[] = []
  let position = dataSet.elements.get(pixelData)!.start
  while (position + 8 <= bytes.length) {
    const element = view.getUint32(position, true)
    const length = view.getUint32(position + 4, true)
    // The sequence delimiter, or what should not be there.
    if (element !== item) break
    const end = position + 8 + length
    items.push({ at: position, data: bytes.subarray(position + 8, end), whole: end <= bytes.length })
    position += 8 + length
  }
  const [table, ...fragments] = items
  if (table === undefined || fragments.length === 0) throw damagedDicom(where, 'its compressed pixels are cut short')
  const extended = extendedOffsets(header)
  const { buffer, byteOffset } = table.data
  const basic = (): number[] =>
    Array.from({ length: Math.trunc(table.data.length / 4) }, (_, i) =>
      new DataView(buffer, byteOffset).getUint32(4 * i, true),
    )
  return { offsets: extended.length > 0 ? extended : basic(), fragments }
}

/** True where a JPEG, JPEG-LS or JPEG 2000 stream begins. */
function startsStream({ data }: Fragment): boolean {
  return data[0] === 0xff && (data[1] === 0xd8 || (data[1] === 0x4f && data[2] === 0xff))
}

/** The fragments at which frames begin. Tables that point beside fragments are ignored: writers get them wrong. */
function frameStarts({ offsets, fragments }: Fragments, frames: number): number[] {
  if (frames === 1) return [0]
  if (fragments.length === frames) return fragments.map((_, i) => i)
  const places = new Map(fragments.map(({ at }, i) => [at - fragments[0]!.at, i]))
  const starts = offsets.map((offset) => places.get(offset))
  if (starts.length === frames && starts.every((start) => start !== undefined)) return starts as number[]
  return fragments.flatMap((fragment, i) => (startsStream(fragment) ? [i] : []))
}

/** The compressed bytes of one frame, fragments joined. Throws FILE_DAMAGED when they are not there. */
export function frameBytesOf(found: Fragments, frame: number, frames: number, where: string): Uint8Array {
  const starts = frameStarts(found, frames)
  const from = starts[frame]
  const to = starts[frame + 1] ?? found.fragments.length
  if (from === undefined) throw damagedDicom(where, `the compressed pixels of frame ${frame} are cut short`)
  // Some decoders fill up what is missing; a picture that is half made up is worse than none.
  if (found.fragments.slice(from, to).some(({ whole }) => !whole))
    throw damagedDicom(where, `the compressed pixels of frame ${frame} are cut short`)
  const parts = found.fragments.slice(from, to).map(({ data }) => data)
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
