/** @file What the reference lines of a phantom domain are measured on and with: part of every result. */

import type { Line } from '../../phantoms/index.ts'
import type { FindingScores } from '../protocols/findings.ts'

/** Everything that decides the numbers, besides the domain. */
export interface Recipe {
  seed: number
  /** Side of pictures, pixels. */
  size: number
  splits: { train: number; validate: number; test: number }
  /** Image tower. */
  image: string
  train: Record<string, number>
  supervised: { epochs: number; rate: number }
  shuffled: { epochs: number; rate: number }
  segmentation: {
    train: number
    test: number
    epochs: number
    batch: number
    base: number
    depth: number
    rate: number
  }
}

/** What committed results are measured with. */
export const standardRecipe: Recipe = {
  seed: 1,
  size: 96,
  splits: { train: 5000, validate: 128, test: 1000 },
  image: 'resnet-tiny',
  train: { batch: 32, weightDecay: 0.02, warmup: 0.1, validateEvery: 200, checkpointEvery: 200, seed: 1 },
  supervised: { epochs: 8, rate: 3e-3 },
  shuffled: { epochs: 1, rate: 2e-3 },
  segmentation: { train: 1000, test: 200, epochs: 8, batch: 16, base: 12, depth: 4, rate: 2e-3 },
}

/** A line from the scores of an evaluation. */
export function lineOf({ macroAuroc, interval, perClass }: FindingScores): Line {
  return {
    macro: rounded(macroAuroc),
    interval: interval === null ? null : [rounded(interval[0]), rounded(interval[1])],
    perFinding: Object.fromEntries(Object.entries(perClass).map(([name, { auroc }]) => [name, rounded(auroc)])),
  }
}

/** Four digits: more would say nothing on a thousand studies. */
export function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 1e4) / 1e4) as T
}
