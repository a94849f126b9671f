/**
 * @file Element-wise graphs over long vectors as WebAssembly: one pass through memory, four values at a time, whatever the
 * number of operations. An optimizer's step reads and writes each value once; run operation by operation it takes twice as
 * long. The same graph is lowered to ONNX where the vectors are not in this process's memory.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { Outputs } from '../onnx/lower.ts'
import type { PrimitiveName, Primitives } from '../primitives.ts'
import { type Node, type Tensor, topological } from '../tensor.ts'
import { address, type Code, local, loopBy16, moduleOf, sumOfLanes, v128, valueType } from './module.ts'

/**
 * A compiled kernel. Its function `run(bytes, rates, ...vectors)` takes the length in bytes (a multiple of 16), and
 * addresses in the memory: of the numbers `rates`, then of each vector.
 */
export interface Kernel {
  bytes: Uint8Array
  /** The same over a memory that several threads share. */
  shared: Uint8Array
  /** Names of the vectors, in the order of the addresses. */
  vectors: readonly string[]
  /** Those among them that are written. */
  written: readonly string[]
}

/** Where a value lives: a local, and whether it is the same for all elements. */
interface Place {
  local: number
  uniform: boolean
}

const { f32 } = v128
const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] as number
const splat = (value: number): Code => v128.constant(bitsOf(value))

/** Instructions of one primitive, its operands being in locals. */
const instructions: Partial<Record<PrimitiveName, (x: Code, y: Code) => Code>> = {
  add: (x, y) => [...x, ...y, ...f32.add],
  sub: (x, y) => [...x, ...y, ...f32.sub],
  mul: (x, y) => [...x, ...y, ...f32.mul],
  div: (x, y) => [...x, ...y, ...f32.div],
  minimum: (x, y) => [...x, ...y, ...f32.min],
  maximum: (x, y) => [...x, ...y, ...f32.max],
  neg: (x) => [...x, ...f32.neg],
  abs: (x) => [...x, ...f32.abs],
  sqrt: (x) => [...x, ...f32.sqrt],
  square: (x) => [...x, ...x, ...f32.mul],
  sign: (x) => [
    ...[...splat(1), ...x, ...splat(0), ...f32.greater, ...v128.and],
    ...[...splat(1), ...x, ...splat(0), ...f32.less, ...v128.and],
    ...f32.sub,
  ],
}

/**
 * Zeros in place of subnormal values. A moment whose gradient stays 0 decays into them and sticks there (0.9 times the
 * smallest float32 rounds to itself), and arithmetic on them is 25 to 40 times slower.
 */
function flushed(x: Code): Code {
  return [...x, ...x, ...v128.constant(0x7f800000), ...v128.and, ...v128.constant(0), ...v128.differ, ...v128.and]
}

/**
 * Compiles a graph whose inputs are vectors and the vector `rates`. An output `NAME+` is written over the vector NAME.
 * Values of `rates` are slices of one element.
 */
export function vectorKernel(outputs: Outputs): Kernel {
  const order = topological(Object.values(outputs))
  const named = order.filter(({ op }) => op === 'input').map((node) => nameOf(node))
  const written = Object.keys(outputs).map((name) => name.slice(0, -1))
  const vectors = [...new Set([...named.filter((name) => name !== 'rates'), ...written])]
  const [bytes, rates, firstVector] = [0, 1, 2]
  const counter = firstVector + vectors.length
  let next = counter + 1
  const before: number[] = []
  const body: number[] = []
  const places = new Map<Tensor, Place>()
  const keep = (x: Tensor, uniform: boolean, code: Code): void => {
    places.set(x, { local: next, uniform })
    ;(uniform ? before : body).push(...code, ...local.set(next++))
  }
  for (const node of order) {
    const [x] = node.outputs as [Tensor]
    const operands = node.inputs.map((input) => places.get(input))
    if (node.op === 'input') {
      const name = nameOf(node)
      if (name !== 'rates') keep(x, false, [...address(firstVector + vectors.indexOf(name), counter), ...v128.load])
      // The only element of `rates` is `rates` itself.
      else if (x.shape[0] === 1) keep(x, true, [...local.get(rates), ...v128.loadSplat(0)])
    } else if (node.op === 'constant') {
      const { data } = node.attributes as Primitives['constant']
      if (data.length !== 1) refuse(node)
      keep(x, true, splat(data[0] as number))
    } else if (node.op === 'slice' && node.inputs[0]?.node.op === 'input') {
      const { starts } = node.attributes as Primitives['slice']
      keep(x, true, [...local.get(rates), ...v128.loadSplat(4 * (starts[0] as number))])
    } else {
      const [a, b = a] = operands
      const write = instructions[node.op]
      if (write === undefined || a === undefined || b === undefined) return refuse(node)
      keep(x, a.uniform && b.uniform, write(local.get(a.local), local.get(b.local)))
    }
  }
  for (const [name, x] of Object.entries(outputs)) {
    const vector = firstVector + vectors.indexOf(name.slice(0, -1))
    body.push(...address(vector, counter), ...flushed(local.get((places.get(x) as Place).local)), ...v128.store)
  }
  const locals: [number, number][] = [
    [1, valueType.i32],
    [next - counter - 1, valueType.v128],
  ]
  const code = [...before, ...loopBy16(counter, bytes, body)]
  const module = (shared: boolean): Uint8Array => moduleOf(counter, undefined, locals, code, shared)
  return { bytes: module(false), shared: module(true), vectors, written }
}

/** A kernel whose `run` returns the sum of squares of the vector `x`, in float64. */
export function sumOfSquaresKernel(): Kernel {
  const [bytes, x, counter, four, pair, lower, upper] = [0, 2, 3, 4, 5, 6, 7]
  // Two sums: one addition need not wait for the other.
  const addTo = (total: number): Code => {
    const square = [...v128.f64.promoteLow, ...local.tee(pair), ...local.get(pair), ...v128.f64.mul]
    return [...local.get(four), ...square, ...local.get(total), ...v128.f64.add, ...local.set(total)]
  }
  const swap = [...local.get(four), ...local.get(four), ...v128.upperHalf, ...local.set(four)]
  const body = [...address(x, counter), ...v128.load, ...local.set(four), ...addTo(lower), ...swap, ...addTo(upper)]
  const locals: [number, number][] = [
    [1, valueType.i32],
    [4, valueType.v128],
  ]
  const both = [...local.get(lower), ...local.get(upper), ...v128.f64.add, ...local.set(lower)]
  const code = [...loopBy16(counter, bytes, body), ...both, ...sumOfLanes(lower)]
  const module = (shared: boolean): Uint8Array => moduleOf(3, valueType.f64, locals, code, shared)
  return { bytes: module(false), shared: module(true), vectors: ['x'], written: [] }
}

function nameOf(node: Node): string {
  return (node.attributes as Primitives['input']).name
}

function refuse(node: Node): never {
  throw new VesaliusError('RUNTIME_FAILED', `"${node.op}" cannot be part of a sweep over vectors.`)
}
