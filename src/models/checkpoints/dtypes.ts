/**
 * @file Element types of stored tensors: their size, and conversion between the file's little-endian bytes and arrays.
 *
 * Every floating type becomes Float32Array (what the engine computes in); integers keep their own width. Node's platforms
 * are little-endian, so whole-width types are views of the bytes.
 */

/** Bytes per element of each type that can be read and written. Names are those of safetensors. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

export type StoredDtype = keyof typeof dtypeBytes

/** What a stored tensor holds in memory: floats as Float32Array, 64-bit integers as bigints, booleans as 0 and 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

/** True for a type name this file knows. */
export function isStoredDtype(name: unknown): name is StoredDtype {
  return typeof name === 'string' && Object.hasOwn(dtypeBytes, name)
}

/** True for the types that are read as Float32Array. */
export function isFloatDtype(dtype: StoredDtype): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64'
}

/** The type an array is stored as when nothing else is said. */
export function naturalDtype(data: TensorData): StoredDtype {
  if (data instanceof Float32Array) return 'F32'
  if (data instanceof Float64Array) return 'F64'
  if (data instanceof BigInt64Array) return 'I64'
  if (data instanceof BigUint64Array) return 'U64'
  if (data instanceof Int32Array) return 'I32'
  if (data instanceof Uint32Array) return 'U32'
  if (data instanceof Int16Array) return 'I16'
  if (data instanceof Uint16Array) return 'U16'
  if (data instanceof Int8Array) return 'I8'
  return 'U8'
}

/** An empty array of `count` elements of the kind this type is read as (floats: Float32Array). */
export function emptyArray(dtype: StoredDtype, count: number): TensorData {
  switch (dtype) {
    case 'I64':
      return new BigInt64Array(count)
    case 'U64':
      return new BigUint64Array(count)
    case 'I32':
      return new Int32Array(count)
    case 'U32':
      return new Uint32Array(count)
    case 'I16':
      return new Int16Array(count)
    case 'U16':
      return new Uint16Array(count)
    case 'I8':
      return new Int8Array(count)
    case 'U8':
    case 'BOOL':
      return new Uint8Array(count)
    default:
      return new Float32Array(count)
  }
}

/** The value of IEEE 754 half-precision bits (exact in float32; subnormals, infinities and NaN included). */
export function halfToFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The half-precision bits nearest to a number (ties to even; beyond 65519 infinity). */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65520) return sign | 0x7c00
  // The spacing of half-precision numbers around `size`; dividing by a power of two is exact.
  const exponent = Math.max(Math.floor(Math.log2(size)), -14)
  const steps = roundToEven(size / 2 ** (exponent - 10))
  // Counted in steps of its own binade, a carry into the next one (2048 steps) lands on the right bits by itself.
  return sign | (exponent === -14 ? steps : ((exponent + 15) << 10) + steps - 1024)
}

/** The nearest integer, halves to the even one. */
function roundToEven(x: number): number {
  const down = Math.floor(x)
  const rest = x - down
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1
  return down % 2 === 0 ? down : down + 1
}

/** Float32 values of raw half-precision words, into `out` from element `at`. */
export function decodeF16(words: Uint16Array, out: Float32Array, at = 0): void {
  for (let i = 0; i < words.length; i++) out[at + i] = halfToFloat(words[i] as number)
}

/** Float32 values of raw bfloat16 words (the upper half of a float32), into `out` from element `at`. */
export function decodeBF16(words: Uint16Array, out: Float32Array, at = 0): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < words.length; i++) bits[at + i] = (words[i] as number) << 16
}

/** The raw bfloat16 words nearest to float32 values (ties to even; NaN stays NaN). */
export function encodeBF16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const words = new Uint16Array(values.length)
  for (let i = 0; i < words.length; i++) {
    const b = bits[i] as number
    words[i] = Number.isNaN(values[i]) ? 0x7fc0 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16
  }
  return words
}

/** The raw half-precision words nearest to float32 values. */
export function encodeF16(values: Float32Array): Uint16Array {
  const words = new Uint16Array(values.length)
  for (let i = 0; i < words.length; i++) words[i] = floatToHalf(values[i] as number)
  return words
}

/** The bytes of an array stored as `dtype`: a view when the array has that type already, else a converted copy. */
export function bytesOf(data: TensorData, dtype: StoredDtype): Uint8Array {
  let stored: ArrayBufferView = data
  if (isFloatDtype(dtype) && naturalDtype(data) !== dtype) {
    // Constructors, not `from`: that walks an iterator and takes gigabytes for a large tensor.
    const floats = data instanceof Float32Array ? data : new Float32Array(data as Float64Array)
    if (dtype === 'F16') stored = encodeF16(floats)
    else if (dtype === 'BF16') stored = encodeBF16(floats)
    else stored = dtype === 'F64' ? new Float64Array(floats) : floats
  }
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
}
