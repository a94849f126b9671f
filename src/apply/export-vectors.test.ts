import { parquetReadObjects } from 'hyparquet'
import { expect, it } from 'vitest'
import { toJsonl, toNpy, toParquet } from './export-vectors.ts'

const vectors = { ids: ['a', 'b "quoted"', 'ç'], values: Float32Array.of(1, 2.5, -3, 0.1, 1e-9, 7), width: 2 }
const rows = [0, 1, 2].map((i) => [...vectors.values.subarray(2 * i, 2 * i + 2)])

it('NPY: magic, a header that ends at a multiple of 64 with a line break, then the bytes', () => {
  const npy = toNpy(vectors)
  const length = 10 + npy[8]! + 256 * npy[9]!
  const header = Buffer.from(npy.subarray(10, length)).toString('latin1')
  expect(length % 64).toBe(0)
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 2\), \} *\n$/)
  expect(new Float32Array(npy.slice(length).buffer)).toEqual(vectors.values)
})

it('JSONL: one object a line', () => {
  const lines = toJsonl(vectors).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    vectors.ids.map((id, i) => ({ id, vector: rows[i] })),
  )
})

it('Parquet: read back by an independent reader', async () => {
  const bytes = toParquet(vectors)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const read = await parquetReadObjects({ file })
  expect(read).toEqual(vectors.ids.map((id, i) => ({ id, vector: rows[i] })))
})
