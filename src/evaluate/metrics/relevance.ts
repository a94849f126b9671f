/**
 * @file Retrieval where several candidates are relevant, and some more than others: precision and recall at K, average
 * precision, nDCG. Candidates of equal score stand in every order at once: each number is its mean over the orders.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type Prepared, prepareMean } from './measure.ts'

/** One query: how close each candidate is and how relevant. */
export interface RankedQuery {
  /** [C] larger = closer. */
  scores: ArrayLike<number>
  /** [C] relevance in 0..1; above 0 counts as relevant. NaN leaves a candidate out, such as the query's own case. */
  gains: ArrayLike<number>
}

/** Numbers of one query; NaN for a query without a relevant candidate. */
export interface RelevanceScores {
  /** Share of the first K that is relevant; divided by K even when there are fewer candidates. */
  precision: number
  /** Share of the relevant ones among the first K. */
  recall: number
  /** (1 / min(K, R)) sum over ranks k <= K of relevant_k P@k, for R relevant candidates. */
  averagePrecision: number
  /** DCG with gain g and discount 1 / log2(k + 1), over that of the best order. */
  ndcg: number
}

/** Overlap of two sets of labels |A and B| / |A or B|, the gain of the sheet; 0 when both are empty. */
export function labelJaccard(a: Iterable<string>, b: Iterable<string>): number {
  const [first, second] = [new Set(a), new Set(b)]
  let both = 0
  for (const label of first) if (second.has(label)) both++
  const either = first.size + second.size - both
  return either === 0 ? 0 : both / either
}

/** Candidates of equal score: how many, how many of them relevant, their mean gain. */
interface Tie {
  size: number
  relevant: number
  gain: number
}

function tiesOf({ scores, gains }: RankedQuery, where: string): Tie[] {
  if (scores.length !== gains.length) {
    throw new VesaliusError('SHAPE_MISMATCH', `${where} has ${scores.length} scores but ${gains.length} gains.`, {
      where,
      hint: 'Give both for each candidate; the gain NaN leaves one out.',
    })
  }
  const used = [...Array(scores.length).keys()].filter((c) => !Number.isNaN(gains[c]))
  const bad = used.find((c) => Number.isNaN(scores[c]) || gains[c]! < 0)
  if (bad !== undefined) {
    throw new VesaliusError(
      'DATA_INVALID',
      `Candidate ${bad} of ${where} has score ${scores[bad]} and gain ${gains[bad]}.`,
      {
        where,
        hint: 'Scores are numbers, gains are at least 0.',
      },
    )
  }
  used.sort((a, b) => (scores[a]! === scores[b]! ? a - b : scores[a]! < scores[b]! ? 1 : -1))
  const ties: Tie[] = []
  for (const [k, c] of used.entries()) {
    if (k === 0 || scores[used[k - 1]!] !== scores[c]) ties.push({ size: 0, relevant: 0, gain: 0 })
    const tie = ties.at(-1)!
    tie.size++
    if (gains[c]! > 0) tie.relevant++
    tie.gain += gains[c]!
  }
  for (const tie of ties) tie.gain /= tie.size
  return ties
}

const discount = (rank: number) => 1 / Math.log2(rank + 1)

/** Precision, recall, average precision and nDCG of one query at K (Infinity = all candidates). */
export function relevanceScores(query: RankedQuery, k: number, where = 'the query'): RelevanceScores {
  if (!(k >= 1)) throw new VesaliusError('CONFIG_INVALID', `K is ${k}.`, { hint: 'Use a number of at least 1.' })
  const ties = tiesOf(query, where)
  const relevant = ties.reduce((sum, tie) => sum + tie.relevant, 0)
  const candidates = ties.reduce((sum, tie) => sum + tie.size, 0)
  if (relevant === 0) {
    return { precision: Number.NaN, recall: Number.NaN, averagePrecision: Number.NaN, ndcg: Number.NaN }
  }
  let [before, hitsBefore, hits, average, gained] = [0, 0, 0, 0, 0]
  for (const { size, relevant: own, gain } of ties) {
    for (let i = 1; i <= Math.min(size, k - before); i++) {
      // Given a relevant one at place i of the tie, each other place of it is relevant with (own - 1) / (size - 1).
      const earlier = size === 1 ? 0 : ((i - 1) * (own - 1)) / (size - 1)
      average += ((own / size) * (hitsBefore + 1 + earlier)) / (before + i)
      gained += gain * discount(before + i)
      hits += own / size
    }
    before += size
    hitsBefore += own
    if (before >= k) break
  }
  const best = Array.from(query.gains)
    .filter((gain) => gain > 0)
    .sort((a, b) => b - a)
    .slice(0, k)
    .reduce((sum, gain, i) => sum + gain * discount(i + 1), 0)
  return {
    precision: hits / (k === Infinity ? candidates : k),
    recall: hits / relevant,
    averagePrecision: average / Math.min(k, relevant),
    ndcg: gained / best,
  }
}

/** Means over queries at K, and what a random order would give in precision: the share of relevant candidates. */
export interface Relevance extends Record<keyof RelevanceScores, Prepared> {
  chancePrecision: Prepared
}

/** Scores of many queries at K, resampled by query; queries without a relevant candidate are skipped. */
export function prepareRelevance(queries: readonly RankedQuery[], k: number): Relevance {
  const each = queries.map((query, q) => relevanceScores(query, k, `query ${q}`))
  const rule = 'queries without a relevant candidate are skipped; undefined when all are'
  const mean = (part: keyof RelevanceScores, name: string) =>
    prepareMean(
      each.map((scores) => scores[part]),
      { variant: `${name}@${k === Infinity ? 'all' : k}-mean-over-ties`, rule },
    )
  const prevalence = queries.map(({ gains }, q) => {
    if (Number.isNaN(each[q]!.recall)) return Number.NaN
    const used = Array.from(gains).filter((gain) => !Number.isNaN(gain))
    return used.filter((gain) => gain > 0).length / used.length
  })
  return {
    precision: mean('precision', 'precision'),
    recall: mean('recall', 'recall'),
    averagePrecision: mean('averagePrecision', 'mAP'),
    ndcg: mean('ndcg', 'nDCG'),
    chancePrecision: prepareMean(prevalence, { variant: 'prevalence', rule }),
  }
}
