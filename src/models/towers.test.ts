import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNear, expectSummary, flat, type Summary } from '../../test/near.ts'
import { random } from '../core/random.ts'
import {
  cast,
  constant,
  div,
  type Feed,
  flatten,
  gradients,
  type Inline,
  initialValues,
  input,
  layOut,
  lowerServing,
  lowerTraining,
  mean,
  mul,
  type Outputs,
  openRuntime,
  type Runtime,
  reshape,
  type Shape,
  square,
  sum,
  type Tensor,
  valuesByName,
} from '../engine/index.ts'
import { openTraining, type Scope, type Training, trace } from '../nn/index.ts'
import { clip } from '../pretrain/global/clip.ts'
import { type BatchShape, buildStep } from '../pretrain/step.ts'
import { bert } from './bert.ts'
import { readSafetensors } from './checkpoints/safetensors.ts'
import { bertSchema, type ModelConfig, type ModelConfigInput, modelSchema, resnetSchema } from './config.ts'
import { readWeights, type Weights } from './folder.ts'
import { resnet } from './resnet.ts'
import { encodeImage, encodeText, maximalLogitScale } from './two-tower.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url))
const json = <T>(name: string): T => JSON.parse(readFileSync(path(name), 'utf8')) as T

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

const floats = (shape: Shape, values: unknown): Inline => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(flat(values)),
})
const ints = (shape: Shape, values: unknown): Inline => ({ dtype: 'int32', shape, data: Int32Array.from(flat(values)) })

/** Runs a graph once; what it asks for is taken from `feeds`, made anew for each run. */
async function run(outputs: Outputs, feeds: Record<string, Feed>): Promise<Record<string, Float32Array>> {
  const model = lowerTraining(outputs)
  const session = await runtime.load(model.bytes)
  const asked = model.inputs.map(({ name }) => [name, feeds[name] as Feed] as const)
  const result = await session.run({ feeds: Object.fromEntries(asked), fetch: Object.keys(outputs) })
  await session.dispose()
  return Object.fromEntries(Object.entries(result.outputs).map(([name, { data }]) => [name, data as Float32Array]))
}

/** A golden file's tensors as feeds by name. */
async function stored(name: string): Promise<Record<string, Inline>> {
  const { tensors } = await readSafetensors(path(name))
  const held = [...tensors].filter(([, { data }]) => data instanceof Float32Array)
  return Object.fromEntries(held.map(([key, { shape, data }]) => [key, floats(shape, [...(data as Float32Array)])]))
}

const parametersOf = ({ layout, flat: all }: Weights): Record<string, Inline> =>
  Object.fromEntries(
    [...valuesByName(layout, all)].map(([name, v]) => [name, floats(layout.byName.get(name)!.shape, [...v])]),
  )

/** Norm below which a gradient is noise: a bias of keys has none at all, but float32 leaves a trace. */
const floorOf = (all: Record<string, Summary | null>): number =>
  1e-2 * Object.values(all).reduce((top, s) => Math.max(top, s?.norm ?? 0), 0)

interface ClipGolden {
  pixel_values: number[][][][]
  input_ids: number[][]
  attention_mask: number[][]
  image_embeds: number[][]
  text_embeds: number[][]
  text_embeds_legacy_eos_2: number[][]
  image_last_hidden_state: number[][][]
  text_last_hidden_state: number[][][]
  logits_per_image: number[][]
  loss: number
  gradients: Record<string, Summary>
  token_embedding_gradient_rows: Record<string, number[]>
  adamw: {
    learning_rate: number
    betas: [number, number]
    eps: number
    weight_decay: number
    max_norm: number
    steps: { loss: number; gradientNormBeforeClip: number; parametersAfter: Record<string, Summary> }[]
  }
}

/** Embeddings of the golden's images and texts. */
function embed(scope: Scope, config: ModelConfig, b: number, t: number) {
  const { channels, size } = config.image
  const image = encodeImage(scope, input('pixels', [b, channels, size, size]), config)
  const text = encodeText(scope, input('ids', [b, t], 'int32'), input('mask', [b, t], 'int32'), config)
  return { image, text }
}

const batchOf = (golden: Pick<ClipGolden, 'pixel_values' | 'input_ids' | 'attention_mask'>): Record<string, Inline> => {
  const [b, t] = [golden.input_ids.length, golden.input_ids[0]!.length]
  return {
    pixels: floats([b, 3, 32, 32], golden.pixel_values),
    ids: ints([b, t], golden.input_ids),
    mask: ints([b, t], golden.attention_mask),
  }
}

/** A training of CLIP's loss that starts from given weights. */
async function trainingFrom(weights: Weights, golden: ClipGolden['adamw']): Promise<Training<BatchShape>> {
  const { config, layout, flat: all } = weights
  const training = await openTraining<BatchShape>({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, { model: config, objective: clip, config: {} }),
    first: { batch: 3, tokens: 16 },
    optimizer: {
      kind: 'adamw',
      weightDecay: golden.weight_decay,
      beta1: golden.betas[0],
      beta2: golden.betas[1],
      epsilon: golden.eps,
    },
    clipNorm: golden.max_norm,
    seed: 1,
    bounds: { logit_scale: { low: -Number.MAX_VALUE, high: maximalLogitScale } },
  })
  const values = valuesByName(layout, all)
  const named = new Map([...values].map(([name, data]) => [name, { shape: layout.byName.get(name)!.shape, data }]))
  await training.restart(flatten(training.layout, named, 'golden'))
  return training
}

/** Loss, then every parameter's gradient, then its values after each step of AdamW. */
async function checkTraining(weights: Weights, golden: ClipGolden, steps: ClipGolden['adamw']['steps']): Promise<void> {
  const options = golden.adamw ?? {
    learning_rate: 0,
    betas: [0.9, 0.98],
    eps: 1e-6,
    weight_decay: 0,
    max_norm: 1,
    steps: [],
  }
  const training = await trainingFrom(weights, options)
  const step = () =>
    training.step({ batch: 3, tokens: 16 }, { ...batchOf(golden), weights: floats([1], [1]) }, options.learning_rate)
  const first = await step()
  expectNear('loss', [first.values.loss as number], [golden.loss], 1e-5)

  const slopes = valuesByName(training.layout, await runtime.read('gradients', 0, training.layout.trained))
  const floor = floorOf(golden.gradients)
  expect(training.layout.entries.map(({ name }) => name).sort()).toEqual(Object.keys(golden.gradients).sort())
  for (const [name, wanted] of Object.entries(golden.gradients)) {
    expect(training.layout.byName.get(name)!.shape).toEqual(wanted.shape)
    expectSummary(`d ${name}`, slopes.get(name)!, wanted, 1e-4, floor)
  }
  const rows = slopes.get('text_model.embeddings.token_embedding.weight')
  for (const [row, wanted] of Object.entries(golden.token_embedding_gradient_rows ?? {})) {
    const found = rows!.subarray(Number(row) * wanted.length, (Number(row) + 1) * wanted.length)
    expectNear(`d token ${row}`, found, wanted, 1e-4, floor)
  }

  for (const [i, wanted] of steps.entries()) {
    const result = i === 0 ? first : await step()
    expectNear('loss', [result.values.loss as number], [wanted.loss], 1e-5)
    expectNear('norm', [result.gradientNorm], [wanted.gradientNormBeforeClip], 1e-5)
    if (i + 1 < steps.length) continue
    const after = valuesByName(training.layout, await training.parameters())
    // A step moves each value by about 1e-3; a wrong decay would be off by 4e-5 for a value of 0.2.
    for (const [name, summary] of Object.entries(wanted.parametersAfter)) {
      // The gradient of a key's bias is 0 but for rounding, and AdamW makes steps of its sign.
      const tolerance = name.endsWith('k_proj.bias') ? 1e-3 : 1e-5
      expectSummary(`${name} after ${steps.length} steps`, after.get(name)!, summary, tolerance, 1)
    }
  }
  await training.dispose()
}

describe("CLIP equals transformers' CLIPModel", () => {
  const golden = json<ClipGolden>('clip-tiny/expected.json')

  it('embeddings, hidden states and logits', async () => {
    const weights = await readWeights(path('clip-tiny'))
    const { outputs } = trace((scope) => embed(scope, weights.config, 3, 16), { training: false })
    const { image, text } = outputs
    const held = parametersOf(weights)
    const found = await run(
      { image: image.global, text: text.global, regions: image.regionsRaw, tokens: text.tokensRaw },
      { ...batchOf(golden), ...held },
    )
    expectNear('image', found.image!, flat(golden.image_embeds), 1e-5)
    expectNear('text', found.text!, flat(golden.text_embeds), 1e-5)
    expectNear('tokens', found.tokens!.subarray(0, 16 * 32), flat(golden.text_last_hidden_state), 1e-5)
    // transformers' last hidden state is before the last layer norm, and holds the class token.
    const [gain, bias] = ['weight', 'bias'].map(
      (name) => valuesByName(weights.layout, weights.flat).get(`vision_model.post_layernorm.${name}`)!,
    )
    const wanted = golden.image_last_hidden_state[0]!.slice(1).flatMap((row) => normed(row, gain!, bias!))
    expectNear('regions', found.regions!.subarray(0, 16 * 32), wanted, 1e-5)
  })

  it('reads out the largest id under old configurations', async () => {
    const { config, ...rest } = await readWeights(path('clip-tiny'))
    const old = modelSchema.parse({ ...config, text: { ...config.text, readOut: 'largest-id' } })
    const { outputs } = trace((scope) => embed(scope, old, 3, 16).text.global, { training: false })
    const found = await run({ text: outputs }, { ...batchOf(golden), ...parametersOf({ config, ...rest }) })
    expectNear('text', found.text!, flat(golden.text_embeds_legacy_eos_2), 1e-5)
  })

  it('loss, gradients of all parameters, and two steps of AdamW', async () => {
    await checkTraining(await readWeights(path('clip-tiny')), golden, golden.adamw.steps.slice(0, 1))
    await checkTraining(await readWeights(path('clip-tiny')), golden, golden.adamw.steps)
  })
})

describe('the read-out of a CLIP text', () => {
  const ids = [
    [5, 9, 40, 7, 40, 45],
    [40, 45, 1, 2, 45, 3],
    [45, 2, 3, 4, 5, 40],
  ]
  const readOut = async (readOut: 'eos' | 'largest-id'): Promise<number[]> => {
    const config = modelSchema.parse({
      image: { kind: 'vit', size: 8, patch: 8, width: 8, layers: 1, heads: 1 },
      text: { kind: 'clip-text', vocabulary: 46, context: 6, width: 8, layers: 1, heads: 2, eos: 40, readOut },
      joint: 4,
    })
    const traced = trace((scope) => embed(scope, config, 3, 6).text, { training: false })
    const layout = layOut(traced.declarations)
    const weights = { config, layout, flat: initialValues(layout, 1) }
    const { global, tokens } = traced.outputs
    const feeds = { ids: ints([3, 6], ids), mask: ints([3, 6], Array(18).fill(1)) }
    const found = await run({ global, tokens }, { ...parametersOf(weights), ...feeds })
    // Which token's features are the text's?
    return ids.map((_, b) => {
      const at = (values: Float32Array, row: number): string =>
        [...values.subarray(row * 4, row * 4 + 4)].map((v) => v.toFixed(5)).join()
      return ids[b]!.findIndex((__, t) => at(found.tokens!, b * 6 + t) === at(found.global!, b))
    })
  }

  it('is the first end token, whatever larger ids there are', async () => {
    expect(await readOut('eos')).toEqual([2, 0, 5])
  })

  it('is the first largest id where the configuration says so', async () => {
    expect(await readOut('largest-id')).toEqual([5, 1, 0])
  })
})

/** Layer norm of one row in float64. */
function normed(row: number[], gain: Float32Array, bias: Float32Array): number[] {
  const centre = row.reduce((a, b) => a + b, 0) / row.length
  const variance = row.reduce((a, b) => a + (b - centre) ** 2, 0) / row.length
  return row.map((v, i) => ((v - centre) / Math.sqrt(variance + 1e-5)) * gain[i]! + bias[i]!)
}

describe("ViT with BERT equals transformers' VisionTextDualEncoderModel", () => {
  const golden = json<ClipGolden>('vtde/clip-bert/expected.json')

  it('embeddings, loss and gradients of all parameters', async () => {
    const weights = await readWeights(path('vtde/clip-bert'))
    const { outputs } = trace((scope) => embed(scope, weights.config, 3, 16), { training: false })
    const named = { image: outputs.image.global, text: outputs.text.global }
    const found = await run(named, { ...batchOf(golden), ...parametersOf(weights) })
    expectNear('image', found.image!, flat(golden.image_embeds), 1e-5)
    expectNear('text', found.text!, flat(golden.text_embeds), 1e-5)
    await checkTraining(weights, golden, [])
  })
})

describe("BERT equals transformers' BertModel", () => {
  interface BertGolden {
    input_ids: number[][]
    attention_mask: number[][]
    loss_weights: number[][]
    last_hidden_state: number[][][]
    loss: number
    gradients: Record<string, Summary | null>
  }
  const golden = json<BertGolden>('bert-tiny.json')

  it('hidden states of real tokens, and gradients of all parameters', async () => {
    const config = bertSchema.parse({
      kind: 'bert',
      vocabulary: 99,
      context: 32,
      width: 32,
      layers: 2,
      heads: 2,
      mlp: 64,
      readOut: 'cls',
    })
    const mask = input('mask', [3, 12], 'int32')
    const { outputs: hidden, tensors } = trace(
      (scope) => bert(scope, (x) => x, input('ids', [3, 12], 'int32'), mask, config).tokensRaw,
      { training: true },
    )
    const real = cast(mask, 'float32')
    const weighted = square(mul(hidden, constant(Float32Array.from(flat(golden.loss_weights)), [12, 32])))
    const loss = div(sum(mul(weighted, reshape(real, [3, 12, 1]))), sum(real))
    const names = Object.keys(golden.gradients).filter((name) => golden.gradients[name] !== null)
    const slopes = gradients(
      loss,
      names.map((name) => tensors.get(name) as Tensor),
    )
    const named = Object.fromEntries(slopes.map((g, i) => [`d ${names[i]}`, g]))
    const feeds = { ids: ints([3, 12], golden.input_ids), mask: ints([3, 12], golden.attention_mask) }
    const found = await run({ hidden, loss, ...named }, { ...(await stored('bert-tiny.safetensors')), ...feeds })

    expectNear('hidden', found.hidden!, flat(golden.last_hidden_state), 1e-5)
    expectNear('loss', found.loss!, [golden.loss], 1e-5)
    for (const name of names) {
      expectSummary(`d ${name}`, found[`d ${name}`]!, golden.gradients[name]!, 1e-4, floorOf(golden.gradients))
    }
  })
})

describe("the residual net equals torchvision's", () => {
  interface ResnetGolden {
    widths: number[]
    pixel_values: number[][][][]
    features_eval: number[][]
    features_train: number[][]
    loss_train: number
    gradients: Record<string, Summary>
    buffers_after: Record<string, number[] | number>
  }

  it.each(['basic', 'bottleneck'] as const)('%s blocks: eval, train, gradients, running statistics', async (block) => {
    const golden = json<ResnetGolden>(`resnet-tiny/${block}.json`)
    const config = resnetSchema.parse({ kind: 'resnet', size: 32, block, layers: [1, 1, 1, 1], widths: golden.widths })
    const build = (scope: Scope): Tensor => resnet(scope, (x) => x, input('pixels', [4, 3, 32, 32]), config).globalRaw
    const feeds = async () => ({
      ...(await stored(`resnet-tiny/${block}.safetensors`)),
      pixels: floats([4, 3, 32, 32], golden.pixel_values),
    })

    const { outputs: evaluated } = trace(build, { training: false })
    expectNear('eval', (await run({ y: evaluated }, await feeds())).y!, flat(golden.features_eval), 1e-5)

    const { outputs: y, tensors, updates } = trace(build, { training: true })
    const loss = mean(square(y))
    const names = Object.keys(golden.gradients)
    const named: Record<string, Tensor> = { y, loss }
    gradients(
      loss,
      names.map((name) => tensors.get(name) as Tensor),
    ).forEach((g, i) => {
      named[`d ${names[i]}`] = g
    })
    for (const [name, value] of updates) named[`+ ${name}`] = value
    const found = await run(named, await feeds())
    expectNear('train', found.y!, flat(golden.features_train), 2e-5)
    expectNear('loss', found.loss!, [golden.loss_train], 1e-5)
    for (const name of names) {
      expectSummary(`d ${name}`, found[`d ${name}`]!, golden.gradients[name]!, 1e-4, floorOf(golden.gradients))
    }
    const buffers = Object.entries(golden.buffers_after).filter(([name]) => !name.endsWith('num_batches_tracked'))
    expect([...updates.keys()].sort()).toEqual(buffers.map(([name]) => name).sort())
    for (const [name, wanted] of buffers) expectNear(name, found[`+ ${name}`]!, flat(wanted), 1e-5)
  })
})

const tiny: Record<string, ModelConfigInput> = {
  'vit and clip-text': {
    image: { kind: 'vit', size: 16, channels: 1, patch: 8, width: 16, layers: 2, heads: 2 },
    text: { kind: 'clip-text', vocabulary: 50, context: 8, width: 16, layers: 2, heads: 2, bos: 48, eos: 49, pad: 49 },
    joint: 8,
  },
  'resnet and bert': {
    image: { kind: 'resnet', size: 32, channels: 1, block: 'bottleneck', layers: [1, 1, 1, 2], widths: [4, 4, 8, 8] },
    text: { kind: 'bert', vocabulary: 50, context: 8, width: 16, layers: 2, heads: 2 },
    joint: 8,
  },
}

describe.each(Object.entries(tiny))('%s', (_, given) => {
  const config = modelSchema.parse(given)
  const { size } = config.image
  const draw = (b: number, t: number): Record<string, Inline> => {
    const stream = random('batch', b)
    const ids = Array.from({ length: b * t }, (_, i) => (i % t === 5 ? 49 : stream.int(48)))
    return {
      pixels: floats(
        [b, 1, size, size],
        Array.from({ length: b * size * size }, () => stream.normal()),
      ),
      ids: ints([b, t], ids),
      mask: ints(
        [b, t],
        Array.from({ length: b * t }, (_, i) => Number(i % t < 6 - (i % 2))),
      ),
    }
  }
  const features = (b: number): { outputs: Outputs; layout: ReturnType<typeof layOut> } => {
    const traced = trace((scope) => embed(scope, config, b, 7), { training: false })
    const { image, text } = traced.outputs
    return {
      outputs: { image: image.global, regions: image.regions, text: text.global, tokens: text.tokens },
      layout: layOut(traced.declarations),
    }
  }

  it('one serving model takes batches of 1, 2 and 5 and equals the training lowering', async () => {
    const { layout } = features(2)
    const values = valuesByName(layout, initialValues(layout, 7))
    const serving = await runtime.load(lowerServing((b) => features(b).outputs, values).bytes)
    const held = (): Record<string, Inline> =>
      Object.fromEntries([...values].map(([name, v]) => [name, floats(layout.byName.get(name)!.shape, [...v])]))
    for (const b of [1, 2, 5]) {
      const served = await serving.run({ feeds: draw(b, 7), fetch: ['image', 'regions', 'text', 'tokens'] })
      const trained = await run(features(b).outputs, { ...held(), ...draw(b, 7) })
      for (const [name, { data, shape }] of Object.entries(served.outputs)) {
        expect(shape[0]).toBe(b)
        expectNear(`${name} of ${b}`, data, trained[name]!, 1e-5)
      }
    }
    await serving.dispose()
  })

  it('training twice from one seed gives the same bits, whatever ran between', async () => {
    const go = async (): Promise<{ losses: number[]; parameters: Buffer }> => {
      const training = await openTraining<BatchShape>({
        runtime,
        build: (scope, shape) => buildStep(scope, shape, { model: config, objective: clip, config: {} }),
        first: { batch: 8, tokens: 7 },
        optimizer: { kind: 'adamw', weightDecay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-6 },
        clipNorm: 1,
        seed: 3,
      })
      const losses: number[] = []
      for (let i = 0; i < 3; i++) {
        const { values } = await training.step(
          { batch: 8, tokens: 7 },
          { ...draw(8, 7), weights: floats([1], [1]) },
          1e-3,
        )
        losses.push(values.loss as number)
      }
      const parameters = Buffer.from((await training.parameters()).buffer)
      await training.dispose()
      return { losses, parameters }
    }
    const [first, second] = [await go(), await go()]
    expect(second.losses).toEqual(first.losses)
    expect(Buffer.compare(first.parameters, second.parameters)).toBe(0)
    expect(first.losses[2]).toBeLessThan(first.losses[0]!)
  })
})
