/**
 * @file Lowering for ONNX Runtime's WebGPU provider. Operators that it lacks would run on the CPU, with a copy to the
 * host and back around each of them; here they are written with operators that it has.
 */

import type { Shape } from '../tensor.ts'
import type { Emitter } from './emitter.ts'
import type { Attribute } from './proto.ts'

/** Which kernels the model is written for. Any device runs either; speed differs. */
export type Target = 'cpu' | 'webgpu'

/** The lowering that suits a device. */
export function targetOf(device: string): Target {
  return device === 'webgpu' ? 'webgpu' : 'cpu'
}

type Substitute = (
  e: Emitter,
  x: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
  rank: (name: string) => number,
) => string | undefined

/** One for each operator that the WebGPU provider of ONNX Runtime 1.30 lacks, in whole or in part, and our rules emit. */
const substitutes: Readonly<Record<string, Substitute>> = {
  FusedMatMul(e, [a, b], { transA = 0, transB = 0, alpha, ...others }, rank) {
    // Attributes that only ONNX Runtime's CPU operator knows are left to it.
    if (Object.keys(others).length > 0) return undefined
    const scale: Record<string, Attribute> = alpha === undefined ? {} : { alpha }
    if (rank(a!) === 2 && rank(b!) === 2) return e.emit('Gemm', [a!, b!], { transA, transB, ...scale })
    const turned = (x: string, turn: Attribute): string =>
      turn === 1 ? e.emit('Transpose', [x], { perm: lastTwoSwapped(rank(x)) }) : x
    const product = e.emit('MatMul', [turned(a!, transA), turned(b!, transB)])
    if (alpha === undefined) return product
    return e.emit('Mul', [product, e.floats((alpha as { float: number }).float)])
  },
  /** Over three axes it knows no groups: one convolution each. */
  Conv(e, [x, w], { group, ...others }, rank) {
    if (rank(w!) !== 5 || group === undefined || group === 1) return undefined
    const groups = group as number
    const parts = (t: string, axis: number): string[] => e.emitMany('Split', [t], groups, { axis, num_outputs: groups })
    const kernels = parts(w!, 0)
    return e.emit(
      'Concat',
      parts(x!, 1).map((part, i) => e.emit('Conv', [part, kernels[i]!], others)),
      { axis: 1 },
    )
  },
  LogSoftmax(e, [x], { axis }) {
    const axes = e.ints([axis as number])
    const shifted = e.emit('Sub', [x!, e.emit('ReduceMax', [x!, axes], { keepdims: 1 })])
    const sums = e.emit('ReduceSum', [e.emit('Exp', [shifted]), axes], { keepdims: 1 })
    return e.emit('Sub', [shifted, e.emit('Log', [sums])])
  },
}

function lastTwoSwapped(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i)
  return [...axes.slice(0, -2), rank - 1, rank - 2]
}

/** Operators whose result has the rank of the larger operand. Of the others, only shapes are changed by Reshape. */
const broadcasting = new Set(['MatMul', 'Add', 'Sub', 'Mul', 'Div'])

/**
 * An emitter that writes substitutes where the WebGPU provider lacks an operator. `shapes` are those of traced tensors
 * and constants; the ranks of what a rule emits in between are followed here, as far as matrix products read them.
 */
export function webgpuEmitter(e: Emitter, shapes: ReadonlyMap<string, Shape>): Emitter {
  const emitted = new Map<string, number>()
  const find = (name: string): number | undefined => shapes.get(name)?.length ?? emitted.get(name)
  const rank = (name: string): number => {
    const found = find(name)
    if (found === undefined) throw new Error(`The lowering for WebGPU does not know the rank of ${name}.`)
    return found
  }
  const outer: Emitter = {
    ...e,
    emitMany(op, x, outputs, attributes) {
      const made = e.emitMany(op, x, outputs, attributes)
      const first = find(x[0]!)
      if (first !== undefined) for (const y of made) emitted.set(y, first)
      return made
    },
    emit(op, x, attributes = {}, domain = '') {
      const substitute = substitutes[op]?.(outer, x, attributes, rank)
      if (substitute !== undefined) return substitute
      const y = e.emit(op, x, attributes, domain)
      const [first, second] = x.map(find)
      const larger = broadcasting.has(op) ? Math.max(first ?? 0, second ?? 0) : first
      const after = op === 'Reshape' ? shapes.get(x[1]!)?.[0] : larger
      if (after !== undefined) emitted.set(y, after)
      return y
    },
  }
  return outer
}
