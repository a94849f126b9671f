/**
 * @file A training step from names of presets and made-up inputs, without data or tokenizer: for benches, summaries and
 * golden hashes of graphs.
 */

import { VesaliusError } from '../core/errors.ts'
import { type Random, random } from '../core/random.ts'
import { type Feed, type Layout, layOut, sizeOf } from '../engine/index.ts'
import { type ModelConfig, modelSchema } from '../models/config.ts'
import { imagePreset, imagePresetNames, textPreset, textPresetNames } from '../models/presets.ts'
import { type TracedPass, trace, tracePass } from '../nn/index.ts'
import { objectiveOf } from './config.ts'
import { type InputType, inputTypes, planOf, viewKinds } from './inputs.ts'
import type { Objective } from './objective.ts'
import { objectives } from './objectives.ts'
import { type BatchShape, buildStep, type StepOptions, weightsAt } from './step.ts'

export interface SyntheticOptions {
  objective?: string | undefined
  /** Names of presets. */
  image?: string | undefined
  text?: string | undefined
  /** Side of the pictures in pixels. */
  size?: number | undefined
  channels?: number | undefined
  batch?: number | undefined
  /** Tokens a text; the context of the tower, at most 77, if not given. */
  tokens?: number | undefined
  vocabulary?: number | undefined
  /** Width of the joint space. */
  joint?: number | undefined
  /** Parts of the objective's configuration in place of those of its tiny recipe. */
  config?: Readonly<Record<string, unknown>> | undefined
}

/** Sentences of a made-up report. */
const sentencesMade = 3

export interface SyntheticStep {
  step: StepOptions
  shape: BatchShape
  layout: Layout
}

/** Configurations for objectives that cannot do without one, and have no tiny recipe. */
const examples: Readonly<Record<string, unknown>> = { supervised: { findings: ['Edema', 'Nodule'] } }

function configOf(objective: Objective, given: SyntheticOptions['config']): unknown {
  const usual = (objective.tiny?.config ?? examples[objective.id] ?? {}) as Record<string, unknown>
  const parsed = objective.config.safeParse({ ...usual, ...given })
  if (parsed.success) return parsed.data
  const problem = `${objective.survey.name} needs a configuration that is not made up here.`
  throw new VesaliusError('CONFIG_INVALID', problem, {
    where: 'src/pretrain/synthetic.ts',
    hint: 'Add an example of it there, or a tiny recipe to the objective.',
  })
}

/** A model of these presets and the step that trains it. */
export function syntheticStep(options: SyntheticOptions): SyntheticStep {
  const { size = 96, channels = 3, batch = 32, joint = 128 } = options
  const objective = objectiveOf(options.objective ?? 'clip')
  const text = textPreset(options.text ?? objective.tiny?.text ?? 'bert-tiny')
  const tokens = options.tokens ?? Math.min(text.context, 77)
  if (tokens > text.context) {
    throw new VesaliusError('USAGE', `${tokens} tokens are more than the text tower's context of ${text.context}.`)
  }
  const vocabulary = options.vocabulary ?? 2000
  const ends = text.kind === 'clip-text' ? { bos: 1, eos: 2, pad: 2 } : {}
  const model: ModelConfig = modelSchema.parse({
    image: { ...imagePreset(options.image ?? objective.tiny?.image ?? 'resnet-tiny'), size, channels },
    text: { ...text, vocabulary, ...ends },
    joint,
  })
  const config = configOf(objective, options.config)
  const step = { model, objective, config, special: { mask: 4, start: 2, end: 3 } }
  const sentences = planOf(objective, config).sentences && sentencesMade
  const shape = { batch, tokens, ...(sentences === undefined ? {} : { sentences }) }
  const layout = layOut(trace((scope) => buildStep(scope, shape, step), { training: true }).declarations)
  return { step, shape, layout }
}

/** The step as a graph with its derivatives. */
export function traceSynthetic({ step, shape, layout }: SyntheticStep): TracedPass {
  return tracePass((scope, at: BatchShape) => buildStep(scope, at, step), layout, shape)
}

/** Inputs of one step, made up: noise for pixels, any words, every label known. New arrays at each call. */
export function syntheticFeeds({ step, shape }: SyntheticStep): Record<string, Feed> {
  const { text } = step.model
  const labels = [shape.batch, step.objective.labels?.(step.config).names.length ?? 0]
  const values: Record<string, (stream: Random, place: number, length: number) => number> = {
    pixels: (stream) => stream.normal(0, 1),
    priorPixels: (stream) => stream.normal(0, 1),
    ids: (stream, i, t) => (i === t - 1 ? endOf(text) : 4 + stream.int(text.vocabulary - 4)),
    wordIndex: (_, i, t) => (i === 0 || i === t - 1 ? -1 : i - 1),
    sentenceIndex: (_, i, t) => (i === 0 || i === t - 1 ? -1 : Math.floor(((i - 1) / (t - 2)) * sentencesMade)),
    sentenceFeatures: (stream) => stream.normal(0, 1),
    sentenceKey: (stream) => stream.int(1e6),
    textKey: (stream) => stream.int(1e6),
    patientKey: (stream) => stream.int(1e6),
    viewKind: (_, i) => i % viewKinds.length,
    labels: (stream) => stream.int(2),
  }
  values.sentenceIds = values.ids as (typeof values)[string]
  const made = (name: string, { dtype, shape: dims }: InputType): Feed => {
    const stream = random(0, 'synthetic', name)
    const value = values[name] ?? (() => 1)
    const length = dims.at(-1) ?? 1
    const next = (_: unknown, i: number): number => value(stream, i % length, length)
    const size = { length: sizeOf(dims) }
    return dtype === 'int32'
      ? { dtype: 'int32', shape: dims, data: Int32Array.from(size, next) }
      : { dtype: 'float32', shape: dims, data: Float32Array.from(size, next) }
  }
  const types: Record<string, InputType> = {
    ...inputTypes(planOf(step.objective, step.config), step.model, shape),
    labels: { shape: labels, dtype: 'float32' },
    known: { shape: labels, dtype: 'float32' },
  }
  const weights = weightsAt(step, 0)
  return {
    ...Object.fromEntries(Object.entries(types).map(([name, type]) => [name, made(name, type)])),
    weights: { dtype: 'float32', shape: [weights.length], data: weights },
  }
}

function endOf(text: ModelConfig['text']): number {
  return text.kind === 'clip-text' ? text.eos : 3
}

/** Objectives as small as they go, name -> options: with their tiny recipe, or under every preset of a tower if they have none. */
export function presetSteps(): Map<string, SyntheticOptions> {
  const small = { size: 64, batch: 2, tokens: 8, vocabulary: 50, joint: 16 }
  const steps = new Map<string, SyntheticOptions>()
  for (const { id, needs, tiny } of objectives) {
    if (tiny !== undefined) {
      steps.set(`${id}, tiny`, { ...small, objective: id })
      continue
    }
    for (const image of imagePresetNames) steps.set(`${id}, image ${image}`, { ...small, objective: id, image })
    if (!needs.includes('text')) continue
    for (const text of textPresetNames) steps.set(`${id}, text ${text}`, { ...small, objective: id, text })
  }
  return steps
}
