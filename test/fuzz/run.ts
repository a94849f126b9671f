/** @file Damaged files for a reader: what is counted, and what must not happen. */

import { VesaliusError } from '../../src/core/errors.ts'
import { type Random, random } from '../../src/core/random.ts'
import { CodecError } from '../../src/imaging/codecs/types.ts'
import { mutated } from './mutate.ts'

/** A reader with small files to damage. It may give a result or a sentence for people, nothing else. */
export interface FuzzTarget {
  name: string
  /** What its sources are: results are stale when they change. */
  room: 'imaging' | 'text'
  seeds: readonly Uint8Array[]
  run(bytes: Uint8Array): unknown
  /** How a seed is damaged; default: as bytes. */
  damage?: (seed: Uint8Array, random: Random) => Uint8Array
  /** Share of the mutations in `npm test`: codecs that must be given up in threads of their own take long. */
  share?: number
}

export interface FuzzCounts {
  mutations: number
  /** Read as something all the same. */
  read: number
  /** Refused with a sentence. */
  refused: number
  /** Among the refused: stopped at the limit of 1.5 s for streams in worker threads. */
  givenUp: number
  slowestMilliseconds: number
  /** Largest resident memory of the process while this reader was at work. */
  peakMegabytes: number
  /** What should not have happened, with the number of the mutation. */
  failures: string[]
}

export const fuzzSeed = 17

/** Nothing done yet. */
export function noFuzz(): FuzzCounts {
  return { mutations: 0, read: 0, refused: 0, givenUp: 0, slowestMilliseconds: 0, peakMegabytes: 0, failures: [] }
}

/** The i-th damaged file of a target. */
export function mutation({ name, seeds, damage = mutated }: FuzzTarget, i: number): Uint8Array {
  return damage(seeds[i % seeds.length]!, random(fuzzSeed, 'fuzz', name, i))
}

/** Runs one damaged file: what came of it, and how long it took in ms. */
async function attempt(target: FuzzTarget, bytes: Uint8Array): Promise<{ error: unknown; time: number }> {
  const start = performance.now()
  let error: unknown
  try {
    await target.run(bytes)
  } catch (thrown) {
    error = thrown
  }
  return { error, time: performance.now() - start }
}

/** Damages seeds until `counts` holds `most` mutations or ten failures; a file slower than `slowest` ms is a failure. */
export async function fuzz(target: FuzzTarget, counts: FuzzCounts, most: number, slowest = 2000): Promise<FuzzCounts> {
  const { name } = target
  for (; counts.mutations < most && counts.failures.length < 10; counts.mutations++) {
    const i = counts.mutations
    const bytes = mutation(target, i)
    let { error, time } = await attempt(target, bytes)
    // A busy machine may stop anybody for seconds, but not the same file three times.
    for (let again = 0; again < 2 && time > slowest; again++) {
      const next = await attempt(target, bytes)
      time = Math.min(time, next.time)
      error = next.error
    }
    if (error === undefined) counts.read++
    else counts.refused++
    if (error instanceof CodecError && error.message.includes('took longer')) counts.givenUp++
    if (error !== undefined && !(error instanceof VesaliusError) && !(error instanceof CodecError)) {
      counts.failures.push(`${name} ${i}: ${error instanceof Error ? error.stack : String(error)}`)
    }
    if (time > slowest) counts.failures.push(`${name} ${i}: ${Math.round(time)} ms`)
    counts.slowestMilliseconds = Math.max(counts.slowestMilliseconds, Math.round(time))
    if (i % 256 === 0) {
      counts.peakMegabytes = Math.max(counts.peakMegabytes, Math.round(process.memoryUsage.rss() / 1e6))
    }
  }
  return counts
}
