/** @file Activations. Each checks shapes and dtypes where it is called. */

import { node, shapeError, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { add, mul, neg } from './elementwise.ts'

function plain(op: 'positive' | 'relu' | 'gelu' | 'quickGelu' | 'silu' | 'softplus', x: Tensor): Tensor {
  floats(op, x)
  return node(op, [x], {}, x.shape)
}

/** 1 where x > 0, else 0; derivative 0. */
export const positive = (x: Tensor): Tensor => plain('positive', x)
/** max(x, 0), with derivative 0 at 0. */
export const relu = (x: Tensor): Tensor => plain('relu', x)
/** x Φ(x), exact. */
export const gelu = (x: Tensor): Tensor => plain('gelu', x)
/** x sigmoid(1.702 x), the activation of OpenAI's CLIP. */
export const quickGelu = (x: Tensor): Tensor => plain('quickGelu', x)
/** x sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => plain('silu', x)
/** log(1 + exp(x)), stable. */
export const softplus = (x: Tensor): Tensor => plain('softplus', x)
/** log(sigmoid(x)), stable. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)))

/** x where positive, else slope x; at 0 the derivative is the slope. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  floats('leakyRelu', x)
  return node('leakyRelu', [x], { slope }, x.shape)
}

/** x where positive, else alpha (exp(x) - 1). */
export function elu(x: Tensor, alpha = 1): Tensor {
  floats('elu', x)
  return node('elu', [x], { alpha }, x.shape)
}

/** x held in low..high; the derivative is 1 inside and on the bounds, 0 outside. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  floats('clip', x)
  if (!(low <= high)) shapeError('clip', `the bounds ${low} and ${high} are the wrong way round`, x)
  return node('clip', [x], { low, high }, x.shape)
}

/** x / 6 + 1/2 held in 0..1, a piecewise linear sigmoid. */
export function hardSigmoid(x: Tensor): Tensor {
  floats('hardSigmoid', x)
  return mul(clip(add(x, 3), 0, 6), 1 / 6)
}

/** x hardSigmoid(x). */
export const hardSwish = (x: Tensor): Tensor => mul(x, hardSigmoid(x))
