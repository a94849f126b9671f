/**
 * @file Every primitive with its attributes, by family. The tables of derivatives (gradients/), of ONNX lowerings
 * (onnx/rules/) and of the reference interpreter (interpreter/) have one file a family and are keyed by these types, so a
 * primitive that lacks one of them does not compile.
 */

import type { Distribution } from './random-leaves.ts'
import type { DType, Shape, TensorData } from './tensor.ts'

type None = Record<never, never>

/** Geometry of a 2-D convolution or pooling: strides and symmetric padding in (height, width) order. */
export interface Window2d {
  strides: readonly [number, number]
  pads: readonly [number, number]
}

export interface Leaves {
  input: { name: string }
  parameter: { name: string }
  constant: { data: TensorData }
  random: { name: string; distribution: Distribution }
}

export interface Elementwise {
  add: None
  sub: None
  mul: None
  div: None
  maximum: None
  minimum: None
  pow: None
  mod: None
  equal: None
  less: None
  lessEqual: None
  and: None
  or: None
  xor: None
  not: None
  notANumber: None
  where: None

  neg: None
  exp: None
  expm1: None
  log: None
  log1p: None
  sqrt: None
  square: None
  abs: None
  sign: None
  sin: None
  cos: None
  atan: None
  floor: None
  ceil: None
  round: None
  tanh: None
  sigmoid: None
  erf: None
  cast: { to: DType }
  stopGradient: None
}

export interface Activations {
  relu: None
  gelu: None
  quickGelu: None
  silu: None
  softplus: None
  leakyRelu: { slope: number }
  elu: { alpha: number }
  clip: { low: number; high: number }
}

export interface Reductions {
  sum: { axes: readonly number[]; keep: boolean }
  reduceMax: { axes: readonly number[]; keep: boolean }
  argMax: { axis: number }
  softmax: { axis: number }
  logSoftmax: { axis: number }
}

export interface Shapes {
  reshape: { shape: Shape }
  transpose: { order: readonly number[] }
  broadcast: { shape: Shape }
  concat: { axis: number }
  slice: { starts: readonly number[]; ends: readonly number[] }
  pad: { before: readonly number[]; after: readonly number[] }
  gather: None
  scatterAdd: { size: number }
}

export interface Products {
  matmul: { transposeA: boolean; transposeB: boolean }
}

export interface Windows {
  conv2d: Window2d
  conv2dInputGradient: Window2d & { input: Shape }
  conv2dWeightGradient: Window2d & { weight: Shape }
  maxPool2d: Window2d & { kernel: readonly [number, number] }
}

export interface Norms {
  layerNorm: { epsilon: number }
  standardize: { epsilon: number }
  channelAffine: None
}

export interface Primitives extends Leaves, Elementwise, Activations, Reductions, Shapes, Products, Windows, Norms {}

export type PrimitiveName = keyof Primitives
