/** @file Matching as a host node: the assignment is discrete, so no gradient flows to the costs. */

import { linearAssignment } from '../assignment.ts'
import { type HostRule, type HostValue, hostNode } from '../host.ts'
import { shapeError, sizeOf, type Tensor } from '../tensor.ts'

/**
 * The column of each row in the assignment of least total cost: float32 [..., R, C] with R <= C -> int32 [..., R], every
 * column at most once. Infinity marks a pair that must not be, NaN is refused. Gather with the result to let gradients
 * flow through what was matched.
 */
export function matching(cost: Tensor): Tensor {
  const [rows, columns] = cost.shape.slice(-2)
  if (cost.dtype !== 'float32' || rows === undefined || columns === undefined)
    shapeError('matching', 'needs float32 costs [..., rows, columns]', cost)
  if (rows > columns)
    shapeError('matching', `${rows} rows do not find ${columns} columns each its own; transpose`, cost)
  return hostNode(
    matchingRule(rows, columns),
    [cost],
    [{ shape: cost.shape.slice(0, -1), dtype: 'int32' }],
  )[0] as Tensor
}

function matchingRule(rows: number, columns: number): HostRule {
  return {
    name: 'matching',
    forward([cost]) {
      const { data, shape } = cost as HostValue
      const out = new Int32Array(sizeOf(shape.slice(0, -1)))
      const area = rows * columns
      for (let from = 0, to = 0; to < out.length; from += area, to += rows)
        out.set(linearAssignment(data.subarray(from, from + area), rows, columns), to)
      return [out]
    },
  }
}
