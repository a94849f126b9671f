/**
 * @file Measures one training step of made-up inputs: forward and backward apart from the optimizer, and with ONNX
 * Runtime's profiler the time of every kernel.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { openRuntime, type Profile, parseProfile, type Runtime, withoutWarmUp } from '../engine/index.ts'
import { openTraining } from '../nn/index.ts'
import { runSchema } from './config.ts'
import { type BatchShape, buildStep } from './step.ts'
import { type SyntheticStep, syntheticFeeds } from './synthetic.ts'

export interface BenchOptions {
  threads?: number | undefined
  device?: string | undefined
  /** Timed steps, and steps before them that are not counted. */
  steps: number
  warmUp: number
  /** Also run the profiler, after the timing: it costs time itself. */
  profile: boolean
  signal?: AbortSignal | undefined
}

export interface StepTimes {
  /** Median seconds of a whole step, of its forward and backward pass, and of what follows (norm, clip, optimizer). */
  step: number
  pass: number
  optimizer: number
  /** Seconds of each timed step. */
  all: number[]
  /** Most memory this process ever held, bytes. */
  peakBytes: number
  threads: number
}

/** Steps under the profiler, which slows them a little. Only times of the same steps may be compared with its kernels'. */
export interface ProfiledSteps {
  profile: Profile
  /** Mean seconds of these steps, and of their forward and backward pass. */
  step: number
  pass: number
}

/** A runtime that adds up the seconds of its sessions' runs, and may write a profile of each session. */
function measured(runtime: Runtime, profile?: (session: number) => string): { runtime: Runtime; passSeconds: number } {
  let sessions = 0
  const meter = {
    passSeconds: 0,
    runtime: {
      ...runtime,
      async load(model: Uint8Array) {
        const session = await runtime.load(model, profile === undefined ? {} : { profile: profile(sessions++) })
        const run: typeof session.run = async (call) => {
          const result = await session.run(call)
          meter.passSeconds += result.seconds
          return result
        }
        return { ...session, run }
      },
    },
  }
  return meter
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2
}

/** Trains some steps on the same made-up batch. */
async function steps(
  synthetic: SyntheticStep,
  meter: ReturnType<typeof measured>,
  { steps, warmUp, signal }: Pick<BenchOptions, 'steps' | 'warmUp' | 'signal'>,
): Promise<{ step: number; pass: number }[]> {
  const { step, shape } = synthetic
  const settings = runSchema.shape.train.parse({})
  const training = await openTraining<BatchShape>({
    runtime: meter.runtime,
    build: (scope, at) => buildStep(scope, at, step),
    first: shape,
    optimizer: settings.optimizer,
    clipNorm: settings.clipNorm ?? undefined,
    seed: settings.seed,
  })
  const times: { step: number; pass: number }[] = []
  for (let i = 0; i < warmUp + steps; i++) {
    if (signal?.aborted) throw new VesaliusError('INTERRUPTED', `Interrupted in step ${i + 1}.`)
    const feeds = syntheticFeeds(synthetic)
    meter.passSeconds = 0
    const began = performance.now()
    // A rate so small that the loss of any model stays finite.
    await training.step(shape, feeds, 1e-8)
    if (i >= warmUp) times.push({ step: (performance.now() - began) / 1000, pass: meter.passSeconds })
  }
  await training.dispose()
  return times
}

/** Times a step, then, if asked, profiles it. */
export async function benchStep(
  synthetic: SyntheticStep,
  { threads, device, profile, ...rest }: BenchOptions,
): Promise<StepTimes & { profiled?: ProfiledSteps }> {
  const runtime = openRuntime({
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
  })
  try {
    const times = await steps(synthetic, measured(runtime), rest)
    const measurements: StepTimes = {
      step: median(times.map((time) => time.step)),
      pass: median(times.map((time) => time.pass)),
      optimizer: median(times.map((time) => time.step - time.pass)),
      all: times.map((time) => time.step),
      peakBytes: process.resourceUsage().maxRSS * 1024,
      threads: runtime.threads,
    }
    if (!profile) return measurements
    return { ...measurements, profiled: await profileStep(synthetic, runtime, { signal: rest.signal }) }
  } finally {
    await runtime.close()
  }
}

/** Kernel times of the session that does most of the work, without its `warmUp` steps; the optimizer's is left out. */
export async function profileStep(
  synthetic: SyntheticStep,
  runtime: Runtime,
  { steps: count = 3, warmUp = 1, signal }: Partial<Pick<BenchOptions, 'steps' | 'warmUp' | 'signal'>>,
): Promise<ProfiledSteps> {
  const folder = await mkdtemp(join(tmpdir(), 'vesalius-profile-'))
  try {
    const meter = measured(runtime, (session) => join(folder, `session-${session}`))
    const times = await steps(synthetic, meter, { steps: count, warmUp, signal })
    const profiles: Profile[] = []
    for (const name of await readdir(folder)) {
      // ONNX Runtime ends the file when the session is gone.
      profiles.push(parseProfile(await readFile(join(folder, name), 'utf8'), 'The profile of the step'))
    }
    const labelled = (profile: Profile): number =>
      profile.calls.filter(({ origin }) => origin?.pass === 'backward').length
    const [main] = profiles.sort((a, b) => labelled(b) - labelled(a))
    if (main === undefined) throw new VesaliusError('RUNTIME_FAILED', 'ONNX Runtime wrote no profile.')
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    return {
      profile: withoutWarmUp(main, warmUp),
      step: mean(times.map((time) => time.step)),
      pass: mean(times.map((time) => time.pass)),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
