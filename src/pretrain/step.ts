/** @file One step of pre-training as a graph: towers, objective, weighted sum of its losses. */

import { add, input, mul, reshape, slice, type Tensor } from '../engine/index.ts'
import type { ModelConfig } from '../models/config.ts'
import { encodeImage, encodeText, logitScale } from '../models/two-tower.ts'
import type { Scope, Step } from '../nn/index.ts'
import type { Objective } from './objective.ts'

/** Shape of a step's inputs: studies, and tokens a text. */
export interface BatchShape {
  batch: number
  tokens: number
}

export interface StepOptions {
  model: ModelConfig
  objective: Objective
  config: unknown
}

/**
 * Traces the step. Inputs, as far as the objective asks for them: `pixels` float32 [B, C, H, W], `ids` and `mask` int32
 * [B, T], `labels` and `known` float32 [B, K], and `weights` float32 [number of losses].
 */
export function buildStep(
  scope: Scope,
  { batch: b, tokens: t }: BatchShape,
  { model, objective, config }: StepOptions,
): Step {
  const { size, channels } = model.image
  const image = once(() => encodeImage(scope, input('pixels', [b, channels, size, size]), model))
  const text = once(() => encodeText(scope, input('ids', [b, t], 'int32'), input('mask', [b, t], 'int32'), model))
  const scale = once(() => logitScale(scope, model).scale)
  const labels = once(() => {
    const shape = [b, objective.labels?.(config).names.length ?? 0]
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
