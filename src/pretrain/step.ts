/** @file One step of pre-training as a graph: passes over the batch, objective, weighted sum of its losses. */

import { VesaliusError } from '../core/errors.ts'
import { add, allGather, alone, type Communicator, input, mul, reshape, slice, type Tensor } from '../engine/index.ts'
import type { ModelConfig } from '../models/config.ts'
import { encodeImage, encodeText, logitScale, projectImage, projectText, wordEmbeddings } from '../models/two-tower.ts'
import { type CachingOptions, type Scope, type Split, type Step, wholeStep } from '../nn/index.ts'
import type { RunConfig } from './config.ts'
import { type BatchInputs, type BatchShape, batchInputs, inputTypes, planOf } from './inputs.ts'
import type { LossContext, Objective, PassContext, PictureName } from './objective.ts'
import { plainPasses } from './passes.ts'

export type { BatchShape } from './inputs.ts'

export interface StepOptions {
  model: ModelConfig
  objective: Objective
  config: unknown
  /** Ids of the tokenizer's special tokens, for objectives that hide words. */
  special?: SpecialTokens | undefined
  /** The ranks that share each batch; this process alone if absent. */
  ranks?: Communicator
  /** With ranks: the image tower's backward pass waits for the text tower's, whose gradients are summed meanwhile. */
  overlap?: boolean
}

/** Ids of special tokens, as far as the tokenizer has them. */
export interface SpecialTokens {
  mask: number | undefined
  start: number | undefined
  end: number | undefined
}

/**
 * Traces the step. Inputs, as far as the objective asks for them: those of {@link BatchInputs}, `labels` and `known`
 * float32 [N B, K], and `weights` float32 [number of losses]. With N ranks the objective sees the features of the whole
 * batch [N B, ...], gathered where it reads them: its negatives are global.
 */
export function buildStep(scope: Scope, shape: BatchShape, options: StepOptions): Step {
  return wholeStep(splitStep(options))(scope, shape)
}

/** The step in parts, for gradient caching: each pass over some rows, and the loss over the features of all. */
export function splitStep(options: StepOptions): Split<BatchShape> {
  const { objective } = options
  const passes: Record<string, (context: PassContext<unknown>) => object> = { ...plainPasses, ...objective.passes }
  const towers = Object.entries(passes).map(
    ([name, pass]) =>
      [
        name,
        (scope: Scope, shape: BatchShape, rows: number) => pass(passContext(scope, { ...shape, batch: rows }, options)),
      ] as const,
  )
  return {
    towers: Object.fromEntries(towers),
    rows: ({ batch }) => batch,
    loss: (scope, shape, features) => lossOver(scope, shape, options, Object.keys(passes), features),
  }
}

/** What {@link buildPicture} traced: `maps`, or `drawn` and what was `seen` of it, with the grid of maps. */
export interface TracedPicture {
  outputs: Readonly<Record<string, Tensor>>
  grid?: readonly [number, number]
}

/** Traces what the objective shows of a batch, in place of its loss. Throws if it shows nothing of this name. */
export function buildPicture(scope: Scope, shape: BatchShape, options: StepOptions, name: PictureName): TracedPicture {
  const { pictures = {}, survey } = options.objective
  const shown = pictures[name]?.(featuresOf(scope, shape, options))
  if (shown === undefined) throw new VesaliusError('USAGE', `${survey.name} has no pictures of ${name}.`)
  if ('grid' in shown) return { outputs: { maps: shown.maps }, grid: shown.grid }
  return { outputs: shown.seen === undefined ? { drawn: shown.drawn } : { drawn: shown.drawn, seen: shown.seen } }
}

/** Traces how the objective itself compares the images and the texts of a batch, [B, B] by name; none if it does not. */
export function buildSimilarity(
  scope: Scope,
  shape: BatchShape,
  options: StepOptions,
  use: 'retrieval' | 'zero-shot',
): Readonly<Record<string, Tensor>> {
  const { similarity, zeroShot } = options.objective
  const features = featuresOf(scope, shape, options)
  if (use === 'zero-shot' && zeroShot !== undefined) return zeroShot.scores(features)
  return similarity?.(features) ?? {}
}

/** Features of all passes over a batch, and what passes are made of, each traced when it is read. */
function featuresOf(
  scope: Scope,
  shape: BatchShape,
  options: StepOptions,
): LossContext<unknown> & PassContext<unknown> {
  const { towers } = splitStep(options)
  const features = (pass: string): object => (towers[pass] as (typeof towers)[string])(scope, shape, shape.batch)
  const { context } = lossContext(scope, shape, options, Object.keys(towers), features)
  return Object.assign(context, passContext(scope, shape, options))
}

function passContext(scope: Scope, shape: BatchShape, options: StepOptions): PassContext<unknown> {
  const { model, objective, config, special } = options
  return {
    batch: batchInputs(inputTypes(planOf(objective, config), model, shape), objective, scope),
    config,
    model,
    special,
    modules: scope.in('objective'),
    encodeImage: (pixels, how) => encodeImage(scope, pixels, model, how),
    encodeText: (ids, mask, how) => encodeText(scope, ids, mask, model, how),
    projectImage: (raw) => projectImage(scope, raw, model),
    projectText: (raw) => projectText(scope, raw, model),
    wordEmbeddings: () => wordEmbeddings(scope, model),
  }
}

/** Gradient caching as the configuration asks for it, if it does. */
export function cachingOf(
  { train: { chunk, batchStatistics } }: { train: Pick<RunConfig['train'], 'chunk' | 'batchStatistics'> },
  options: StepOptions,
): (CachingOptions & { split: Split<BatchShape> }) | undefined {
  return chunk === undefined ? undefined : { chunk, batchStatistics, split: splitStep(options) }
}

/** The objective's losses, weighted and added, over the features of its passes. */
function lossOver(
  scope: Scope,
  shape: BatchShape,
  options: StepOptions,
  passes: readonly string[],
  features: (pass: string) => object,
): Step {
  const { objective } = options
  const { context, scale } = lossContext(scope, shape, options, passes, features)
  const losses = objective.loss(context)
  const weights = input('weights', [objective.losses.length])
  const weighted = objective.losses.map((name, i) =>
    mul(losses[name] as Tensor, reshape(slice(weights, 0, i, i + 1), [])),
  )
  const loss = weighted.reduce((a, c) => add(a, c))
  return { loss, watch: { ...losses, ...(scale.made ? { scale: scale() } : {}) } }
}

/** What the objective's loss reads, each part traced when it is asked for. */
function lossContext(
  scope: Scope,
  shape: BatchShape,
  { model, objective, config, ranks = alone(), overlap = true }: StepOptions,
  passes: readonly string[],
  features: (pass: string) => object,
): { context: LossContext<unknown>; scale: Once<Tensor> } {
  const read: Record<string, Once<object>> = {}
  for (const pass of passes) {
    // The image tower waits for what comes after it.
    const wait = (): number => (pass === 'image' && overlap && read.text?.made ? 1 : 0)
    read[pass] = once(() => ofAllRanks(pass, features(pass), ranks, wait))
  }
  const scale = once(() => logitScale(scope, model).scale)
  const labels = once(() => {
    const labelled = [shape.batch * ranks.size, objective.labels?.(config).names.length ?? 0]
    return { values: input('labels', labelled), known: input('known', labelled) }
  })
  const gathered = (x: Tensor, name: string): Tensor => allGather(x, ranks, { name })
  const batch: BatchInputs = batchInputs(
    inputTypes(planOf(objective, config), model, shape),
    objective,
    scope,
    gathered,
  )
  const context = { config, model, batch, modules: scope.in('objective') }
  const lazy: Record<string, () => unknown> = { ...read, scale, labels }
  for (const [name, get] of Object.entries(lazy)) Object.defineProperty(context, name, { get, enumerable: true })
  return { context: context as unknown as LossContext<unknown>, scale }
}

/** Features whose tensors are gathered from all ranks at the moment they are read: what is not read is not sent. */
function ofAllRanks(pass: string, features: object, ranks: Communicator, wait: () => number): object {
  if (ranks.size === 1) return features
  const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'node' in value
  const gathered = Object.entries(features).map(([name, value]): [string, PropertyDescriptor] => {
    if (!isTensor(value)) return [name, { value }]
    return [name, { get: once(() => allGather(value, ranks, { name: `${pass}.${name}`, wait })), enumerable: true }]
  })
  return Object.defineProperties({}, Object.fromEntries(gathered))
}

type Once<T> = (() => T) & { readonly made: boolean }

/** A value made at the first call; `made` tells whether there was one. */
function once<T>(make: () => T): Once<T> {
  let held: { value: T } | undefined
  const get = (): T => {
    held ??= { value: make() }
    return held.value
  }
  return Object.defineProperty(get, 'made', { get: () => held !== undefined }) as Once<T>
}

/** Weights of the objective's losses at a step of a run of `total` steps; those of its end if only a step is given. */
export function weightsAt({ objective, config }: StepOptions, step: number, total = step): Float32Array {
  const weights = objective.weights?.(config, step, total) ?? {}
  return Float32Array.from(objective.losses, (name) => weights[name] ?? 1)
}
