/**
 * @file BLEU-1 to BLEU-4 (Papineni et al. 2002) of a corpus, as the COCO captions package computes it: clipped counts
 * summed over the corpus, length of the closest reference.
 *
 *   BLEU-n = BP (p_1 ... p_n)^(1/n),  BP = min(1, exp(1 - r / c))
 */

import type { Prepared } from './measure.ts'
import type { Counts } from './ranked.ts'
import { countRuns, type TextCase, textRule, usableReferences } from './tokens.ts'

const longest = 4
// The package's guards against zero: counts of 0 give tiny values, not 0.
const [tiny, small] = [1e-15, 1e-9]

/** Sums that BLEU is made of, for one case or a corpus. */
interface BleuCounts {
  length: number
  referenceLength: number
  /** [4] runs of 1 to 4 words that are in a reference, at most as often as there. */
  correct: Float64Array
  /** [4] runs of 1 to 4 words. */
  guessed: Float64Array
}

function countsOf(one: TextCase): BleuCounts | undefined {
  const references = usableReferences(one)
  if (references.length === 0) return undefined
  const { hypothesis } = one
  const best = countRuns([], longest)
  for (const reference of references) {
    for (const [n, counts] of countRuns(reference, longest).entries()) {
      for (const [run, count] of counts) best[n]!.set(run, Math.max(count, best[n]!.get(run) ?? 0))
    }
  }
  const correct = new Float64Array(longest)
  for (const [n, counts] of countRuns(hypothesis, longest).entries()) {
    for (const [run, count] of counts) correct[n]! += Math.min(count, best[n]!.get(run) ?? 0)
  }
  const lengths = references.map(({ length }) => length)
  const off = (length: number) => Math.abs(length - hypothesis.length)
  return {
    length: hypothesis.length,
    referenceLength: lengths.reduce((a, b) => (off(b) < off(a) || (off(b) === off(a) && b < a) ? b : a)),
    correct,
    guessed: Float64Array.from({ length: longest }, (_, n) => Math.max(0, hypothesis.length - n)),
  }
}

function bleuOf({ length, referenceLength, correct, guessed }: BleuCounts, n: number): number {
  let product = 1
  for (let k = 0; k < n; k++) product *= (correct[k]! + tiny) / (guessed[k]! + small)
  const ratio = (length + tiny) / (referenceLength + small)
  return product ** (1 / n) * (ratio < 1 ? Math.exp(1 - 1 / ratio) : 1)
}

function sumOf(all: readonly (BleuCounts | undefined)[], counts?: Counts): BleuCounts | undefined {
  const sum: BleuCounts = { length: 0, referenceLength: 0, correct: new Float64Array(4), guessed: new Float64Array(4) }
  let used = 0
  for (let i = 0; i < all.length; i++) {
    const one = all[i]
    const times = counts === undefined ? 1 : counts[i]!
    if (one === undefined || times === 0) continue
    used += times
    sum.length += times * one.length
    sum.referenceLength += times * one.referenceLength
    for (let n = 0; n < longest; n++) {
      sum.correct[n]! += times * one.correct[n]!
      sum.guessed[n]! += times * one.guessed[n]!
    }
  }
  return used === 0 ? undefined : sum
}

/** BLEU-1, BLEU-2, BLEU-3 and BLEU-4 of the corpus, in 0..1, resampled by case. */
export function prepareBleu(cases: readonly TextCase[]): Prepared[] {
  const all = cases.map(countsOf)
  return [1, 2, 3, 4].map((n) => ({
    variant: `BLEU-${n}-corpus-closest`,
    rule: textRule,
    count: cases.length,
    skipped: all.filter((one) => one === undefined).length,
    on: (counts) => {
      const sum = sumOf(all, counts)
      return sum === undefined ? Number.NaN : bleuOf(sum, n)
    },
  }))
}

/**
 * BLEU-n of each case by itself, [N]; NaN for a skipped one. For paired tests and lists of examples only: a case without a
 * run of n words in common gets almost 0, so that the mean of these is not the BLEU of the corpus.
 */
export function caseBleu(cases: readonly TextCase[], n: 1 | 2 | 3 | 4): Float64Array {
  return Float64Array.from(cases, (one) => {
    const counts = countsOf(one)
    return counts === undefined ? Number.NaN : bleuOf(counts, n)
  })
}
