/** @file Steps of objectives on several ranks against one with the whole batch, as a script that all ranks run. */

const dist = (path: string): string => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href)

/** What a rank found for one objective, relative to the largest gradient, the norm and the loss of one process. */
export interface OnRanks {
  id: string
  worst: number
  norm: number
  loss: number
  size: number
}

/**
 * For each objective a step of a made-up batch of 4, shared by the ranks, and the same by each rank alone. Towers without
 * batch statistics: a vision transformer and a BERT, of one layer each.
 */
export const onRanksAndAlone = (ids: readonly string[]): string => `
  const { modelSchema } = await import(${dist('models/config.js')})
  const { openTraining } = await import(${dist('nn/index.js')})
  const { buildStep } = await import(${dist('pretrain/step.js')})
  const { syntheticFeeds, syntheticStep } = await import(${dist('pretrain/synthetic.js')})
  const sizes = { image: 'vit-tiny', size: 16, batch: 4, tokens: 8, vocabulary: 40, joint: 8 }
  const madeOf = (objective) => {
    const made = syntheticStep({ ...sizes, objective })
    const { image, text } = made.step.model
    const model = modelSchema.parse({
      ...made.step.model,
      image: { ...image, width: 16, layers: 1, heads: 2, patch: 4, mlp: 32 },
      text: { ...text, width: 16, layers: 1, heads: 2, mlp: 32 },
    })
    return { ...made, step: { ...made.step, model } }
  }
  const stepOf = async (made, communicator) => {
    const batch = sizes.batch / communicator.size
    const shape = { ...made.shape, batch }
    const runtime = e.openRuntime({ threads: 1 })
    const training = await openTraining({
      runtime,
      build: (scope) => buildStep(scope, shape, { ...made.step, ranks: communicator }),
      first: {},
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 },
      seed: 1,
      ranks: { communicator, rows: batch },
    })
    const feeds = {}
    for (const [name, { dtype, shape, data }] of Object.entries(syntheticFeeds(made))) {
      if (['labels', 'known', 'weights'].includes(name)) feeds[name] = { dtype, shape, data }
      else {
        const own = data.length / communicator.size
        const mine = data.slice(communicator.rank * own, (communicator.rank + 1) * own)
        feeds[name] = { dtype, shape: [batch, ...shape.slice(1)], data: mine }
      }
    }
    const { values, gradientNorm } = await training.step({}, feeds, 1e-3)
    const gradients = await runtime.read('gradients', 0, training.layout.trained)
    await training.dispose()
    await runtime.close()
    return { loss: values.loss, gradientNorm, gradients }
  }
  const found = []
  for (const id of ${JSON.stringify(ids)}) {
    const made = madeOf(id)
    const shared = await stepOf(made, ranks)
    const lone = await stepOf(made, e.alone())
    const scale = lone.gradients.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    const worst = shared.gradients.reduce((most, v, i) => Math.max(most, Math.abs(v - lone.gradients[i])), 0) / scale
    const norm = shared.gradientNorm / lone.gradientNorm - 1
    found.push({ id, worst, norm, loss: shared.loss / lone.loss - 1, size: lone.gradientNorm })
  }
  say(found)`
