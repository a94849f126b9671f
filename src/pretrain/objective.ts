/**
 * @file The contract of a pre-training objective: one declaration from which come the command line's listing, the
 * checking of configurations, the documentation and the training itself. A new system is one file with one of these.
 */

import type { z } from 'zod'
import type { SurveyRow } from '../core/survey.ts'
import type { AugmentName } from '../data/augmentations.ts'
import type { TextMode } from '../data/text-of.ts'
import type { Tensor } from '../engine/index.ts'
import type { BertConfig, ModelConfig } from '../models/config.ts'
import type { ImageFeatures, TextFeatures } from '../models/features.ts'
import type { EncodeImage, EncodeText } from '../models/two-tower.ts'
import type { Scope } from '../nn/index.ts'
import type { BatchInputs } from './inputs.ts'
import type { Need } from './needs.ts'
import type { SpecialTokens } from './step.ts'

/** Named scalars [], shown separately in logs: the losses, and other ones that are only watched. */
export type Losses = Readonly<Record<string, Tensor>>

/** Images of a study that a step takes. */
export interface ViewChoice {
  /** Images a study, A. */
  count: number
  /**
   * `same`: its first image, augmented anew for each place. `random`: any A of them, drawn without replacement.
   * `replacement`: drawn with replacement, so a study of one image fills all places. `all`: in the order of the record.
   * Places without an image are black and masked out (`random`, `all`).
   */
  pick: 'same' | 'random' | 'replacement' | 'all'
  /** Share of the images of a study with several that are masked out while training; one is always left. */
  dropout?: number
}

/** Sentences of a report that a step takes, S at most. */
export interface SentenceChoice {
  /**
   * `joint`: the report is one text, of which each token knows its sentence. `apart`: every sentence is a text of its own,
   * `sentenceIds` [B, S, T], and there is no other text. `once`: the same, but the text tower stands still and is not in the
   * step: each sentence is encoded once in a run, `sentenceFeatures` [B, S, W] before the projection.
   */
  encode: 'joint' | 'apart' | 'once'
  /** S at most; more are left out at random, the order kept. */
  most: number
  /** Sentences of fewer words are left out, as long as one is left. */
  leastWords: number
  /** `swap`: each sentence changes places with another one, again with probability 0.6 (Müller et al. 2022b). */
  order: 'stated' | 'shuffle' | 'swap'
  /** Sentences of studies without a report, made of their labels; {label} stands for the finding. */
  fromLabels?: { present: string; absent: string }
}

/** What a pass is made of. `batch` holds its rows of the inputs. */
export interface PassContext<Config> {
  readonly batch: BatchInputs
  config: Config
  model: ModelConfig
  /** Ids of the tokenizer's special tokens; [MASK] for those that hide words. */
  special: SpecialTokens | undefined
  /** Where the objective declares parameters, draws random numbers and keeps memories of its own. */
  modules: Scope
  encodeImage: EncodeImage
  encodeText: EncodeText
  /** Features of the image tower [..., W] in the joint space, by the projection of the tower's own. */
  projectImage(raw: Tensor): Tensor
  /** Features of the text tower [..., W] in the joint space, by the projection of the tower's own. */
  projectText(raw: Tensor): Tensor
  /** Embeddings of all words [V, W] of the text tower, for heads that share them. */
  wordEmbeddings(): Tensor
}

/** What a loss is made of, besides the features of its passes, each traced when it is asked for. */
export interface LossContext<Config> {
  readonly image: ImageFeatures
  readonly text: TextFeatures
  /** exp(logit_scale) = 1/tau of the model, []. */
  readonly scale: Tensor
  /** Labels of the batch, for objectives that declare `labels`. */
  readonly labels: BatchLabels
  /** Inputs of the whole batch, for masks and keys; what towers make of them comes by passes. */
  readonly batch: BatchInputs
  config: Config
  model: ModelConfig
  modules: Scope
}

/** A pass; written as a method so that objectives of all configurations fit into one list. */
type Pass<Config, Made> = { pass(context: PassContext<Config>): Made }['pass']

/** Features of an objective's own passes in place of the plain ones. */
type WithPasses<Config, Passes> = Omit<LossContext<Config>, keyof Passes> & {
  readonly [Name in keyof Passes]: Passes[Name]
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

/** Attention over the regions of an image: of its words [B, W, P], word 0 of `wordIndex` first, or sentences [B, S, P]. */
export interface RegionMaps {
  maps: Tensor
  /** Rows and columns, P = rows x columns. */
  grid: readonly [number, number]
}

/** Pictures drawn by a system, [B, C, H, W], in the units of `pixels`. */
export interface Rebuilt {
  drawn: Tensor
  /** What the system saw of them, [B, C, H, W], black where it saw nothing; all of them if absent. */
  seen?: Tensor
}

/** What a trained system can show of a batch, traced from the features of its passes or from towers of its own. */
interface Pictures<Context> {
  words?(context: Context): RegionMaps
  sentences?(context: Context): RegionMaps
  rebuilt?(context: Context): Rebuilt
}
/** Names of {@link Pictures}. */
export type PictureName = keyof Pictures<never>

/** A part of a run configuration, and the configuration of the objective in it. */
export interface Recipe {
  /** Names of presets. */
  image: string
  text: string
  size: number
  config?: Readonly<Record<string, unknown>>
  /** Other parts of the run configuration, as in its file. */
  overrides?: Readonly<Record<string, unknown>>
}

/** What a paper always does beside its loss: defaults that a run may change. */
export interface Habits {
  /** What is done to pictures; `crop` if absent. */
  augment?: AugmentName
  /** From the towers to the joint space; linear if absent. */
  projection?: ModelConfig['projection']
  /** How a BERT tower is read out; as its preset says if absent. */
  bertReadOut?: BertConfig['readOut']
}

export interface Objective<Schema extends z.ZodType = z.ZodType, Passes = object> {
  /** Kebab-case of the paper's name, or author-year. */
  id: string
  survey: SurveyRow
  /** Published values are the defaults. */
  config: Schema
  needs: readonly Need[]
  /** Names of the losses that `loss` returns, in the order of logs and weights. */
  losses: readonly string[]
  /** Which words go with an image unless the run says otherwise; `mixed` if absent. */
  text?: TextMode
  habits?: Habits
  /** Labels that come with each batch, if the loss reads any. */
  labels?(config: z.output<Schema>): LabelSource
  /** Which images of a study come; the first one if absent, `pixels` then being [B, C, H, W]. */
  views?(config: z.output<Schema>): ViewChoice
  /** Which sentences of the report come, in place of `text`. */
  sentences?(config: z.output<Schema>): SentenceChoice
  /** Patterns of parameters that stand still, unless the run's own rules (`train.parameters`) free them. */
  frozen?(config: z.output<Schema>): readonly string[]
  /** An earlier image of the patient comes with each study that has one. */
  prior?: boolean
  /** Pictures come this many times as large as the image tower takes them, for targets of more detail than it sees. */
  detail?: number
  /** Why a batch of this size, or a model of this kind, cannot be trained on, if it cannot. */
  refuse?: (batch: number, model?: ModelConfig) => string | undefined
  /**
   * Features by name: other passes than one image and one text, or these in another way (under `image` and `text`). Each
   * is run by itself, on some of the rows under gradient caching, so its tensors lead with the studies, [B, ...]; what is
   * no tensor (a grid) is passed on as it is. A term of the loss that belongs to one study can be given as [B] too.
   */
  passes?: { [Name in keyof Passes]: Pass<z.output<Schema>, Passes[Name]> }
  loss(context: WithPasses<z.output<Schema>, Passes>): Losses
  /** Weight of each named loss at a step of a run of `total` steps (its last one if absent); all 1 if there is none. */
  weights?(config: z.output<Schema>, step: number, total?: number): Readonly<Record<string, number>>
  /**
   * How the system itself compares every image with every text, [B, B] each, higher for those that belong together; several
   * are brought to equal scale and averaged. The cosine of the exported towers if absent.
   */
  similarity?(
    context: WithPasses<z.output<Schema>, Passes> & PassContext<z.output<Schema>>,
  ): Readonly<Record<string, Tensor>>
  /**
   * How it tells classes by their prompts, where that is not by `similarity`: scores [B, B], images in rows, each of which
   * becomes a softmax over the texts before all are added with their shares.
   */
  zeroShot?: {
    shares: Readonly<Record<string, number>>
    scores(
      context: WithPasses<z.output<Schema>, Passes> & PassContext<z.output<Schema>>,
    ): Readonly<Record<string, Tensor>>
  }
  /** Maps and drawings for the report of a run (GLoRIA, Fig. 7b). */
  pictures?: Pictures<WithPasses<z.output<Schema>, Passes> & PassContext<z.output<Schema>>>
  /** The smallest towers and sizes with which every part is still there: for tests and first tries. */
  tiny?: Recipe
  /** Towers and training of the paper. */
  published?: Recipe
}

/**
 * Declares an objective; the type parameters are found from its schema and its passes. What the passes give matters inside
 * the declaration only, so it is forgotten here.
 */
export function objective<Schema extends z.ZodType, Passes = object>(
  declaration: Objective<Schema, Passes>,
): Objective<Schema> {
  return declaration as unknown as Objective<Schema>
}
