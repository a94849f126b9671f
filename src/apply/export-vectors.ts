/** @file Embeddings as files: JSONL, NPY (float32, C order) and Parquet. */

import { parquetWriteBuffer } from 'hyparquet-writer'
import { writeFileAtomic } from '../core/files.ts'

export type VectorFormat = 'jsonl' | 'npy' | 'parquet'

export interface Vectors {
  ids: readonly string[]
  /** [N, width] */
  values: Float32Array
  width: number
}

/** NumPy's format 1.0: magic, header padded to 64 bytes, raw little-endian float32. */
export function toNpy({ ids, values, width }: Vectors): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${ids.length}, ${width}), }`
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const out = new Uint8Array(10 + padded.length + values.byteLength)
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8])
  out.set(new TextEncoder().encode(padded), 10)
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + padded.length)
  return out
}

/** One JSON object a line: { id, vector }. */
export function toJsonl({ ids, values, width }: Vectors): string {
  return ids
    .map((id, i) => `${JSON.stringify({ id, vector: Array.from(values.subarray(i * width, (i + 1) * width)) })}\n`)
    .join('')
}

/** Columns `id` (string) and `vector` (list of float). */
export function toParquet({ ids, values, width }: Vectors): Uint8Array {
  const rows = ids.map((_, i) => Array.from(values.subarray(i * width, (i + 1) * width)))
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: [...ids] },
      { name: 'vector', data: rows },
    ],
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'vector', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
  })
  return new Uint8Array(buffer)
}

/** Writes vectors. NPY has no room for ids: they go to `path` + ".ids.txt", one a line. */
export async function writeVectors(path: string, format: VectorFormat, vectors: Vectors): Promise<string[]> {
  if (format === 'npy') {
    const ids = `${path}.ids.txt`
    await writeFileAtomic(ids, vectors.ids.map((id) => `${id.replace(/\s+/g, ' ')}\n`).join(''))
    await writeFileAtomic(path, toNpy(vectors))
    return [path, ids]
  }
  await writeFileAtomic(path, format === 'jsonl' ? toJsonl(vectors) : toParquet(vectors))
  return [path]
}
