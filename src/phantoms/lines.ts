/** @file Measured reference lines of a domain, as committed in bench/results/phantoms and shown in its card. */

/** AUROC of one line. */
export interface Line {
  /** Mean over findings with both kinds of cases; null if there are none. */
  macro: number | null
  interval: [number, number] | null
  perFinding: Record<string, number | null>
}

/** Retrieval of the right report of each test case among those of all. */
export interface PairsLine {
  r10: number
  /** Recall at 10 of a random order. */
  chance: number
  medianRank: number
  candidates: number
}

export interface ClassificationLines {
  kind: 'classification'
  supervised: Line
  pixelBaseline: Line & { smallFindings: number | null }
  /** Projections trained by CLIP's loss on pairs put together at random. */
  shuffled: PairsLine
  /** The same, trained on the right pairs. */
  paired: PairsLine
  /**
   * Logistic models that see no picture; that see the grain of the picture as it is; that see its noise against what is
   * usual at the same intensity. Where that tells more than it may: the same of the same scenes drawn without any noise.
   */
  leaks: { file: Line; grain: Line; noise: Line; noiseless?: Line }
}

export interface SegmentationLines {
  kind: 'segmentation'
  /** Dice over all test pixels, by label. */
  supervised: { mean: number; perLabel: Record<string, number> }
  meanMask: { mean: number; perLabel: Record<string, number> }
}

/** One committed result. */
export interface ReferenceLines<Recipe = unknown> {
  version: 2
  domain: string
  /** Of the studies drawn and of the recipe; a card whose hashes differ says that its numbers are stale. */
  hashes: { data: string; recipe: string }
  recipe: Recipe
  lines: ClassificationLines
  /** Of a domain whose masks are learnt as well. */
  masks?: SegmentationLines
  seconds: number
  node: string
}

/** What a domain must reach for its lines to mean something. */
export const bars = {
  /** The least macro AUROC of the supervised line, or the least Dice where masks are learnt. */
  supervised: 0.9,
  dice: 0.8,
  /** The most that a linear model on coarse pixels may reach. */
  pixels: 0.85,
  smallPixels: 0.75,
  /** The most that file facts and noise may tell: of all findings on average, and of any one. */
  leak: 0.6,
  leakOfOne: 0.7,
  /** Standard errors between recall after shuffled pairs and chance. */
  shuffled: 3,
} as const

/** Whether a line of facts that must not tell tells more than it may. */
export function tellsTooMuch({ macro, perFinding }: Line): boolean {
  return (macro ?? 0) > bars.leak || Object.values(perFinding).some((auroc) => (auroc ?? 0) > bars.leakOfOne)
}

/**
 * Which bars these lines miss, in words; none if it is empty. Fine structure that is everywhere in a picture (nuclei) looks
 * like noise to the noise line; it is not held against a domain as far as pictures without noise tell as much.
 */
export function misses({ lines, masks }: ReferenceLines): string[] {
  const { supervised, pixelBaseline, shuffled, leaks } = lines
  const found: string[] = []
  const dice = masks?.supervised.mean ?? 0
  if ((supervised.macro ?? 0) < bars.supervised && dice < bars.dice) found.push('supervised')
  if ((pixelBaseline.macro ?? 0) > bars.pixels) found.push('pixel baseline')
  if ((pixelBaseline.smallFindings ?? 0) > bars.smallPixels) found.push('pixel baseline of small findings')
  const error = Math.sqrt((shuffled.chance * (1 - shuffled.chance)) / shuffled.candidates)
  if (shuffled.r10 > shuffled.chance + bars.shuffled * error) found.push('shuffled pairs')
  for (const [name, line, structure] of [
    ['file', leaks.file, undefined],
    ['noise', leaks.noise, leaks.noiseless],
  ] as const) {
    const most = (finding: string): number => Math.max(bars.leakOfOne, structure?.perFinding[finding] ?? 0)
    const told = Object.entries(line.perFinding).filter(([finding, auroc]) => (auroc ?? 0) > most(finding))
    if ((line.macro ?? 0) > Math.max(bars.leak, structure?.macro ?? 0)) found.push(`${name} facts`)
    else if (told.length > 0) found.push(`${name} facts tell ${told.map(([finding]) => finding).join(', ')}`)
  }
  return found
}
