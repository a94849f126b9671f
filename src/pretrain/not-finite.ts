/** @file What is kept of a step whose loss or gradient is not a finite number. */

import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { writeJsonAtomic } from '../core/files.ts'
import type { Communicator } from '../engine/index.ts'
import { NotFiniteError } from '../nn/index.ts'
import type { Batch } from './batches.ts'
import type { RunConfig } from './config.ts'
import type { RunFolder } from './run-folder.ts'

/** Name of the file in the run folder. It is the only place where study ids are written. */
export const notFiniteFile = 'nan-batch.json'

/**
 * Writes step, seed, losses and the ids of the studies of such a step into the run folder and throws an error that says
 * so; throws anything else as it is. Nothing has moved: the newest checkpoint and the parameters are those before the step.
 */
export async function reportNotFinite(
  error: unknown,
  { folder, config, ranks }: { folder: RunFolder; config: RunConfig; ranks: Communicator },
  batches: readonly Batch[],
): Promise<never> {
  if (!(error instanceof NotFiniteError)) throw error
  const { step, losses, values, gradientNorm } = error.report
  const path = join(folder.path, notFiniteFile)
  if (ranks.rank === 0) {
    await writeJsonAtomic(path, {
      version: 1,
      step,
      seed: config.train.seed,
      // JSON has no numbers for them.
      losses: losses.map(spelled),
      values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, spelled(value)])),
      gradientNorm: spelled(gradientNorm),
      batches: batches.map(({ epoch, studies }) => ({ epoch, studies })),
    })
  }
  throw new VesaliusError('NOT_FINITE', error.message, {
    where: path,
    hint: `That file names the studies of the batch. ${error.hint}`,
    cause: error,
  })
}

function spelled(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
