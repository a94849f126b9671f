import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Build, checkLayer } from '../../test/nn-goldens.ts'
import { input, openRuntime, type Runtime, type Tensor } from '../engine/index.ts'
import { conv, convTranspose } from './conv.ts'
import { basicBlock, bottleneckBlock, preActivationBlock, squeezeExcitation } from './residual.ts'
import { type Scope, trace } from './scope.ts'
import { unet, unetDown, unetUp } from './unet.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const check = (name: string, build: Build, options = {}) => checkLayer(runtime, name, build, options)
const refuses = (build: (scope: Scope) => Tensor, message: string): void =>
  expect(() => trace(build, { training: true })).toThrow(message)

describe('convolution equals PyTorch', () => {
  it('1-D, strided and dilated', () =>
    check('conv-1d', (s, { x }) => conv(s, x!, 4, { kernel: 3, stride: 2, padding: 1, dilation: 2 })))
  it('2-D, in groups, one side at a time', () =>
    check('conv-2d', (s, { x }) => conv(s, x!, 6, { kernel: [3, 2], stride: [2, 1], padding: [1, 0], groups: 2 })))
  it('3-D', () => check('conv-3d', (s, { x }) => conv(s, x!, 3, { kernel: 3, padding: 1, bias: false })))
  it('transposed 1-D, in groups', () => {
    const options = { kernel: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2 }
    return check('conv-transpose-1d', (s, { x }) => convTranspose(s, x!, 6, options))
  })
  it('transposed 2-D', () =>
    check('conv-transpose-2d', (s, { x }) => convTranspose(s, x!, 2, { kernel: 2, stride: 2 })))
  it('transposed 3-D', () =>
    check('conv-transpose-3d', (s, { x }) => convTranspose(s, x!, 2, { kernel: 3, dilation: 2, bias: false })))

  it('refuses what does not fit', () => {
    const x = input('x', [1, 3, 5, 5])
    refuses((s) => conv(s, x, 4, { kernel: 3, groups: 2 }), 'conv: 2 groups do not divide 3 channels (axis 1) and 4')
    refuses((s) => conv(s, x, 4, { kernel: [3, 3, 3] }), 'conv: a kernel [3, 3, 3] does not fit 2 spatial axes')
    refuses((s) => conv(s, x, 4, { kernel: 7 }), 'axis 2 of the result would have -1 elements')
    refuses((s) => convTranspose(s, input('y', [2, 3]), 4, { kernel: 2 }), 'needs [B, C, ...spatial]')
  })
})

describe('residual blocks', () => {
  const tolerance = 5e-5
  it("basic equals torchvision's, with and without a projection", async () => {
    await check('basic-block', (s, { x }) => basicBlock(s, x!, { width: 4, stride: 2 }), { tolerance })
    await check('basic-block-same', (s, { x }) => basicBlock(s, x!, { width: 3 }), { tolerance })
  })
  it("bottleneck in groups, dilated, equals torchvision's", () => {
    const options = { width: 4, outputs: 8, stride: 2, groups: 2, dilation: 2 }
    return check('bottleneck-block', (s, { x }) => bottleneckBlock(s, x!, options), { tolerance })
  })
  it("pre-activation equals timm's", async () => {
    const basic = { width: 8, stride: 2 }
    await check('pre-activation-basic', (s, { x }) => preActivationBlock(s, x!, basic), { tolerance })
    const bottleneck = { width: 8, outputs: 8, bottleneck: true }
    await check('pre-activation-bottleneck', (s, { x }) => preActivationBlock(s, x!, bottleneck), { tolerance })
  })
  it("squeeze-and-excitation equals torchvision's", () =>
    check('squeeze-excitation', (s, { x }) => squeezeExcitation(s, x!, 2)))
})

describe('U-Net equals the same network of torch modules', () => {
  it('2-D, odd sizes, batch norm', () =>
    check('unet-2d', (s, { x }) => unet(s, x!, { outputs: 2, base: 2, depth: 2 }).logits, { tolerance: 1e-4 }))
  it('3-D, odd sizes, instance norm', () => {
    const options = { outputs: 2, base: 2, depth: 1, norm: 'instance' } as const
    return check('unet-3d', (s, { x }) => unet(s, x!, options).logits, { tolerance: 1e-4 })
  })
  it('2-D by interpolation, group norm', () => {
    const options = { outputs: 2, base: 2, depth: 1, norm: 2, up: 'interpolated' } as const
    return check('unet-group', (s, { x }) => unet(s, x!, options).logits, { tolerance: 1e-4 })
  })
  it('maps of all levels, finest first', () => {
    const { outputs } = trace((s) => unet(s, input('x', [1, 1, 16, 12]), { outputs: 3, base: 4, depth: 2 }), {
      training: true,
    })
    expect(outputs.levels.map(({ shape }) => shape)).toEqual([
      [1, 4, 16, 12],
      [1, 8, 8, 6],
      [1, 16, 4, 3],
    ])
    expect(outputs.logits.shape).toEqual([1, 3, 16, 12])
  })
  it('refuses maps that cannot be halved, and skips of another level', () => {
    refuses((s) => unetDown(s, input('x', [1, 2, 1, 4]), 4), 'unetDown: the map is too small to be halved once more')
    refuses((s) => unetUp(s, input('x', [1, 4, 4, 4]), input('y', [1, 2, 4, 4]), 2), 'the skip is smaller')
  })
})
