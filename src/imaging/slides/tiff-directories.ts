/**
 * @file A look over the directories of a TIFF or BigTIFF file before anybody believes them: a damaged count lets a reader
 * fetch a gigabyte of one tag.
 */

import { type FileHandle, open } from 'node:fs/promises'

/** Bytes of one value by type of field (TIFF 6.0 section 2, BigTIFF). */
const typeBytes: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
}
/** Directories looked at, and entries one may have: scanners write ten and thirty. */
const mostDirectories = 256
const mostEntries = 4096

async function bytesAt(file: FileHandle, at: number, length: number): Promise<DataView> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  if (bytesRead < length) throw new Error('it ends inside a directory')
  return new DataView(buffer.buffer, buffer.byteOffset, length)
}

/**
 * Throws an Error, the end of a sentence, when a directory of the file does not lie in it, comes twice, or has a field of
 * an unknown type or of more values than the file has bytes.
 */
export async function checkDirectories(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const head = await bytesAt(file, 0, 16)
    const little = head.getUint16(0) === 0x4949
    const big = head.getUint16(2, little) === 43
    const offset = (view: DataView, at: number): number =>
      big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little)
    const [entryBytes, countBytes, offsetBytes] = big ? [20, 8, 8] : [12, 2, 4]
    const seen = new Set<number>()
    for (let at = offset(head, big ? 8 : 4); at !== 0 && seen.size < mostDirectories; ) {
      if (seen.has(at)) throw new Error('a directory follows itself')
      seen.add(at)
      if (at + countBytes > size) throw new Error('a directory lies behind its end')
      const first = await bytesAt(file, at, countBytes)
      const entries = big ? offset(first, 0) : first.getUint16(0, little)
      if (entries > mostEntries) throw new Error(`a directory of ${entries} fields`)
      const whole = await bytesAt(file, at + countBytes, entries * entryBytes + offsetBytes)
      for (let i = 0; i < entries; i++) {
        const type = whole.getUint16(i * entryBytes + 2, little)
        const each = typeBytes[type]
        if (each === undefined) throw new Error(`a field of the unknown type ${type}`)
        const bytes = each * offset(whole, i * entryBytes + 4)
        if (bytes <= offsetBytes) continue
        if (offset(whole, i * entryBytes + 4 + offsetBytes) + bytes > size) {
          throw new Error(`field ${whole.getUint16(i * entryBytes, little)} has more values than the file`)
        }
      }
      at = offset(whole, entries * entryBytes)
    }
  } finally {
    await file.close()
  }
}
