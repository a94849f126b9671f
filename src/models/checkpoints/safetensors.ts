/**
 * @file The safetensors format (a JSON header, then raw tensors without gaps): the reader and the writer.
 * Models, and everything a training run saves, are stored in it.
 */

import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { syncFolder } from '../../core/files.ts'
import {
  bytesOf,
  decodeBF16,
  decodeF16,
  dtypeBytes,
  emptyArray,
  isFloatDtype,
  naturalDtype,
  type StoredDtype,
  type TensorData,
} from './dtypes.ts'
import {
  chunkBytes,
  quoted,
  readHeader,
  readInto,
  type SafetensorsHeader,
  type TensorEntry,
  withFile,
} from './safetensors-header.ts'

/** A tensor as read: `dtype` is the type in the file; float data are float32 whatever that type was. */
export interface StoredTensor {
  dtype: StoredDtype
  shape: number[]
  data: TensorData
}

/** A tensor to write. Without `dtype` the array's own type is stored; floats may ask for F16, BF16, F64, bytes for BOOL. */
export interface TensorToStore {
  dtype?: StoredDtype
  shape: readonly number[]
  data: TensorData
}

/** Reads only the header: names, types, shapes and metadata. Errors as {@link readSafetensors}. */
export function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return withFile(path, (file, bytes) => readHeader(file, path, bytes))
}

/** Reads one tensor; half and double types pass through a small scratch, the others land in place. */
async function readTensor(file: FileHandle, path: string, entry: TensorEntry, from: number): Promise<TensorData> {
  const { dtype, start, end } = entry
  const count = (end - start) / dtypeBytes[dtype]
  let data: TensorData
  try {
    data = emptyArray(dtype, count)
  } catch (error) {
    throw new VesaliusError(
      'FORMAT_UNSUPPORTED',
      `Tensor ${quoted(entry.name)} of ${path} does not fit into memory (${count} elements).`,
      { where: path, hint: 'Use a machine with more memory.', cause: error },
    )
  }
  if (!(data instanceof Float32Array) || dtype === 'F32') {
    await readInto(file, path, new Uint8Array(data.buffer), from)
    return data
  }
  const scratch = new Uint8Array(Math.min(chunkBytes, end - start))
  for (let done = 0; done < end - start; done += scratch.byteLength) {
    const bytes = Math.min(scratch.byteLength, end - start - done)
    await readInto(file, path, scratch.subarray(0, bytes), from + done)
    const at = done / dtypeBytes[dtype]
    if (dtype === 'F64') data.set(new Float64Array(scratch.buffer, 0, bytes / 8), at)
    else if (dtype === 'F16') decodeF16(new Uint16Array(scratch.buffer, 0, bytes / 2), data, at)
    else decodeBF16(new Uint16Array(scratch.buffer, 0, bytes / 2), data, at)
  }
  return data
}

/**
 * Reads a safetensors file of any size. Floats (F64, F32, F16, BF16) come as Float32Array, integers in their own width
 * (I64 as bigints), booleans as bytes; the map is in file order. Source: the safetensors format description.
 *
 * Throws FILE_MISSING, FILE_EMPTY, FILE_DAMAGED (any disagreement between header and file), FORMAT_UNSUPPORTED (types this
 * project has no use for), and, unless `rejectNonFinite` is false, NOT_FINITE for the first tensor with NaN or infinity.
 */
export function readSafetensors(
  path: string,
  { rejectNonFinite = true }: { rejectNonFinite?: boolean } = {},
): Promise<{ tensors: Map<string, StoredTensor>; metadata: Record<string, string> }> {
  return withFile(path, async (file, bytes) => {
    const { entries, metadata, dataStart } = await readHeader(file, path, bytes)
    const tensors = new Map<string, StoredTensor>()
    for (const entry of entries) {
      const data = await readTensor(file, path, entry, dataStart + entry.start)
      if (rejectNonFinite && isFloatDtype(entry.dtype)) checkFinite(path, entry, data as Float32Array)
      tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data })
    }
    return { tensors, metadata }
  })
}

function checkFinite(path: string, entry: TensorEntry, data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue
    throw new VesaliusError(
      'NOT_FINITE',
      `Tensor ${quoted(entry.name)} of ${path} holds ${data[i]} at element ${i} of ${data.length}.`,
      { where: path, hint: 'The training that wrote it diverged or the file is damaged; use an earlier checkpoint.' },
    )
  }
}

/** Says what is wrong with a tensor before anything is written. */
function checkToStore(path: string, name: string, { shape, data }: TensorToStore, dtype: StoredDtype): void {
  const wrong = (what: string): VesaliusError =>
    new VesaliusError('CHECKPOINT_INVALID', `Tensor ${quoted(name)} cannot be written to ${path}: ${what}.`, {
      where: path,
    })
  // A lone surrogate has no UTF-8 form, so readers would see another name.
  if (name === '__metadata__' || /\p{Surrogate}/u.test(name)) throw wrong('the format has no such name')
  const natural = naturalDtype(data)
  const convertible = isFloatDtype(natural) ? isFloatDtype(dtype) : dtype === natural
  if (!convertible && !(dtype === 'BOOL' && natural === 'U8'))
    throw wrong(`${natural} data cannot be stored as ${dtype}`)
  if (dtype === 'BOOL' && (data as Uint8Array).some((value) => value > 1)) throw wrong('a BOOL is neither 0 nor 1')
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 0)) throw wrong('its shape is not made of whole numbers')
  const count = shape.reduce((product, n) => product * n, 1)
  if (count !== data.length) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `Tensor ${quoted(name)} for ${path} has ${data.length} values but shape [${shape.join(', ')}] needs ${count}.`,
      { where: path },
    )
  }
}

/**
 * Writes tensors as one safetensors file, whole or not at all (temporary name, fsync, rename). Wide types come first and
 * the header is padded to 8 bytes, so every tensor is aligned and the format's "no gaps" holds. `metadata` is added to
 * `{ format: 'pt' }`, without which Python's transformers refuses the file.
 *
 * Throws CHECKPOINT_INVALID (name twice, type that does not fit the data) and SHAPE_MISMATCH before anything is written.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: TensorToStore]>,
  metadata: Record<string, string> = {},
): Promise<void> {
  const sorted = [...tensors].map(([name, tensor]) => {
    const dtype = tensor.dtype ?? naturalDtype(tensor.data)
    checkToStore(path, name, tensor, dtype)
    return { name, tensor, dtype }
  })
  sorted.sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype])

  // A map, not an object: names like "7" or "__proto__" are names as any other.
  const header = new Map<string, unknown>([['__metadata__', { format: 'pt', ...metadata }]])
  let offset = 0
  for (const { name, tensor, dtype } of sorted) {
    if (header.has(name)) {
      throw new VesaliusError('CHECKPOINT_INVALID', `Tensor ${quoted(name)} was given twice for ${path}.`, {
        where: path,
      })
    }
    const end = offset + tensor.data.length * dtypeBytes[dtype]
    header.set(name, { dtype, shape: tensor.shape, data_offsets: [offset, end] })
    offset = end
  }
  const lines = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const json = Buffer.from(`{${lines.join(',')}}`, 'utf8')
  const length = Math.ceil(json.byteLength / 8) * 8
  const start = Buffer.alloc(8 + length, ' ')
  start.writeBigUInt64LE(BigInt(length))
  json.copy(start, 8)

  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${randomUUID()}-${basename(path)}.part`)
  try {
    const file = await open(temporary, 'wx')
    try {
      await writeAll(file, start)
      for (const { tensor, dtype } of sorted) await writeData(file, tensor.data, dtype)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Appends a tensor, converting a piece at a time so that a large one is never held twice. */
async function writeData(file: FileHandle, data: TensorData, dtype: StoredDtype): Promise<void> {
  const piece = chunkBytes / 8
  for (let at = 0; at < data.length; at += piece) await writeAll(file, bytesOf(data.subarray(at, at + piece), dtype))
}

/** Appends bytes in chunks: one write may take less than it was given, and never 2 GiB. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(chunkBytes, bytes.byteLength - done))
    done += bytesWritten
  }
}
