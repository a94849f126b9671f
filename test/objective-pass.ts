/** @file A pass of an objective, or its whole step, in float64 on the reference interpreter with very small towers. */

import { random } from '../src/core/random.ts'
import {
  type Distribution,
  drawRandom,
  gradients,
  initialValues,
  interpret,
  layOut,
  type Tensor,
  topological,
  valuesByName,
} from '../src/engine/index.ts'
import { modelSchema } from '../src/models/config.ts'
import { type Scope, trace } from '../src/nn/index.ts'
import { buildStep, splitStep } from '../src/pretrain/step.ts'
import { type SyntheticStep, syntheticFeeds, syntheticStep } from '../src/pretrain/synthetic.ts'

/** A made-up step with towers of one layer and 16 channels: a vision transformer of 4 x 4 patches of 4 pixels, and a BERT. */
export function smallStep(objective: string, config: Readonly<Record<string, unknown>>, batch = 2): SyntheticStep {
  const made = syntheticStep({ objective, image: 'vit-tiny', size: 16, batch, tokens: 8, vocabulary: 30, joint: 8 })
  const { image, text } = made.step.model
  const model = modelSchema.parse({
    ...made.step.model,
    image: { ...image, width: 16, layers: 1, heads: 2, patch: 4, mlp: 32 },
    text: { ...text, width: 16, layers: 1, heads: 2, mlp: 32 },
  })
  const step = { ...made.step, model, config: made.step.objective.config.parse(config) }
  const { declarations } = trace((scope) => buildStep(scope, made.shape, step), { training: true })
  return { ...made, step, layout: layOut(declarations) }
}

/** Values by name; changed before a run to see what follows. */
export type Feeds = Map<string, Float64Array>

/** What a module makes of fresh weights, a made-up batch and drawn numbers. */
export interface InFloat64<Outputs> {
  outputs: Outputs
  parameters: ReadonlyMap<string, Tensor>
  /** New feeds at each call. */
  feeds(): Feeds
}

/** Traces a module over the inputs of a step; `tensors` lists what of its outputs will be evaluated. */
export function inFloat64<Outputs extends object>(
  made: SyntheticStep,
  build: (scope: Scope) => Outputs,
  tensors: (outputs: Outputs) => readonly Tensor[],
): InFloat64<Outputs> {
  const traced = trace(build, { training: true })
  const layout = layOut(traced.declarations)
  const draws = topological(tensors(traced.outputs)).filter(({ op }) => op === 'random')
  return {
    outputs: traced.outputs,
    parameters: traced.tensors,
    feeds() {
      const feeds: Feeds = new Map()
      const set = (name: string, values: ArrayLike<number>) => feeds.set(name, Float64Array.from(values))
      for (const [name, values] of valuesByName(layout, initialValues(layout, 5))) set(name, values)
      for (const [name, feed] of Object.entries(syntheticFeeds(made))) if ('data' in feed) set(name, feed.data)
      for (const { attributes, outputs } of draws) {
        const { name, distribution } = attributes as { name: string; distribution: Distribution }
        set(name, drawRandom({ seed: 1, step: 0, name }, distribution, (outputs[0] as Tensor).shape))
      }
      return feeds
    },
  }
}

/** Features of one pass of an objective by name, once `change` has touched what it is made of. */
export function passOf(made: SyntheticStep, name: string) {
  const pass = splitStep(made.step).towers[name]
  if (pass === undefined) throw new Error(`${made.step.objective.id} has no pass "${name}".`)
  const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'node' in value
  const tensorsOf = (features: object) =>
    Object.entries(features).filter((entry): entry is [string, Tensor] => isTensor(entry[1]))
  const traced = inFloat64(
    made,
    (scope) => pass(scope, made.shape, made.shape.batch),
    (features) => tensorsOf(features).map(([, tensor]) => tensor),
  )
  const list = tensorsOf(traced.outputs)
  return (change: (feeds: Feeds) => void = () => {}): Record<string, Float64Array> => {
    const feeds = traced.feeds()
    change(feeds)
    const values = interpret(
      list.map(([, tensor]) => tensor),
      feeds,
    )
    return Object.fromEntries(list.map(([key], i) => [key, values[i] as Float64Array]))
  }
}

/**
 * Largest relative difference between the slope of the weighted loss of a whole step and central differences, over random
 * directions in the parameters of each module (`vision_model.encoder`, `objective.decoder`, ...).
 */
export function stepGradientError(made: SyntheticStep, size = 1e-5): number {
  const { outputs, parameters, feeds } = inFloat64(
    made,
    (scope) => buildStep(scope, made.shape, made.step),
    ({ loss }) => [loss],
  )
  const values = feeds()
  const reached = new Set(topological([outputs.loss]))
  const wrt = [...parameters].filter(([, { node, dtype }]) => reached.has(node) && dtype === 'float32')
  const tensors = wrt.map(([, tensor]) => tensor)
  const slopes = interpret(gradients(outputs.loss, tensors), values)
  const modules = new Map<string, { name: string; slope: Float64Array; direction: Float64Array }[]>()
  wrt.forEach(([name], i) => {
    const module = name.split('.').slice(0, 2).join('.')
    const [stream, slope] = [random('direction', name), slopes[i] as Float64Array]
    const direction = slope.map(() => stream.normal())
    modules.set(module, [...(modules.get(module) ?? []), { name, slope, direction }])
  })
  const along = [...modules.values()].map((group) => {
    const stated = group.reduce(
      (sum, { slope, direction }) => sum + slope.reduce((s, v, i) => s + v * direction[i]!, 0),
      0,
    )
    const moved = (by: number): number => {
      const feed = (name: string, direction: Float64Array) =>
        [name, (values.get(name) as Float64Array).map((v, i) => v + by * direction[i]!)] as const
      const there = group.map(({ name, direction }) => feed(name, direction))
      return interpret([outputs.loss], new Map([...values, ...there]))[0]?.[0] as number
    }
    return { stated, found: (moved(size) - moved(-size)) / (2 * size) }
  })
  const least = 1e-4 * Math.max(...along.map(({ found }) => Math.abs(found)))
  return Math.max(...along.map(({ stated, found }) => Math.abs(stated - found) / (Math.abs(found) + least)))
}
