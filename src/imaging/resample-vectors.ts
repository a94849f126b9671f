/**
 * @file Resizing through the kernels of resample-kernel.ts. Four rows at a time pass through a memory that is kept: fresh
 * memory for each picture costs more than the arithmetic.
 */

import { columnsKernel, rowsKernel, type SampleKind } from './resample-kernel.ts'
import type { Weights } from './resample-weights.ts'

/** Samples [height, width, channels] row-major. Whole numbers show `table[sample - lowest]`. */
export type Samples =
  | { values: Float32Array; table?: undefined; lowest?: undefined }
  | { values: Uint8Array | Uint16Array | Int16Array; table: Float32Array; lowest: number }

/** What samples show. Floats are given as they are. */
export function pixelsOf({ values, table, lowest }: Samples): Float32Array {
  if (table === undefined) return values
  const out = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) out[i] = table[(values[i] as number) - lowest] as number
  return out
}

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
type Module = Record<never, never>
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => Memory
  Module: new (bytes: Uint8Array) => Module
  Instance: new (module: Module, imports: { env: { memory: Memory } }) => { exports: Readonly<Record<string, unknown>> }
}
type Run = (...addresses: number[]) => void

const page = 65_536
/** Larger pictures take the plain loops: memory of WebAssembly is never given back. */
const largestMemory = 128 * 1024 * 1024
/** Values of 16 bits, four bytes each; smaller tables take the same room. */
const tableBytes = 4 * 65_536

/** The memory of this thread, and the kernels that were compiled in it. */
let memory: Memory | undefined
const kernels = new Map<string, Run>()

function memoryOf(bytes: number): ArrayBuffer {
  memory ??= new WebAssembly.Memory({ initial: 1 })
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / page)
  if (missing > 0) memory.grow(missing)
  return memory.buffer
}

function kernelOf(name: string, bytes: () => Uint8Array): Run {
  const known = kernels.get(name)
  if (known !== undefined) return known
  memoryOf(0)
  const module = new WebAssembly.Module(bytes())
  const run = new WebAssembly.Instance(module, { env: { memory: memory as Memory } }).exports.run as Run
  kernels.set(name, run)
  return run
}

function kindOf(values: Samples['values']): SampleKind {
  if (values instanceof Float32Array) return 'f32'
  return values instanceof Int16Array ? 'i16' : values instanceof Uint16Array ? 'u16' : 'u8'
}

/** Places of things one after the other, each at a multiple of 16 bytes. */
function layOut<Name extends string>(
  sizes: Readonly<Record<Name, number>>,
): { at: Record<Name, number>; total: number } {
  let total = 0
  const at = {} as Record<Name, number>
  for (const [name, size] of Object.entries(sizes) as [Name, number][]) {
    at[name] = total
    total += Math.ceil(size / 16) * 16
  }
  return { at, total }
}

/**
 * Both passes, or undefined when the picture is too large for the memory that is kept.
 * @param size [width, height, channels] of the samples
 * @param along weights along x and along y
 */
export function resizeVectors(
  { values, table, lowest }: Samples,
  [width, height, channels]: readonly [number, number, number],
  along: { x: Weights; y: Weights },
  clamp: boolean,
): Float32Array | undefined {
  const to = { x: along.x.first.length, y: along.y.first.length }
  const row = width * channels
  const outRow = to.x * channels
  // Rows of whole vectors: what lies behind the last value is computed and not read.
  const wideRow = Math.ceil(outRow / 4) * 16
  const rowBytes = row * values.BYTES_PER_ELEMENT
  const { at, total } = layOut({
    samples: 4 * rowBytes,
    table: tableBytes,
    scratch: 32 * row,
    first: 4 * to.x,
    lengths: 4 * to.x,
    weightsX: along.x.weights.byteLength,
    weightsY: along.y.weights.byteLength,
    between: wideRow * (Math.ceil(height / 4) * 4),
    out: wideRow,
  })
  if (total > largestMemory) return undefined
  const buffer = memoryOf(total)
  const kind = kindOf(values)
  if (table !== undefined) new Float32Array(buffer, at.table, 65_536).set(table, lowest + (kind === 'i16' ? 32_768 : 0))
  new Int32Array(buffer, at.first, to.x).set(along.x.first.map((first) => 32 * channels * first))
  new Int32Array(buffer, at.lengths, to.x).set(along.x.count.map((count) => 8 * count))
  new Float64Array(buffer, at.weightsX).set(along.x.weights)
  new Float64Array(buffer, at.weightsY).set(along.y.weights)

  const alongX = kernelOf(`${kind} ${clamp}`, () => rowsKernel(kind, clamp))
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const room = new Uint8Array(buffer, at.samples, 4 * rowBytes)
  const zero = at.table + (kind === 'i16' ? 4 * 32_768 : 0)
  for (let y = 0; y < height; y += 4) {
    room.set(bytes.subarray(y * rowBytes, (y + 4) * rowBytes))
    alongX(
      ...[at.samples, at.samples + rowBytes, rowBytes, zero, at.scratch],
      ...[at.first, at.lengths, at.weightsX, 8 * along.x.taps, 4 * to.x, 32 * channels],
      ...[at.between + y * wideRow, wideRow],
    )
  }

  const alongY = kernelOf(`columns ${clamp}`, () => columnsKernel(clamp))
  const result = new Float32Array(to.y * outRow)
  const line = new Float32Array(buffer, at.out, outRow)
  for (let y = 0; y < to.y; y++) {
    const weights = at.weightsY + 8 * along.y.taps * y
    const from = at.between + (along.y.first[y] as number) * wideRow
    alongY(from, wideRow, weights, weights + 8 * (along.y.count[y] as number), at.out, at.out + wideRow)
    result.set(line, y * outRow)
  }
  return result
}
