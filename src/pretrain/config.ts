/** @file The configuration of a run: everything that decides its result, complete and resolved in config.json. */

import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { augmentNames } from '../data/augmentations.ts'
import { type TextMode, textModes } from '../data/text-of.ts'
import { deviceNames } from '../engine/index.ts'
import { imageTowerSchema, projectionSchema, textTowerSchema } from '../models/config.ts'
import { imagePreset, textPreset } from '../models/presets.ts'
import type { Objective, Recipe } from './objective.ts'
import { objectives } from './objectives.ts'
import { optimisationFields, withoutFlatNumbers } from './optimisation.ts'

const count = z.number().int().positive()

export const runSchema = z.strictObject({
  version: z.literal(1).default(1),
  objective: z.string().default('clip').describe('id, see `vesalius methods`'),
  objectiveConfig: z.record(z.string(), z.unknown()).default({}),
  data: z.strictObject({
    folder: z.string().min(1).describe('folder with studies.jsonl'),
    text: z
      .enum(textModes)
      .optional()
      .describe(
        'which words go with an image; sections: findings, impression or both; mixed: findings, impression or one sentence; that of the objective if absent',
      ),
    augment: z.enum(augmentNames).default('crop').describe('what is done to training pictures'),
    fit: z
      .enum(['shortest-edge-crop', 'stretch', 'letterbox'])
      .default('shortest-edge-crop')
      .describe('how a picture becomes square: crop as CLIP does, stretch, or pad'),
    folds: z
      .number()
      .int()
      .min(2)
      .max(100)
      .optional()
      .describe('split by hash of the study id instead of the stated splits'),
    fold: z.number().int().nonnegative().optional().describe('the fold that is held out'),
    dropWords: z.array(z.string()).default([]).describe('words removed from all texts (controls)'),
    shufflePairs: z.boolean().default(false).describe('gives every image the text of another study (control)'),
  }),
  model: z.strictObject({
    image: imageTowerSchema,
    text: textTowerSchema,
    joint: count.default(128),
    projection: projectionSchema.default({ kind: 'linear' }),
    logitScale: z.number().default(Math.log(1 / 0.07)),
    from: z.string().optional().describe('model folder to start from'),
  }),
  tokenizer: z.strictObject({
    folder: z.string().optional().describe('folder with tokenizer files; a WordPiece vocabulary is trained if absent'),
    vocabulary: count.default(2000).describe('largest size of a trained vocabulary'),
  }),
  train: z.preprocess(
    withoutFlatNumbers,
    z.strictObject({
      seed: z.number().int().nonnegative().default(1),
      batch: count.default(64),
      epochs: z.number().positive().default(10),
      steps: count.optional().describe('number of steps, instead of epochs'),
      ...optimisationFields,
      recompute: z
        .enum(['none', 'layers'])
        .default('none')
        .describe(
          'layers: values inside layers are computed again in the backward pass, which saves memory and takes time',
        ),
      chunk: z
        .union([count, z.strictObject({ image: count, text: count })])
        .optional()
        .describe(
          'rows that a tower takes at once: the result of the whole batch in the memory of a chunk (gradient caching)',
        ),
      batchStatistics: z
        .enum(['refuse', 'chunk'])
        .default('refuse')
        .describe('towers with batch normalisation under chunk: refuse them, or normalise by each chunk'),
      device: z.enum(deviceNames).default('cpu').describe('where the model is trained'),
      logEvery: count.default(10).describe('steps between two lines of metrics.jsonl'),
      validateEvery: count.default(100).describe('steps between two validations'),
      checkpointEvery: count.default(100).describe('steps between two checkpoints'),
      keepCheckpoints: count.default(2).describe('latest checkpoints kept, besides the best'),
    }),
  ),
  threads: count.optional().describe('threads of one operator; all cores if absent'),
})

export type RunConfig = z.output<typeof runSchema>
export type RunConfigInput = z.input<typeof runSchema>

/** The recipes that an objective may have. */
export const recipeNames = ['published', 'tiny'] as const
export type RecipeName = (typeof recipeNames)[number]

/** The recipe of this name. */
export function recipeNameOf(name: string): RecipeName {
  const found = recipeNames.find((known) => known === name)
  if (found !== undefined) return found
  throw new VesaliusError('UNKNOWN_NAME', `There is no recipe "${name}".`, { hint: `Use ${recipeNames.join(' or ')}.` })
}

/** What a person says in a few words; {@link resolveRun} makes a full configuration of it. */
export interface RunRequest {
  data: string
  objective?: string | undefined
  /** Towers, sizes and training of the objective's paper, or the smallest that hold every part of it. */
  recipe?: RecipeName | undefined
  image?: string | undefined
  text?: string | undefined
  size?: number | undefined
  channels?: number | undefined
  joint?: number | undefined
  /** Deep-merged last: a part of a run configuration. */
  overrides?: Record<string, unknown> | undefined
}

/** Parts of configurations, `over` winning; a part of another `kind` replaces the whole. Undefined values change nothing. */
export function merge(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const old = out[key]
    const both = isRecord(old) && isRecord(value) && !('kind' in value && value.kind !== old.kind)
    out[key] = both ? merge(old, value) : value
  }
  return out
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A complete configuration; `where` names the source of the overrides in errors. */
export function resolveRun(request: RunRequest, where: string): RunConfig {
  const id = request.objective ?? request.overrides?.objective
  const recipe = request.recipe && recipeOf(typeof id === 'string' ? id : 'clip', request.recipe)
  const { size = recipe?.size ?? 96, channels = 3 } = request
  const { habits = {} } = objectiveOf(typeof id === 'string' ? id : 'clip')
  const text = textPreset(request.text ?? recipe?.text ?? 'bert-tiny')
  const asked = isRecord(request.overrides?.model) ? request.overrides.model.text : undefined
  const kind = isRecord(asked) && typeof asked.kind === 'string' ? asked.kind : text.kind
  const base = {
    objective: request.objective,
    objectiveConfig: recipe?.config,
    data: { folder: request.data, augment: habits.augment },
    model: {
      image: { ...imagePreset(request.image ?? recipe?.image ?? 'resnet-tiny'), size, channels },
      text:
        kind === 'bert' && text.kind === 'bert' && habits.bertReadOut ? { ...text, readOut: habits.bertReadOut } : text,
      projection: habits.projection,
      joint: request.joint,
    },
    tokenizer: {},
    train: {},
  }
  const config = parseWith(runSchema, merge(merge(base, recipe?.overrides ?? {}), request.overrides ?? {}), where)
  const chosen = parseWith(objectiveOf(config.objective).config, config.objectiveConfig, `${where}, objectiveConfig,`)
  config.objectiveConfig = chosen as Record<string, unknown>
  config.data.text ??= textModeOf(config)
  if (
    (config.data.folds === undefined) !== (config.data.fold === undefined) ||
    (config.data.fold ?? 0) >= (config.data.folds ?? 1)
  ) {
    throw new VesaliusError(
      'CONFIG_INVALID',
      `${where} is not valid: data.fold must be given with data.folds and be below it.`,
      { where },
    )
  }
  return config
}

function recipeOf(id: string, name: RecipeName): Recipe {
  const found = objectiveOf(id)[name]
  if (found !== undefined) return found
  throw new VesaliusError('CONFIG_INVALID', `The objective "${id}" has no ${name} recipe.`, {
    where: 'recipe',
    hint: 'Leave --recipe out and say sizes and training by --image, --text, --size and --config.',
  })
}

/** The objective of this id; an unknown one is an error that lists the known ones. */
export function objectiveOf(id: string): Objective {
  const found = objectives.find((candidate) => candidate.id === id)
  if (found !== undefined) return found
  throw new VesaliusError('UNKNOWN_OBJECTIVE', `There is no pre-training objective "${id}".`, {
    where: 'objective',
    hint: `Use one of: ${objectives.map((o) => o.id).join(', ')}.`,
  })
}

/** Which words go with an image: as the run says, else as the objective does. */
export function textModeOf({
  objective,
  data,
}: {
  objective: string
  data: { text?: TextMode | undefined }
}): TextMode {
  return data.text ?? objectiveOf(objective).text ?? 'mixed'
}
