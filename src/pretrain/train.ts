/**
 * @file The only training loop: sample -> prepare -> step -> log -> validate -> checkpoint. What is learned is said by
 * the objective, everything else by the configuration; whatever happens, a run can be continued to the same bits.
 */

import { VesaliusError } from '../core/errors.ts'
import { freeMemory } from '../core/memory.ts'
import type { Progress } from '../core/progress.ts'
import { duration } from '../core/progress.ts'
import { reportOf } from '../data/text-of.ts'
import { alone, type Communicator, openRuntime, type Runtime, scheduleFactor } from '../engine/index.ts'
import { maximalLogitScale } from '../models/two-tower.ts'
import { openTraining, type Training } from '../nn/index.ts'
import { describeTruncation, truncationOf } from '../text/index.ts'
import { type Batch, type Batches, openBatches } from './batches.ts'
import { latestCheckpoint, pruneCheckpoints, type RunProgress, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { objectiveOf, type RunConfig } from './config.ts'
import { environment, layoutHash } from './environment.ts'
import { exportModel, modelAtStart, startingWeights } from './export.ts'
import { checkMemory, runMemory } from './memory.ts'
import { reportNotFinite } from './not-finite.ts'
import { encoderOnce } from './once.ts'
import { type PreparedRun, prepareRun } from './prepare.ts'
import { anyRank, checkSame, onRoot, shareState } from './ranks.ts'
import { appendMetrics, cutMetrics, type MetricsLine, type RunFolder } from './run-folder.ts'
import { type BatchShape, buildStep, cachingOf, type StepOptions, weightsAt } from './step.ts'
import { rulesOf, treatmentsOf } from './treatments.ts'
import { validationLoss } from './validate.ts'

export interface TrainOptions {
  config: RunConfig
  /** Where the run is written; it must have been created. */
  folder: RunFolder
  /** Makes the progress of a known number of steps. */
  progress: (steps: number) => Progress
  /** Told what a person should know before the first step: how many texts the context length cuts. */
  note?: (text: string) => void
  /** Stops after the step under way, with a checkpoint. */
  signal?: AbortSignal
  /** Go on although the run seems not to fit into memory. */
  forceMemory?: boolean
  /** The ranks that share each batch; only rank 0 writes into the folder. This process alone if absent. */
  ranks?: Communicator
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
  /** Values that were trained, the objective's own included. */
  parameters: number
  model: string
}

/** Trains, or continues from the newest whole checkpoint in the folder, to the last step; then writes the model. */
export async function train(options: TrainOptions): Promise<TrainSummary> {
  const { config, folder, progress, signal, forceMemory = false, ranks = alone() } = options
  // Rank 0 checks, and writes down, what the run is made of; then the others read the same data.
  let first: Prepared | undefined
  await onRoot(ranks, async () => {
    first = await prepare(config, folder, ranks)
    options.note?.(describeTruncation(truncationOf(first.data.train.map(reportOf), first.tokenizer)))
  })
  const { data, model, tokenizer, config: resolved, step, batches } = first ?? (await prepare(config, undefined, ranks))
  const { batch, epochs, seed, steps, accumulate } = resolved.train
  const total = steps ?? Math.max(1, Math.round((epochs * batches.stepsPerEpoch) / accumulate))
  const { device } = resolved.train
  if (ranks.size > 1 && device !== 'cpu') {
    throw new VesaliusError('CONFIG_INVALID', `${ranks.size} ranks cannot train on the device ${device}.`, {
      where: 'train.device',
      hint: 'MPI works on buffers in the memory of the host: train on the device cpu, or with one rank.',
    })
  }
  const bar = progress(total)
  const { optimizer } = resolved.train
  const rows = batch / ranks.size
  bar.say(
    await onRoot(ranks, async () => {
      // One rank's part, without what it exchanges; ranks of one machine share its memory.
      const own = { ...step, ranks: alone() }
      const memory = runMemory(
        own,
        {
          batch: rows,
          buckets: batches.buckets,
          sentences: batches.sentences,
          optimizer,
          average: resolved.train.average,
          accumulate,
          recompute: resolved.train.recompute,
          caching: cachingOf(resolved, own),
        },
        freeMemory() / ranks.localSize,
      )
      return checkMemory(memory, forceMemory)
    }),
  )
  const runtime = openRuntime({ threads: resolved.threads ?? ranks.threads, device })
  try {
    const training = await openTraining<BatchShape>({
      runtime,
      build: (scope, shape) => buildStep(scope, shape, step),
      first: { batch: rows, tokens: batches.buckets[0] as number, sentences: batches.sentences },
      ranks: { communicator: ranks, rows },
      optimizer,
      treatments: (declarations) =>
        treatmentsOf(declarations, { ...resolved.train, parameters: rulesOf(step, resolved.train) }),
      clipNorm: resolved.train.clipNorm ?? undefined,
      clipValue: resolved.train.clipValue,
      average: resolved.train.average,
      accumulates: resolved.train.accumulate > 1,
      recompute: resolved.train.recompute,
      caching: cachingOf(resolved, step),
      seed,
      bounds: { logit_scale: { low: 0, high: maximalLogitScale } },
    })
    const { threads: _, ...decisive } = resolved
    const ids = data.train.map(({ id }) => id)
    const content = JSON.stringify([decisive, layoutHash(training.layout), ids])
    await checkSame(ranks, 'The configuration, the studies or the model are', content)
    batches.encodeWith?.(await encoderOnce(runtime, await modelAtStart(resolved, model)))
    const best = await startingPoint(training, folder, resolved, runtime, ranks)
    const loop: Loop = {
      config: resolved,
      folder,
      progress: bar,
      training,
      batches,
      step,
      total,
      best,
      runtime,
      ranks,
      ...(signal ? { signal } : {}),
    }
    const summary = await runSteps(loop)
    await onRoot(ranks, () => exportModel({ folder, training, config: resolved, model, tokenizer, summary }))
    await training.dispose()
    return { ...summary, parameters: training.layout.trained, model: folder.model }
  } finally {
    await runtime.close()
  }
}

interface Prepared extends PreparedRun {
  step: StepOptions
  batches: Batches
}

/** All that a run needs before anything is compiled; without a folder nothing is written. */
async function prepare(config: RunConfig, folder: RunFolder | undefined, ranks: Communicator): Promise<Prepared> {
  const prepared = await prepareRun(config, folder)
  const { data, model, tokenizer, config: resolved } = prepared
  const objective = objectiveOf(resolved.objective)
  const refusal = objective.refuse?.(resolved.train.batch, model)
  if (refusal !== undefined) {
    throw new VesaliusError('CONFIG_INVALID', `${objective.survey.name} cannot be trained so: ${refusal}.`, {
      where: 'train.batch',
    })
  }
  const special = { mask: tokenizer.maskId, start: tokenizer.bosId, end: tokenizer.eosId }
  const step = { model, objective, config: objective.config.parse(resolved.objectiveConfig), special, ranks }
  return { ...prepared, step, batches: openBatches({ ...data, tokenizer, model, config: resolved, ranks }) }
}

interface Loop {
  config: RunConfig
  folder: RunFolder
  progress: Progress
  signal?: AbortSignal
  training: Training<BatchShape>
  batches: Batches
  step: StepOptions
  total: number
  best: RunProgress['best']
  runtime: Runtime
  ranks: Communicator
}

/** Restores the newest whole checkpoint, or the weights the run starts from; cuts the log back to that moment. */
async function startingPoint(
  training: Training<BatchShape>,
  folder: RunFolder,
  config: RunConfig,
  runtime: Runtime,
  ranks: Communicator,
): Promise<RunProgress['best']> {
  let found: Awaited<ReturnType<typeof readNewest>>
  const best = await onRoot(ranks, async () => {
    found = await readNewest(folder, config, training, {
      threads: runtime.threads,
      device: runtime.device,
      ranks: ranks.size,
    })
    await cutMetrics(folder, found?.progress.step ?? 0)
    return found?.progress.best ?? null
  })
  const state = await shareState(ranks, found?.state)
  if (state !== undefined) await training.restore(state)
  else {
    const flat = await startingWeights(config, training.layout)
    if (flat !== undefined) await training.restart(flat)
  }
  return best
}

/** The newest whole checkpoint of the folder, which must be of this model; says what has changed since. */
async function readNewest(
  folder: RunFolder,
  config: RunConfig,
  { layout }: Training<BatchShape>,
  machine: Parameters<typeof environment>[0],
): Promise<Awaited<ReturnType<typeof readCheckpoint>> | undefined> {
  await pruneCheckpoints(folder.checkpoints, config.train.keepCheckpoints)
  const newest = await latestCheckpoint(folder.checkpoints)
  if (newest === undefined) return undefined
  const found = await readCheckpoint(folder.checkpoints, newest)
  const { progress } = found
  if (progress.layout !== layoutHash(layout)) {
    throw new VesaliusError('CHECKPOINT_INVALID', `The checkpoint ${newest} belongs to another model.`, {
      where: folder.checkpoints,
    })
  }
  const now = environment(machine)
  const changed = Object.entries(now).filter(([key, value]) => progress.environment[key as keyof typeof now] !== value)
  if (changed.length > 0) {
    process.stderr.write(
      `note: ${changed.map(([key]) => key).join(', ')} changed since the checkpoint: the run goes on, but not bit for bit as it would have.\n`,
    )
  }
  return found
}

async function runSteps(loop: Loop): Promise<Omit<TrainSummary, 'model' | 'parameters'>> {
  const { config, progress, signal, training, batches, total, ranks } = loop
  const { batch, accumulate, rate: peak, schedule, logEvery, validateEvery, checkpointEvery } = config.train
  const began = performance.now()
  const first = training.steps
  let waited = 0
  let loss = Number.NaN
  const read = (step: number): Promise<Batch[]> | undefined => {
    if (step >= total) return undefined
    const reading = Promise.all(Array.from({ length: accumulate }, (_, i) => batches.batch(step * accumulate + i)))
    reading.catch(() => {}) // reported where it is awaited
    return reading
  }
  let next = read(training.steps)

  while (training.steps < total) {
    const done = training.steps
    const asked = performance.now()
    const taken = await (next as Promise<Batch[]>)
    const { epoch } = taken.at(-1) as Batch
    const waiting = (performance.now() - asked) / 1000
    waited += waiting
    // The next batch is prepared while ONNX Runtime works on this one in its own thread.
    next = read(done + 1)

    const rate = peak * scheduleFactor(schedule, done, total)
    const weighted = taken.map(({ shape, feeds }) => {
      const weights = weightsAt(loop.step, done, total)
      return {
        shape,
        feeds: { ...feeds, weights: { dtype: 'float32' as const, shape: [weights.length], data: weights } },
      }
    })
    const result = await training
      .stepOver(weighted, rate)
      .catch((error: unknown) => reportNotFinite(error, loop, taken))
    loss = result.values.loss as number

    const now = training.steps
    const elapsed = (performance.now() - began) / 1000
    const pairsPerSecond = ((now - first) * batch * accumulate) / elapsed
    if (now % logEvery === 0 || now === total) {
      await log(loop, {
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
    const stop = (await anyRank(ranks, signal?.aborted === true)) && now < total
    if (now % checkpointEvery === 0 || now === total || stop || improved) await checkpoint(loop)
    const share = Math.round((100 * waited) / elapsed)
    progress.update(now, `loss ${loss.toFixed(3)}, ${pairsPerSecond.toFixed(0)} pairs/s, data wait ${share} %`)
    if (stop) {
      progress.end()
      const reason =
        signal?.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
          ? 'Stopped by the deadline'
          : 'Interrupted'
      throw new VesaliusError('INTERRUPTED', `${reason} after step ${now} of ${total}; everything is saved.`, {
        where: loop.folder.path,
        hint: `Continue with: vesalius pretrain --resume ${loop.folder.path}`,
      })
    }
  }
  progress.end()
  const seconds = (performance.now() - began) / 1000
  const pairs = (total - first) * batch * accumulate
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
  const { training, batches } = loop
  const value = await validationLoss(training, batches, loop.step, loop.total)
  if (value === undefined) return false
  await log(loop, { kind: 'validate', step: training.steps, epoch, loss: value })
  if (loop.best !== null && value >= loop.best.loss) return false
  loop.best = { step: training.steps, loss: value }
  return true
}

/** Ranks agree on what happened; rank 0 writes it down. */
async function log({ folder, ranks }: Loop, line: MetricsLine): Promise<void> {
  if (ranks.rank === 0) await appendMetrics(folder, line)
}

async function checkpoint({ training, folder, config, best, runtime, ranks }: Loop): Promise<void> {
  if (ranks.size > 1) await checkSame(ranks, 'The parameters are', await training.parameters())
  await onRoot(ranks, async () => {
    const progress: RunProgress = {
      step: training.steps,
      best,
      environment: environment({ threads: runtime.threads, device: runtime.device, ranks: ranks.size }),
      layout: layoutHash(training.layout),
    }
    await writeCheckpoint(folder.checkpoints, await training.state(), progress)
    await pruneCheckpoints(folder.checkpoints, config.train.keepCheckpoints)
  })
}
