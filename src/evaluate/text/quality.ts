/**
 * @file How well a text tower tells diseases apart (survey Fig. 16 and beyond): distributions of similarities within and
 * between organs, synonyms against different diseases, statements against their denials. A low mean similarity can come
 * from noise: the ranks of synonyms are the number to compare by.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import type { CaseMeasure, CaseMeasures } from '../case-measures.ts'
import { percentile } from '../metrics/bootstrap.ts'
import { diseases, synonyms } from './diseases.ts'

/** Texts to rows [N, width], not normalised. */
export interface TextEncoder {
  embed(texts: readonly string[]): Promise<Float32Array>
}

/** A distribution of similarities: summary, and its density on {@link similarityGrid}. */
export interface Distribution {
  pairs: number
  mean: number
  sd: number
  p5: number
  p50: number
  p95: number
  density: number[]
}

export interface TextQuality {
  /** Pairs of different diseases of each organ. */
  organs: Record<string, Distribution>
  /** All pairs within organs, and all between two organs. */
  within: Distribution
  between: Distribution
  /** Overlap coefficient of the two: 1 = the tower does not know organs at all. */
  overlap: number
  /** The same after the mean of all raw vectors is taken away. */
  centred: { within: number; between: number; overlap: number }
  /** Mean cosine of synonyms minus that of different diseases. */
  paraphraseGap: number
  /** exp of the entropy of the normalised eigenvalues of the covariance, at most the number of names. */
  effectiveRank: number
  /** Cases and measures: synonymAuroc, negationAuroc, entailment, organPurity. */
  measured: CaseMeasures[]
  /** Names whose similarity is 1: written differently, the same to the tower. */
  indistinguishable: string[]
}

/** -1, -0.995 ... 1. */
export const similarityGrid: readonly number[] = Array.from({ length: 401 }, (_, i) => -1 + i / 200)

/** Analyses a tower. Throws on a text without direction. */
export async function textQuality(encoder: TextEncoder): Promise<TextQuality> {
  const names = Object.entries(diseases).flatMap(([organ, list]) => list.map((name) => ({ organ, name })))
  const raw = await encoder.embed(names.map(({ name }) => name))
  const width = raw.length / names.length
  const unit = normalizeRows(raw.slice(), width, (i) => `the name "${names[i]?.name}"`)
  const similarity = (rows: Float32Array, i: number, j: number): number => {
    let sum = 0
    for (let d = 0; d < width; d++) sum += rows[i * width + d]! * rows[j * width + d]!
    return sum
  }
  const pairs = (rows: Float32Array, keep: (a: string, b: string) => boolean): number[] =>
    names.flatMap((a, i) => names.flatMap((b, j) => (i < j && keep(a.organ, b.organ) ? [similarity(rows, i, j)] : [])))
  const same = (a: string, b: string): boolean => a === b
  const within = distribution(pairs(unit, same))
  const between = distribution(pairs(unit, (a, b) => a !== b))
  const centred = centre(raw, width)
  const centredWithin = distribution(pairs(centred, same))
  const centredBetween = distribution(pairs(centred, (a, b) => a !== b))
  const { measured, gap } = await pairsOfMeaning(encoder, within.mean)
  const purity = names.map(({ organ }, i) => {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY]
    for (let j = 0; j < names.length; j++) {
      const value = similarity(unit, i, j)
      if (j !== i && value > most) [best, most] = [j, value]
    }
    return names[best]!.organ === organ ? 1 : 0
  })
  const units = Int32Array.from(names, (_, i) => i)
  return {
    organs: Object.fromEntries(
      Object.keys(diseases).map((o) => [o, distribution(pairs(unit, (a, b) => a === o && b === o))]),
    ),
    within,
    between,
    overlap: overlapOf(within, between),
    centred: {
      within: centredWithin.mean,
      between: centredBetween.mean,
      overlap: overlapOf(centredWithin, centredBetween),
    },
    paraphraseGap: gap,
    effectiveRank: effectiveRank(raw, width),
    measured: [...measured, { units, measures: { organPurity: { kind: 'mean', values: purity } } }],
    indistinguishable: names.flatMap((a, i) =>
      names.flatMap((b, j) => (i < j && similarity(unit, i, j) > 1 - 1e-6 ? [`${a.name} = ${b.name}`] : [])),
    ),
  }
}

/** Synonyms against different diseases; statements against denials; what follows against what contradicts. */
async function pairsOfMeaning(
  encoder: TextEncoder,
  different: number,
): Promise<{ measured: CaseMeasures[]; gap: number }> {
  const first = synonyms.map(([name]) => name)
  const other = synonyms.map(([, name]) => name)
  const texts = (of: (name: string) => string): string[] => first.map(of)
  const all = [
    first,
    other,
    texts((name) => `there is ${name}`),
    texts((name) => `${name} is present`),
    texts((name) => `no ${name}`),
    texts((name) => `there is no ${name}`),
    texts((name) => `${name} is absent`),
  ]
  const n = first.length
  const rows = await encoder.embed(all.flat())
  const width = rows.length / (all.length * n)
  normalizeRows(rows, width, (i) => `"${all.flat()[i]}"`)
  const cosine = (a: number, i: number, b: number, j: number): number => {
    let sum = 0
    for (let d = 0; d < width; d++) sum += rows[(a * n + i) * width + d]! * rows[(b * n + j) * width + d]!
    return sum
  }
  const [scores, labels, units] = [[] as number[], [] as number[], [] as number[]]
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      scores.push(cosine(0, i, 1, j))
      labels.push(i === j ? 1 : 0)
      units.push(i)
    }
  }
  // Of one polarity: name, "there is", "is present" among themselves; of opposite ones: each with "no", "is no", "is absent".
  const polar = { scores: [] as number[], labels: [] as number[], units: [] as number[] }
  for (let i = 0; i < n; i++) {
    const positive = [0, 2, 3]
    const negative = [4, 5, 6]
    for (const [list, label] of [
      [positive.flatMap((a) => positive.filter((b) => a < b).map((b) => [a, b] as const)), 1],
      [negative.flatMap((a) => negative.filter((b) => a < b).map((b) => [a, b] as const)), 1],
      [positive.flatMap((a) => negative.map((b) => [a, b] as const)), 0],
    ] as const) {
      for (const [a, b] of list) {
        polar.scores.push(cosine(a, i, b, i))
        polar.labels.push(label)
        polar.units.push(i)
      }
    }
  }
  const entailment = Float64Array.from({ length: n }, (_, i) => {
    const [follows, contradicts] = [cosine(2, i, 3, i), cosine(2, i, 5, i)]
    return follows > contradicts ? 1 : follows === contradicts ? 0.5 : 0
  })
  const auroc = (name: string, of: { scores: number[]; labels: number[] }): CaseMeasure => ({
    kind: 'auroc',
    findings: [{ name, scores: of.scores, labels: of.labels }],
  })
  const measured: CaseMeasures[] = [
    { units, measures: { synonymAuroc: auroc('synonyms', { scores, labels }) } },
    { units: polar.units, measures: { negationAuroc: auroc('polarity', polar) } },
    {
      units: Int32Array.from({ length: n }, (_, i) => i),
      measures: { entailment: { kind: 'mean', values: entailment } },
    },
  ]
  const mean = Array.from({ length: n }, (_, i) => cosine(0, i, 1, i)).reduce((a, b) => a + b, 0) / n
  return { measured, gap: mean - different }
}

/** Raw rows without their mean, then of unit length; a row that was the mean stays 0. */
function centre(raw: Float32Array, width: number): Float32Array {
  const count = raw.length / width
  const mean = new Float64Array(width)
  for (let i = 0; i < raw.length; i++) mean[i % width]! += raw[i]! / count
  const out = raw.map((value, i) => value - mean[i % width]!)
  for (let i = 0; i < count; i++) {
    const row = out.subarray(i * width, (i + 1) * width)
    const norm = Math.hypot(...row)
    if (norm > 1e-12) row.set(row.map((value) => value / norm))
  }
  return out
}

/** Summary and Gaussian kernel density with Silverman's bandwidth. */
export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n
  const sd = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n)
  const spread = Math.min(sd, (percentile(sorted, 0.75) - percentile(sorted, 0.25)) / 1.34) || sd
  // Without spread there is a spike: as narrow as the grid can show.
  const bandwidth = Math.max(0.9 * spread * n ** -0.2, 0.005)
  const density = similarityGrid.map((x) => {
    let sum = 0
    for (const value of sorted) sum += Math.exp(-(((x - value) / bandwidth) ** 2) / 2)
    return sum / (n * bandwidth * Math.sqrt(2 * Math.PI))
  })
  return {
    pairs: n,
    mean,
    sd,
    p5: percentile(sorted, 0.05),
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    density,
  }
}

/** Overlap coefficient of two densities on the grid, 0 to 1. */
export function overlapOf(a: Distribution, b: Distribution): number {
  return a.density.reduce((sum, value, i) => sum + Math.min(value, b.density[i]!), 0) / 200
}

/** exp of the entropy of the eigenvalues of the Gram matrix of the centred rows, by Jacobi rotations. */
function effectiveRank(raw: Float32Array, width: number): number {
  const count = raw.length / width
  const mean = new Float64Array(width)
  for (let i = 0; i < raw.length; i++) mean[i % width]! += raw[i]! / count
  const gram = Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length: count }, (_, j) => {
      let sum = 0
      for (let d = 0; d < width; d++) sum += (raw[i * width + d]! - mean[d]!) * (raw[j * width + d]! - mean[d]!)
      return sum
    }),
  )
  const values = eigenvalues(gram).map((value) => Math.max(0, value))
  const total = values.reduce((a, b) => a + b, 0)
  if (total === 0) return 0
  return Math.exp(-values.reduce((sum, value) => sum + (value > 0 ? (value / total) * Math.log(value / total) : 0), 0))
}

/** Eigenvalues of a symmetric matrix, which is used up. */
export function eigenvalues(a: Float64Array[]): number[] {
  const n = a.length
  for (let sweep = 0; sweep < 12; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p]![q]!
        off += apq * apq
        if (Math.abs(apq) < 1e-300) continue
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq)
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const [akp, akq] = [a[k]![p]!, a[k]![q]!]
          a[k]![p] = c * akp - s * akq
          a[k]![q] = s * akp + c * akq
        }
        for (let k = 0; k < n; k++) {
          const [apk, aqk] = [a[p]![k]!, a[q]![k]!]
          a[p]![k] = c * apk - s * aqk
          a[q]![k] = s * apk + c * aqk
        }
      }
    }
    const trace = a.reduce((sum, row, i) => sum + row[i]! * row[i]!, 0)
    if (off <= 1e-18 * trace) break
  }
  return a.map((row, i) => row[i]!)
}
