/** @file Does a run fit into memory? Asked before its first step. */

import { VesaliusError } from '../core/errors.ts'
import { bytesInWords, freeMemory } from '../core/memory.ts'
import {
  estimateMemory,
  layOut,
  type MemoryEstimate,
  methodOf,
  sizeOf,
  type Tensor,
  topological,
} from '../engine/index.ts'
import {
  type CachingOptions,
  cachedGraphs,
  needsCaching,
  type Recompute,
  type Scope,
  type Split,
  type Step,
  type TracedPass,
  trace,
  tracePass,
} from '../nn/index.ts'
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

export interface MemoryRequest
  extends Pick<RunConfig['train'], 'optimizer'>,
    Partial<Pick<RunConfig['train'], 'average' | 'accumulate'>> {
  batch: number
  /** Lengths that texts are padded to. */
  buckets: readonly number[]
  /** Sentences a report, if the objective asks for them. */
  sentences?: number | undefined
  recompute?: Recompute
  caching?: (CachingOptions & { split: Split<BatchShape> }) | undefined
}

/** Estimate for a run. */
export function runMemory(
  step: StepOptions,
  { batch, buckets, sentences, optimizer, average, accumulate = 1, recompute = 'none', caching }: MemoryRequest,
  free = freeMemory(),
): RunMemory {
  const build = (scope: Scope, shape: BatchShape): Step => buildStep(scope, shape, step)
  const shapes = buckets.map((tokens) => ({ batch, tokens, sentences }))
  const layout = layOut(trace((scope) => build(scope, shapes[0] as BatchShape), { training: true }).declarations)
  const size = {
    length: layout.length,
    vectors: methodOf(optimizer).slots.length + (average ? 1 : 0) + (accumulate > 1 ? 1 : 0),
  }
  const estimate = (of: readonly BatchShape[]): MemoryEstimate => {
    const cached = of.filter((shape) => caching !== undefined && needsCaching(caching.split, caching, shape))
    const whole = of.filter((shape) => !cached.includes(shape))
    const passes = whole.map((shape) => tracePass(build, layout, shape, undefined, { recompute }))
    const towers = new Map<string, TracedPass>()
    let kept = 0
    for (const shape of cached) {
      const { split, ...how } = caching as CachingOptions & { split: Split<BatchShape> }
      const graphs = cachedGraphs(split, how, layout, shape, { recompute })
      passes.push(graphs.loss)
      for (const [id, pass] of graphs.towers) towers.set(id, pass)
      kept += graphs.keptBytes
    }
    const models = [...passes, ...towers.values()].map(({ outputs }) => outputs)
    const found = estimateMemory(models, size)
    // Chunks take their rows from inputs of the whole batch, which lie beside the runtime; so do features.
    const inputs = Math.max(found.inputs, ...cached.map((shape) => 2 * inputBytes(step, shape)))
    return { ...found, inputs, values: found.values + kept, total: found.total - found.inputs + inputs + kept }
  }
  return { least: estimate(shapes.slice(-1)), most: estimate(shapes), free }
}

/** Bytes of a batch. */
function inputBytes(step: StepOptions, shape: BatchShape): number {
  const { outputs } = trace((scope) => buildStep(scope, shape, step), { training: true })
  const leaves = topological([outputs.loss]).filter(({ op }) => op === 'input')
  return leaves.reduce((sum, { outputs: [t] }) => sum + 4 * sizeOf((t as Tensor).shape), 0)
}

/** Share of the free memory that a run may need before it is refused. */
const limit = 0.95

/** "Memory: needs 2.1 GB; 23.0 GB free."; throws if even the least is more than 95 % of what is free, unless forced. */
export function checkMemory({ least, most, free }: RunMemory, force: boolean): string {
  const [low, high] = [bytesInWords(least.total), bytesInWords(most.total)]
  if (least.total > limit * free && !force) {
    throw new VesaliusError('MEMORY_SHORT', `This run needs about ${low}, and ${bytesInWords(free)} are free.`, {
      where: 'train.batch',
      hint: 'Take towers in parts (--chunk), or use a smaller batch, pictures or towers; --force-memory tries all the same.',
    })
  }
  const needs = low === high ? low : `${low}, up to ${high} when texts of every length have come`
  return `Memory: needs ${needs}; ${bytesInWords(free)} free.`
}
