import { afterAll, describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import {
  type ConvOptions,
  conv1d,
  conv2d,
  conv3d,
  gradients,
  input,
  interpret,
  lowerTraining,
  mul,
  openRuntime,
  type Shape,
  sizeOf,
  sum,
} from '../index.ts'

// The formulations are chosen by shape, so every branch is compared with the float64 interpreter: many and few channels,
// strides that leave a rest, 1x1 kernels, kernels wider than the padding allows for.
const cases: readonly ({ name: string; x: Shape; w: Shape } & ConvOptions)[] = [
  { name: 'few channels', x: [2, 3, 9, 8], w: [4, 3, 3, 3], pads: 1 },
  { name: 'shifts, 3x3', x: [3, 8, 7, 6], w: [5, 8, 3, 3], pads: 1 },
  { name: 'shifts, 5x3 without padding', x: [2, 9, 8, 7], w: [4, 9, 5, 3] },
  { name: 'shifts, 1x1', x: [3, 8, 4, 5], w: [6, 8, 1, 1] },
  { name: 'shifts, padding of one side, dilated', x: [2, 8, 6, 7], w: [3, 8, 3, 2], pads: [[2, 0], [0, 3]], dilations: [2, 3] },
  { name: 'shifts, three axes', x: [2, 8, 4, 3, 5], w: [5, 8, 3, 1, 3], pads: [1, 0, 1] },
  { name: 'shifts, one axis', x: [2, 9, 11], w: [5, 9, 4], pads: 2, dilations: 2 },
  { name: 'shifts, groups', x: [3, 16, 5, 4], w: [6, 8, 3, 3], pads: 1, groups: 2 },
  { name: 'slices, stride 2 with a rest', x: [2, 8, 8, 9], w: [5, 8, 3, 3], strides: 2, pads: 1 },
  { name: 'slices, 1x1 stride 2', x: [2, 8, 7, 6], w: [5, 8, 1, 1], strides: 2 },
  { name: 'slices, unequal strides', x: [2, 8, 9, 7], w: [3, 8, 4, 3], strides: [3, 1], pads: [1, 0] },
  { name: 'slices, three axes, dilated', x: [2, 8, 6, 5, 7], w: [3, 8, 2, 2, 3], strides: [2, 1, 2], pads: [0, 1, [1, 2]], dilations: [1, 2, 1] },
  { name: 'slices, groups', x: [2, 24, 6, 7], w: [6, 8, 3, 3], strides: 2, pads: 1, groups: 3 },
  { name: 'depthwise', x: [2, 9, 6, 7], w: [9, 1, 3, 3], pads: 1, groups: 9 },
  { name: 'depthwise, two outputs a channel, stride 2, dilated', x: [3, 5, 9, 8], w: [10, 1, 3, 3], strides: 2, pads: 2, dilations: [1, 3], groups: 5 },
  { name: 'depthwise, three axes', x: [2, 4, 5, 4, 3], w: [4, 1, 3, 3, 3], pads: 1, groups: 4 },
  { name: 'a kernel of many positions', x: [1, 8, 7, 8, 7], w: [2, 8, 6, 5, 5], pads: 2 },
] // biome-ignore format: one case a line

const runtime = openRuntime({ threads: 2 })
afterAll(() => runtime.close())

describe('convolution and its derivatives, lowered', () => {
  it.each(cases)('$name', async ({ name, x, w, ...options }) => {
    const [tx, tw] = [input('x', x), input('w', w)]
    const y = [conv1d, conv2d, conv3d][x.length - 3]!(tx, tw, options)
    const loss = sum(mul(y, input('c', y.shape)))
    const [dx, dw] = gradients(loss, [tx, tw])
    const stream = random(name)
    const data = { x: sample(sizeOf(x)), w: sample(sizeOf(w)), c: sample(sizeOf(y.shape)) }
    function sample(n: number): Float32Array {
      return Float32Array.from({ length: n }, () => stream.normal())
    }
    const outputs = { y, dx: dx!, dw: dw! }
    const session = await runtime.load(lowerTraining(outputs).bytes)
    const shapes = { x, w, c: y.shape }
    const feeds = Object.fromEntries(
      (['x', 'w', 'c'] as const).map((key) => [
        key,
        { dtype: 'float32' as const, shape: shapes[key], data: data[key].slice() },
      ]),
    )
    const got = (await session.run({ feeds, fetch: ['y', 'dx', 'dw'] })).outputs
    const expected = interpret(
      [y, dx!, dw!],
      new Map(Object.entries(data).map(([key, v]) => [key, Float64Array.from(v)])),
    )
    for (const [i, key] of (['y', 'dx', 'dw'] as const).entries()) {
      const values = got[key]!.data
      expect(values.length).toBe(expected[i]!.length)
      expected[i]!.forEach((value, k) => {
        expect(Math.abs(values[k]! - value), `${key}[${k}]`).toBeLessThan(1e-4)
      })
    }
  })
})
