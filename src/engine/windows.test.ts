import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNear } from '../../test/near.ts'
import { gradients } from './gradients.ts'
import { interpret } from './interpreter.ts'
import { lowerTraining } from './onnx/lower.ts'
import * as op from './ops.ts'
import type { Inline } from './runtime/protocol.ts'
import { openRuntime, type Runtime } from './runtime/runtime.ts'
import type { Tensor } from './tensor.ts'

/** Single operations of PyTorch and torchvision, forward and backward: see tools/reference/windows.py. */
interface Packed {
  shape: number[]
  dtype?: 'float32' | 'int32'
  values: number[]
}
interface Golden {
  inputs: Record<string, Packed>
  output: Packed
  cotangent: Packed
  gradients: Record<string, Packed>
}
const goldens = JSON.parse(readFileSync(new URL('../../test/golden/windows.json', import.meta.url), 'utf8')) as Record<
  string,
  Golden
>

/** Our call for each golden's name, its inputs in the order of the golden. */
const calls: Record<string, (...inputs: Tensor[]) => Tensor> = {
  'conv1d, dilated, groups': (x, w) => op.conv1d(x!, w!, { strides: 2, pads: 2, dilations: 3, groups: 2 }),
  'conv2d, unequal': (x, w) => op.conv2d(x!, w!, { strides: [2, 1], pads: [1, 0], dilations: [1, 2] }),
  'conv2d, depthwise': (x, w) => op.conv2d(x!, w!, { pads: 1, groups: 3 }),
  conv3d: (x, w) => op.conv3d(x!, w!, { strides: [1, 2, 1], pads: 1 }),
  convTranspose1d: (x, w) => op.convTranspose1d(x!, w!, { strides: 3, pads: 1, outputPadding: 2, dilations: 2 }),
  'convTranspose2d, twice the size': (x, w) => op.convTranspose2d(x!, w!, { strides: 2 }),
  'convTranspose2d, groups': (x, w) =>
    op.convTranspose2d(x!, w!, { strides: [2, 1], pads: 1, outputPadding: [1, 0], groups: 2 }),
  'convTranspose2d, stride 1': (x, w) => op.convTranspose2d(x!, w!, { pads: 1, groups: 2 }),
  convTranspose3d: (x, w) => op.convTranspose3d(x!, w!, { strides: 2, pads: [0, 1, 1], outputPadding: [1, 0, 1] }),
  maxPool1d: (x) => op.maxPool1d(x!, { kernel: 3, strides: 2, pads: 1, dilations: 2 }),
  'maxPool2d, ceil': (x) => op.maxPool2d(x!, { kernel: 3, strides: 2, ceil: true }),
  'maxPool2d, ceil, last window dropped': (x) => op.maxPool2d(x!, { kernel: 2, strides: 3, pads: 1, ceil: true }),
  maxPool3d: (x) => op.maxPool3d(x!, { kernel: 2, ceil: true }),
  averagePool1d: (x) => op.averagePool1d(x!, { kernel: 4, strides: 2, pads: 1 }),
  averagePool2d: (x) => op.averagePool2d(x!, { kernel: 2 }),
  'averagePool2d, padding counts': (x) => op.averagePool2d(x!, { kernel: 3, strides: 2, pads: 1 }),
  'averagePool2d, padding does not count': (x) =>
    op.averagePool2d(x!, { kernel: 3, strides: 2, pads: 1, countPadding: false }),
  'averagePool2d, ceil': (x) => op.averagePool2d(x!, { kernel: 3, strides: 2, pads: 1, ceil: true }),
  'averagePool2d, ceil, padding does not count': (x) =>
    op.averagePool2d(x!, { kernel: [2, 3], strides: [3, 2], pads: [0, 1], ceil: true, countPadding: false }),
  averagePool3d: (x) => op.averagePool3d(x!, { kernel: 2 }),
  'adaptiveAveragePool, 1': (x) => op.adaptiveAveragePool(x!, 3),
  'adaptiveAveragePool, 2': (x) => op.adaptiveAveragePool(x!, [3, 2]),
  'adaptiveAveragePool, dividing': (x) => op.adaptiveAveragePool(x!, [3, 2]),
  'adaptiveAveragePool, larger': (x) => op.adaptiveAveragePool(x!, [5, 2]),
  'adaptiveAveragePool, 3, global': (x) => op.adaptiveAveragePool(x!, 1),
  'adaptiveMaxPool, 2': (x) => op.adaptiveMaxPool(x!, [3, 2]),
  'adaptiveMaxPool, dividing': (x) => op.adaptiveMaxPool(x!, [3, 1]),
  'adaptiveMaxPool, 3': (x) => op.adaptiveMaxPool(x!, [2, 3, 2]),
  unfold: (x) => op.unfold(x!, { kernel: [3, 2], dilations: [1, 2], pads: 1, strides: 2 }),
  fold: (x) => op.fold(x!, [5, 6], { kernel: [3, 2], dilations: [1, 2], pads: 1, strides: 2 }),
  pixelShuffle: (x) => op.pixelShuffle(x!, 2),
  deformableSample: (values, locations, weights) => op.deformableSample(values!, locations!, weights!),
  'roiAlign, 2 samples': (x, boxes, images) =>
    op.roiAlign(x!, boxes!, images!, { size: [3, 2], scale: 0.5, samples: 2 }),
  'roiAlign, 3 samples': (x, boxes, images) => op.roiAlign(x!, boxes!, images!, { size: 2, scale: 0.25, samples: 3 }),
  pixelUnshuffle: (x) => op.pixelUnshuffle(x!, 2),
}

/** "interpolate linear [4, 5] -> [7, 3] aligned" and "interpolate cubic [5, 4] by [2.0, 1.7]" say what they ask for. */
function interpolation(name: string): ((x: Tensor) => Tensor) | undefined {
  const [, mode, how, numbers, rest] = /^interpolate (\S+) \[.*\] (->|by) (\[.*?\])(.*)$/.exec(name) ?? []
  if (mode === undefined) return undefined
  const list = JSON.parse(numbers as string) as number[]
  const options = { mode, alignCorners: rest === ' aligned', antialias: rest === ' averaged' } as op.InterpolateOptions
  return (x) => op.interpolate(x, how === 'by' ? { scale: list } : list, options)
}

/** "gridSample nearest border aligned, three axes" */
function gridSampling(name: string): ((x: Tensor, grid: Tensor) => Tensor) | undefined {
  const [, mode, padding, aligned] = /^gridSample (\S+) (\w+)( aligned)?/.exec(name) ?? []
  if (mode === undefined) return undefined
  const options = { mode, padding, alignCorners: aligned !== undefined } as op.GridSampleOptions
  return (x, grid) => op.gridSample(x, grid, options)
}

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

it('adaptive maximum: the first of a tie, also where windows overlap', () => {
  const x = op.input('x', [1, 1, 5])
  const [g] = interpret(gradients(op.sum(op.adaptiveMaxPool(x, 2)), [x]), new Map([['x', new Float64Array(5)]]))
  expect([...g!]).toEqual([1, 0, 1, 0, 0])
})

it('coordinates that are no numbers spoil their own samples and nothing else', async () => {
  const [x, grid] = [op.input('x', [1, 2, 3, 4, 2]), op.input('grid', [1, 3, 3])]
  const y = op.gridSample(x, grid)
  const session = await runtime.load(lowerTraining({ y }).bytes)
  const places = [Number.NaN, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0.1, 0.2, -0.3]
  const feeds = {
    x: { dtype: 'float32' as const, shape: x.shape, data: new Float32Array(48).fill(1) },
    grid: { dtype: 'float32' as const, shape: grid.shape, data: Float32Array.from(places) },
  }
  const { outputs } = await session.run({ feeds, fetch: ['y'] })
  await session.dispose()
  expect([...outputs.y!.data].map((v) => Number(v.toFixed(5)))).toEqual([
    Number.NaN,
    Number.NaN,
    1,
    Number.NaN,
    Number.NaN,
    1,
  ])
})

describe('windows equal PyTorch, forward and backward', () => {
  it('every call has a golden', () => {
    expect(Object.keys(calls).filter((name) => !(name in goldens))).toEqual([])
  })

  it.each(Object.entries(goldens))('%s', async (name, { inputs, output, cotangent, gradients: slopes }) => {
    const call = calls[name] ?? interpolation(name) ?? gridSampling(name)
    if (call === undefined) return expect.fail(`no call is written down for "${name}"`)
    const xs = Object.entries(inputs).map(([key, { shape, dtype }]) => op.input(key, shape, dtype))
    const y = call(...(xs as [Tensor, Tensor]))
    const loss = op.sum(op.mul(y, op.constant(Float32Array.from(cotangent.values), cotangent.shape)))
    const named: Record<string, Tensor> = { y }
    const floats = xs.filter(({ dtype }) => dtype === 'float32')
    gradients(loss, floats).forEach((g, i) => {
      named[`d ${(floats[i]!.node.attributes as { name: string }).name}`] = g
    })
    const session = await runtime.load(lowerTraining(named).bytes)
    const feed = ({ shape, dtype = 'float32', values }: Packed): Inline => ({
      dtype,
      shape,
      data: dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values),
    })
    const feeds = Object.fromEntries(Object.entries(inputs).map(([key, packed]) => [key, feed(packed)]))
    const found = (await session.run({ feeds, fetch: Object.keys(named) })).outputs
    await session.dispose()
    expect(found.y!.shape).toEqual(output.shape)
    expectNear(name, found.y!.data, output.values, 1e-5)
    for (const [key, { values }] of Object.entries(slopes))
      expectNear(`${name}, d ${key}`, found[`d ${key}`]!.data, values, 1e-5)
  })
})
