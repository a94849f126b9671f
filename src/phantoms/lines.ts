/** @file Measured reference lines of a domain, as committed in bench/results/phantoms and shown in its card. */

/** AUROC of one line. */
export interface Line {
  /** Mean over findings with both kinds of cases; null if there are none. */
  macro: number | null
  interval: [number, number] | null
  perFinding: Record<string, number | null>
}

export interface ClassificationLines {
  kind: 'classification'
  supervised: Line
  pixelBaseline: Line & { smallFindings: number | null }
  /** CLIP on pairs put together at random: retrieval of the right report among all. */
  shuffled: { r10: number; chance: number; medianRank: number; candidates: number }
  /** Logistic models that see no picture, and that see its grain only. */
  leaks: { file: Line; noise: Line }
}

export interface SegmentationLines {
  kind: 'segmentation'
  /** Dice over all test pixels, by label. */
  supervised: { mean: number; perLabel: Record<string, number> }
  meanMask: { mean: number; perLabel: Record<string, number> }
}

/** One committed result. */
export interface ReferenceLines<Recipe = unknown> {
  version: 1
  domain: string
  /** Of the studies drawn and of the recipe; a card whose hashes differ says that its numbers are stale. */
  hashes: { data: string; recipe: string }
  recipe: Recipe
  lines: ClassificationLines | SegmentationLines
  seconds: number
  node: string
}
