/** @file Does a run fit into memory? Asked before its first step. */

import { VesaliusError } from '../core/errors.ts'
import { bytesInWords, freeMemory } from '../core/memory.ts'
import { estimateMemory, layOut, type MemoryEstimate, methodOf } from '../engine/index.ts'
import { type Scope, type Step, trace, tracePass } from '../nn/index.ts'
import type { RunConfig } from './config.ts'
import { type BatchShape, buildStep, type StepOptions } from './step.ts'

export interface RunMemory {
  /** With texts of the longest bucket only. */
  least: MemoryEstimate
  /** With a session for every bucket of text lengths, each of which keeps its memory. */
  most: MemoryEstimate
  /** Bytes free now. */
  free: number
}

/** Estimate for a run whose texts are padded to these lengths. */
export function runMemory(
  step: StepOptions,
  {
    batch,
    buckets,
    optimizer,
  }: { batch: number; buckets: readonly number[]; optimizer: RunConfig['train']['optimizer'] },
  free = freeMemory(),
): RunMemory {
  const build = (scope: Scope, shape: BatchShape): Step => buildStep(scope, shape, step)
  const first = { batch, tokens: buckets[0] as number }
  const layout = layOut(trace((scope) => build(scope, first), { training: true }).declarations)
  const graphs = buckets.map((tokens) => tracePass(build, layout, { batch, tokens }).outputs)
  const size = { length: layout.length, vectors: methodOf(optimizer).slots.length }
  return { least: estimateMemory(graphs.slice(-1), size), most: estimateMemory(graphs, size), free }
}

/** Share of the free memory that a run may need before it is refused. */
const limit = 0.95

/** "Memory: needs 2.1 GB; 23.0 GB free."; throws if even the least is more than 95 % of what is free, unless forced. */
export function checkMemory({ least, most, free }: RunMemory, force: boolean): string {
  const [low, high] = [bytesInWords(least.total), bytesInWords(most.total)]
  if (least.total > limit * free && !force) {
    throw new VesaliusError('MEMORY_SHORT', `This run needs about ${low}, and ${bytesInWords(free)} are free.`, {
      where: 'train.batch',
      hint: 'Use a smaller batch, smaller pictures or smaller towers; --force-memory tries it all the same.',
    })
  }
  const needs = low === high ? low : `${low}, up to ${high} when texts of every length have come`
  return `Memory: needs ${needs}; ${bytesInWords(free)} free.`
}
