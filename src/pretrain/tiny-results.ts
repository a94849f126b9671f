/** @file A few steps of every tiny recipe on a made-up batch: that each part trains, in numbers. */

import { openRuntime } from '../engine/index.ts'
import { openTraining } from '../nn/index.ts'
import { runSchema } from './config.ts'
import type { TinyResult } from './features-page.ts'
import { objectives } from './objectives.ts'
import { buildStep } from './step.ts'
import { syntheticFeeds, syntheticStep } from './synthetic.ts'

/** Loss at the first and the last of `steps` steps, by objective. */
export async function tinyResults(steps = 20): Promise<Record<string, TinyResult>> {
  const runtime = openRuntime({ threads: 2 })
  const results: Record<string, TinyResult> = {}
  try {
    for (const { id } of objectives) {
      const made = syntheticStep({ objective: id, size: 64, batch: 4, tokens: 12, vocabulary: 60, joint: 16 })
      const { optimizer } = runSchema.shape.train.parse({})
      const training = await openTraining({
        runtime,
        build: (scope, shape: typeof made.shape) => buildStep(scope, shape, made.step),
        first: made.shape,
        optimizer,
        seed: 1,
      })
      const losses: number[] = []
      for (let i = 0; i < steps; i++)
        losses.push((await training.step(made.shape, syntheticFeeds(made), 1e-3)).values.loss as number)
      await training.dispose()
      results[id] = { first: losses[0] as number, last: losses.at(-1) as number, steps }
    }
  } finally {
    await runtime.close()
  }
  return results
}
