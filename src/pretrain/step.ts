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
 * Traces the step. Inputs: `pixels` float32 [B, C, H, W], `ids` and `mask` int32 [B, T], `weights` float32 [number of
 * losses] in the order of the objective's names.
 */
export function buildStep(scope: Scope, shape: BatchShape, { model, objective, config }: StepOptions): Step {
  const { batch: b, tokens: t } = shape
  const { size, channels } = model.image
  const image = encodeImage(scope, input('pixels', [b, channels, size, size]), model)
  const text = encodeText(scope, input('ids', [b, t], 'int32'), input('mask', [b, t], 'int32'), model)
  const { scale } = logitScale(scope, model)
  const losses = objective.loss({ image, text, scale, config, modules: scope.in('objective') })

  const names = Object.keys(losses)
  const weights = input('weights', [names.length])
  const weighted = names.map((name, i) => mul(losses[name] as Tensor, reshape(slice(weights, 0, i, i + 1), [])))
  const loss = weighted.reduce((a, c) => add(a, c))
  return { loss, watch: { ...losses, scale } }
}

/** Weights of the named losses at a step, in the order of `names`. */
export function weightsAt({ objective, config }: StepOptions, names: readonly string[], step: number): Float32Array {
  const weights = objective.weights?.(config, step) ?? {}
  return Float32Array.from(names, (name) => weights[name] ?? 1)
}
