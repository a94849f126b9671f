/** @file Messages between a runtime and its worker. All numeric data move without a copy, by transfer. */

import type { DType, TensorData } from '../tensor.ts'
import type { Kernel } from '../wasm/kernel.ts'

/** Part of a buffer that lives in the worker, seen as a tensor. */
export interface BufferView {
  buffer: string
  /** First element. */
  offset: number
  shape: readonly number[]
}

/** Data that travel with the message. */
export interface Inline {
  dtype: DType
  shape: readonly number[]
  data: TensorData
}

export type Feed = BufferView | Inline

export interface SweepRange {
  start: number
  end: number
  /** Values of the sweep's vector input on this range (learning rate, decay ...). */
  constants: Float32Array
}

export type Request =
  /** `profile`: where ONNX Runtime writes a profile of the session when it is unloaded, a path without its end. */
  | { kind: 'load'; model: Uint8Array; profile?: string }
  /** A vector kernel, which is swept like a session. */
  | { kind: 'kernel'; kernel: Kernel }
  | { kind: 'unload'; session: number }
  | { kind: 'allocate'; buffer: string; length: number }
  | { kind: 'reserve'; buffer: string; length: number; dtype: DType }
  | { kind: 'keep'; buffer: string; data: TensorData }
  | { kind: 'free'; buffer: string }
  | { kind: 'fill'; buffer: string; start: number; end: number; value: number }
  /** Buffers that are swept together. */
  | { kind: 'allocateTogether'; lengths: Readonly<Record<string, number>> }
  | { kind: 'write'; buffer: string; offset: number; data: Float32Array }
  /** Row `ids[k]` of a table of rows of `width` elements, which starts at `offset`, becomes row k of `rows`. */
  | { kind: 'writeRows'; buffer: string; offset: number; width: number; ids: Int32Array; rows: Float32Array }
  | { kind: 'read'; buffer: string; offset: number; length: number }
  | { kind: 'clamp'; buffer: string; start: number; end: number; low: number; high: number }
  | { kind: 'norm'; buffer: string; start: number; end: number }
  | { kind: 'address'; buffer: string }
  | {
      kind: 'run'
      session: number
      feeds: Record<string, Feed>
      into: Record<string, BufferView>
      fetch: readonly string[]
    }
  | {
      kind: 'sweep'
      session: number
      /** Input name -> buffer. All are walked together. */
      buffers: Record<string, string>
      /** Output name -> buffer written in place. */
      into: Record<string, string>
      constants: string
      ranges: readonly SweepRange[]
      chunk: number
    }
  | { kind: 'close' }

export interface Reply {
  id: number
  error?: string
  /** Where the device cannot be opened: the execution providers of this build. */
  providers?: readonly string[]
  session?: number
  data?: Float32Array
  value?: number
  address?: bigint
  outputs?: Record<string, Inline>
  /** Seconds inside the runtime. */
  seconds?: number
}
