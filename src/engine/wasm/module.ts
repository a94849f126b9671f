/** @file The little of the WebAssembly binary format that a vector kernel needs: numbers, sections, instructions. */

/** Bytes of some instructions. */
export type Code = readonly number[]

/** Unsigned LEB128. */
export function unsigned(value: number): Code {
  const bytes: number[] = []
  let left = value
  do {
    const more = left > 127
    bytes.push((left % 128) + (more ? 128 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return bytes
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
const sized = (body: Code): Code => [...unsigned(body.length), ...body]
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(vector(items))]
const name = (text: string): Code => sized([...new TextEncoder().encode(text)])

/** Codes of value types. */
export const valueType = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number): Code => [0x21, ...unsigned(index)],
  tee: (index: number): Code => [0x22, ...unsigned(index)],
}

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)]
const align = { four: 2, sixteen: 4 }

/** Instructions on vectors of four float32, or two float64, named as in the specification. */
export const v128 = {
  load: [...simd(0x00), align.sixteen, 0],
  store: [...simd(0x0b), align.sixteen, 0],
  /** Four copies of the float32 at an address plus `offset` bytes. */
  loadSplat: (offset: number): Code => [...simd(0x09), align.four, ...unsigned(offset)],
  /** Four copies of 32 bits. */
  constant: (bits: number): Code => {
    const bytes = [bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24]
    return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes]
  },
  and: simd(0x4e),
  bitselect: simd(0x52),
  /** Lanes that differ as 32-bit integers: all ones, else zeros. */
  differ: simd(0x38),
  f32: {
    less: simd(0x43),
    greater: simd(0x44),
    abs: simd(0xe0),
    neg: simd(0xe1),
    sqrt: simd(0xe3),
    add: simd(0xe4),
    sub: simd(0xe5),
    mul: simd(0xe6),
    div: simd(0xe7),
    min: simd(0xe8),
    max: simd(0xe9),
  },
  f64: {
    add: simd(0xf0),
    mul: simd(0xf2),
    /** The two float32 of the lower half as float64. */
    promoteLow: simd(0x5f),
    lane: (index: number): Code => [...simd(0x21), index],
  },
  /** The upper half of a vector in both halves. */
  upperHalf: [...simd(0x0d), ...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]],
}

/** The sum of the two lanes of a float64 vector held in a local. */
export function sumOfLanes(index: number): Code {
  return [...local.get(index), ...v128.f64.lane(0), ...local.get(index), ...v128.f64.lane(1), 0xa0]
}

/** Repeats `body` while `counter`, raised by 16 after each round, is below the local `end`. */
export function loopBy16(counter: number, end: number, body: Code): Code {
  const next = [...local.get(counter), 0x41, 16, 0x6a, ...local.tee(counter)]
  return [0x03, 0x40, ...body, ...next, ...local.get(end), 0x49, 0x0d, 0x00, 0x0b]
}

/** Pages of the largest memory that there is. */
const largest = 65_536

/** The address base + counter of two locals. */
export function address(base: number, counter: number): Code {
  return [...local.get(base), ...local.get(counter), 0x6a]
}

/**
 * A module with one function `run` over an imported memory `env.memory`, one that threads share if `shared`.
 * @param parameters number of i32 parameters
 * @param locals how many locals of each type follow them
 */
export function moduleOf(
  parameters: number,
  result: number | undefined,
  locals: readonly [number, number][],
  code: Code,
  shared = false,
): Uint8Array {
  const limits = shared ? [3, ...unsigned(1), ...unsigned(largest)] : [0, 1]
  const body = [...vector(locals.map(([count, type]) => [...unsigned(count), type])), ...code, 0x0b]
  const i32s = Array<Code>(parameters).fill([valueType.i32])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector(i32s), ...vector(result === undefined ? [] : [[result]])]]),
    ...section(2, [[...name('env'), ...name('memory'), 2, ...limits]]),
    ...section(3, [[0]]),
    ...section(7, [[...name('run'), 0, 0]]),
    ...section(10, [sized(body)]),
  ])
}
