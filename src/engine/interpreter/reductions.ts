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
  reduceMin: ({ x, inputs, attributes }) =>
    fold(x[0]!, inputs[0]!.shape, attributes.axes, Number.POSITIVE_INFINITY, Math.min),
  product: ({ x, inputs, attributes }) => fold(x[0]!, inputs[0]!.shape, attributes.axes, 1, (a, b) => a * b),
  argMin({ x, inputs, attributes: { axis } }) {
    const positions = alongAxis(x[0]!, inputs[0]!.shape, axis, (line) =>
      line.map(() => line.indexOf(Math.min(...line))),
    )
    return fold(positions, inputs[0]!.shape, [axis], 0, Math.max)
  },
  cumulativeSum: ({ x, shape, attributes: { axis, exclusive, reverse } }) =>
    alongAxis(x[0]!, shape, axis, (line) =>
      line.map((own, i) => {
        const others = reverse ? line.slice(i + 1) : line.slice(0, i)
        return others.reduce((s, v) => s + v, exclusive ? 0 : own)
      }),
    ),
  softmax: ({ x, shape, attributes: { axis } }) =>
    alongAxis(x[0]!, shape, axis, (line) => logSoftmaxLine(line).map(Math.exp)),
  logSoftmax: ({ x, shape, attributes: { axis } }) => alongAxis(x[0]!, shape, axis, logSoftmaxLine),
}
