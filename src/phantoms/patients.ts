/** @file Which studies belong to which patient, as a pure function of (seed, index): blocks of ten studies, cut into runs of 1-4. */

import { random } from '../core/random.ts'
import type { Split } from '../data/study.ts'

/** Patients never cross a multiple of this many studies. */
export const blockSize = 10

export interface Visit {
  patient: string
  /** Key of the patient's own stream. */
  key: number
  /** Index of the patient's first study. */
  first: number
  visit: number
  visits: number
}

/** The patient of a study and which of the patient's studies it is. */
export function visitOf(seed: number, index: number): Visit {
  const block = Math.floor(index / blockSize)
  const stream = random(seed, 'patients', block)
  let first = block * blockSize
  for (let k = 0; ; k++) {
    const wanted = stream.weighted([
      [1, 0.5],
      [2, 0.25],
      [3, 0.15],
      [4, 0.1],
    ] as const)
    const visits = Math.min(wanted, (block + 1) * blockSize - first)
    if (index < first + visits) {
      const key = block * blockSize + k
      return { patient: `p${String(key).padStart(6, '0')}`, key, first, visit: index - first, visits }
    }
    first += visits
  }
}

/** Default shares of patients: 80 % train, 5 % validate, 15 % test. */
export function splitOf(seed: number, index: number): Split {
  const place = random(seed, 'split', visitOf(seed, index).key).uniform()
  return place < 0.8 ? 'train' : place < 0.85 ? 'validate' : 'test'
}

/** Counts wanted of each split. */
export type SplitCounts = Partial<Record<Split, number>>

/** One study to make. */
export interface Place {
  index: number
  split: Split
}

/**
 * The studies of a data folder: the first `count` with the default shares, or exact numbers a split, each from its own
 * range of indices that starts at a block, so that no patient is in two.
 */
export function placesOf(seed: number, wanted: { count?: number; splits?: SplitCounts }): Place[] {
  if (!wanted.splits) {
    return Array.from({ length: wanted.count ?? 0 }, (_, index) => ({ index, split: splitOf(seed, index) }))
  }
  const places: Place[] = []
  let start = 0
  for (const split of ['train', 'validate', 'test'] as const) {
    const count = wanted.splits[split] ?? 0
    for (let i = 0; i < count; i++) places.push({ index: start + i, split })
    start += Math.ceil(count / blockSize) * blockSize
  }
  return places
}
