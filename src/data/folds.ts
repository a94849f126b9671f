/** @file Which fold a patient falls into: by name alone, so that adding studies never moves one from train to test. */

import { hash32 } from '../core/random.ts'
import type { Split } from './study.ts'

/**
 * The fold in [0, folds) of a name (a patient, never a study: folds must not share a patient). Stable across machines,
 * versions and data order.
 */
export function foldOf(name: string, folds: number): number {
  if (!Number.isInteger(folds) || folds < 1) throw new RangeError(`folds must be a whole number from 1, not ${folds}.`)
  return hash32(name) % folds
}

/** Shares of the three splits, summing to 1. */
export type SplitShares = readonly [train: number, validate: number, test: number]

/** The split of a patient: its fold of 1,000, cut at the shares. Expected shares, not exact ones, in small sets. */
export function splitOf(patient: string, [train, validate]: SplitShares): Split {
  const fold = (foldOf(patient, 1000) + 0.5) / 1000
  if (fold < train) return 'train'
  return fold < train + validate ? 'validate' : 'test'
}
