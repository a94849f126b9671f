/**
 * @file ROUGE-L (Lin 2004) as the COCO captions package computes it: longest common subsequence of words, beta = 1.2, best
 * precision and best recall over the references each by itself.
 *
 *   F = (1 + b^2) P R / (R + b^2 P)
 */

import { type Prepared, prepareMean } from './measure.ts'
import { type TextCase, textRule, usableReferences } from './tokens.ts'

/** Length of the longest common subsequence of two lists of words. */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let row = new Int32Array(b.length + 1)
  let next = new Int32Array(b.length + 1)
  for (const word of a) {
    for (let j = 0; j < b.length; j++) next[j + 1] = word === b[j] ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!)
    ;[row, next] = [next, row]
  }
  return row[b.length]!
}

const betaSquared = 1.2 ** 2

/** ROUGE-L of each case, [N] in 0..1; NaN for a case without a reference, 0 for an empty text. */
export function rougeL(cases: readonly TextCase[]): Float64Array {
  return Float64Array.from(cases, (one) => {
    const references = usableReferences(one)
    if (references.length === 0) return Number.NaN
    let precision = 0
    let recall = 0
    for (const reference of references) {
      const common = longestCommonSubsequence(one.hypothesis, reference)
      if (common === 0) continue
      precision = Math.max(precision, common / one.hypothesis.length)
      recall = Math.max(recall, common / reference.length)
    }
    return precision === 0 ? 0 : ((1 + betaSquared) * precision * recall) / (recall + betaSquared * precision)
  })
}

/** Mean ROUGE-L over the cases. */
export function prepareRougeL(cases: readonly TextCase[]): Prepared {
  return prepareMean(rougeL(cases), { variant: 'ROUGE-L-beta-1.2', rule: textRule })
}
