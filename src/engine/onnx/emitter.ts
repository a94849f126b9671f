/** @file What a lowering rule writes with. */

import type { Attribute, OnnxInitializer } from './proto.ts'
import type { Target } from './webgpu.ts'

/** A dimension of the lowered graph: a number, or a multiple of the batch size known at run time. */
export type Dim = number | { batches: number }

export interface Emitter {
  readonly target: Target
  /** Appends an operator and returns its first output's name. */
  emit(op: string, inputs: readonly string[], attributes?: Record<string, Attribute>, domain?: string): string
  /** The same for several outputs. */
  emitMany(op: string, inputs: readonly string[], outputs: number, attributes?: Record<string, Attribute>): string[]
  /** A constant int64 vector. */
  ints(values: readonly number[]): string
  /** A constant float32 vector with every element `value`; shape [] for `length` undefined. */
  floats(value: number, length?: number): string
  /** An int64 vector with the dimensions, computed at run time where they depend on the batch. */
  dims(shape: readonly Dim[]): string
  initializer(data: OnnxInitializer): string
}

/** ONNX's "to the end" in Slice. */
export const end = 2 ** 53 - 1
