/**
 * @file A training step from names of presets and made-up inputs, without data or tokenizer: for benches, summaries and
 * golden hashes of graphs.
 */

import { VesaliusError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import { type Feed, type Layout, layOut, sizeOf } from '../engine/index.ts'
import { type ModelConfig, modelSchema } from '../models/config.ts'
import { imagePreset, imagePresetNames, textPreset, textPresetNames } from '../models/presets.ts'
import { type TracedPass, trace, tracePass } from '../nn/index.ts'
import { objectiveOf } from './config.ts'
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
}

export interface SyntheticStep {
  step: StepOptions
  shape: BatchShape
  layout: Layout
}

/** Configurations for objectives that cannot do without one. */
const examples: Readonly<Record<string, unknown>> = { supervised: { findings: ['Edema', 'Nodule'] } }

function configOf(objective: Objective): unknown {
  const parsed = objective.config.safeParse(examples[objective.id] ?? {})
  if (parsed.success) return parsed.data
  throw new VesaliusError(
    'CONFIG_INVALID',
    `${objective.survey.name} needs a configuration that is not made up here.`,
    {
      where: 'src/pretrain/synthetic.ts',
      hint: 'Add an example of it there.',
    },
  )
}

/** A model of these presets and the step that trains it. */
export function syntheticStep(options: SyntheticOptions): SyntheticStep {
  const { size = 96, channels = 3, batch = 32, joint = 128 } = options
  const text = textPreset(options.text ?? 'bert-tiny')
  const tokens = options.tokens ?? Math.min(text.context, 77)
  if (tokens > text.context) {
    throw new VesaliusError('USAGE', `${tokens} tokens are more than the text tower's context of ${text.context}.`)
  }
  const vocabulary = options.vocabulary ?? 2000
  const ends = text.kind === 'clip-text' ? { bos: 1, eos: 2, pad: 2 } : {}
  const model: ModelConfig = modelSchema.parse({
    image: { ...imagePreset(options.image ?? 'resnet-tiny'), size, channels },
    text: { ...text, vocabulary, ...ends },
    joint,
  })
  const objective = objectiveOf(options.objective ?? 'clip')
  const step = { model, objective, config: configOf(objective) }
  const shape = { batch, tokens }
  const layout = layOut(trace((scope) => buildStep(scope, shape, step), { training: true }).declarations)
  return { step, shape, layout }
}

/** The step as a graph with its derivatives. */
export function traceSynthetic({ step, shape, layout }: SyntheticStep): TracedPass {
  return tracePass((scope, at: BatchShape) => buildStep(scope, at, step), layout, shape)
}

/** Inputs of one step, made up: noise for pixels, any words, every label known. New arrays at each call. */
export function syntheticFeeds({ step, shape: { batch: b, tokens: t } }: SyntheticStep): Record<string, Feed> {
  const { size, channels } = step.model.image
  const { text } = step.model
  const floats = (
    name: string,
    shape: readonly number[],
    value: (stream: ReturnType<typeof random>) => number,
  ): Feed => {
    const stream = random(0, 'synthetic', name)
    return { dtype: 'float32', shape, data: Float32Array.from({ length: sizeOf(shape) }, () => value(stream)) }
  }
  const words = random(0, 'synthetic', 'ids')
  const last = text.kind === 'clip-text' ? text.eos : 3
  const ids = Int32Array.from({ length: b * t }, (_, i) =>
    i % t === t - 1 ? last : 4 + words.int(text.vocabulary - 4),
  )
  const labels = [b, step.objective.labels?.(step.config).names.length ?? 0]
  return {
    pixels: floats('pixels', [b, channels, size, size], (stream) => stream.normal(0, 1)),
    ids: { dtype: 'int32', shape: [b, t], data: ids },
    mask: { dtype: 'int32', shape: [b, t], data: new Int32Array(b * t).fill(1) },
    labels: floats('labels', labels, (stream) => stream.int(2)),
    known: floats('known', labels, () => 1),
    weights: { dtype: 'float32', shape: [step.objective.losses.length], data: weightsAt(step, 0) },
  }
}

/** Every preset of a tower under every objective, as small as its kind allows: name -> options. */
export function presetSteps(): Map<string, SyntheticOptions> {
  const small = { size: 64, batch: 2, tokens: 8, vocabulary: 50, joint: 16 }
  const steps = new Map<string, SyntheticOptions>()
  for (const { id, needs } of objectives) {
    for (const image of imagePresetNames) steps.set(`${id}, image ${image}`, { ...small, objective: id, image })
    if (!needs.includes('text')) continue
    for (const text of textPresetNames) steps.set(`${id}, text ${text}`, { ...small, objective: id, text })
  }
  return steps
}
