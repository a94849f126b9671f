/**
 * @file Every primitive with its attributes, by family. The tables of derivatives (gradients/), of ONNX lowerings
 * (onnx/rules/) and of the reference interpreter (interpreter/) have one file a family and are keyed by these types, so a
 * primitive that lacks one of them does not compile.
 */

import type { HostRule } from './host.ts'
import type { Distribution } from './random-leaves.ts'
import type { DType, Shape, Tensor, TensorData } from './tensor.ts'

type None = Record<never, never>

/** Geometry of a window that slides over the spatial axes of [B, C, ...spatial]: one entry per spatial axis. */
export interface Window {
  strides: readonly number[]
  /** Elements added before and after each axis: zeros to a convolution, nothing to a maximum. */
  pads: readonly (readonly [number, number])[]
  /** Distance of neighbouring elements of the window. */
  dilations: readonly number[]
}

/** Geometry of a convolution: group i of the output channels sees group i of the input channels only. */
export interface ConvWindow extends Window {
  groups: number
}

/** Geometry of a pooling. */
export interface PoolWindow extends Window {
  kernel: readonly number[]
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
  positive: None
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
  reduceMin: { axes: readonly number[]; keep: boolean }
  product: { axes: readonly number[]; keep: boolean }
  argMax: { axis: number }
  argMin: { axis: number }
  cumulativeSum: { axis: number; exclusive: boolean; reverse: boolean }
  softmax: { axis: number }
  logSoftmax: { axis: number }
}

export interface Shapes {
  reshape: { shape: Shape }
  transpose: { order: readonly number[] }
  broadcast: { shape: Shape }
  concat: { axis: number }
  slice: { starts: readonly number[]; ends: readonly number[] }
  stride: { axis: number; step: number }
  split: { axis: number; sizes: readonly number[] }
  flip: { axes: readonly number[] }
  pad: { before: readonly number[]; after: readonly number[]; value: number }
}

export interface Indexing {
  gather: { axis: number }
  scatterAdd: { size: number }
  batchGather: { batchAxes: number }
  batchScatterAdd: { batchAxes: number; size: number }
  takeAlongAxis: { axis: number }
  addAlongAxis: { axis: number; size: number }
  putAlongAxis: { axis: number }
}

export interface Sorting {
  topK: { axis: number; k: number; largest: boolean }
}

/** A derivative given with a function: inputs, result, its gradient; one gradient an input, null = nothing flows. */
export type CustomRule = (site: { x: readonly Tensor[]; y: Tensor; g: Tensor }) => readonly (Tensor | null)[]

export interface Customs {
  custom: { backward: CustomRule }
}

export interface Products {
  matmul: { transposeA: boolean; transposeB: boolean; scale: number }
}

export interface Windows {
  conv: ConvWindow
  convInputGradient: ConvWindow
  convWeightGradient: ConvWindow
}

export interface Pooling {
  maxPool: PoolWindow
  averagePool: PoolWindow
  averagePoolInputGradient: PoolWindow
}

export interface Sampling {
  /** Linear interpolation at points (x, y) that count elements; zeros beyond the border. */
  sample: None
}

export interface Norms {
  layerNorm: { epsilon: number }
  standardize: { epsilon: number }
  channelAffine: None
  batchNorm: { epsilon: number }
}

/** Nodes that join sessions and are run by the host, see host.ts. */
export interface Hosts {
  host: { rule: HostRule }
}

/** Marks the results of a segment that is recomputed: inputs are the results, then what they are computed from. */
export interface Segments {
  segment: { results: number }
}

export interface Primitives
  extends Leaves,
    Elementwise,
    Activations,
    Reductions,
    Shapes,
    Indexing,
    Sorting,
    Products,
    Windows,
    Pooling,
    Sampling,
    Norms,
    Customs,
    Hosts,
    Segments {}

export type PrimitiveName = keyof Primitives
