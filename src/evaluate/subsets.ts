/** @file Shares of the training studies: nested, by patient, fixed by the seed. */

import { random } from '../core/random.ts'
import type { Study } from '../data/study.ts'

/**
 * Places of a share of the studies: patients in an order fixed by the seed, taken whole until the share is reached. A
 * smaller share lies within a larger one. At least two studies.
 */
export function shareOf(studies: readonly Study[], share: number, seed: number): number[] {
  const patients = random('label shares', seed).shuffle([...new Set(studies.map(({ patient }) => patient))].sort())
  const rank = new Map(patients.map((patient, i) => [patient, i]))
  const order = [...studies.keys()].sort(
    (a, b) => rank.get(studies[a]!.patient)! - rank.get(studies[b]!.patient)! || a - b,
  )
  return order.slice(0, Math.max(2, Math.ceil(share * studies.length))).sort((a, b) => a - b)
}
