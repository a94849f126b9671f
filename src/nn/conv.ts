/** @file Convolution layers over one, two or three spatial axes; the input's axes say which. */

import {
  add,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type Initializer,
  type Padding,
  type PerAxis,
  reshape,
  type Shape,
  shapeError,
  type Tensor,
} from '../engine/index.ts'
import { uniformByFanIn } from './initializers.ts'
import type { Scope } from './scope.ts'

export interface ConvLayerOptions {
  kernel: PerAxis
  stride?: PerAxis
  /** Zeros around the input. */
  padding?: Padding
  dilation?: PerAxis
  /** Groups of channels that do not see each other; divides inputs and outputs. */
  groups?: number
  bias?: boolean
  /** Initial weights from their shape; PyTorch's default if not given. Biases are then zeros. */
  init?: (shape: Shape) => Initializer
}

export interface ConvTransposeLayerOptions extends ConvLayerOptions {
  /** Elements added after each axis of the result, fewer than the stride. */
  outputPadding?: PerAxis
}

/**
 * Convolution of x [B, C, ...spatial] -> [B, outputs, ...], as torch.nn.Conv1d, 2d and 3d. Parameters: `weight`
 * [outputs, C / groups, ...kernel], `bias` [outputs].
 */
export function conv(scope: Scope, x: Tensor, outputs: number, options: ConvLayerOptions): Tensor {
  const rank = spatialAxes('conv', x)
  const { groups = 1, stride: strides, padding: pads, dilation: dilations } = options
  checkGroups('conv', x, outputs, groups)
  const shape = [outputs, (x.shape[1] as number) / groups, ...kernelOf('conv', x, options.kernel)]
  const weight = scope.parameter('weight', shape, (options.init ?? uniformByFanIn)(shape))
  const y = [conv1d, conv2d, conv3d][rank - 1]!(x, weight, { strides, pads, dilations, groups })
  return withBias(scope, y, shape, options)
}

/**
 * Transposed convolution of x [B, C, ...spatial] -> [B, outputs, ...], as torch.nn.ConvTranspose1d, 2d and 3d.
 * Parameters: `weight` [C, outputs / groups, ...kernel], `bias` [outputs].
 */
export function convTranspose(scope: Scope, x: Tensor, outputs: number, options: ConvTransposeLayerOptions): Tensor {
  const rank = spatialAxes('convTranspose', x)
  const { groups = 1, stride: strides, padding: pads, dilation: dilations, outputPadding } = options
  checkGroups('convTranspose', x, outputs, groups)
  const shape = [x.shape[1] as number, outputs / groups, ...kernelOf('convTranspose', x, options.kernel)]
  const weight = scope.parameter('weight', shape, (options.init ?? uniformByFanIn)(shape))
  const op = [convTranspose1d, convTranspose2d, convTranspose3d][rank - 1]!
  return withBias(scope, op(x, weight, { strides, pads, dilations, groups, outputPadding }), shape, options)
}

/** One value a channel added to y [B, C, ...]; fresh ones by the fan of the weight. */
function withBias(scope: Scope, y: Tensor, weight: Shape, { bias = true, init }: ConvLayerOptions): Tensor {
  if (!bias) return y
  const outputs = y.shape[1] as number
  const first: Initializer = init === undefined ? uniformByFanIn(weight) : { kind: 'zeros' }
  const spread = [outputs, ...y.shape.slice(2).map(() => 1)]
  return add(y, reshape(scope.parameter('bias', [outputs], first), spread))
}

function spatialAxes(op: string, x: Tensor): number {
  const rank = x.shape.length - 2
  if (rank < 1 || rank > 3) shapeError(op, 'needs [B, C, ...spatial] with one, two or three spatial axes', x)
  return rank
}

function kernelOf(op: string, x: Tensor, kernel: PerAxis): readonly number[] {
  const rank = x.shape.length - 2
  const list = typeof kernel === 'number' ? new Array<number>(rank).fill(kernel) : kernel
  if (list.length !== rank) shapeError(op, `a kernel [${list.join(', ')}] does not fit ${rank} spatial axes`, x)
  return list
}

function checkGroups(op: string, x: Tensor, outputs: number, groups: number): void {
  if (!Number.isInteger(groups) || groups < 1 || x.shape[1]! % groups !== 0 || outputs % groups !== 0)
    shapeError(op, `${groups} groups do not divide ${x.shape[1]} channels (axis 1) and ${outputs} outputs`, x)
}
