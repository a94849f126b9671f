/** @file The whole step of an objective on its tiny recipe: what its losses reach, and some steps of training. */

import { type Runtime, type Tensor, topological } from '../src/engine/index.ts'
import { openTraining, trace } from '../src/nn/index.ts'
import { runSchema } from '../src/pretrain/config.ts'
import { type BatchShape, buildStep } from '../src/pretrain/step.ts'
import { type SyntheticOptions, syntheticFeeds, syntheticStep } from '../src/pretrain/synthetic.ts'

const small = { size: 64, batch: 4, tokens: 12, vocabulary: 60, joint: 16 }

/** Names of the parameters that each scalar of an objective depends on, derivative or not. */
export function reachedBy(objective: string, options: SyntheticOptions = {}): Record<string, ReadonlySet<string>> {
  const { step, shape } = syntheticStep({ ...small, ...options, objective })
  const { outputs, tensors } = trace((scope) => buildStep(scope, shape, step), { training: true })
  const names = new Map([...tensors].map(([name, { node }]) => [node, name]))
  const reached = (value: Tensor): ReadonlySet<string> =>
    new Set(topological([value]).flatMap((node) => names.get(node) ?? []))
  return Object.fromEntries(Object.entries(outputs.watch).map(([name, value]) => [name, reached(value)]))
}

/** Some steps on one made-up batch: losses, and the parameters whose gradient at the last step is zero throughout. */
export async function someSteps(
  runtime: Runtime,
  objective: string,
  steps: number,
  rate = 1e-3,
): Promise<{ losses: number[]; watched: Record<string, number>; still: string[] }> {
  const synthetic = syntheticStep({ ...small, objective })
  const { optimizer } = runSchema.shape.train.parse({})
  const training = await openTraining<BatchShape>({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, synthetic.step),
    first: synthetic.shape,
    optimizer,
    seed: 1,
  })
  const losses: number[] = []
  let watched: Record<string, number> = {}
  let still: string[] = []
  for (let i = 0; i < steps; i++) {
    const { values } = await training.step(synthetic.shape, syntheticFeeds(synthetic), rate)
    losses.push(values.loss as number)
    // Blocks that start as their shortcut have no slope inside at first.
    if (i < steps - 1) continue
    watched = values
    const gradient = await runtime.read('gradients', 0, training.layout.trained)
    const trained = training.layout.entries.filter(({ group }) => group !== undefined)
    still = trained
      .filter(({ offset, size }) => gradient.subarray(offset, offset + size).every((v) => v === 0))
      .map(({ name }) => name)
  }
  await training.dispose()
  return { losses, watched, still }
}
