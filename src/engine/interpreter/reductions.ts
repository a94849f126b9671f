/** @file Reference evaluation of reductions. */

import type { Reductions } from '../primitives.ts'
import { alongAxis, fold, type Rules } from './site.ts'

function logSoftmaxLine(line: number[]): number[] {
  const top = Math.max(...line)
  const total = Math.log(line.reduce((s, v) => s + Math.exp(v - top), 0))
  return line.map((v) => v - top - total)
}

export const reductions: Rules<keyof Reductions> = {
  sum: ({ x, inputs, attributes }) => fold(x[0]!, inputs[0]!.shape, attributes.axes, 0, (a, b) => a + b),
  reduceMax: ({ x, inputs, attributes }) =>
    fold(x[0]!, inputs[0]!.shape, attributes.axes, Number.NEGATIVE_INFINITY, Math.max),
  argMax({ x, inputs, attributes: { axis } }) {
    const positions = alongAxis(x[0]!, inputs[0]!.shape, axis, (line) =>
      line.map(() => line.indexOf(Math.max(...line))),
    )
    return fold(positions, inputs[0]!.shape, [axis], 0, Math.max)
  },
  softmax: ({ x, shape, attributes: { axis } }) =>
    alongAxis(x[0]!, shape, axis, (line) => logSoftmaxLine(line).map(Math.exp)),
  logSoftmax: ({ x, shape, attributes: { axis } }) => alongAxis(x[0]!, shape, axis, logSoftmaxLine),
}
