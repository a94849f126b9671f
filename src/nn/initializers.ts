/**
 * @file Initial values as in torch.nn.init. Each function turns a shape [outputs, inputs, ...kernel] into an
 * {@link Initializer}; a fan is the number of terms in a sum that makes one output (in) or one input's gradient (out).
 */

import { VesaliusError } from '../core/errors.ts'
import type { Initializer, Shape } from '../engine/index.ts'

export interface Fans {
  fanIn: number
  fanOut: number
}

/** Fans of a weight [outputs, inputs, ...kernel]; for groups, `inputs` are those of one group, as it stands in the shape. */
export function fans(shape: Shape): Fans {
  const [outputs, inputs, ...kernel] = shape
  if (outputs === undefined || inputs === undefined) {
    throw new VesaliusError('MODEL_INVALID', `Fans need a weight with two axes or more, not [${shape.join(', ')}].`)
  }
  const field = kernel.reduce((product, n) => product * n, 1)
  return { fanIn: inputs * field, fanOut: outputs * field }
}

/** What follows the layer: its gain keeps the variance of activations from layer to layer. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | { leakyRelu: number }

/** Square of the gain of torch.nn.init.calculate_gain. */
function squaredGain(after: Nonlinearity): number {
  if (typeof after === 'object') return 2 / (1 + after.leakyRelu ** 2)
  return { linear: 1, sigmoid: 1, tanh: 25 / 9, relu: 2 }[after]
}

export interface KaimingOptions {
  /** `fanIn` keeps the variance forward, `fanOut` backward. */
  mode?: keyof Fans
  after?: Nonlinearity
}

/** He et al. 2015, normal with variance gain^2 / fan. */
export function kaimingNormal(shape: Shape, { mode = 'fanIn', after = 'relu' }: KaimingOptions = {}): Initializer {
  return { kind: 'normal', sd: Math.sqrt(squaredGain(after) / fans(shape)[mode]) }
}

/** He et al. 2015, uniform with variance gain^2 / fan. */
export function kaimingUniform(shape: Shape, { mode = 'fanIn', after = 'relu' }: KaimingOptions = {}): Initializer {
  return { kind: 'uniform', bound: Math.sqrt((3 * squaredGain(after)) / fans(shape)[mode]) }
}

/** Glorot and Bengio 2010, uniform with variance 2 gain^2 / (fanIn + fanOut). */
export function xavierUniform(shape: Shape, gain = 1): Initializer {
  const { fanIn, fanOut } = fans(shape)
  return { kind: 'uniform', bound: gain * Math.sqrt(6 / (fanIn + fanOut)) }
}

/** Glorot and Bengio 2010, normal with variance 2 gain^2 / (fanIn + fanOut). */
export function xavierNormal(shape: Shape, gain = 1): Initializer {
  const { fanIn, fanOut } = fans(shape)
  return { kind: 'normal', sd: gain * Math.sqrt(2 / (fanIn + fanOut)) }
}

/** Normal values, those outside [low, high] drawn again (torch.nn.init.trunc_normal_: bounds are not in units of sd). */
export function truncatedNormal(sd: number, low = -2, high = 2): Initializer {
  return { kind: 'truncated-normal', sd, low, high }
}

/**
 * Default of PyTorch's linear and convolution layers, weight and bias alike: uniform within 1 / sqrt(fanIn), which is
 * Kaiming's with a leaky slope of sqrt(5).
 */
export function uniformByFanIn(shape: Shape): Initializer {
  return { kind: 'uniform', bound: 1 / Math.sqrt(fans(shape).fanIn) }
}
