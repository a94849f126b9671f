import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Build, checkLayer } from '../../test/nn-goldens.ts'
import { constant, input, openRuntime, type Runtime, type Tensor } from '../engine/index.ts'
import { attentionPool, multiHeadAttention } from './multi-head.ts'
import { distanceBias } from './relative-position.ts'
import { type Scope, trace } from './scope.ts'
import { patchMerging, swinBlock, toWindows, windowedAttention } from './windowed.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const check = (name: string, build: Build, options = {}) => checkLayer(runtime, name, build, options)
const refuses = (build: (scope: Scope) => Tensor, message: string): void =>
  expect(() => trace(build, { training: true })).toThrow(message)

describe('multi-head attention equals torch.nn.MultiheadAttention', () => {
  const both = ({ output, weights }: { output: Tensor; weights: Tensor }) => ({ y: output, weights })

  it('to itself, with padding, and its weights', () => {
    const mask = constant(Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0), [2, 5])
    return check('multi-head-self', (s, { x }) => both(multiHeadAttention(s, x!, { heads: 2, keyMask: mask })), {
      whole: 'all',
    })
  })
  it('causal', () =>
    check('multi-head-causal', (s, { x }) => multiHeadAttention(s, x!, { heads: 2, causal: true }).output))
  it('to others', () =>
    check('multi-head-cross', (s, { x, key }) => both(multiHeadAttention(s, x!, { heads: 2, key }))))
  it('to others of other widths', () =>
    check('multi-head-widths', (s, { x, key, value }) => both(multiHeadAttention(s, x!, { heads: 2, key, value }))))
  it('without biases', () =>
    check('multi-head-no-bias', (s, { x }) => multiHeadAttention(s, x!, { heads: 2, bias: false }).output))
  it('refuses widths that the heads do not divide, and causal attention to a longer memory', () => {
    const x = input('x', [2, 3, 8])
    refuses((s) => multiHeadAttention(s, x, { heads: 3 }).output, 'needs a query [B, T, D] with D in 3 heads')
    refuses(
      (s) => multiHeadAttention(s, x, { heads: 2, key: input('k', [2, 4, 8]), causal: true }).output,
      'causal attention needs as many keys as queries (float32 [2, 3, 8] and float32 [2, 4, 8])',
    )
  })
})

it("attention pooling equals open_clip's", () =>
  check('attention-pool', (s, { x }) => attentionPool(s, x!, { heads: 2, outputs: 5 })))

describe("biases by distance equal transformers' T5", () => {
  const options = { queries: 18, keys: 18, heads: 2, buckets: 8, maxDistance: 12 }
  it('both ways', () => check('distance-bias', (s) => distanceBias(s, options), { whole: 'all' }))
  it('looking back only', () =>
    check('distance-bias-decoder', (s) => distanceBias(s, { ...options, bidirectional: false }), { whole: 'all' }))
})

describe("windowed attention equals torchvision's Swin", () => {
  it.each([
    ['plain', [2, 3], [0, 0]],
    ['shifted', [2, 3], [1, 1]],
    ['odd', [3, 3], [1, 1]],
    ['one', [2, 2], [1, 1]],
  ] as const)('%s', (name, window, shift) =>
    check(`windowed-${name}`, (s, { x }) => windowedAttention(s, x!, { heads: 2, window, shift })),
  )
  it('block', () =>
    check('swin-block', (s, { x }) => swinBlock(s, x!, { heads: 2, window: [2, 2], shift: [1, 1], hidden: 8 })))
  it('patch merging of an odd map', () => check('patch-merging', (s, { x }) => patchMerging(s, x!)))
  it('refuses windows that do not fit', () => {
    expect(() => toWindows(input('x', [1, 5, 4, 3]), [2, 2])).toThrow(
      'toWindows: needs [B, H, W, C] with axes 1 and 2 multiples of 2 and 2 (float32 [1, 5, 4, 3]).',
    )
  })
})
