/**
 * @file Every primitive of the engine with inputs to try it on: the judge's bench for derivatives (against differences)
 * and for the ONNX lowering (against the interpreter). Keyed by name, so a primitive without cases does not compile.
 */

import * as op from '../src/engine/ops.ts'
import { node, nodes, type PrimitiveName, type Shape, type Tensor, type Window2d } from '../src/engine/tensor.ts'
import { away, coins, given, normal, type Operand, positive } from './operands.ts'

export interface Case {
  what: string
  operands: readonly Operand[]
  trace: (...x: Tensor[]) => Tensor | readonly Tensor[]
  /**
   * The derivative to expect: that of differences (default); zero whatever differences say; or, at a kink, the stated
   * gradient of the sum of the outputs for each float operand.
   */
  derivative?: 'zero' | readonly (readonly number[])[]
}

/** Pairs of shapes that broadcast: equal, trailing, both ways, scalar, empty. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [[2, 3], [2, 3]],
  [[2, 3], [3]],
  [[2, 1, 3], [4, 1]],
  [[], [2, 2]],
  [[0, 3], [1, 3]],
] // biome-ignore format: one pair a line

const over = (a: Shape, b: Shape): string => `[${a}] and [${b}]`

function binary(f: (a: Tensor, b: Tensor) => Tensor, right: (...shape: number[]) => Operand = normal): Case[] {
  return pairs.map(([a, b]) => ({ what: over(a, b), operands: [normal(...a), right(...b)], trace: f }))
}

const tie = { what: 'a tie, shared equally', operands: [given([3], [1, 2, 3]), given([3], [1, 5, 0])] }

function unary(f: (x: Tensor) => Tensor, make: (...shape: number[]) => Operand = normal, ...more: Case[]): Case[] {
  const shapes = [[2, 5], [], [0]]
  return [...shapes.map((shape) => ({ what: `[${shape}]`, operands: [make(...shape)], trace: f })), ...more]
}

function compared(f: (a: Tensor, b: Tensor) => Tensor): Case[] {
  return [
    {
      what: 'floats',
      operands: [given([3], [1, 2, 3]), given([2, 3], [1, 5, 0, 0, 2, 4])],
      trace: f,
      derivative: 'zero',
    },
    { what: 'ints', operands: [given([3], [1, -2, 3], 'int32'), given([1], [-2], 'int32')], trace: f },
  ]
}

/** [height, width, kernel, strides, pads], with remainders, strides beyond the kernel and padding beyond it. */
type Geometry = readonly [
  number,
  number,
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
]
const geometries: readonly Geometry[] = [
  [5, 6, [3, 3], [1, 1], [1, 1]],
  [5, 6, [3, 3], [2, 2], [1, 1]],
  [6, 6, [3, 3], [2, 2], [0, 0]],
  [6, 5, [1, 1], [1, 1], [0, 0]],
  [6, 5, [1, 1], [2, 2], [0, 0]],
  [7, 8, [2, 2], [3, 3], [0, 0]],
  [6, 6, [3, 3], [3, 3], [0, 0]],
  [4, 4, [3, 3], [1, 1], [2, 2]],
  [4, 4, [1, 1], [1, 1], [1, 1]],
  [5, 9, [1, 3], [1, 2], [0, 1]],
  [9, 7, [5, 4], [4, 2], [2, 1]],
] // biome-ignore format: one geometry a line

function convolutions(f: (shapes: { x: Shape; w: Shape; y: Shape; window: Window2d }) => Omit<Case, 'what'>): Case[] {
  return geometries.map(([h, w, kernel, strides, pads]) => {
    const side = (length: number, i: 0 | 1): number => op.windowLength(length, kernel[i], strides[i], pads[i])
    const shapes = { x: [2, 3, h, w], w: [4, 3, ...kernel], y: [2, 4, side(h, 0), side(w, 1)] }
    return {
      what: `${h}x${w}, kernel ${kernel}, strides ${strides}, pads ${pads}`,
      ...f({ ...shapes, window: { strides, pads } }),
    }
  })
}

const leads: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[2], [2]],
  [[2], []],
  [[], [2]],
  [[2, 1], [3]],
  [[2, 3], []],
] // biome-ignore format: one pair a line

function matmuls(): Case[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [...leads, 'empty' as const, 'empty rows' as const].map((lead) => {
        const k = lead === 'empty' ? 0 : 4
        const m = lead === 'empty rows' ? 0 : 3
        const [la, lb] = typeof lead === 'string' ? [[2], []] : lead
        const a = [...la, ...(transposeA ? [k, m] : [m, k])]
        const b = [...lb, ...(transposeB ? [2, k] : [k, 2])]
        return {
          what: `${over(a, b)}, transposed ${transposeA}, ${transposeB}`,
          operands: [normal(...a), normal(...b)],
          trace: (x, y) => op.matmul(x, y, { transposeA, transposeB }),
        } satisfies Case
      }),
    ),
  )
}

/** Every primitive's cases; leaves have none of their own, for every case starts from them. */
export const primitiveCases: Record<PrimitiveName, readonly Case[] | 'leaf'> = {
  input: 'leaf',
  parameter: 'leaf',
  constant: 'leaf',

  add: binary(op.add),
  sub: binary(op.sub),
  mul: binary(op.mul),
  div: binary(op.div, away),
  maximum: [
    ...binary(op.maximum),
    {
      ...tie,
      trace: op.maximum,
      derivative: [
        [0.5, 0, 1],
        [0.5, 1, 0],
      ],
    },
  ],
  minimum: [
    ...binary(op.minimum),
    {
      ...tie,
      trace: op.minimum,
      derivative: [
        [0.5, 1, 0],
        [0.5, 0, 1],
      ],
    },
  ],
  equal: compared(op.equal),
  less: compared(op.less),
  and: [{ what: 'broadcast', operands: [coins(3, 4), coins(4)], trace: op.and }],
  not: [{ what: '[6]', operands: [coins(6)], trace: op.not }],
  where: [
    { what: 'one shape', operands: [coins(2, 3), normal(2, 3), normal(2, 3)], trace: op.where },
    { what: 'all three broadcast', operands: [coins(2, 1, 1), normal(3, 1), normal(1, 4)], trace: op.where },
    { what: 'a wide condition', operands: [coins(2, 3), normal(), normal(3)], trace: op.where },
  ],

  neg: unary(op.neg),
  exp: unary(op.exp),
  log: unary(op.log, positive),
  sqrt: unary(op.sqrt, positive),
  square: unary(op.square),
  abs: unary(op.abs, away, { what: 'at 0', operands: [given([1], [0])], trace: op.abs, derivative: [[0]] }),
  sign: unary(op.sign, away, { what: 'at 0', operands: [given([1], [0])], trace: op.sign, derivative: 'zero' }),
  tanh: unary(op.tanh),
  sigmoid: unary(op.sigmoid),
  erf: unary(op.erf, normal, { what: 'the tails', operands: [given([4], [-4, -2.4, 2.6, 7])], trace: op.erf }),
  relu: unary(op.relu, away, { what: 'at 0', operands: [given([1], [0])], trace: op.relu, derivative: [[0]] }),
  gelu: unary(op.gelu),
  quickGelu: unary(op.quickGelu),
  cast: [
    { what: 'bool to float', operands: [coins(4)], trace: (x) => op.cast(x, 'float32') },
    { what: 'int to float', operands: [given([3], [-2, 0, 7], 'int32')], trace: (x) => op.cast(x, 'float32') },
    {
      what: 'float to int',
      operands: [given([4], [-1.7, -0.2, 0.9, 3])],
      trace: (x) => op.cast(x, 'int32'),
      derivative: 'zero',
    },
    {
      what: 'float to bool',
      operands: [given([3], [-1.7, 0, 0.5])],
      trace: (x) => op.cast(x, 'bool'),
      derivative: 'zero',
    },
  ],
  stopGradient: [{ what: '[2, 3]', operands: [normal(2, 3)], trace: op.stopGradient, derivative: 'zero' }],

  sum: [
    { what: 'all', operands: [normal(2, 3)], trace: (x) => op.sum(x) },
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.sum(x, 1) },
    { what: 'two, kept', operands: [normal(2, 3, 2)], trace: (x) => op.sum(x, [0, -1], true) },
    { what: 'over nothing', operands: [normal(2, 0, 3)], trace: (x) => op.sum(x, 1) },
  ],
  reduceMax: [
    { what: 'all', operands: [normal(2, 3)], trace: (x) => op.max(x) },
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.max(x, 1) },
    { what: 'two, kept', operands: [normal(2, 3, 2)], trace: (x) => op.max(x, [0, -1], true) },
    {
      what: 'a tie of two',
      operands: [given([1, 3], [4, 1, 4])],
      trace: (x) => op.max(x, 1),
      derivative: [[0.5, 0, 0.5]],
    },
    {
      what: 'a tie of three',
      operands: [given([2, 4], [4, 1, 4, 4, 0, 0, 0, 9])],
      trace: (x) => op.max(x, 1),
      derivative: [[1 / 3, 0, 1 / 3, 1 / 3, 0, 0, 0, 1]],
    },
  ],
  argMax: [
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.argMax(x, 1) },
    {
      what: 'the first of a tie',
      operands: [given([2, 3], [1, 4, 4, 0, 0, 0])],
      trace: (x) => op.argMax(x, -1),
      derivative: 'zero',
    },
  ],
  softmax: [0, 1, -1].map((axis) => ({
    what: `axis ${axis}`,
    operands: [normal(2, 3, 4)],
    trace: (x) => op.softmax(x, axis),
  })),
  logSoftmax: [
    ...[0, 1, -1].map((axis) => ({
      what: `axis ${axis}`,
      operands: [normal(2, 3, 4)],
      trace: (x: Tensor) => op.logSoftmax(x, axis),
    })),
    { what: 'far apart', operands: [given([2, 3], [200, -300, 199, 0, 0.5, 90])], trace: (x) => op.logSoftmax(x) },
  ],
  layerNorm: [
    {
      what: '[2, 3, 4]',
      operands: [normal(2, 3, 4), normal(4), normal(4)],
      trace: (x, a, b) => op.layerNorm(x, a, b, 1e-5),
    },
    {
      what: '[5], large epsilon',
      operands: [normal(5), normal(5), normal(5)],
      trace: (x, a, b) => op.layerNorm(x, a, b, 0.3),
    },
  ],
  standardize: [
    { what: 'both outputs', operands: [normal(2, 3, 4)], trace: (x) => op.standardize(x, 1e-2) },
    { what: 'only the values', operands: [normal(3, 4)], trace: (x) => op.standardize(x, 1e-2)[0] },
    { what: 'only the scale', operands: [normal(3, 4)], trace: (x) => op.standardize(x, 1e-2)[1] },
  ],
  channelAffine: [
    [2, 3, 2, 2],
    [2, 3],
    [2, 3, 5],
    [0, 3, 2, 2],
  ].map((shape) => ({
    what: `[${shape}]`,
    operands: [normal(...shape), normal(3), normal(3)],
    trace: op.channelAffine,
  })),

  matmul: matmuls(),
  reshape: [
    { what: 'to fewer axes', operands: [normal(2, 3, 2)], trace: (x) => op.reshape(x, [-1, 2]) },
    { what: 'of nothing', operands: [normal(2, 0)], trace: (x) => op.reshape(x, [0, 3]) },
  ],
  transpose: [
    { what: 'a cycle', operands: [normal(2, 3, 4)], trace: (x) => op.transpose(x, [2, 0, 1]) },
    { what: 'a swap', operands: [normal(2, 3)], trace: (x) => op.transpose(x, [1, 0]) },
  ],
  broadcast: [
    { what: 'a long axis', operands: [normal(2, 1)], trace: (x) => op.broadcast(x, [2, 4]) },
    { what: 'leading axes', operands: [normal(3)], trace: (x) => op.broadcast(x, [2, 2, 3]) },
    { what: 'to nothing', operands: [normal(1, 3)], trace: (x) => op.broadcast(x, [0, 3]) },
    { what: 'a scalar', operands: [normal()], trace: (x) => op.broadcast(x, [2, 2]) },
  ],
  concat: [
    { what: 'two', operands: [normal(2, 3), normal(2, 1)], trace: (...x) => op.concat(x, 1) },
    { what: 'an empty part', operands: [normal(2, 3), normal(0, 3), normal(1, 3)], trace: (...x) => op.concat(x, 0) },
    { what: 'one twice', operands: [normal(2)], trace: (x) => op.concat([x, x], 0) },
  ],
  slice: [
    { what: 'the middle', operands: [normal(2, 5)], trace: (x) => op.slice(x, 1, 1, 4) },
    { what: 'the end', operands: [normal(4, 2)], trace: (x) => op.slice(x, 0, 3, 4) },
    { what: 'nothing', operands: [normal(4, 2)], trace: (x) => op.slice(x, 0, 2, 2) },
  ],
  pad: [
    { what: 'all sides', operands: [normal(2, 3)], trace: (x) => op.pad(x, [1, 0], [2, 1]) },
    { what: 'nothing', operands: [normal(0, 3)], trace: (x) => op.pad(x, [1, 0], [1, 0]) },
  ],
  gather: [
    { what: 'repeated rows', operands: [normal(4, 3), given([2, 2], [3, 0, 3, 3], 'int32')], trace: op.gather },
    { what: 'single values', operands: [normal(4), given([3], [1, 1, 2], 'int32')], trace: op.gather },
    { what: 'one row', operands: [normal(4, 2), given([], [2], 'int32')], trace: op.gather },
    { what: 'no rows', operands: [normal(4, 2), given([0], [], 'int32')], trace: op.gather },
  ],
  scatterAdd: [
    {
      what: 'repeated rows',
      operands: [normal(2, 2, 3), given([2, 2], [3, 0, 3, 3], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 5),
    },
    {
      what: 'single values',
      operands: [normal(3), given([3], [1, 1, 2], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 4),
    },
    { what: 'one row', operands: [normal(2), given([], [2], 'int32')], trace: (x, i) => op.scatterAdd(x, i, 4) },
    { what: 'no rows', operands: [normal(0, 2), given([0], [], 'int32')], trace: (x, i) => op.scatterAdd(x, i, 4) },
    {
      what: 'single values in two axes',
      operands: [normal(2, 2), given([2, 2], [1, 0, 1, 1], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 3),
    },
  ],

  conv2d: convolutions(({ x, w, window }) => ({
    operands: [normal(...x), normal(...w)],
    trace: (a, b) => op.conv2d(a, b, window),
  })),
  conv2dInputGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...y), normal(...w)],
    trace: (g, b) => node('conv2dInputGradient', [g, b], { ...window, input: x }, x),
  })),
  conv2dWeightGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...x), normal(...y)],
    trace: (a, g) => node('conv2dWeightGradient', [a, g], { ...window, weight: w }, w),
  })),
  maxPool2d: [
    ...(
      [
        [7, 7, [3, 3], [2, 2], [1, 1]],
        [4, 6, [2, 2], [2, 2], [0, 0]],
        [8, 5, [3, 2], [2, 3], [0, 1]],
      ] as Geometry[]
    ).map(([h, w, kernel, strides, pads]) => ({
      what: `${h}x${w}, kernel ${kernel}, strides ${strides}, pads ${pads}`,
      operands: [normal(2, 3, h, w)],
      trace: (x: Tensor) => op.maxPool2d(x, { kernel, strides, pads }),
    })),
    {
      what: 'the first of a tie',
      operands: [given([1, 1, 2, 4], [5, 5, 1, 2, 5, 0, 3, 3])],
      trace: (x) => op.maxPool2d(x, { kernel: [2, 2], strides: [2, 2], pads: [0, 0] }),
      derivative: [[1, 0, 0, 0, 0, 0, 1, 0]],
    },
    {
      what: 'positions and values, all below zero',
      operands: [given([1, 2, 2, 2], [-5, -6, -1, -2, -9, -8, -7, -6])],
      trace: (x) =>
        nodes('maxPool2d', [x], { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }, [
          { shape: [1, 2, 1, 1], dtype: 'float32' },
          { shape: [1, 2, 1, 1], dtype: 'int32' },
        ]),
    },
  ],
}

/** All cases with the name of their primitive, for `it.each`. */
export const allCases: readonly { name: PrimitiveName; what: string; case: Case }[] = Object.entries(
  primitiveCases,
).flatMap(([name, list]) =>
  list === 'leaf' ? [] : list.map((one) => ({ name: name as PrimitiveName, what: one.what, case: one })),
)

/** The case's inputs as symbolic tensors x0, x1 ..., its float32 outputs, all its outputs, and what to feed. */
export function traced({ operands, trace }: Case): {
  inputs: Tensor[]
  outputs: readonly Tensor[]
  feeds: Map<string, Float64Array>
} {
  const inputs = operands.map(({ shape, dtype }, i) => op.input(`x${i}`, shape, dtype))
  const made = trace(...inputs)
  return {
    inputs,
    outputs: 'node' in made ? [made] : made,
    feeds: new Map(operands.map(({ values }, i) => [`x${i}`, values])),
  }
}
