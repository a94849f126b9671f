/**
 * @file JPEG-LS, JPEG 2000 and High-Throughput JPEG 2000 through WebAssembly builds of CharLS, OpenJPEG and OpenJPH. A
 * module is loaded at first use and thrown away after any failure: its memory may be in any state.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { messageOf } from '../../core/errors.ts'
import { CodecError, type DecodedStream } from './types.ts'

interface FrameInfo {
  width: number
  height: number
  bitsPerSample: number
  componentCount: number
  isSigned?: boolean
}

/** What the three decoders have in common; memory they return is theirs and moves when it grows. */
interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  getDecodedBuffer(): Uint8Array
  getFrameInfo(): FrameInfo
  /** CharLS: 0 = by plane, 1 = by line, 2 = by pixel, all but 0 given by pixel. */
  getInterleaveMode?(): number
  delete(): void
}

type WasmModule = Record<string, new () => WasmDecoder>
/** The part of the platform's WebAssembly that is used; the library of types this project compiles with leaves it out. */
interface Platform {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: object }
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: Platform }).WebAssembly

type LoadModule = (options: {
  print(text: string): void
  printErr(text: string): void
  instantiateWasm(imports: object, receive: (instance: object) => void): object
}) => Promise<WasmModule>

export type WasmCodec = 'jpeg-ls' | 'jpeg-2000' | 'ht-jpeg-2000'

const packages: Record<WasmCodec, { path: string; wasm: string; decoder: string }> = {
  'jpeg-ls': {
    path: '@cornerstonejs/codec-charls/decodewasmjs',
    wasm: '@cornerstonejs/codec-charls/decodewasm',
    decoder: 'JpegLSDecoder',
  },
  'jpeg-2000': {
    path: '@cornerstonejs/codec-openjpeg/decodewasmjs',
    wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
    decoder: 'J2KDecoder',
  },
  'ht-jpeg-2000': {
    path: '@cornerstonejs/codec-openjph/wasmjs',
    wasm: '@cornerstonejs/codec-openjph/wasm',
    decoder: 'HTJ2KDecoder',
  },
}

const require = createRequire(import.meta.url)
const loaded = new Map<WasmCodec, Promise<WasmModule>>()
const compiled = new Map<WasmCodec, object>()
const silent = (): void => {}

/** Compiled once; a fresh instance has fresh memory. */
function compile(codec: WasmCodec): object {
  let module = compiled.get(codec)
  if (module === undefined) {
    module = new Module(readFileSync(require.resolve(packages[codec].wasm)))
    compiled.set(codec, module)
  }
  return module
}

function load(codec: WasmCodec): Promise<WasmModule> {
  let module = loaded.get(codec)
  if (module === undefined) {
    module = (require(packages[codec].path) as LoadModule)({
      print: silent,
      printErr: silent,
      instantiateWasm(imports, receive) {
        const instance = new Instance(compile(codec), imports)
        receive(instance)
        return instance.exports
      },
    })
    loaded.set(codec, module)
  }
  return module
}

/** Samples held by plane to samples held by pixel. */
function byPixel<T extends Uint8Array | Uint16Array | Int16Array | Int8Array>(values: T, samples: number): T {
  const out = values.slice() as T
  const pixels = values.length / samples
  for (let c = 0; c < samples; c++) for (let i = 0; i < pixels; i++) out[i * samples + c] = values[c * pixels + i]!
  return out
}

/** Decodes a stream whose size was checked before. Throws {@link CodecError}. */
export async function decodeWasm(codec: WasmCodec, bytes: Uint8Array): Promise<DecodedStream & FrameInfo> {
  const module = await load(codec)
  try {
    const decoder = new module[packages[codec].decoder]!()
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const info = decoder.getFrameInfo()
    const { width, height, componentCount, bitsPerSample, isSigned } = info
    const data = decoder.getDecodedBuffer()
    const length = width * height * componentCount
    const size = bitsPerSample > 8 ? 2 : 1
    if (bitsPerSample > 16) throw new CodecError(`it has ${bitsPerSample} bits a sample, and 16 are read`)
    if (length === 0 || data.length < length * size) throw new CodecError('its stream gave no picture')
    // A copy, for the decoder's memory is given up below.
    const memory = data.slice(0, length * size).buffer
    const kind = size === 1 ? (isSigned ? Int8Array : Uint8Array) : isSigned ? Int16Array : Uint16Array
    let values = new kind(memory)
    if (componentCount > 1 && decoder.getInterleaveMode?.() === 0) values = byPixel(values, componentCount)
    decoder.delete()
    return { values, precision: bitsPerSample, ...info }
  } catch (error) {
    loaded.delete(codec)
    if (error instanceof CodecError) throw error
    // Exceptions of C++ arrive as addresses.
    const text = typeof error === 'number' ? 'the decoder gave up' : messageOf(error)
    throw new CodecError(`its stream cannot be decoded (${text})`, { cause: error })
  }
}
