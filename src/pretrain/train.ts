/**
 * @file The only training loop: sample -> prepare -> step -> log -> validate -> checkpoint. What is learned is said by
 * the objective, everything else by the configuration; whatever happens, a run can be continued to the same bits.
 */

import { VesaliusError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { duration } from '../core/progress.ts'
import { openRuntime, type Runtime, warmupCosine } from '../engine/index.ts'
import { maximalLogitScale } from '../models/two-tower.ts'
import { openTraining, type Training } from '../nn/index.ts'
import { type Batches, openBatches } from './batches.ts'
import { latestCheckpoint, pruneCheckpoints, type RunProgress, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { objectiveOf, type RunConfig } from './config.ts'
import { environment, layoutHash } from './environment.ts'
import { exportModel, startingWeights } from './export.ts'
import { checkMemory, runMemory } from './memory.ts'
import { prepareRun } from './prepare.ts'
import { appendMetrics, cutMetrics, type RunFolder } from './run-folder.ts'
import { type BatchShape, buildStep, weightsAt } from './step.ts'
import { validationLoss } from './validate.ts'

export interface TrainOptions {
  config: RunConfig
  /** Where the run is written; it must have been created. */
  folder: RunFolder
  /** Makes the progress of a known number of steps. */
  progress: (steps: number) => Progress
  /** Stops after the step under way, with a checkpoint. */
  signal?: AbortSignal
  /** Go on although the run seems not to fit into memory. */
  forceMemory?: boolean
}

export interface TrainSummary {
  steps: number
  pairs: number
  seconds: number
  pairsPerSecond: number
  /** Share of the time spent waiting for data. */
  dataWait: number
  loss: number
  best: RunProgress['best']
  model: string
}

/** Trains, or continues from the newest whole checkpoint in the folder, to the last step; then writes the model. */
export async function train({
  config,
  folder,
  progress,
  signal,
  forceMemory = false,
}: TrainOptions): Promise<TrainSummary> {
  const { data, model, tokenizer, config: resolved } = await prepareRun(config, folder)
  const objective = objectiveOf(resolved.objective)
  const { batch, epochs, seed, steps } = resolved.train
  const refusal = objective.refuse?.(batch)
  if (refusal !== undefined) {
    throw new VesaliusError('CONFIG_INVALID', `${objective.survey.name} cannot be trained so: ${refusal}.`, {
      where: 'train.batch',
    })
  }
  const step = { model, objective, config: objective.config.parse(resolved.objectiveConfig) }
  const batches = await openBatches({ ...data, tokenizer, model, config: resolved })
  const total = steps ?? Math.max(1, Math.round(epochs * batches.stepsPerEpoch))
  const bar = progress(total)
  const { optimizer } = resolved.train
  bar.say(checkMemory(runMemory(step, { batch, buckets: batches.buckets, optimizer }), forceMemory))
  const runtime = openRuntime(resolved.threads === undefined ? {} : { threads: resolved.threads })
  try {
    const training = await openTraining<BatchShape>({
      runtime,
      build: (scope, shape) => buildStep(scope, shape, step),
      first: { batch, tokens: batches.buckets[0] as number },
      optimizer,
      clipNorm: resolved.train.clipNorm,
      seed,
      bounds: { logit_scale: { low: 0, high: maximalLogitScale } },
    })
    const start = await startingPoint(training, folder, resolved, runtime)
    const loop: Loop = {
      config: resolved,
      folder,
      progress: bar,
      training,
      batches,
      step,
      total,
      best: start.best,
      runtime,
      ...(signal ? { signal } : {}),
    }
    const summary = await runSteps(loop)
    await exportModel({ folder, training, config: resolved, model, tokenizer, summary })
    await training.dispose()
    return { ...summary, model: folder.model }
  } finally {
    await runtime.close()
  }
}

interface Loop {
  config: RunConfig
  folder: RunFolder
  progress: Progress
  signal?: AbortSignal
  training: Training<BatchShape>
  batches: Batches
  step: Parameters<typeof buildStep>[2]
  total: number
  best: RunProgress['best']
  runtime: Runtime
}

/** Restores the newest whole checkpoint, or the weights the run starts from; cuts the log back to that moment. */
async function startingPoint(
  training: Training<BatchShape>,
  folder: RunFolder,
  config: RunConfig,
  runtime: Runtime,
): Promise<{ best: RunProgress['best'] }> {
  await pruneCheckpoints(folder.checkpoints, config.train.keepCheckpoints)
  const newest = await latestCheckpoint(folder.checkpoints)
  if (newest === undefined) {
    await cutMetrics(folder, 0)
    const flat = await startingWeights(config, training.layout)
    if (flat !== undefined) await training.restart(flat)
    return { best: null }
  }
  const { state, progress } = await readCheckpoint(folder.checkpoints, newest)
  if (progress.layout !== layoutHash(training.layout)) {
    throw new VesaliusError('CHECKPOINT_INVALID', `The checkpoint ${newest} belongs to another model.`, {
      where: folder.checkpoints,
    })
  }
  const now = environment(runtime.threads)
  const changed = Object.entries(now).filter(([key, value]) => progress.environment[key as keyof typeof now] !== value)
  if (changed.length > 0) {
    process.stderr.write(
      `note: ${changed.map(([key]) => key).join(', ')} changed since the checkpoint: the run goes on, but not bit for bit as it would have.\n`,
    )
  }
  await training.restore(state)
  await cutMetrics(folder, progress.step)
  return { best: progress.best }
}

async function runSteps(loop: Loop): Promise<Omit<TrainSummary, 'model'>> {
  const { config, folder, progress, signal, training, batches, total } = loop
  const { batch, rate: peak, floor, logEvery, validateEvery, checkpointEvery } = config.train
  const warmup = Math.round(config.train.warmup * total)
  const began = performance.now()
  const first = training.steps
  let waited = 0
  let loss = Number.NaN
  let next = training.steps < total ? batches.batch(training.steps) : undefined
  next?.catch(() => {}) // reported where it is awaited

  while (training.steps < total) {
    const done = training.steps
    const asked = performance.now()
    const { shape, feeds, epoch } = await (next as ReturnType<Batches['batch']>)
    const waiting = (performance.now() - asked) / 1000
    waited += waiting
    // The next batch is prepared while ONNX Runtime works on this one in its own thread.
    next = done + 1 < total ? batches.batch(done + 1) : undefined
    next?.catch(() => {})

    const weights = weightsAt(loop.step, done)
    const rate = warmupCosine(done, { peak, warmup, total, floor })
    const weightFeed = { dtype: 'float32' as const, shape: [weights.length], data: weights }
    const result = await training.step(shape, { ...feeds, weights: weightFeed }, rate)
    loss = result.values.loss as number

    const now = training.steps
    const elapsed = (performance.now() - began) / 1000
    const pairsPerSecond = ((now - first) * batch) / elapsed
    if (now % logEvery === 0 || now === total) {
      await appendMetrics(folder, {
        kind: 'train',
        step: now,
        epoch,
        ...result.values,
        gradientNorm: result.gradientNorm,
        rate,
        pairsPerSecond,
        dataWait: waited / elapsed,
        seconds: elapsed,
      })
    }
    const improved = (now % validateEvery === 0 || now === total) && (await validate(loop, epoch))
    const stop = signal?.aborted === true && now < total
    if (now % checkpointEvery === 0 || now === total || stop || improved) await checkpoint(loop)
    const share = Math.round((100 * waited) / elapsed)
    progress.update(now, `loss ${loss.toFixed(3)}, ${pairsPerSecond.toFixed(0)} pairs/s, data wait ${share} %`)
    if (stop) {
      progress.end()
      throw new VesaliusError('INTERRUPTED', `Interrupted after step ${now} of ${total}; everything is saved.`, {
        where: folder.path,
        hint: `Continue with: vesalius pretrain --resume ${folder.path}`,
      })
    }
  }
  progress.end()
  const seconds = (performance.now() - began) / 1000
  const pairs = (total - first) * batch
  if (pairs > 0) progress.say(`Trained ${total} steps (${pairs} pairs) in ${duration(seconds)}.`)
  return {
    steps: total,
    pairs,
    seconds,
    pairsPerSecond: pairs / seconds,
    dataWait: waited / seconds,
    loss,
    best: loop.best,
  }
}

/** Loss on the validation studies, logged; true if it is the best so far. */
async function validate(loop: Loop, epoch: number): Promise<boolean> {
  const { training, batches, folder } = loop
  const value = await validationLoss(training, batches, loop.step)
  if (value === undefined) return false
  await appendMetrics(folder, { kind: 'validate', step: training.steps, epoch, loss: value })
  if (loop.best !== null && value >= loop.best.loss) return false
  loop.best = { step: training.steps, loss: value }
  return true
}

async function checkpoint({ training, folder, config, best, runtime }: Loop): Promise<void> {
  const state = await training.state()
  const progress: RunProgress = {
    step: training.steps,
    best,
    environment: environment(runtime.threads),
    layout: layoutHash(training.layout),
  }
  await writeCheckpoint(folder.checkpoints, state, progress)
  await pruneCheckpoints(folder.checkpoints, config.train.keepCheckpoints)
}
