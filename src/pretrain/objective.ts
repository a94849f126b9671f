/**
 * @file The contract of a pre-training objective: one declaration from which come the command line's listing, the
 * checking of configurations, the documentation and the training itself. A new system is one file with one of these.
 */

import type { z } from 'zod'
import type { SurveyRow } from '../core/survey.ts'
import type { Tensor } from '../engine/index.ts'
import type { ImageFeatures, TextFeatures } from '../models/features.ts'
import type { Scope } from '../nn/index.ts'

/** A field of a study without which an objective cannot work. */
export type Need = 'image' | 'text' | 'report'

/** Named scalar losses [], shown separately in logs. */
export type Losses = Readonly<Record<string, Tensor>>

/**
 * What a loss is made of. Towers are traced when they are asked for: an objective that never reads `text` trains no
 * text tower.
 */
export interface LossContext<Config> {
  readonly image: ImageFeatures
  readonly text: TextFeatures
  /** exp(logit_scale) = 1/tau of the model, []. */
  readonly scale: Tensor
  /** Labels of the batch, for objectives that declare `labels`. */
  readonly labels: BatchLabels
  config: Config
  /** Where the objective declares parameters of its own. */
  modules: Scope
}

/** Labels as tensors [B, K], K in the order of the declaration. */
export interface BatchLabels {
  /** float32: 1 present, 0 absent. */
  values: Tensor
  /** float32: 1 where the study says so, 0 where it is uncertain or silent. */
  known: Tensor
}

/** Which labels of a study an objective reads. */
export interface LabelSource {
  names: readonly string[]
  /** `labels`: what the report says. `truth`: what is in the image, where that is known (phantoms). */
  from: 'labels' | 'truth'
}

export interface Objective<Schema extends z.ZodType = z.ZodType> {
  /** Kebab-case of the paper's name, or author-year. */
  id: string
  survey: SurveyRow
  config: Schema
  needs: readonly Need[]
  /** Names of the losses that `loss` returns, in the order of logs and weights. */
  losses: readonly string[]
  /** Labels that come with each batch, if the loss reads any. */
  labels?: (config: z.output<Schema>) => LabelSource
  /** Why a batch of this size cannot be trained on, if it cannot. */
  refuse?: (batch: number) => string | undefined
  loss(context: LossContext<z.output<Schema>>): Losses
  /** Weight of each named loss at a step; all 1 if absent. */
  weights?: (config: z.output<Schema>, step: number) => Readonly<Record<string, number>>
}

/** Declares an objective; the type parameter is found from its schema. */
export function objective<Schema extends z.ZodType>(declaration: Objective<Schema>): Objective<Schema> {
  return declaration
}
