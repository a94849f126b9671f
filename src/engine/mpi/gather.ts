/**
 * @file The batch of all ranks as one: an all-gather with the gradient of reduce-scatter, so that a loss sees the pairs of
 * every rank as its negatives. Its derivative is the transpose of the gather: each rank gets the sum, over the ranks, of
 * the gradients of the rows it gave (Liu et al. 2022 and OpenCLIP call it gather with gradient).
 */

import { VesaliusError } from '../../core/errors.ts'
import { type HostData, type HostRule, hostNode } from '../host.ts'
import { type Shape, shapeError, type Tensor } from '../tensor.ts'
import type { Communicator } from './communicator.ts'
import type { Numbers } from './library.ts'

export interface GatherOptions {
  /** Name in reports and errors. */
  name?: string
  /**
   * The gradient passes this many further host nodes, asked for when the graph is differentiated: what is computed from it
   * lands in a later session. Towers that wait differently long have backward passes of their own, and the gradients of
   * the first can be summed during the second.
   */
  wait?: () => number
}

/** x [n, ...] of each rank -> [size n, ...] on every rank, in the order of the ranks. Without other ranks x itself. */
export function allGather(
  x: Tensor,
  ranks: Communicator,
  { name = 'features', wait = () => 0 }: GatherOptions = {},
): Tensor {
  if (x.shape.length === 0) shapeError('allGather', 'needs an axis to join the ranks along', x)
  if (ranks.size === 1) return x
  const whole = scaled(x.shape, ranks.size)
  const rule: HostRule = {
    name: `all-gather of ${name}`,
    forward: async ([value]) => [await ranks.allGather(numbers(value!.data, rule.name))],
    backward: ({ gs: [g] }) => [g === undefined ? null : later(reduceScatter(g, ranks, name), wait())],
  }
  return hostNode(rule, [x], [{ shape: whole, dtype: x.dtype }])[0] as Tensor
}

/** x [size n, ...] of each rank -> [n, ...]: the sum over the ranks of the rows that belong to this rank. */
export function reduceScatter(x: Tensor, ranks: Communicator, name: string): Tensor {
  if (ranks.size === 1) return x
  const rule: HostRule = {
    name: `reduce-scatter of ${name}`,
    forward: async ([value]) => [await ranks.reduceScatter(numbers(value!.data, rule.name) as Float32Array)],
    backward: ({ gs: [g] }) => [g === undefined ? null : allGather(g, ranks, { name })],
  }
  return hostNode(rule, [x], [{ shape: scaled(x.shape, 1 / ranks.size), dtype: x.dtype }])[0] as Tensor
}

/** The same values, one session later. */
function later(x: Tensor, steps: number): Tensor {
  if (steps === 0) return x
  const rule: HostRule = {
    name: 'next session',
    forward: ([value]) => [value!.data],
    backward: ({ gs: [g] }) => [g ?? null],
  }
  return later(hostNode(rule, [x], [{ shape: x.shape, dtype: x.dtype }])[0] as Tensor, steps - 1)
}

function scaled([first, ...rest]: Shape, factor: number): Shape {
  return [(first as number) * factor, ...rest]
}

/** MPI is asked for float32, int32 and bytes; the float64 of the reference interpreter has no other ranks. */
function numbers(data: HostData, name: string): Numbers {
  if (data instanceof Float64Array)
    throw new VesaliusError(
      'MPI_FAILED',
      `The ${name} has no meaning under the reference interpreter: it is one process.`,
    )
  return data
}
