/**
 * @file The part of ONNX's protobuf messages that we write (onnx.proto3, IR version 9).
 * Field numbers are those of the standard.
 */

import protobuf from 'protobufjs/minimal.js'
import type { DType, TensorData } from '../tensor.ts'

export type Attribute = number | string | readonly number[] | { float: number }

export interface OnnxNode {
  /** Where it comes from, for profiles and the runtime's error messages; unique in a graph. */
  name: string
  op: string
  /** '' for the standard domain. */
  domain: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes: Readonly<Record<string, Attribute>>
}

/** A dimension: a length, or the name of one that is only known at run time. */
export interface OnnxValue {
  name: string
  dtype: DType
  shape: readonly (number | string)[]
}

export interface OnnxInitializer {
  name: string
  dtype: DType | 'int64'
  shape: readonly number[]
  bytes: Uint8Array
}

export interface OnnxGraph {
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
  nodes: readonly OnnxNode[]
  initializers: readonly OnnxInitializer[]
}

const elementType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const
/** Opset of the standard domain; 18 is the first with axes of all reductions as inputs. */
const opset = 18

type Writer = protobuf.Writer
const tag = { varint: 0, bytes: 2, fixed32: 5 } as const

function message(w: Writer, field: number, write: (w: Writer) => void): void {
  write(w.uint32((field << 3) | tag.bytes).fork())
  w.ldelim()
}

function text(w: Writer, field: number, value: string): void {
  w.uint32((field << 3) | tag.bytes).string(value)
}

function integer(w: Writer, field: number, value: number): void {
  w.uint32((field << 3) | tag.varint).int64(value)
}

function writeAttribute(w: Writer, name: string, value: Attribute): void {
  text(w, 1, name)
  if (typeof value === 'string') {
    text(w, 4, value)
    integer(w, 20, attributeType.string)
  } else if (typeof value === 'number') {
    integer(w, 3, value)
    integer(w, 20, attributeType.int)
  } else if ('float' in value) {
    w.uint32((2 << 3) | tag.fixed32).float(value.float)
    integer(w, 20, attributeType.float)
  } else {
    for (const n of value) integer(w, 8, n)
    integer(w, 20, attributeType.ints)
  }
}

function writeNode(w: Writer, node: OnnxNode): void {
  for (const name of node.inputs) text(w, 1, name)
  for (const name of node.outputs) text(w, 2, name)
  text(w, 3, node.name)
  text(w, 4, node.op)
  for (const [name, value] of Object.entries(node.attributes)) message(w, 5, (a) => writeAttribute(a, name, value))
  if (node.domain !== '') text(w, 7, node.domain)
}

function writeInitializer(w: Writer, { name, dtype, shape, bytes }: OnnxInitializer): void {
  for (const n of shape) integer(w, 1, n)
  integer(w, 2, elementType[dtype])
  text(w, 8, name)
  w.uint32((9 << 3) | tag.bytes).bytes(bytes)
}

function writeValue(w: Writer, { name, dtype, shape }: OnnxValue): void {
  text(w, 1, name)
  message(w, 2, (type) =>
    message(type, 1, (tensor) => {
      integer(tensor, 1, elementType[dtype])
      message(tensor, 2, (dims) => {
        for (const n of shape) message(dims, 1, (dim) => (typeof n === 'number' ? integer(dim, 1, n) : text(dim, 2, n)))
      })
    }),
  )
}

/** Serialises a ModelProto. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const w = protobuf.Writer.create()
  integer(w, 1, 9)
  text(w, 2, 'vesalius')
  message(w, 7, (g) => {
    for (const node of graph.nodes) message(g, 1, (n) => writeNode(n, node))
    text(g, 2, 'vesalius')
    for (const initializer of graph.initializers) message(g, 5, (i) => writeInitializer(i, initializer))
    for (const value of graph.inputs) message(g, 11, (v) => writeValue(v, value))
    for (const value of graph.outputs) message(g, 12, (v) => writeValue(v, value))
  })
  for (const [domain, version] of [
    ['', opset],
    ['com.microsoft', 1],
  ] as const) {
    message(w, 8, (o) => {
      text(o, 1, domain)
      integer(o, 2, version)
    })
  }
  return w.finish()
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(data: TensorData | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
