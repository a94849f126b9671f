/**
 * @file Data parallel training: the gradients of all ranks are summed where they lie, part by part, as soon as a session
 * has written them and while the next one computes.
 */

import type { Communicator, Entry, Layout, Runtime } from '../engine/index.ts'

/** The ranks that share each batch. */
export interface DataParallel {
  communicator: Communicator
  /** Rows of the leading axis of a batch on one rank: random leaves of this length draw this rank's rows of the whole. */
  rows: number
}

/** Adds the gradients of all ranks. */
export interface GradientSum {
  /** Share of the loss that each rank differentiates: all see the same one, and their gradients are added. */
  readonly share: number
  /** These gradients are complete on this rank; their sum begins. */
  begin(entries: readonly Entry[]): void
  /** Waits for the sums; then brings the batch statistics of rank 0 to all ranks. Returns the seconds it waited. */
  finish(): Promise<number>
}

/** Elements between two gradients that are summed along with them: what aligns them. */
const gap = 16

/** Opens the sum over the buffers `gradients` and `parameters`, which must stay where they are. */
export async function openGradientSum(runtime: Runtime, ranks: Communicator, layout: Layout): Promise<GradientSum> {
  const at = async (buffer: string, from: number): Promise<bigint> => (await runtime.address(buffer)) + BigInt(4 * from)
  const gradients = await at('gradients', 0)
  const statistics = { address: await at('parameters', layout.statistics), length: layout.length - layout.statistics }
  let pending: Promise<void>[] = []
  return {
    share: 1 / ranks.size,
    begin(entries) {
      for (const { start, end } of joined(entries)) {
        const sum = ranks.allReduce({ address: gradients + BigInt(4 * start), length: end - start })
        sum.catch(() => {}) // reported where it is awaited
        pending.push(sum)
      }
    },
    async finish() {
      const start = performance.now()
      const sums = pending
      pending = []
      await Promise.all(sums)
      // Each rank normalises by its own rows; what validation reads must be the same everywhere.
      if (statistics.length > 0) await ranks.broadcast(statistics)
      return (performance.now() - start) / 1000
    },
  }
}

/** Neighbouring places of a flat buffer as one range each, in order. */
export function joined(entries: readonly Pick<Entry, 'offset' | 'size'>[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = []
  for (const { offset, size } of [...entries].sort((a, b) => a.offset - b.offset)) {
    const last = ranges.at(-1)
    if (last !== undefined && offset - last.end < gap) last.end = offset + size
    else ranges.push({ start: offset, end: offset + size })
  }
  return ranges
}
