import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Build, checkLayer } from '../../test/nn-goldens.ts'
import { constant, gelu, openRuntime, type Runtime, silu } from '../engine/index.ts'
import { gatedMlp, mlp } from './mlp.ts'
import { decoder, decoderBlock, encoder, encoderBlock } from './transformer.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const check = (name: string, build: Build, options = {}) => checkLayer(runtime, name, build, options)

describe('transformer blocks equal PyTorch', () => {
  const tokenMask = constant(Int32Array.of(1, 1, 1, 1, 1, 1, 1, 0), [2, 4])
  const memoryMask = constant(Int32Array.of(1, 1, 0, 1, 1, 1), [2, 3])
  const options = { heads: 2, hidden: 12 }
  const masked = { tolerance: 2e-5, whole: 'all' } as const

  it('encoder, post-norm', () =>
    check('encoder-block-post', (s, { x }) => encoderBlock(s, x!, { ...options, tokenMask }), masked))
  it('encoder, pre-norm with GELU', () => {
    const pre = { ...options, normFirst: true, activation: gelu, tokenMask }
    return check('encoder-block-pre', (s, { x }) => encoderBlock(s, x!, pre), masked)
  })
  it.each([false, true])('decoder, pre-norm %s', (normFirst) => {
    const all = { ...options, normFirst, causal: true, memoryMask }
    const name = `decoder-block-${normFirst ? 'pre' : 'post'}`
    return check(name, (s, { x, memory }) => decoderBlock(s, x!, memory!, all).output, masked)
  })
  const stack = { heads: 2, hidden: 6, layers: 2, normFirst: true, finalNorm: true }
  it('two layers and a last norm', async () => {
    await check('encoder', (s, { x }) => encoder(s, x!, stack), { tolerance: 2e-5 })
    await check('decoder', (s, { x, memory }) => decoder(s, x!, memory!, stack), { tolerance: 2e-5 })
  })
})

describe('position-wise networks', () => {
  it("plain equals timm's", () => check('mlp', (s, { x }) => mlp(s, x!, { hidden: 6, outputs: 3 })))
  it("gated by SiLU equals Llama's", () =>
    check('gated-mlp-silu', (s, { x }) => gatedMlp(s, x!, { hidden: 6, activation: silu })))
  it("gated by GELU equals T5's", () =>
    check('gated-mlp-gelu', (s, { x }) => gatedMlp(s, x!, { hidden: 6, names: ['wi_0', 'wi_1', 'wo'] })))
})
