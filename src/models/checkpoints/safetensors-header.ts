/**
 * @file The header of a safetensors file: 8 bytes length (u64, little-endian), then JSON of name -> type, shape and byte
 * range. Nothing in a file is trusted: every range is checked here, before memory is taken for a tensor.
 */

import { type FileHandle, open, stat } from 'node:fs/promises'
import { z } from 'zod'
import { isMissingFile, messageOf, VesaliusError } from '../../core/errors.ts'
import { dtypeBytes, isStoredDtype, type StoredDtype } from './dtypes.ts'

/** Where one tensor lies; `start` and `end` are bytes from the end of the header. */
export interface TensorEntry {
  name: string
  dtype: StoredDtype
  shape: number[]
  start: number
  end: number
}

/** What a file says about itself; entries are in file order. */
export interface SafetensorsHeader {
  entries: TensorEntry[]
  metadata: Record<string, string>
  /** Byte of the file where the tensors begin. */
  dataStart: number
}

/** The format's own limit on the header, which keeps a damaged length from asking for memory. */
const maxHeaderBytes = 100_000_000
/** Bytes moved per read or write; the operating system takes less than 2 GiB at once. */
export const chunkBytes = 1 << 24

const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
})

/** "file: tensor "x" ..." as an error about a damaged file. */
function damaged(path: string, what: string, hint = 'Copy or download the file again.'): VesaliusError {
  return new VesaliusError('FILE_DAMAGED', `${path} is not a whole safetensors file: ${what}.`, { where: path, hint })
}

/** A name from a file, short and printable enough for a sentence. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}...` : name)
}

/** Opens a file, hands it to `use` with its size in bytes, and closes it whatever happens. */
export async function withFile<T>(path: string, use: (file: FileHandle, bytes: number) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined
  try {
    const info = await stat(path)
    if (!info.isFile()) {
      throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} is not a file.`, {
        where: path,
        hint: 'Give the path of a .safetensors file.',
      })
    }
    file = await open(path, 'r')
    return await use(file, (await file.stat()).size)
  } catch (error) {
    if (error instanceof VesaliusError) throw error
    if (isMissingFile(error)) {
      throw new VesaliusError('FILE_MISSING', `There is no file at ${path}.`, { where: path, hint: 'Check the path.' })
    }
    throw new VesaliusError('FILE_DAMAGED', `${path} could not be read: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  } finally {
    await file?.close()
  }
}

/** Fills `into` with the bytes from `position`, in chunks. */
export async function readInto(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < into.byteLength) {
    const want = Math.min(chunkBytes, into.byteLength - done)
    const { bytesRead } = await file.read(into, done, want, position + done)
    if (bytesRead === 0) throw damaged(path, `it ends at byte ${position + done}, inside its data`)
    done += bytesRead
  }
}

/**
 * Finds what `JSON.parse` hides or cannot bear: a key that stands twice in one object, and nesting deeper than the format
 * has (which would cost memory out of proportion).
 */
function checkHeaderText(path: string, text: string): void {
  const keys: Set<string>[] = []
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '{' || c === '[') {
      if (keys.push(new Set()) > 3) throw damaged(path, `its header is nested too deeply at character ${i}`)
    } else if (c === '}' || c === ']') keys.pop()
    else if (c === '"') {
      const start = i
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
      let next = i + 1
      while (' \t\n\r'.includes(text[next] ?? '.')) next++
      if (text[next] !== ':') continue
      // Two spellings of one key (with and without escapes) are the same key.
      const raw = text.slice(start + 1, i)
      const key = raw.includes('\\') ? unescapeKey(path, text.slice(start, i + 1)) : raw
      const level = keys.at(-1)
      if (level?.has(key)) throw damaged(path, `its header names ${quoted(key)} twice`)
      level?.add(key)
    }
  }
}

function unescapeKey(path: string, literal: string): string {
  try {
    return String(JSON.parse(literal))
  } catch (error) {
    throw damaged(path, `its header is not valid JSON (${messageOf(error)})`)
  }
}

function parseHeaderJson(path: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    checkHeaderText(path, text)
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof VesaliusError) throw error
    // V8 quotes the text in its message: up to the first line is enough for a sentence.
    throw damaged(path, `its header is not valid JSON (${messageOf(error).split('\n')[0]})`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damaged(path, 'its header is not a JSON object')
  }
  return value as Record<string, unknown>
}

/** One line of the header, checked against itself: known type, shape times type equal to the byte range. */
function parseEntry(path: string, name: string, value: unknown): TensorEntry {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const field = issue?.path.map(String).join('.') ?? ''
    throw damaged(path, `tensor ${quoted(name)} has a wrong header (${field}: ${issue?.message ?? 'invalid'})`)
  }
  const {
    dtype,
    shape,
    data_offsets: [start, end],
  } = parsed.data
  if (!isStoredDtype(dtype)) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} stores tensor ${quoted(name)} as ${quoted(dtype)}.`, {
      where: path,
      hint: `Convert it to one of ${Object.keys(dtypeBytes).join(', ')}.`,
    })
  }
  let bytes: number = dtypeBytes[dtype]
  for (const n of shape) {
    bytes *= n
    if (!Number.isSafeInteger(bytes)) throw damaged(path, `tensor ${quoted(name)} has an impossible shape`)
  }
  if (end < start) throw damaged(path, `tensor ${quoted(name)} ends at byte ${end}, before its start ${start}`)
  if (end - start !== bytes) {
    const shapeText = `${dtype}[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`
    throw damaged(path, `tensor ${quoted(name)} holds ${end - start} bytes but ${shapeText} needs ${bytes}`)
  }
  return { name, dtype, shape, start, end }
}

/** What a file that begins otherwise probably is. */
function otherFormat(path: string, start: Buffer): VesaliusError | undefined {
  const text = start.toString('latin1')
  const is = (what: string, hint: string): VesaliusError =>
    new VesaliusError('FORMAT_UNSUPPORTED', `${path} is ${what}, not safetensors.`, { where: path, hint })
  if (text.startsWith('PK\u0003\u0004')) return is('a ZIP or PyTorch file', 'Import it as a PyTorch checkpoint.')
  if (text.startsWith('version ')) return is('a Git LFS pointer', 'Fetch the real file with git lfs pull.')
  if (text.trimStart().startsWith('<')) return is('a web page', 'Download the file itself.')
  return undefined
}

/** Not a schema: zod's records leave out a key named `__proto__`, which is a key as any other here. */
function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((text) => typeof text === 'string')
}

/** Reads and checks the header of an open file of `bytes` bytes. Errors as `readSafetensors`. */
export async function readHeader(file: FileHandle, path: string, bytes: number): Promise<SafetensorsHeader> {
  if (bytes === 0) throw new VesaliusError('FILE_EMPTY', `${path} is empty.`, { where: path, hint: 'Copy it again.' })
  if (bytes < 8) throw damaged(path, `it has only ${bytes} bytes`)
  const start = Buffer.alloc(8)
  await readInto(file, path, start, 0)
  const length = start.readBigUInt64LE()
  if (length > maxHeaderBytes) {
    throw otherFormat(path, start) ?? damaged(path, `its header claims ${length} bytes, more than the format allows`)
  }
  const dataStart = 8 + Number(length)
  if (dataStart > bytes) throw damaged(path, `its header needs ${length} bytes but ${bytes - 8} are there`)
  const text = new Uint8Array(Number(length))
  await readInto(file, path, text, 8)
  if (text[0] !== 0x7b) throw damaged(path, 'its header does not begin with {')

  let metadata: Record<string, string> = {}
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(parseHeaderJson(path, text))) {
    if (name !== '__metadata__') {
      entries.push(parseEntry(path, name, value))
      continue
    }
    if (!isTexts(value)) throw damaged(path, 'its __metadata__ holds something else than texts')
    metadata = value
  }

  // An empty tensor may start where another does, so it sorts before the one that has bytes.
  entries.sort((a, b) => a.start - b.start || a.end - b.end)
  let end = 0
  for (const [i, entry] of entries.entries()) {
    if (entry.start < end) {
      throw damaged(path, `tensors ${quoted(entries[i - 1]?.name ?? '')} and ${quoted(entry.name)} overlap`)
    }
    if (entry.start > end) throw damaged(path, `there are unused bytes before tensor ${quoted(entry.name)}`)
    end = entry.end
  }
  if (dataStart + end !== bytes) {
    const last = entries.at(-1)
    const until = last === undefined ? 'its header' : `tensor ${quoted(last.name)}`
    throw damaged(path, `it should end at byte ${dataStart + end} with ${until} but has ${bytes} bytes`)
  }
  return { entries, metadata, dataStart }
}
