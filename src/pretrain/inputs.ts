/** @file Inputs of a training step beside parameters: their names, shapes and dtypes, as tensors and as feeds. */

import { VesaliusError } from '../core/errors.ts'
import type { DType, Shape, Tensor } from '../engine/index.ts'
import type { ModelConfig } from '../models/config.ts'
import type { Scope } from '../nn/index.ts'
import type { Objective, SentenceChoice, ViewChoice } from './objective.ts'

/** Shape of a step's inputs on one rank: studies, tokens a text (or sentence), and sentences a report if any are asked for. */
export interface BatchShape {
  batch: number
  tokens: number
  sentences?: number | undefined
}

/**
 * What comes with a batch, by name; asking for what the objective did not declare is an error. Masks are 1 for what is
 * real, keys are equal for what is the same and come from a hash.
 */
export interface BatchInputs {
  /** float32 [B, C, H, W], or [B, A, C, H, W] with `views`. */
  readonly pixels: Tensor
  /** int32 [B, A]. */
  readonly viewMask: Tensor
  /** int32 [B, A]: place of the view in {@link viewKinds}. */
  readonly viewKind: Tensor
  /** float32 [B, C, H, W] of the latest earlier study; black where there is none. */
  readonly priorPixels: Tensor
  /** int32 [B]. */
  readonly priorMask: Tensor
  /** int32 [B, T]. */
  readonly ids: Tensor
  /** int32 [B, T]. */
  readonly mask: Tensor
  /** int32 [B, T]: word that a token belongs to, from 0; -1 for special tokens and padding. */
  readonly wordIndex: Tensor
  /** int32 [B, T]: sentence that a token belongs to, from 0; -1 for special tokens and padding. */
  readonly sentenceIndex: Tensor
  /** int32 [B, S, T], each sentence with its special tokens. */
  readonly sentenceIds: Tensor
  /** int32 [B, S, T]. */
  readonly sentenceTokenMask: Tensor
  /** float32 [B, S, W], of a text tower that is not in the step; zeros where there is no sentence. */
  readonly sentenceFeatures: Tensor
  /** int32 [B, S]; a sentence that was cut off whole is not real. */
  readonly sentenceMask: Tensor
  /** int32 [B, S], of the sentence's words. */
  readonly sentenceKey: Tensor
  /** int32 [B], of the whole text. */
  readonly textKey: Tensor
  /** int32 [B]. */
  readonly patientKey: Tensor
}

/** What a view of a study is called for networks with parts of their own for each kind. */
export const viewKinds = ['frontal', 'lateral', 'other'] as const

/** What an objective with its configuration asks of each study. */
export interface InputPlan {
  views?: ViewChoice | undefined
  sentences?: SentenceChoice | undefined
  prior: boolean
  /** Pictures are this many times as large as the image tower takes them. */
  detail: number
}

/** What this objective asks of each study. */
export function planOf({ views, sentences, prior = false, detail = 1 }: Objective, config: unknown): InputPlan {
  return { views: views?.(config), sentences: sentences?.(config), prior, detail }
}

export type InputName = keyof BatchInputs

export interface InputType {
  shape: Shape
  dtype: DType
}

/** Shape and dtype of every input that a batch of this shape brings. */
export function inputTypes(
  { views, sentences, prior, detail }: InputPlan,
  { image: { size, channels }, text: { width } }: Pick<ModelConfig, 'image' | 'text'>,
  { batch: b, tokens: t, sentences: s = 0 }: BatchShape,
): Partial<Record<InputName, InputType>> {
  const floats = (...shape: number[]): InputType => ({ shape, dtype: 'float32' })
  const ints = (...shape: number[]): InputType => ({ shape, dtype: 'int32' })
  const picture = [channels, detail * size, detail * size]
  const a = views?.count ?? 0
  const pictures = views === undefined ? floats(b, ...picture) : floats(b, a, ...picture)
  const texts = {
    joint: { ids: ints(b, t), mask: ints(b, t), wordIndex: ints(b, t) },
    apart: { sentenceIds: ints(b, s, t), sentenceTokenMask: ints(b, s, t) },
    once: { sentenceFeatures: floats(b, s, width) },
  }
  return {
    pixels: pictures,
    ...(views === undefined ? {} : { viewMask: ints(b, a), viewKind: ints(b, a) }),
    ...(prior ? { priorPixels: floats(b, ...picture), priorMask: ints(b) } : {}),
    ...texts[sentences?.encode ?? 'joint'],
    ...(sentences?.encode === 'joint' ? { sentenceIndex: ints(b, t) } : {}),
    ...(sentences === undefined ? {} : { sentenceMask: ints(b, s), sentenceKey: ints(b, s) }),
    textKey: ints(b),
    patientKey: ints(b),
  }
}

/** The inputs as tensors, each made when it is asked for; `through` is what becomes of it then. */
export function batchInputs(
  types: Partial<Record<InputName, InputType>>,
  objective: Pick<Objective, 'id'>,
  scope: Scope,
  through: (x: Tensor, name: string) => Tensor = (x) => x,
): BatchInputs {
  const made = new Map<string, Tensor>()
  return new Proxy({} as BatchInputs, {
    has: (_, name) => name in types,
    get(_, name) {
      const type = types[name as InputName]
      if (typeof name !== 'string' || type === undefined) {
        throw new VesaliusError('MODEL_INVALID', `No batch of "${objective.id}" brings "${String(name)}".`, {
          hint: 'The objective must declare it: views, sentences or prior.',
        })
      }
      const known = made.get(name) ?? through(scope.input(name, type.shape, type.dtype), name)
      made.set(name, known)
      return known
    },
  })
}
