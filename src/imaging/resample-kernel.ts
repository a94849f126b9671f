/**
 * @file The two passes of resizing as WebAssembly: four rows at a time along x, four values at a time along y. Sums are
 * float64 and run in the order of the plain loops of resample.ts, so every bit is the same.
 */

import { type Code, local, moduleOf, unsigned, valueType } from '../engine/wasm/module.ts'

/** What samples are: float32, or whole numbers that a table of float32 translates. */
export type SampleKind = 'f32' | 'u8' | 'u16' | 'i16'

const { get, set, tee } = local
const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: [0x6a],
  mul: [0x6c],
  shl: [0x74],
  less: [0x49],
} as const

/** Signed LEB128 of small numbers. */
function signed(value: number): Code {
  const bytes: number[] = []
  let left = value
  for (;;) {
    const byte = left & 127
    left >>= 7
    if ((left === 0 && (byte & 64) === 0) || (left === -1 && (byte & 64) !== 0)) return [...bytes, byte]
    bytes.push(byte | 128)
  }
}

const memory = (opcode: number, align: number, offset = 0): Code => [opcode, align, ...unsigned(offset)]
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)]
const f64x2 = {
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  ones: [...simd(0x0c), ...new Uint8Array(Float64Array.of(1, 1).buffer)],
  splatFrom: [...simd(0x0a), 3, 0],
  load: (offset: number): Code => [...simd(0x00), 3, ...unsigned(offset)],
  add: simd(0xf0),
  mul: simd(0xf2),
  min: simd(0xf4),
  max: simd(0xf5),
  /** Two float64 as float32 in the lower half. */
  demote: simd(0x5e),
  promote: simd(0x5f),
} as const
const f32x4 = {
  load: [...simd(0x00), 2, 0],
  store: [...simd(0x0b), 2, 0],
  lane: (index: number): Code => [...simd(0x1f), index],
} as const
/** Lower halves of two vectors, one behind the other. */
const lowerHalves: Code = [...simd(0x0d), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const upperHalf: Code = [...simd(0x0d), 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]

/** Repeats `body` and adds `step` to a local until it reaches the local `end`; runs at least once. */
function loop(counter: number, step: Code, end: number, body: Code): Code {
  return [
    0x03,
    0x40,
    ...body,
    ...get(counter),
    ...step,
    ...i32.add,
    ...tee(counter),
    ...get(end),
    ...i32.less,
    0x0d,
    0,
    0x0b,
  ]
}
const advance = (index: number, step: Code): Code => [...get(index), ...step, ...i32.add, ...set(index)]
const clamped = (x: Code): Code => [...x, ...f64x2.zero, ...f64x2.max, ...f64x2.ones, ...f64x2.min]
const weighted = (sum: number, value: Code, weight: number): Code => [
  ...[...get(sum), ...get(weight), ...value, ...f64x2.mul, ...f64x2.add, ...set(sum)],
]

const bytesOf: Record<SampleKind, number> = { f32: 4, u8: 1, u16: 2, i16: 2 }

/** The float64 of a sample whose address is on the stack; `table` is a local. */
function widened(kind: SampleKind, table: number): Code {
  const promote = 0xbb
  if (kind === 'f32') return [...memory(0x2a, 2), promote]
  const load = { u8: memory(0x2d, 0), u16: memory(0x2f, 1), i16: memory(0x2e, 1) }[kind]
  return [...load, ...i32.constant(2), ...i32.shl, ...get(table), ...i32.add, ...memory(0x2a, 2), promote]
}

/**
 * Four rows along x: `run(samples, end, rowBytes, table, scratch, first, lengths, weights, weightBytes, targets, pixelBytes,
 * out, outRow)`. `samples` to `end` is the first row, `rowBytes` the way to the next; `scratch` takes 32 bytes a sample;
 * `first` holds for each of the targets the offset of its first sample in `scratch`, `lengths` the bytes of its weights;
 * `targets` is the bytes of `first`; `pixelBytes` is 32 times the channels; rows of `out` are `outRow` bytes apart.
 */
export function rowsKernel(kind: SampleKind, clamp: boolean): Uint8Array {
  const [
    samples,
    end,
    rowBytes,
    table,
    scratch,
    first,
    lengths,
    weights,
    weightBytes,
    targets,
    pixelBytes,
    out,
    outRow,
  ] = Array.from({ length: 13 }, (_, i) => i) as [
    ...[number, number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ]
  const [to, target, channel, at, w, stop, row, a, b, weight] = [13, 14, 15, 16, 17, 18, 19, 20, 21, 22]
  const rows = [0, 1, 2, 3].flatMap((r) => [
    ...get(to),
    ...[...get(samples), ...get(rowBytes), ...i32.constant(r), ...i32.mul, ...i32.add, ...widened(kind, table)],
    ...memory(0x39, 3, 8 * r),
  ])
  const spread = [
    ...[...get(scratch), ...set(to)],
    ...loop(samples, i32.constant(bytesOf[kind]), end, [...rows, ...advance(to, i32.constant(32))]),
  ]
  const sums = loop(w, i32.constant(8), stop, [
    ...[...get(w), ...f64x2.splatFrom, ...set(weight)],
    ...weighted(a, [...get(at), ...f64x2.load(0)], weight),
    ...weighted(b, [...get(at), ...f64x2.load(16)], weight),
    ...advance(at, get(pixelBytes)),
  ])
  const result = (sum: number): Code => (clamp ? clamped(get(sum)) : get(sum))
  const write = [a, b].flatMap((sum) => [
    ...[...result(sum), ...f64x2.demote, ...set(weight)],
    ...[0, 1].flatMap((lane) => [
      ...[...get(row), ...get(weight), ...f32x4.lane(lane), ...memory(0x38, 2)],
      ...advance(row, get(outRow)),
    ]),
  ])
  const oneChannel = [
    ...[...get(scratch), ...get(first), ...get(target), ...i32.add, ...memory(0x28, 2), ...i32.add],
    ...[...get(channel), ...i32.add, ...set(at)],
    ...[...get(weights), ...tee(w), ...get(lengths), ...get(target), ...i32.add, ...memory(0x28, 2), ...i32.add],
    ...set(stop),
    ...[...f64x2.zero, ...set(a), ...f64x2.zero, ...set(b)],
    ...sums,
    ...[...get(out), ...set(row)],
    ...write,
    ...advance(out, i32.constant(4)),
  ]
  const oneTarget = [
    ...[...i32.constant(0), ...set(channel)],
    ...loop(channel, i32.constant(32), pixelBytes, oneChannel),
    ...advance(weights, get(weightBytes)),
  ]
  const all = [...i32.constant(0), ...set(target), ...loop(target, i32.constant(4), targets, oneTarget)]
  const locals: [number, number][] = [
    [7, valueType.i32],
    [3, valueType.v128],
  ]
  return moduleOf(13, undefined, locals, [...spread, ...all])
}

/**
 * One row of the result along y: `run(rows, rowBytes, weights, stop, out, end)`: `rows` is the first source row that counts,
 * `weights` to `stop` are its weights, `out` to `end` is filled, a multiple of 16 bytes.
 */
export function columnsKernel(clamp: boolean): Uint8Array {
  const [rows, rowBytes, weights, stop, out, end, at, w, a, b, weight, four] = Array.from(
    { length: 12 },
    (_, i) => i,
  ) as [...[number, number, number, number, number, number], ...[number, number, number, number, number, number]]
  const sums = loop(w, i32.constant(8), stop, [
    ...[...get(w), ...f64x2.splatFrom, ...set(weight), ...get(at), ...f32x4.load, ...set(four)],
    ...weighted(a, [...get(four), ...f64x2.promote], weight),
    ...weighted(b, [...get(four), ...get(four), ...upperHalf, ...f64x2.promote], weight),
    ...advance(at, get(rowBytes)),
  ])
  const result = (sum: number): Code => (clamp ? clamped(get(sum)) : get(sum))
  const four4 = [
    ...[...get(rows), ...set(at), ...get(weights), ...set(w)],
    ...[...f64x2.zero, ...set(a), ...f64x2.zero, ...set(b)],
    ...sums,
    ...[...get(out), ...result(a), ...f64x2.demote, ...result(b), ...f64x2.demote, ...lowerHalves, ...f32x4.store],
    ...advance(rows, i32.constant(16)),
  ]
  const locals: [number, number][] = [
    [2, valueType.i32],
    [4, valueType.v128],
  ]
  return moduleOf(6, undefined, locals, loop(out, i32.constant(16), end, four4))
}
