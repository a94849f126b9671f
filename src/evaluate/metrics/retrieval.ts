/**
 * @file Retrieval between two paired sets (images and reports): recall at K, ranks, chance. Ties count by mid-rank, and
 * reports with identical text can be counted as hits, because normal reports repeat.
 */

import { VesaliusError } from '../../core/errors.ts'
import { percentile } from './bootstrap.ts'
import { type Prepared, prepareMean } from './measure.ts'

/** Retrieval in one direction. */
export interface RetrievalScores {
  /** Share of queries whose partner is among the first K: keys are K. */
  recall: Record<number, number>
  medianRank: number
  meanRank: number
  /** Mean of 1 / rank. */
  reciprocalRank: number
  /** [N] rank of the partner of each query, from 1; halves and fractions come from ties. For intervals. */
  ranks: Float64Array
}

/** Retrieval both ways, with the level of a system that knows nothing. */
export interface Retrieval {
  /** Number of pairs. */
  count: number
  imageToText: RetrievalScores
  textToImage: RetrievalScores
  /** Expected recall at K of a random order, averaged over queries. */
  chance: Record<number, number>
}

export interface RetrievalOptions {
  /** Values of K, default 1, 5, 10. */
  at?: readonly number[]
  /** [N] group of each pair: pairs with equal groups have the same text. Needed for `identicalAsHits`. */
  groups?: ArrayLike<number | string>
  /** Any partner of the query's group is a hit, and the first found counts. Default false: only its own partner. */
  identicalAsHits?: boolean
}

/** Group numbers 0.. of texts, equal where the text is equal after trimming and collapsing white space. */
export function identicalGroups(texts: readonly string[]): Int32Array {
  const seen = new Map<string, number>()
  return Int32Array.from(texts, (text) => {
    const key = text.trim().replace(/\s+/gu, ' ')
    const group = seen.get(key) ?? seen.size
    seen.set(key, group)
    return group
  })
}

/**
 * Scores retrieval from similarities.
 * @param similarity [N, N] row-major: row = image, column = text, pair i on the diagonal; larger = closer
 * @param count N
 * Throws when the matrix is not N x N, holds NaN, or groups are missing where they are needed.
 */
export function retrieval(similarity: ArrayLike<number>, count: number, options: RetrievalOptions = {}): Retrieval {
  const { at = [1, 5, 10], groups, identicalAsHits = false } = options
  if (!Number.isInteger(count) || count < 1 || similarity.length !== count * count) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `${similarity.length} similarities do not form a square of ${count} images by ${count} texts.`,
      { hint: 'Give one similarity for every image and every text, row by row.' },
    )
  }
  for (let i = 0; i < similarity.length; i++) {
    if (!Number.isNaN(similarity[i])) continue
    const pair = `image ${Math.floor(i / count)}, text ${i % count}`
    throw new VesaliusError('NOT_FINITE', `The similarity of ${pair} is not a number.`, {
      where: pair,
      hint: 'Check the embeddings: a zero vector has no direction.',
    })
  }
  if (groups !== undefined && groups.length !== count) {
    throw new VesaliusError('SHAPE_MISMATCH', `There are ${count} pairs but ${groups.length} groups.`, {
      hint: 'Give the group of each pair.',
    })
  }
  if (identicalAsHits && groups === undefined) {
    throw new VesaliusError('CONFIG_INVALID', 'Counting identical reports as hits needs to know which are identical.', {
      hint: 'Pass groups, for example from identicalGroups(texts).',
    })
  }
  const partners = partnersOf(count, identicalAsHits ? groups : undefined)
  return {
    count,
    imageToText: scoresOf(ranksOf(similarity, count, count, 1, partners), at),
    textToImage: scoresOf(ranksOf(similarity, count, 1, count, partners), at),
    chance: Object.fromEntries(at.map((k) => [k, chanceRecall(k, count, partners)])),
  }
}

/** Valid partners of each query: itself, or all of its group. */
function partnersOf(count: number, groups: ArrayLike<number | string> | undefined): Int32Array[] {
  if (groups === undefined) return Array.from({ length: count }, (_, i) => Int32Array.of(i))
  const members = new Map<number | string, number[]>()
  for (let i = 0; i < count; i++) {
    const list = members.get(groups[i]!)
    if (list === undefined) members.set(groups[i]!, [i])
    else list.push(i)
  }
  const shared = new Map([...members].map(([group, list]) => [group, Int32Array.from(list)]))
  return Array.from({ length: count }, (_, i) => shared.get(groups[i]!)!)
}

/**
 * Rank of the best valid partner of each query. Among t equal candidates of which v are valid, the first valid one stands
 * at (t + 1) / (v + 1) on average over orders; for v = 1 that is the mid-rank.
 */
function ranksOf(
  similarity: ArrayLike<number>,
  count: number,
  queryStep: number,
  candidateStep: number,
  partners: readonly Int32Array[],
): Float64Array {
  const ranks = new Float64Array(count)
  for (let q = 0; q < count; q++) {
    const base = q * queryStep
    let best = Number.NEGATIVE_INFINITY
    let valid = 0
    for (const partner of partners[q]!) {
      const value = similarity[base + partner * candidateStep]!
      if (value > best) {
        best = value
        valid = 1
      } else if (value === best) valid++
    }
    let above = 0
    let equal = 0
    for (let c = 0; c < count; c++) {
      const value = similarity[base + c * candidateStep]!
      if (value > best) above++
      else if (value === best) equal++
    }
    ranks[q] = above + (equal + 1) / (valid + 1)
  }
  return ranks
}

function scoresOf(ranks: Float64Array, at: readonly number[]): RetrievalScores {
  const count = ranks.length
  return {
    recall: Object.fromEntries(at.map((k) => [k, ranks.reduce((sum, rank) => sum + (rank <= k ? 1 : 0), 0) / count])),
    medianRank: percentile(ranks.slice().sort(), 0.5),
    meanRank: ranks.reduce((sum, rank) => sum + rank, 0) / count,
    reciprocalRank: ranks.reduce((sum, rank) => sum + 1 / rank, 0) / count,
    ranks,
  }
}

/** Chance that one of v valid partners is among K of N drawn at random: 1 - C(N - v, K) / C(N, K). */
function chanceRecall(k: number, count: number, partners: readonly Int32Array[]): number {
  let sum = 0
  for (const { length: valid } of partners) {
    let miss = 1
    for (let i = 0; i < Math.min(k, count); i++) miss *= Math.max(0, count - valid - i) / (count - i)
    sum += 1 - miss
  }
  return sum / count
}

/** Recall at K of ranks [N] (from 1, as `RetrievalScores.ranks`), resampled by query. */
export function prepareRecallAt(ranks: ArrayLike<number>, k: number): Prepared {
  return prepareMean(
    Float64Array.from(ranks, (rank) => Number(rank <= k)),
    { variant: `recall@${k}-mid-rank`, rule: 'undefined without queries' },
  )
}

/** Median of ranks [N], resampled by query: the mean of the two middle ones when there are two. */
export function prepareMedianRank(ranks: ArrayLike<number>): Prepared {
  const order = [...Array(ranks.length).keys()].sort((a, b) => ranks[a]! - ranks[b]!)
  return {
    variant: 'median-rank-mid-rank',
    rule: 'undefined without queries',
    count: ranks.length,
    skipped: 0,
    on: (counts) => {
      let total = 0
      for (let i = 0; i < ranks.length; i++) total += counts === undefined ? 1 : counts[i]!
      let seen = 0
      let lower = Number.NaN
      for (const i of order) {
        seen += counts === undefined ? 1 : counts[i]!
        if (Number.isNaN(lower) && 2 * seen >= total && seen > 0) lower = ranks[i]!
        if (2 * seen > total) return (lower + ranks[i]!) / 2
      }
      return Number.NaN
    },
  }
}
