/**
 * @file CIDEr-D (Vedantam et al. 2015) as the COCO captions package computes it: runs of 1 to 4 words weighted by how rare
 * they are among the references, clipped, with a penalty on the difference of lengths.
 *
 *   w_g = tf_g (ln N - ln max(1, df_g)),  sim_n = sum_g min(h_g, r_g) r_g / (|h| |r|) exp(-(l_h - l_r)^2 / (2 * 6^2))
 *   CIDEr-D = 10 mean over n = 1..4 and references of sim_n
 *
 * The length l is the number of pairs of words, as in the package. Words are not stemmed.
 */

import { type Prepared, prepareMean } from './measure.ts'
import { countRuns, type TextCase, textRule, usableReferences } from './tokens.ts'

const longest = 4
const twoVariances = 2 * 6 ** 2

/** Weighted runs of one text. */
interface Weighted {
  /** By length of the run. */
  weights: Map<string, number>[]
  norms: number[]
  length: number
}

function weigh(words: readonly string[], frequency: ReadonlyMap<string, number>, logCount: number): Weighted {
  const runs = countRuns(words, longest)
  const weights = runs.map(
    (counts) =>
      new Map([...counts].map(([run, count]) => [run, count * (logCount - Math.log(frequency.get(run) ?? 1))])),
  )
  const norms = weights.map((map) => Math.sqrt([...map.values()].reduce((sum, w) => sum + w * w, 0)))
  return { weights, norms, length: Math.max(0, words.length - 1) }
}

function similarity(h: Weighted, r: Weighted): number {
  let sum = 0
  for (let n = 0; n < longest; n++) {
    let product = 0
    for (const [run, weight] of h.weights[n]!) {
      const other = r.weights[n]!.get(run) ?? 0
      product += Math.min(weight, other) * other
    }
    const norm = h.norms[n]! * r.norms[n]!
    sum += norm === 0 ? 0 : product / norm
  }
  return (sum / longest) * Math.exp(-((h.length - r.length) ** 2) / twoVariances)
}

/**
 * CIDEr-D of each case, [N] in 0..10; NaN for a case without a reference. Frequencies come from the references of these
 * cases, so a corpus of one case scores 0: print N beside it.
 */
export function ciderD(cases: readonly TextCase[]): Float64Array {
  const references = cases.map(usableReferences)
  const used = references.filter(({ length }) => length > 0)
  const frequency = new Map<string, number>()
  for (const list of used) {
    const runs = new Set(list.flatMap((words) => countRuns(words, longest).flatMap((counts) => [...counts.keys()])))
    for (const run of runs) frequency.set(run, (frequency.get(run) ?? 0) + 1)
  }
  const logCount = Math.log(used.length)
  return Float64Array.from(cases, ({ hypothesis }, i) => {
    const list = references[i]!
    if (list.length === 0) return Number.NaN
    const h = weigh(hypothesis, frequency, logCount)
    const sum = list.reduce((total, words) => total + similarity(h, weigh(words, frequency, logCount)), 0)
    return (10 * sum) / list.length
  })
}

/** Mean CIDEr-D. A resample draws cases with the scores they have: frequencies stay those of the whole corpus. */
export function prepareCiderD(cases: readonly TextCase[]): Prepared {
  const scores = ciderD(cases)
  const used = scores.filter((score) => !Number.isNaN(score)).length
  return prepareMean(scores, { variant: `CIDEr-D-frequencies-of-${used}`, rule: textRule })
}
