import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { add, input, mean, openRuntime, type Runtime, square } from '../src/engine/index.ts'
import { topological } from '../src/engine/tensor.ts'
import { encodeImage, encodeText } from '../src/models/two-tower.ts'
import { encoder, openTraining, type Recompute, type TrainingOptions, trace } from '../src/nn/index.ts'
import { runSchema } from '../src/pretrain/config.ts'
import { type BatchShape, buildStep } from '../src/pretrain/step.ts'
import { syntheticFeeds, syntheticStep } from '../src/pretrain/synthetic.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

const settings = { optimizer: runSchema.shape.train.parse({}).optimizer, clipNorm: 1, seed: 1 }

/** Parameters after two steps, and the norms of their gradients. */
async function trained<Shape>(
  options: Pick<TrainingOptions<Shape>, 'build' | 'first'>,
  feeds: () => Parameters<Awaited<ReturnType<typeof openTraining<Shape>>>['step']>[1],
  recompute: Recompute,
): Promise<{ parameters: Float32Array; norms: number[] }> {
  const training = await openTraining({ ...settings, ...options, runtime, recompute })
  const norms: number[] = []
  for (let i = 0; i < 2; i++) norms.push((await training.step(options.first, feeds(), 1e-3)).gradientNorm)
  const parameters = await training.parameters()
  await training.dispose()
  return { parameters, norms }
}

describe('recomputation of layers gives the same gradients', () => {
  it.each([
    ['vit-tiny', 'clip-text-tiny'],
    ['resnet-tiny', 'bert-tiny'],
  ])('%s with %s', async (image, text) => {
    const synthetic = syntheticStep({ image, text, batch: 4, size: 32, tokens: 16, vocabulary: 50, joint: 32 })
    const options = {
      build: (scope: Parameters<typeof buildStep>[0], at: BatchShape) => buildStep(scope, at, synthetic.step),
      first: synthetic.shape,
    }
    const plain = await trained(options, () => syntheticFeeds(synthetic), 'none')
    const again = await trained(options, () => syntheticFeeds(synthetic), 'layers')
    // The plain pass computes only the row that is read of a transformer's last block, a recomputed layer is whole; in a
    // residual net the sum of what flows through a block and around it is taken in another order. Both only round.
    again.norms.forEach((norm, i) => {
      expect(Math.abs(norm / plain.norms[i]! - 1)).toBeLessThan(1e-6)
    })
    // Every layer is one segment.
    const { outputs } = trace((scope) => buildStep(scope, synthetic.shape, synthetic.step), {
      training: true,
      recompute: 'layers',
    })
    expect(topological([outputs.loss]).filter((node) => node.op === 'segment')).toHaveLength(6)
  })

  it('bit for bit, where every row of the last block is read', async () => {
    const { step, shape, ...synthetic } = syntheticStep({
      image: 'vit-tiny',
      text: 'clip-text-tiny',
      batch: 4,
      size: 32,
      tokens: 16,
      vocabulary: 50,
      joint: 32,
    })
    const { model } = step
    const options: Pick<TrainingOptions<BatchShape>, 'build' | 'first'> = {
      build(scope, { batch, tokens }) {
        const image = encodeImage(scope, input('pixels', [batch, model.image.channels, 32, 32]), model)
        const words = [input('ids', [batch, tokens], 'int32'), input('mask', [batch, tokens], 'int32')] as const
        const text = encodeText(scope, ...words, model)
        const parts = [image.global, image.regions, text.global, text.tokens].map((x) => mean(square(x)))
        return { loss: parts.reduce((a, b) => add(a, b)), watch: {} }
      },
      first: shape,
    }
    const feeds = () => syntheticFeeds({ step, shape, ...synthetic })
    const [plain, again] = [await trained(options, feeds, 'none'), await trained(options, feeds, 'layers')]
    expect(again.norms).toEqual(plain.norms)
    expect(again.parameters).toEqual(plain.parameters)
  })

  it('an encoder with dropout and stochastic depth: the same values are dropped', async () => {
    const options: Pick<TrainingOptions<number>, 'build' | 'first'> = {
      build(scope, rows) {
        const block = { layers: 3, heads: 2, hidden: 32, dropout: 0.3, dropPath: 0.4, normFirst: true }
        const y = encoder(scope, input('x', [rows, 5, 16]), block)
        return { loss: mean(square(y)), watch: {} }
      },
      first: 4,
    }
    const feeds = () => ({
      x: {
        dtype: 'float32' as const,
        shape: [4, 5, 16],
        data: Float32Array.from({ length: 320 }, (_, i) => Math.sin(i)),
      },
    })
    expect(await trained(options, feeds, 'layers')).toEqual(await trained(options, feeds, 'none'))
  })
})
