/** @file One step of pre-training as a graph: towers, objective, weighted sum of its losses. */

import { add, allGather, alone, type Communicator, input, mul, reshape, slice, type Tensor } from '../engine/index.ts'
import type { ModelConfig } from '../models/config.ts'
import type { ImageFeatures, TextFeatures } from '../models/features.ts'
import { encodeImage, encodeText, logitScale } from '../models/two-tower.ts'
import { type CachingOptions, type Scope, type Split, type Step, wholeStep } from '../nn/index.ts'
import type { RunConfig } from './config.ts'
import type { Objective } from './objective.ts'

/** Shape of a step's inputs on one rank: studies, and tokens a text. */
export interface BatchShape {
  batch: number
  tokens: number
}

export interface StepOptions {
  model: ModelConfig
  objective: Objective
  config: unknown
  /** The ranks that share each batch; this process alone if absent. */
  ranks?: Communicator
  /** With ranks: the image tower's backward pass waits for the text tower's, whose gradients are summed meanwhile. */
  overlap?: boolean
}

/** What an objective can read of the towers, each traced when it is asked for. */
interface Towers {
  image(): ImageFeatures
  text(): TextFeatures
}

/**
 * Traces the step. Inputs, as far as the objective asks for them: `pixels` float32 [B, C, H, W], `ids` and `mask` int32
 * [B, T], `labels` and `known` float32 [N B, K], and `weights` float32 [number of losses]. With N ranks the objective sees
 * the features of the whole batch [N B, ...], gathered where it reads them: its negatives are global.
 */
export function buildStep(scope: Scope, shape: BatchShape, options: StepOptions): Step {
  return wholeStep(splitStep(options))(scope, shape)
}

/** The step in parts, for gradient caching: each tower over some rows, and the loss over the features of all. */
export function splitStep(options: StepOptions): Split<BatchShape> {
  const { model } = options
  const { size, channels } = model.image
  return {
    towers: {
      image: (scope, _, b) => encodeImage(scope, input('pixels', [b, channels, size, size]), model),
      text: (scope, { tokens: t }, b) =>
        encodeText(scope, input('ids', [b, t], 'int32'), input('mask', [b, t], 'int32'), model),
    },
    rows: ({ batch }) => batch,
    loss: (scope, shape, features) =>
      lossOver(scope, shape, options, {
        image: () => features('image') as ImageFeatures,
        text: () => features('text') as TextFeatures,
      }),
  }
}

/** Gradient caching as the configuration asks for it, if it does. */
export function cachingOf(
  { train: { chunk, batchStatistics } }: { train: Pick<RunConfig['train'], 'chunk' | 'batchStatistics'> },
  options: StepOptions,
): (CachingOptions & { split: Split<BatchShape> }) | undefined {
  return chunk === undefined ? undefined : { chunk, batchStatistics, split: splitStep(options) }
}

/** The objective's losses, weighted and added, over the features of the towers. */
function lossOver(
  scope: Scope,
  { batch: b }: BatchShape,
  { model, objective, config, ranks = alone(), overlap = true }: StepOptions,
  towers: Towers,
): Step {
  const image = once(() => ofAllRanks('image', towers.image(), ranks, () => (overlap && text.made ? 1 : 0)))
  const text = once(() => ofAllRanks('text', towers.text(), ranks, () => 0))
  const scale = once(() => logitScale(scope, model).scale)
  const labels = once(() => {
    const shape = [b * ranks.size, objective.labels?.(config).names.length ?? 0]
    return { values: input('labels', shape), known: input('known', shape) }
  })
  const modules = scope.in('objective')
  const losses = objective.loss({
    get image() {
      return image()
    },
    get text() {
      return text()
    },
    get scale() {
      return scale()
    },
    get labels() {
      return labels()
    },
    config,
    modules,
  })

  const weights = input('weights', [objective.losses.length])
  const weighted = objective.losses.map((name, i) =>
    mul(losses[name] as Tensor, reshape(slice(weights, 0, i, i + 1), [])),
  )
  const loss = weighted.reduce((a, c) => add(a, c))
  return { loss, watch: { ...losses, ...(scale.made ? { scale: scale() } : {}) } }
}

/** Features whose tensors are gathered from all ranks at the moment they are read: what is not read is not sent. */
function ofAllRanks<Features extends object>(
  tower: string,
  features: Features,
  ranks: Communicator,
  wait: () => number,
): Features {
  if (ranks.size === 1) return features
  const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'node' in value
  const gathered = Object.entries(features).map(([name, value]): [string, PropertyDescriptor] => {
    if (!isTensor(value)) return [name, { value }]
    return [name, { get: once(() => allGather(value, ranks, { name: `${tower}.${name}`, wait })), enumerable: true }]
  })
  return Object.defineProperties({} as Features, Object.fromEntries(gathered))
}

/** A value made at the first call; `made` tells whether there was one. */
function once<T>(make: () => T): (() => T) & { readonly made: boolean } {
  let held: { value: T } | undefined
  const get = (): T => {
    held ??= { value: make() }
    return held.value
  }
  return Object.defineProperty(get, 'made', { get: () => held !== undefined }) as (() => T) & { readonly made: boolean }
}

/** Weights of the objective's losses at a step. */
export function weightsAt({ objective, config }: StepOptions, step: number): Float32Array {
  const weights = objective.weights?.(config, step) ?? {}
  return Float32Array.from(objective.losses, (name) => weights[name] ?? 1)
}
