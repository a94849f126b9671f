/**
 * @file A model in training: parameters, gradients and moments as flat buffers beside ONNX Runtime, one session per
 * input shape, and one optimizer step at a time. Knows nothing of data, objectives or files.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  activeGroups,
  type Declaration,
  type Feed,
  type Inline,
  initialValues,
  type Layout,
  layOut,
  type Runtime,
  type Tensor,
  type Treatment,
} from '../engine/index.ts'
import {
  type CachingOptions,
  compileCachedPass,
  disposeTowers,
  needsCaching,
  type Split,
  type TowerStore,
} from './caching.ts'
import { type DataParallel, openGradientSum } from './data-parallel.ts'
import { hostBuffers, restoreHosts } from './host-states.ts'
import { type Compiled, compileOutputs, compilePass, type Step } from './pass.ts'
import { type HostStates, type Recompute, type Scope, trace } from './scope.ts'
import { openSparseUpdate } from './sparse-update.ts'
import { activeEntries, clipFactor, openUpdate, type UpdateOptions } from './update.ts'

export type { Step } from './pass.ts'

export interface TrainingOptions<Shape> extends UpdateOptions {
  runtime: Runtime
  /** Traces one step for inputs of this shape; all shapes must declare the same parameters. */
  build: (scope: Scope, shape: Shape) => Step
  /** A shape to lay the parameters out with. */
  first: Shape
  /** How each of these parameters is trained; by default all are, with the decay of their declaration. */
  treatments?: ((declarations: readonly Declaration[]) => (declaration: Declaration) => Treatment) | undefined
  /** The ranks that share each batch; this process alone if absent. */
  ranks?: DataParallel | undefined
  /** What is computed again in the backward pass instead of being kept; nothing by default. */
  recompute?: Recompute | undefined
  /** Towers run in chunks of rows, with the result of the whole batch; `split` is what `build` is, in parts. */
  caching?: (CachingOptions & { split: Split<Shape> }) | undefined
  /** Of the initial values and of all random leaves. */
  seed: number
}

/** One batch of a step. */
export interface MicroBatch<Shape> {
  shape: Shape
  feeds: Record<string, Feed>
}

export interface StepResult {
  /** Means over the batches of the step. */
  values: Record<string, number>
  /** Euclidean norm of the whole gradient before it is clipped by its norm. */
  gradientNorm: number
  /** Seconds spent in ONNX Runtime. */
  seconds: number
  /** Seconds spent waiting for the gradients of other ranks, with nothing else to do. */
  waited: number
}

/** A step whose loss or gradient is not a finite number. Parameters, statistics and moments are as before it. */
export class NotFiniteError extends VesaliusError {
  /** What is known of the step: its number (1, 2, ...), the loss of each batch, and the means. */
  readonly report: { step: number; losses: number[]; values: Record<string, number>; gradientNorm: number }

  constructor(report: NotFiniteError['report']) {
    super('NOT_FINITE', `The loss or its gradient is not a finite number at step ${report.step}.`, {
      hint: 'Lower the learning rate, lengthen the warm-up, or check the data of this batch.',
    })
    this.report = report
  }
}

/** Everything that an exact resume needs, besides the position in the data. */
export interface TrainingState {
  step: number
  /** By name: `parameters` (statistics included), every vector of the optimizer, and `host NAME KEY` of host nodes. */
  buffers: Readonly<Record<string, Float32Array>>
}

export interface Training<Shape> {
  readonly layout: Layout
  /** Steps done. */
  readonly steps: number
  /** One step on one batch. */
  step(shape: Shape, feeds: Record<string, Feed>, rate: number): Promise<StepResult>
  /**
   * One step on the mean loss of several batches of the same size (gradient accumulation). Equals a step on all their rows
   * together where the loss is a mean over rows. A contrastive loss is not: its negatives are those of one batch.
   */
  stepOver(batches: readonly MicroBatch<Shape>[], rate: number): Promise<StepResult>
  /**
   * Runs a graph on the present parameters without changing them, batch statistics read: validation. With a running
   * average, its values stand for those of the trained parameters.
   */
  evaluate(
    key: string,
    build: (scope: Scope) => Readonly<Record<string, Tensor>>,
    feeds: Record<string, Feed>,
  ): Promise<Record<string, Inline>>
  parameters(): Promise<Float32Array>
  /** The parameters as they are to be used: the running average where there is one, else the same. */
  result(): Promise<Float32Array>
  state(): Promise<TrainingState>
  /** Goes on from a state; it must hold every buffer of {@link state}, each of its length. */
  restore(state: TrainingState): Promise<void>
  /** Starts anew at step 0 from these parameters. */
  restart(parameters: Float32Array): Promise<void>
  dispose(): Promise<void>
}

/** The step that validation draws its random leaves for: the same at every validation, and none of training's. */
const validationDraws = -1

/** Sessions kept at once; more input shapes than this are rebuilt when they come again. */
const sessionLimit = 6

/** Lays out the model, draws its initial values and puts everything beside the runtime. */
export async function openTraining<Shape>(options: TrainingOptions<Shape>): Promise<Training<Shape>> {
  const { runtime, build, treatments, seed, recompute, ranks, caching } = options
  const states: HostStates = new Map()
  const traced = trace((scope) => build(scope, options.first), { training: true, states })
  const fresh = hostBuffers(states)
  const layout = layOut(traced.declarations, treatments?.(traced.declarations))
  const update = await openUpdate(runtime, layout, options)
  await runtime.write('parameters', 0, initialValues(layout, seed))
  await update.reset()
  const limits = { ...options, ranks: ranks?.communicator.size ?? 1, caching: caching !== undefined }
  const sparse = await openSparseUpdate(runtime, layout, limits)
  const lengths = new Map([
    ['parameters', layout.length],
    ...update.slots.map((name) => [name, layout.trained] as const),
    ...sparse.slots,
  ])
  const sum =
    ranks && ranks.communicator.size > 1 ? await openGradientSum(runtime, ranks.communicator, layout) : undefined
  const part = ranks && {
    rows: ranks.rows,
    first: ranks.rows * ranks.communicator.rank,
    whole: ranks.rows * ranks.communicator.size,
  }
  let steps = 0

  const tracing = { states, recompute }
  const compiled = new Map<string, Compiled>()
  const store: TowerStore = new Map()
  const evaluations = new Map<string, Compiled>()
  const compile = async (shape: Shape): Promise<Compiled> => {
    const key = JSON.stringify([shape, activeGroups(layout, steps).length])
    const known = compiled.get(key)
    if (known !== undefined) {
      compiled.delete(key)
      compiled.set(key, known)
      return known
    }
    const oldest = compiled.keys().next().value
    if (compiled.size >= sessionLimit && oldest !== undefined) {
      await compiled.get(oldest)?.dispose()
      compiled.delete(oldest)
    }
    const entries = activeEntries(layout, steps)
    const made =
      caching !== undefined && needsCaching(caching.split, caching, shape)
        ? await compileCachedPass(
            { runtime, caching, store, split: caching.split },
            layout,
            shape,
            entries,
            tracing,
            sum,
          )
        : await compilePass(options, layout, shape, entries, tracing, sum)
    compiled.set(key, made)
    return made
  }

  const stepOver: Training<Shape>['stepOver'] = async (batches, rate) => {
    // The pass moves statistics before anything can be checked.
    const statistics = await runtime.read('parameters', layout.statistics, layout.length - layout.statistics)
    const values: Record<string, number> = {}
    const losses: number[] = []
    const memories = batches.length > 1 ? hostBuffers(states) : undefined
    let commit = (): void => {}
    let outputs: Record<string, Inline> = {}
    let [seconds, waited] = [0, 0]
    for (const [i, { shape, feeds }] of batches.entries()) {
      const pass = await compile(shape)
      const result = await pass.run(feeds, { seed, step: steps, batch: i, part })
      waited += (await sum?.finish()) ?? 0
      outputs = result.outputs
      for (const [name, { data }] of Object.entries(outputs))
        if (!sparse.owns(name)) values[name] = (values[name] ?? 0) + (data[0] as number) / batches.length
      losses.push(outputs.loss!.data[0] as number)
      seconds += result.seconds + (await update.accumulate(i, batches.length))
      // Memories of the last batch are moved when the step is known to be good.
      if (i + 1 < batches.length) result.commit()
      else commit = result.commit
    }
    const gradientNorm = Math.hypot(await update.measure(), Math.sqrt(sparse.squares(outputs)))
    if (!Number.isFinite(values.loss) || !Number.isFinite(gradientNorm)) {
      await runtime.write('parameters', layout.statistics, statistics)
      if (memories !== undefined) restoreHosts(states, memories)
      throw new NotFiniteError({ step: steps + 1, losses, values, gradientNorm })
    }
    seconds += await update.apply(steps, rate, gradientNorm)
    seconds += await sparse.apply(outputs, steps, rate, clipFactor(options, gradientNorm))
    commit()
    steps++
    return { values, gradientNorm, seconds, waited }
  }

  return {
    layout,
    get steps() {
      return steps
    },
    step: (shape, feeds, rate) => stepOver([{ shape, feeds }], rate),
    stepOver,
    async evaluate(key, build, feeds) {
      let evaluation = evaluations.get(key)
      if (evaluation === undefined) {
        evaluation = await compileOutputs(runtime, build, layout, { states }, options.average !== undefined)
        evaluations.set(key, evaluation)
      }
      return (await evaluation.run(feeds, { seed, step: validationDraws, part })).outputs
    },
    parameters: () => runtime.read('parameters', 0, layout.length),
    async result() {
      const flat = await runtime.read('parameters', 0, layout.length)
      if (options.average) flat.set(await runtime.read('average', 0, layout.trained))
      return flat
    },
    async state() {
      const buffers: Record<string, Float32Array> = {}
      for (const [name, length] of lengths) buffers[name] = await runtime.read(name, 0, length)
      return { step: steps, buffers: { ...buffers, ...hostBuffers(states) } }
    },
    async restore(state) {
      for (const [name, length] of lengths) {
        const found = state.buffers[name]
        if (found?.length === length) continue
        const problem = found === undefined ? 'is missing' : `has ${found.length} values instead of ${length}`
        throw new VesaliusError('CHECKPOINT_INVALID', `The state to go on from does not fit: "${name}" ${problem}.`, {
          hint: 'Model, optimizer and frozen parameters must be those of the run that was saved.',
        })
      }
      restoreHosts(states, state.buffers)
      for (const name of lengths.keys()) await runtime.write(name, 0, state.buffers[name]!.slice())
      steps = state.step
    },
    async restart(parameters) {
      await runtime.write('parameters', 0, parameters.slice())
      restoreHosts(states, fresh)
      await update.reset()
      await sparse.reset()
      steps = 0
    },
    async dispose() {
      for (const pass of [...compiled.values(), ...evaluations.values()]) await pass.dispose()
      compiled.clear()
      await disposeTowers(store)
      evaluations.clear()
      await update.dispose()
      await sparse.dispose()
    },
  }
}
