import { afterAll, describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { conv2d, gradients, input, interpret, lowerTraining, mul, openRuntime, sizeOf, sum } from '../index.ts'

// The formulations are chosen by shape, so every branch is compared with the float64 interpreter: many and few channels,
// strides that leave a rest, 1x1 kernels, kernels wider than the padding allows for.
const cases = [
  { name: 'few channels', x: [2, 3, 9, 8], w: [4, 3, 3, 3], strides: [1, 1], pads: [1, 1] },
  { name: 'shifts, 3x3', x: [3, 8, 7, 6], w: [5, 8, 3, 3], strides: [1, 1], pads: [1, 1] },
  { name: 'shifts, 5x3 without padding', x: [2, 9, 8, 7], w: [4, 9, 5, 3], strides: [1, 1], pads: [0, 0] },
  { name: 'shifts, 1x1', x: [3, 8, 4, 5], w: [6, 8, 1, 1], strides: [1, 1], pads: [0, 0] },
  { name: 'slices, stride 2 with a rest', x: [2, 8, 8, 9], w: [5, 8, 3, 3], strides: [2, 2], pads: [1, 1] },
  { name: 'slices, 1x1 stride 2', x: [2, 8, 7, 6], w: [5, 8, 1, 1], strides: [2, 2], pads: [0, 0] },
  { name: 'slices, unequal strides', x: [2, 8, 9, 7], w: [3, 8, 4, 3], strides: [3, 1], pads: [1, 0] },
] as const

const runtime = openRuntime({ threads: 2 })
afterAll(() => runtime.close())

describe('convolution and its derivatives, lowered', () => {
  it.each(cases)('$name', async ({ name, x, w, strides, pads }) => {
    const [tx, tw] = [input('x', x), input('w', w)]
    const y = conv2d(tx, tw, { strides, pads })
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
