/**
 * @file The contract of a pre-training objective: one declaration from which come the command line's listing, the
 * checking of configurations, the documentation and the training itself. A new system is one file with one of these.
 */

import type { z } from 'zod'
import type { Tensor } from '../engine/index.ts'
import type { ImageFeatures, TextFeatures } from '../models/features.ts'
import type { Scope } from '../nn/index.ts'

/** Where the survey puts a system. */
export interface SurveyRow {
  /** The paper's own name of the system. */
  name: string
  paper: string
  /** Table of the survey, 1 to 5; 0 for the baseline of section 2.1. */
  table: 0 | 1 | 2 | 3 | 4 | 5
  domain: string
  taxonomy: readonly string[]
  /** Evaluations reported in the survey: CLS, ZSC, ITR, SEG, DET ... */
  tasks: readonly string[]
}

/** A field of a study without which an objective cannot work. */
export type Need = 'image' | 'text' | 'report'

/** Named scalar losses [], shown separately in logs. */
export type Losses = Readonly<Record<string, Tensor>>

export interface LossContext<Config> {
  image: ImageFeatures
  text: TextFeatures
  /** exp(logit_scale) = 1/tau of the model, []. */
  scale: Tensor
  config: Config
  /** Where the objective declares parameters of its own. */
  modules: Scope
}

export interface Objective<Schema extends z.ZodType = z.ZodType> {
  /** Kebab-case of the paper's name, or author-year. */
  id: string
  survey: SurveyRow
  config: Schema
  needs: readonly Need[]
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
