import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNear } from '../../test/near.ts'
import {
  add,
  constant,
  type DType,
  exp,
  gelu,
  gradients,
  type Inline,
  input,
  l2Normalize,
  logSoftmax,
  lowerTraining,
  maxPool2d,
  mul,
  openRuntime,
  quickGelu,
  type Runtime,
  type Shape,
  sigmoid,
  slice,
  softmax,
  sum,
  type Tensor,
} from '../engine/index.ts'
import { cosineMatrix, diagonalCrossEntropy } from '../pretrain/parts/contrast.ts'
import { attend } from './attention.ts'
import { conv } from './conv.ts'
import { embedding, linear } from './linear.ts'
import { causalMask, paddingMask } from './masks.ts'
import { batchNorm, layerNorm } from './norm.ts'
import { type Scope, trace } from './scope.ts'

/** Single operations of PyTorch, forward and backward, in float64: see tools/reference/layers.py. */
interface Packed {
  shape: number[]
  dtype: 'float' | 'int'
  values: number[]
}
interface Golden {
  options: Record<string, number>
  inputs: Record<string, Packed>
  output: Packed
  cotangent: Packed
  gradients: Record<string, Packed>
  extra?: Record<string, Packed>
}
const goldens = JSON.parse(readFileSync(new URL('../../test/golden/layers.json', import.meta.url), 'utf8')) as Record<
  string,
  Golden
>

const golden = (name: string): Golden => goldens[name] as Golden
const floats = ({ shape, values }: Packed): Tensor => constant(Float32Array.from(values), shape)

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

/** Runs outputs on ONNX Runtime with what the golden gives, under the names that the layer asks for. */
async function run(outputs: Record<string, Tensor>, given: Record<string, Packed>): Promise<Record<string, Inline>> {
  const model = lowerTraining(outputs)
  const session = await runtime.load(model.bytes)
  const feeds = model.inputs.map(({ name, dtype }) => {
    const { shape, values } = given[name] as Packed
    return [name, feed(dtype, shape, values)] as const
  })
  const result = await session.run({ feeds: Object.fromEntries(feeds), fetch: Object.keys(outputs) })
  await session.dispose()
  return result.outputs
}

function feed(dtype: DType, shape: Shape, values: readonly number[]): Inline {
  return { dtype, shape, data: dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values) }
}

function expectPacked(what: string, actual: Inline | undefined, { shape, values }: Packed): void {
  expect([what, actual?.shape]).toEqual([what, shape])
  expectNear(what, actual!.data, values, 1e-5)
}

/**
 * Checks output (1e-5) and every gradient that PyTorch gives (1e-5, relative to the largest). `renamed` maps the
 * golden's input names to the names of our parameters.
 */
async function check(
  name: string,
  build: (scope: Scope, x: (name: string, dtype?: DType) => Tensor) => Tensor,
  { renamed = {}, training = true }: { renamed?: Record<string, string>; training?: boolean } = {},
): Promise<void> {
  const { inputs, extra = {}, output, cotangent, gradients: slopes } = golden(name)
  const leaves = new Map<string, Tensor>()
  const leaf = (key: string, dtype: DType = 'float32'): Tensor => {
    const made = leaves.get(key) ?? input(key, { ...inputs, ...extra }[key]!.shape, dtype)
    leaves.set(key, made)
    return made
  }
  const { outputs: y, tensors, updates } = trace((scope) => build(scope, leaf), { training })
  const ours = (key: string): string => renamed[key] ?? key
  const wrt = Object.keys(slopes).map((key) => (leaves.get(key) ?? tensors.get(ours(key))) as Tensor)
  const named: Record<string, Tensor> = { y }
  gradients(sum(mul(y, floats(cotangent))), wrt).forEach((g, i) => {
    named[`d ${Object.keys(slopes)[i]}`] = g
  })
  for (const [key, value] of updates) named[`+ ${key}`] = value
  const given = Object.fromEntries(Object.entries({ ...inputs, ...extra }).map(([key, value]) => [ours(key), value]))
  const found = await run(named, given)
  expectPacked('output', found.y, output)
  for (const [key, wanted] of Object.entries(slopes)) expectPacked(`d ${key}`, found[`d ${key}`], wanted)
  for (const key of updates.keys()) expectPacked(`${key} after`, found[`+ ${key}`], extra[`${key}_after`] as Packed)
}

describe('layers equal PyTorch, forward and backward', () => {
  it('convolution: stride and padding, same size, patches', async () => {
    await check('conv2d', (s, x) => conv(s, x('x'), 4, { kernel: 3, stride: 2, padding: 1 }))
    await check('conv2d-same', (s, x) => conv(s, x('x'), 3, { kernel: 3, padding: 1, bias: false }))
    await check('conv2d-patch', (s, x) => conv(s, x('x'), 4, { kernel: 3, stride: 3, bias: false }))
  })

  it('max pooling', () =>
    check('maxpool2d', (_, x) => maxPool2d(x('x'), { kernel: [3, 3], strides: [2, 2], pads: [1, 1] })))

  it('layer norm', () => check('layernorm', (s, x) => layerNorm(s, x('x'), 1e-5)))

  it('batch norm while training, with the running statistics it leaves', () =>
    check('batchnorm-train', (s, x) => batchNorm(s, x('x'))))

  it('batch norm afterwards, from running statistics', () =>
    check('batchnorm-eval', (s, x) => batchNorm(s, x('x')), { training: false }))

  it('activations', async () => {
    await check('gelu', (_, x) => gelu(x('x')))
    await check('quick-gelu', (_, x) => quickGelu(x('x')))
    await check('sigmoid', (_, x) => sigmoid(x('x')))
    await check('softmax', (_, x) => softmax(x('x')))
    await check('log-softmax-large', (_, x) => logSoftmax(x('x')))
    await check('l2-normalize', (_, x) => l2Normalize(x('x')))
  })

  it('embedding, rows asked for more than once', () =>
    check('embedding', (s, x) => embedding(s, x('ids', 'int32'), 9, 4, 1)))

  /** Our projections are separate; PyTorch's test operation takes them stacked. */
  const attention = (causal: boolean) => (s: Scope, x: (name: string, dtype?: DType) => Tensor) => {
    const [width, heads, length] = [8, 2, 5]
    const project = (i: number): Tensor => {
      const [from, to] = [i * width, (i + 1) * width]
      const weight = slice(x('in_proj_weight'), 0, from, to)
      return withWeights(s, `part${i}`, x('x'), weight, slice(x('in_proj_bias'), 0, from, to))
    }
    const padding = paddingMask(x('key_mask', 'int32'))
    const mask = causal ? add(causalMask(length), padding) : padding
    const mixed = attend(project(0), project(1), project(2), heads, mask)
    return withWeights(s, 'out', mixed, x('out_proj_weight'), x('out_proj_bias'))
  }

  it('attention with padding, and causal with padding', async () => {
    await check('attention-padding', attention(false))
    await check('attention-causal-padding', attention(true))
  })

  it("CLIP's loss from embeddings and the logarithm of the scale", () =>
    check('clip-loss', (_, x) => {
      const logits = mul(cosineMatrix(x('image'), x('text')), exp(x('logit_scale')))
      return mul(add(diagonalCrossEntropy(logits, 1), diagonalCrossEntropy(logits, 0)), 0.5)
    }))
})

/** The linear layer with weights that are made elsewhere in the graph. */
function withWeights(scope: Scope, name: string, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const held: Record<string, Tensor> = { weight, bias }
  return linear({ ...scope.in(name), parameter: (key) => held[key] as Tensor }, x, weight.shape[0] as number)
}

describe('scopes', () => {
  it('name parameters by path, share what is asked for twice, and decay only matrices', () => {
    const { declarations, outputs } = trace(
      (s) => {
        const layer = s.in('encoder', 'layers', 0).in('fc')
        const x = input('x', [2, 3])
        return [linear(layer, x, 4), linear(layer, x, 4)].map((y) => y.node.inputs[1])
      },
      { training: true },
    )
    expect(declarations.map(({ name, shape, decay, kind }) => [name, shape, decay, kind])).toEqual([
      ['encoder.layers.0.fc.weight', [4, 3], true, 'parameter'],
      ['encoder.layers.0.fc.bias', [4], false, 'parameter'],
    ])
    expect(outputs[0]).toBe(outputs[1])
  })

  it('refuse one name with two shapes', () => {
    const twice = (s: Scope): Tensor => add(linear(s, input('x', [2, 3]), 4), linear(s, input('z', [2, 5]), 4))
    expect(() => trace(twice, { training: true })).toThrow('"weight" is used with shapes [4, 3] and [4, 5].')
  })
})
