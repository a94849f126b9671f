/**
 * @file One pass forward and backward over a batch, compiled for one input shape: gradients land in the buffer
 * `gradients`, moved statistics in `parameters`.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type BufferView,
  drawRandom,
  type Entry,
  type Feed,
  gradients,
  type Layout,
  type LoweredModel,
  lowerTraining,
  type RandomInput,
  type Runtime,
  type Session,
  type Tensor,
  targetOf,
} from '../engine/index.ts'
import { type Scope, trace } from './scope.ts'

/** What the model function returns: the scalar to descend, and scalars to report. */
export interface Step {
  loss: Tensor
  /** Named scalars shown in logs. */
  watch: Readonly<Record<string, Tensor>>
}

/** A loaded graph, and the part of each call that never changes. */
export interface Compiled {
  session: Session
  /** Names of the inputs: what a graph does not ask for is not fed. */
  inputs: ReadonlySet<string>
  /** Random leaves, drawn at each run. */
  randoms: readonly RandomInput[]
  call: Parameters<Session['run']>[0]
}

/** A step as a graph, and where each of its results goes. */
export interface TracedPass {
  /** `loss`, what is watched, gradients as `d NAME`, moved statistics as `+ NAME`. */
  outputs: Readonly<Record<string, Tensor>>
  into: Record<string, BufferView>
  /** Names of the scalars that are reported. */
  fetch: readonly string[]
}

/** Traces and differentiates one step over parameters that are laid out already; only `trained` ones get a gradient. */
export function tracePass<Shape>(
  build: (scope: Scope, shape: Shape) => Step,
  layout: Layout,
  shape: Shape,
  trained: readonly Entry[] = layout.entries.filter(({ group }) => group !== undefined),
): TracedPass {
  const { outputs: step, tensors, updates } = trace((scope) => build(scope, shape), { training: true })
  const wrt = trained.map(({ name }) => {
    const tensor = tensors.get(name)
    if (tensor === undefined)
      throw new VesaliusError('MODEL_INVALID', `The model does not use "${name}" at every input shape.`)
    return tensor
  })
  const outputs: Record<string, Tensor> = { loss: step.loss, ...step.watch }
  const into: Record<string, BufferView> = {}
  gradients(step.loss, wrt).forEach((gradient, i) => {
    const { name, offset, shape: dims } = trained[i]!
    outputs[`d ${name}`] = gradient
    into[`d ${name}`] = { buffer: 'gradients', offset, shape: dims }
  })
  for (const [name, value] of updates) {
    outputs[`+ ${name}`] = value
    into[`+ ${name}`] = { buffer: 'parameters', offset: layout.byName.get(name)!.offset, shape: value.shape }
  }
  return { outputs, into, fetch: ['loss', ...Object.keys(step.watch)] }
}

/** Traces, differentiates and loads one step; says where each parameter is read and each gradient written. */
export async function compilePass<Shape>(
  { runtime, build }: { runtime: Runtime; build: (scope: Scope, shape: Shape) => Step },
  layout: Layout,
  shape: Shape,
  trained: readonly Entry[],
): Promise<Compiled> {
  const { outputs, into, fetch } = tracePass(build, layout, shape, trained)
  const model = lowerTraining(outputs, { target: targetOf(runtime.device) })
  return { ...(await load(runtime, model)), call: { feeds: parameterFeeds(model, layout), into, fetch } }
}

/** Traces and loads a graph that reads the parameters and changes nothing. */
export async function compileOutputs(
  runtime: Runtime,
  build: (scope: Scope) => Readonly<Record<string, Tensor>>,
  layout: Layout,
): Promise<Compiled> {
  const model = lowerTraining(trace(build, { training: false }).outputs, { target: targetOf(runtime.device) })
  const fetch = model.outputs.map(({ name }) => name)
  return { ...(await load(runtime, model)), call: { feeds: parameterFeeds(model, layout), fetch } }
}

async function load(runtime: Runtime, model: LoweredModel): Promise<Omit<Compiled, 'call'>> {
  const inputs = new Set(model.inputs.map(({ name }) => name))
  return { session: await runtime.load(model.bytes), inputs, randoms: model.randoms }
}

/** Runs a loaded graph on this batch, its random leaves drawn for this seed and step. */
export function runCompiled(
  { session, inputs, randoms, call }: Compiled,
  feeds: Record<string, Feed>,
  draw: { seed: number; step: number },
): ReturnType<Session['run']> {
  const asked = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)))
  for (const { name, shape, distribution } of randoms) {
    const data = drawRandom({ ...draw, name }, distribution, shape)
    asked[name] = { dtype: data instanceof Int32Array ? 'int32' : 'float32', shape, data }
  }
  return session.run({ ...call, feeds: { ...call.feeds, ...asked } })
}

/** Where each parameter that a lowered graph asks for lies. */
function parameterFeeds(model: LoweredModel, layout: Layout): Record<string, Feed> {
  const feeds: Record<string, Feed> = {}
  for (const { name } of model.inputs) {
    const entry = layout.byName.get(name)
    if (entry !== undefined) feeds[name] = { buffer: 'parameters', offset: entry.offset, shape: entry.shape }
  }
  return feeds
}
