/**
 * @file One pass forward and backward over a batch, compiled for one input shape: gradients land in the buffer
 * `gradients`, moved statistics in `parameters`.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type BufferView,
  compileProgram,
  drawRandom,
  type Entry,
  type Feed,
  gradients,
  type Layout,
  mul,
  type ProgramReport,
  type ProgramResult,
  pushSlices,
  type RandomInput,
  type Runtime,
  type Tensor,
} from '../engine/index.ts'
import type { GradientSum } from './data-parallel.ts'
import { type Scope, type TraceOptions, trace } from './scope.ts'
import { lookUps, rowGradients } from './sparse.ts'
import { sparseEntries, sparseOutputs } from './sparse-update.ts'

/** What the model function returns: the scalar to descend, and scalars to report. */
export interface Step {
  loss: Tensor
  /** Named scalars shown in logs. */
  watch: Readonly<Record<string, Tensor>>
}

/** What random leaves are drawn for. */
export interface Draw {
  seed: number
  step: number
  /** Which of the step's batches this is, 0 if absent: batch i draws the rows that it would have in all of them together. */
  batch?: number
  /** Rows of a batch on this rank, place of the first in the whole batch, rows of that; absent when it has them all. */
  part?: { rows: number; first: number; whole: number } | undefined
}

/** A loaded graph over the parameters. */
export interface Compiled {
  report: ProgramReport
  /** Runs it on this batch, its random leaves drawn. What the graph does not ask for is not fed. */
  run(feeds: Readonly<Record<string, Feed>>, draw: Draw): Promise<ProgramResult>
  dispose(): Promise<void>
}

/** How a pass is traced. */
export type PassOptions = Omit<TraceOptions, 'training'>

/** A step as a graph, and where each of its results goes. */
export interface TracedPass {
  /** `loss`, what is watched, gradients as `d NAME`, those of sparse tables by rows, moved statistics as `+ NAME`. */
  outputs: Readonly<Record<string, Tensor>>
  into: Record<string, BufferView>
  /** Names of the scalars that are reported, and of the gradients of sparse tables. */
  fetch: readonly string[]
}

/**
 * Traces and differentiates one step over parameters that are laid out already; only `trained` ones get a gradient, that
 * of `share` times the loss.
 */
export function tracePass<Shape>(
  build: (scope: Scope, shape: Shape) => Step,
  layout: Layout,
  shape: Shape,
  trained: readonly Entry[] = layout.entries.filter(({ group }) => group !== undefined),
  { share = 1, ...options }: PassOptions & { share?: number | undefined } = {},
): TracedPass {
  const { outputs: step, tensors, updates } = trace((scope) => build(scope, shape), { ...options, training: true })
  const tensorOf = ({ name }: Entry): Tensor => {
    const tensor = tensors.get(name)
    if (tensor === undefined)
      throw new VesaliusError('MODEL_INVALID', `The model does not use "${name}" at every input shape.`)
    return tensor
  }
  const all = [step.loss, ...Object.values(step.watch), ...updates.values()]
  const [loss, ...others] = pushSlices(all) as [Tensor, ...Tensor[]]
  const watched = Object.keys(step.watch)
  const outputs: Record<string, Tensor> = { loss }
  watched.forEach((name, i) => {
    outputs[name] = others[i] as Tensor
  })
  const into: Record<string, BufferView> = {}
  const sparse = sparseEntries(layout).map((entry) => ({
    name: entry.name,
    found: lookUps(loss, tensorOf(entry), entry.name),
  }))
  const wrt = [...trained.map(tensorOf), ...sparse.flatMap(({ found }) => found)]
  const slopes = gradients(share === 1 ? loss : mul(loss, share), wrt)
  trained.forEach(({ name, offset, shape: dims }, i) => {
    outputs[`d ${name}`] = slopes[i] as Tensor
    into[`d ${name}`] = { buffer: 'gradients', offset, shape: dims }
  })
  const byRows: Record<string, Tensor> = {}
  let next = trained.length
  for (const { name, found } of sparse) {
    Object.assign(byRows, sparseOutputs(name, rowGradients(found, slopes.slice(next, next + found.length))))
    next += found.length
  }
  Object.assign(outputs, byRows)
  for (const [i, name] of [...updates.keys()].entries()) {
    const value = others[watched.length + i] as Tensor
    outputs[`+ ${name}`] = value
    into[`+ ${name}`] = { buffer: 'parameters', offset: layout.byName.get(name)!.offset, shape: value.shape }
  }
  return { outputs, into, fetch: ['loss', ...watched, ...Object.keys(byRows)] }
}

/** Traces, differentiates and loads one step; says where each parameter is read and each gradient written. */
export async function compilePass<Shape>(
  { runtime, build }: { runtime: Runtime; build: (scope: Scope, shape: Shape) => Step },
  layout: Layout,
  shape: Shape,
  trained: readonly Entry[],
  options: PassOptions,
  sum?: GradientSum,
): Promise<Compiled> {
  const pass = tracePass(build, layout, shape, trained, { ...options, share: sum?.share })
  const entries = new Map(trained.map((entry) => [`d ${entry.name}`, entry]))
  const written = (names: readonly string[]): void => sum?.begin(names.flatMap((name) => entries.get(name) ?? []))
  return compile(runtime, layout, pass, { written })
}

/** Traces and loads a graph that reads the parameters, or their running average, and changes nothing. */
export async function compileOutputs(
  runtime: Runtime,
  build: (scope: Scope) => Readonly<Record<string, Tensor>>,
  layout: Layout,
  { states }: PassOptions,
  averaged: boolean,
): Promise<Compiled> {
  const { outputs } = trace(build, { training: false, states })
  return compile(runtime, layout, { outputs, into: {}, fetch: Object.keys(outputs) }, { averaged })
}

/** Loads a graph whose parameters are read where the layout says. */
async function compile(
  runtime: Runtime,
  layout: Layout,
  { outputs, into, fetch }: TracedPass,
  { averaged = false, written }: { averaged?: boolean; written?: (names: readonly string[]) => void } = {},
): Promise<Compiled> {
  const place = parameterPlace(layout, averaged)
  const { report, randoms, run, dispose } = await compileProgram(runtime, outputs, { place, into, fetch, written })
  return { report, run: (feeds, draw) => run({ ...feeds, ...drawAll(randoms, draw) }), dispose }
}

/** Where a parameter or statistic, or the running average of a parameter, lies beside the runtime. */
export function parameterPlace(layout: Layout, averaged = false): (name: string) => BufferView | undefined {
  return (name) => {
    const entry = layout.byName.get(name)
    if (entry === undefined) return undefined
    const buffer = averaged && entry.group !== undefined ? 'average' : 'parameters'
    return { buffer, offset: entry.offset, shape: entry.shape }
  }
}

/** Values of the random leaves, by name. */
export function drawAll(randoms: readonly RandomInput[], { seed, step, batch = 0, part }: Draw): Record<string, Feed> {
  return Object.fromEntries(
    randoms.map(({ name, shape, distribution }) => {
      const rows = shape[0] ?? 1
      const row = part !== undefined && rows === part.rows ? batch * part.whole + part.first : batch * rows
      const data = drawRandom({ seed, step, name, row }, distribution, shape)
      return [name, { dtype: data instanceof Int32Array ? 'int32' : 'float32', shape, data }]
    }),
  )
}
