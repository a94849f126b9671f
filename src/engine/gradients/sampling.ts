/** @file Derivatives of sampling: what each corner got of a point, and how its weight moves with the point. */

import { asRows, cornersOf } from '../ops/corners.ts'
import * as op from '../ops.ts'
import type { Sampling } from '../primitives.ts'
import type { Rules } from './site.ts'

const { matmul, mul, reshape, sum, transpose, unsqueeze } = op

export const sampling: Rules<keyof Sampling> = {
  sample({ x: [x, points], g }) {
    const [b, c, h, w] = x!.shape as [number, number, number, number]
    const p = points!.shape[2] as number
    const { places, weights, slopes } = cornersOf(reshape(points!, [b, p, 2]), [h, w])
    const rows = transpose(g, [0, 3, 2, 1]) //                                              [B, P, 1, C]
    const shares = matmul(unsqueeze(weights, 2), rows, { transposeA: true }) //             [B, P, 4, C]
    const dx = transpose(op.batchScatterAdd(shares, places, h * w), [0, 2, 1])
    const corners = op.batchGather(asRows(x!), places) //                                   [B, P, 4, C]
    const dWeights = reshape(matmul(rows, corners, { transposeB: true }), [b, p, 4])
    const dPoints = slopes.map((slope) => sum(mul(slope, dWeights), 2, true)) //            [B, P, 1] each
    return [reshape(dx, [b, c, h, w]), reshape(op.concat(dPoints, 2), points!.shape)]
  },
}
