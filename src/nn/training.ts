/**
 * @file A model in training: parameters, gradients and moments as flat buffers beside ONNX Runtime, one session per
 * input shape, and one optimizer step at a time. Knows nothing of data, objectives or files.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type AdamWOptions,
  adamW,
  adamWRates,
  type Feed,
  type Inline,
  initialValues,
  type Layout,
  layOut,
  lowerVectors,
  type Runtime,
  type Tensor,
} from '../engine/index.ts'
import { type Compiled, compileOutputs, compilePass, runCompiled, type Step } from './pass.ts'
import { type Scope, trace } from './scope.ts'

export type { Step } from './pass.ts'

export interface TrainingOptions<Shape> {
  runtime: Runtime
  /** Traces one step for inputs of this shape; all shapes must declare the same parameters. */
  build: (scope: Scope, shape: Shape) => Step
  /** A shape to lay the parameters out with. */
  first: Shape
  optimizer: AdamWOptions
  /** Largest global norm of the gradient; longer ones are scaled down. */
  clipNorm: number
  /** Of the initial values and of all random leaves. */
  seed: number
  /** Bounds kept after each step, by parameter name. */
  bounds?: Readonly<Record<string, { low: number; high: number }>>
}

export interface StepResult {
  values: Record<string, number>
  gradientNorm: number
  /** Seconds spent in ONNX Runtime. */
  seconds: number
}

/** Everything that an exact resume needs, besides the position in the data. */
export interface TrainingState {
  step: number
  parameters: Float32Array
  firstMoment: Float32Array
  secondMoment: Float32Array
}

export interface Training<Shape> {
  readonly layout: Layout
  /** Steps done. */
  readonly steps: number
  step(shape: Shape, feeds: Record<string, Feed>, rate: number): Promise<StepResult>
  /** Runs a graph on the present parameters without changing them, batch statistics read: validation. */
  evaluate(
    key: string,
    build: (scope: Scope) => Readonly<Record<string, Tensor>>,
    feeds: Record<string, Feed>,
  ): Promise<Record<string, Inline>>
  parameters(): Promise<Float32Array>
  state(): Promise<TrainingState>
  restore(state: TrainingState): Promise<void>
  dispose(): Promise<void>
}

/** The step that validation draws its random leaves for: the same at every validation, and none of training's. */
const validationDraws = -1

/** Sessions kept at once; more input shapes than this are rebuilt when they come again. */
const sessionLimit = 6

/** Lays out the model, draws its initial values and puts everything beside the runtime. */
export async function openTraining<Shape>(options: TrainingOptions<Shape>): Promise<Training<Shape>> {
  const { runtime, build, optimizer, clipNorm, seed, bounds = {} } = options
  const layout = layOut(trace((scope) => build(scope, options.first), { training: true }).declarations)
  await runtime.allocate('parameters', layout.length)
  for (const name of ['gradients', 'moment1', 'moment2']) await runtime.allocate(name, layout.trained)
  await runtime.write('parameters', 0, initialValues(layout, seed))
  const update = await runtime.load(lowerVectors(adamW()).bytes)
  let steps = 0

  const compiled = new Map<string, Compiled>()
  const evaluations = new Map<string, Compiled>()
  const compile = async (shape: Shape): Promise<Compiled> => {
    const key = JSON.stringify(shape)
    const known = compiled.get(key)
    if (known !== undefined) {
      compiled.delete(key)
      compiled.set(key, known)
      return known
    }
    const oldest = compiled.keys().next().value
    if (compiled.size >= sessionLimit && oldest !== undefined) {
      await compiled.get(oldest)?.session.dispose()
      compiled.delete(oldest)
    }
    const made = await compilePass(options, layout, shape)
    compiled.set(key, made)
    return made
  }

  return {
    layout,
    get steps() {
      return steps
    },
    async step(shape, feeds, rate) {
      const { outputs, seconds } = await runCompiled(await compile(shape), feeds, { seed, step: steps })
      const values = Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data[0] as number]))
      const gradientNorm = await runtime.norm('gradients', 0, layout.trained)
      if (!Number.isFinite(values.loss) || !Number.isFinite(gradientNorm)) {
        throw new VesaliusError('NOT_FINITE', `The loss or its gradient is not a finite number at step ${steps + 1}.`, {
          hint: 'Lower the learning rate, lengthen the warm-up, or check the data of this batch.',
        })
      }
      const clip = Math.min(1, clipNorm / (gradientNorm + 1e-6))
      steps++
      const range = (start: number, end: number, decay: boolean) =>
        start < end ? [{ start, end, constants: adamWRates(optimizer, { t: steps, rate, clip, decay }) }] : []
      const swept = await update.sweep({
        buffers: { p: 'parameters', g: 'gradients', m: 'moment1', v: 'moment2' },
        into: { 'p+': 'parameters', 'm+': 'moment1', 'v+': 'moment2' },
        constants: 'rates',
        ranges: [...range(0, layout.decayed, true), ...range(layout.decayed, layout.trained, false)],
      })
      for (const [name, { low, high }] of Object.entries(bounds)) {
        const entry = layout.byName.get(name)
        if (entry !== undefined) await runtime.clamp('parameters', entry.offset, entry.offset + entry.size, low, high)
      }
      return { values, gradientNorm, seconds: seconds + swept.seconds }
    },
    async evaluate(key, build, feeds) {
      let evaluation = evaluations.get(key)
      if (evaluation === undefined) {
        evaluation = await compileOutputs(runtime, build, layout)
        evaluations.set(key, evaluation)
      }
      return (await runCompiled(evaluation, feeds, { seed, step: validationDraws })).outputs
    },
    parameters: () => runtime.read('parameters', 0, layout.length),
    async state() {
      return {
        step: steps,
        parameters: await runtime.read('parameters', 0, layout.length),
        firstMoment: await runtime.read('moment1', 0, layout.trained),
        secondMoment: await runtime.read('moment2', 0, layout.trained),
      }
    },
    async restore(state) {
      await runtime.write('parameters', 0, state.parameters.slice())
      await runtime.write('moment1', 0, state.firstMoment.slice())
      await runtime.write('moment2', 0, state.secondMoment.slice())
      steps = state.step
    },
    async dispose() {
      for (const { session } of [...compiled.values(), ...evaluations.values()]) await session.dispose()
      compiled.clear()
      evaluations.clear()
      await update.dispose()
    },
  }
}
