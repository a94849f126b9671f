import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRuntime, type Runtime } from '../src/engine/index.ts'
import { openTraining, type Recompute } from '../src/nn/index.ts'
import { runSchema } from '../src/pretrain/config.ts'
import { type BatchShape, buildStep, cachingOf } from '../src/pretrain/step.ts'
import { syntheticFeeds, syntheticStep } from '../src/pretrain/synthetic.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

const clip = syntheticStep({
  image: 'vit-tiny',
  text: 'clip-text-tiny',
  batch: 64,
  size: 32,
  tokens: 16,
  vocabulary: 300,
  joint: 64,
})
const settings = runSchema.shape.train.parse({})

/** Loss, norm and gradients of the first step, and the loss of the second. */
async function firstSteps(
  chunk: typeof settings.chunk,
  recompute: Recompute = 'none',
): Promise<{ losses: number[]; norm: number; gradients: Float32Array }> {
  const training = await openTraining<BatchShape>({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, clip.step),
    first: clip.shape,
    optimizer: settings.optimizer,
    recompute,
    caching: cachingOf({ train: { chunk, batchStatistics: 'refuse' } }, clip.step),
    seed: 1,
  })
  const first = await training.step(clip.shape, syntheticFeeds(clip), 1e-3)
  const gradients = await runtime.read('gradients', 0, training.layout.trained)
  const second = await training.step(clip.shape, syntheticFeeds(clip), 1e-3)
  await training.dispose()
  return { losses: [first.values.loss!, second.values.loss!], norm: first.gradientNorm, gradients }
}

it('CLIP at batch 64: gradients of towers in chunks equal those of the whole batch to 1e-6', async () => {
  const whole = await firstSteps(undefined)
  for (const [chunk, recompute] of [
    [16, 'none'],
    [{ image: 24, text: 64 }, 'layers'],
  ] as const) {
    const cached = await firstSteps(chunk, recompute)
    let [off, size] = [0, 0]
    cached.gradients.forEach((v, i) => {
      off += (v - whole.gradients[i]!) ** 2
      size += whole.gradients[i]! ** 2
    })
    expect(Math.sqrt(off / size)).toBeLessThan(1e-6)
    expect(Math.abs(cached.norm / whole.norm - 1)).toBeLessThan(1e-6)
    cached.losses.forEach((loss, i) => {
      expect(Math.abs(loss / whole.losses[i]! - 1)).toBeLessThan(1e-5)
    })
  }
})
