/**
 * @file Measures of effects beside the protocols. MAP: where the maps that a system itself shows lie (words of a finding,
 * sentences; CLIP's patch map where it shows none), with the controls of PG. REG: how regions of one image are spread.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import type { CaseMeasures } from '../case-measures.ts'
import { mapAuc, pointingGame } from '../metrics/grounding.ts'
import { enlarge, maskOf, placedBoxes } from '../places.ts'
import type { ProtocolContext } from '../protocol.ts'
import { gridOf } from '../protocols/regions.ts'
import { type GridMap, openShowing } from '../shown.ts'
import { patientsOf } from '../studies.ts'

/** MAP and REG of the run in `run`. */
export async function effectMeasures(run: string, context: ProtocolContext): Promise<Record<string, CaseMeasures>> {
  return { MAP: await ownMaps(run, context), REG: await regionSpread(context) }
}

/** Rank AUC and pointing game of a system's own maps; beside them a map of the middle, and the map of another phrase. */
async function ownMaps(run: string, context: ProtocolContext): Promise<CaseMeasures> {
  const { model, data, settings } = context
  const { size } = model.config.image
  const places: { study: number; phrase: string; mask: Uint8Array }[] = []
  for (const [n, study] of data.test.entries()) {
    const found = await placedBoxes(data.folder, study, model.preprocess)
    for (const phrase of new Set(found.map((box) => box.phrase))) {
      const boxes = found.filter((box) => box.phrase === phrase).map(({ box }) => box)
      places.push({ study: n, phrase, mask: maskOf(boxes, size) })
    }
  }
  const stream = random('shuffled phrases', settings.seed)
  const asked = places.map(({ study, phrase }) => ({ study, phrase }))
  const others = places.map(({ study, phrase }) => {
    const different = places.filter((place) => place.phrase !== phrase)
    return { study, phrase: different.length === 0 ? phrase : stream.pick(different).phrase }
  })
  const showing = await openShowing(run, data.folder, data.test)
  let maps: GridMap[]
  try {
    maps = (await showing.maps([...asked, ...others])) ?? (await patchMaps(context, [...asked, ...others]))
  } finally {
    await showing.close()
  }
  const middle = Float64Array.from({ length: size * size }, (_, i) => {
    const [dx, dy] = [(i % size) - (size - 1) / 2, Math.floor(i / size) - (size - 1) / 2]
    return Math.exp(-(dx * dx + dy * dy) / (2 * (size / 4) ** 2))
  })
  const full = ({ map, rows, columns }: GridMap): Float64Array => enlarge(map, rows, columns, size)
  const of = (mapOf: (i: number) => Float64Array, measure: typeof mapAuc) =>
    ({ kind: 'mean', values: Float64Array.from(places, ({ mask }, i) => measure(mapOf(i), mask)) }) as const
  const own = (i: number): Float64Array => full(maps[i] as GridMap)
  const other = (i: number): Float64Array => full(maps[places.length + i] as GridMap)
  const patients = patientsOf(data.test)
  return {
    units: Int32Array.from(places, ({ study }) => patients[study] as number),
    measures: {
      rankAuc: of(own, mapAuc),
      rankAucCentre: of(() => middle, mapAuc),
      rankAucShuffled: of(other, mapAuc),
      pointing: of(own, pointingGame),
      pointingCentre: of(() => middle, pointingGame),
      pointingShuffled: of(other, pointingGame),
    },
  }
}

/** Cosine of every region with the phrase: the patch map of CLIP. */
async function patchMaps(
  { model, features }: ProtocolContext,
  asked: readonly { study: number; phrase: string }[],
): Promise<GridMap[]> {
  const width = model.config.joint
  const { shape, values } = await features('test', 'regions')
  const cells = shape[0] as number
  const [rows, columns] = gridOf(model.config, cells)
  const phrases = asked.map(({ phrase }) => phrase)
  const words = normalizeRows(await model.embedTexts(phrases), width, (i) => `the phrase "${phrases[i]}"`)
  return asked.map(({ study }, i) => {
    const map = Float64Array.from({ length: cells }, (_, p) => {
      const start = (study * cells + p) * width
      let [dot, norm] = [0, 0]
      for (let d = 0; d < width; d++) {
        dot += (values[start + d] as number) * (words[i * width + d] as number)
        norm += (values[start + d] as number) ** 2
      }
      return norm > 0 ? dot / Math.sqrt(norm) : 0
    })
    return { map, rows, columns }
  })
}

/**
 * Of the frozen regions of each image, before the projection: the mean cosine of two different ones, and the effective rank
 * exp(H), H the entropy of the singular values brought to sum 1 (Roy and Vetterli 2007).
 */
async function regionSpread({ data, features }: ProtocolContext): Promise<CaseMeasures> {
  const { shape, values } = await features('test', 'regionsRaw')
  const [p, w] = shape as [number, number]
  const [cosines, ranks] = [new Float64Array(data.test.length), new Float64Array(data.test.length)]
  for (let n = 0; n < data.test.length; n++) {
    const region = (k: number): Float32Array => values.subarray((n * p + k) * w, (n * p + k + 1) * w)
    const gram = new Float64Array(p * p)
    for (let k = 0; k < p; k++) {
      for (let l = k; l < p; l++) {
        let dot = 0
        for (let d = 0; d < w; d++) dot += (region(k)[d] as number) * (region(l)[d] as number)
        gram[k * p + l] = dot
        gram[l * p + k] = dot
      }
    }
    let sum = 0
    for (let k = 0; k < p; k++) {
      for (let l = 0; l < p; l++) {
        const norm = Math.sqrt((gram[k * p + k] as number) * (gram[l * p + l] as number))
        if (k !== l && norm > 0) sum += (gram[k * p + l] as number) / norm
      }
    }
    cosines[n] = sum / (p * (p - 1))
    ranks[n] = effectiveRank(gram, p)
  }
  return {
    units: patientsOf(data.test),
    measures: { cosine: { kind: 'mean', values: cosines }, effectiveRank: { kind: 'mean', values: ranks } },
  }
}

/** exp of the entropy of the singular values of X, brought to sum 1, from X X' [n, n]. */
export function effectiveRank(gram: Float64Array, n: number): number {
  const singular = eigenvalues(gram, n).map((value) => Math.sqrt(Math.max(0, value)))
  const total = singular.reduce((sum, value) => sum + value, 0)
  if (!(total > 0)) return 0
  return Math.exp(
    -singular.reduce((sum, value) => (value > 0 ? sum + (value / total) * Math.log(value / total) : sum), 0),
  )
}

/** Eigenvalues of a symmetric matrix [n, n], in no order: Householder's tridiagonal form, then QL with implicit shifts. */
export function eigenvalues(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice()
  const at = (i: number, j: number): number => a[i * n + j] as number
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(n)]
  for (let i = n - 1; i > 0; i--) {
    // The mirror that turns row i left of the diagonal into one value, applied from both sides.
    let length = 0
    for (let k = 0; k < i; k++) length += at(i, k) ** 2
    length = Math.sqrt(length)
    diagonal[i] = at(i, i)
    const last = at(i, i - 1)
    const alpha = last > 0 ? -length : length
    beside[i] = alpha
    const size = length * (length + Math.abs(last)) // half of |v|²
    if (size === 0) continue
    const v = Float64Array.from({ length: i }, (_, k) => at(i, k) - (k === i - 1 ? alpha : 0))
    const p = new Float64Array(i)
    for (let r = 0; r < i; r++) {
      let sum = 0
      for (let k = 0; k < i; k++) sum += at(r, k) * (v[k] as number)
      p[r] = sum / size
    }
    const half = v.reduce((sum, value, k) => sum + value * (p[k] as number), 0) / (2 * size)
    for (let k = 0; k < i; k++) p[k]! -= half * (v[k] as number)
    for (let r = 0; r < i; r++) {
      for (let k = 0; k < i; k++)
        a[r * n + k]! -= (v[r] as number) * (p[k] as number) + (p[r] as number) * (v[k] as number)
    }
  }
  diagonal[0] = at(0, 0)
  return tridiagonalEigenvalues(diagonal, beside)
}

/** Eigenvalues of a symmetric matrix with this diagonal [n] and, from place 1 on, these values beside it. */
function tridiagonalEigenvalues(d: Float64Array, beside: Float64Array): Float64Array {
  const n = d.length
  const e = Float64Array.from({ length: n }, (_, i) => beside[i + 1] ?? 0)
  for (let l = 0; l < n; l++) {
    for (let turn = 0; turn < 50; turn++) {
      let m = l
      while (m < n - 1 && Math.abs(e[m] as number) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++
      if (m === l) break
      const slope = (d[l + 1]! - d[l]!) / (2 * e[l]!)
      const root = Math.hypot(slope, 1)
      let g = d[m]! - d[l]! + e[l]! / (slope + (slope < 0 ? -root : root))
      let [s, c, p] = [1, 1, 0]
      let split = false
      for (let i = m - 1; i >= l; i--) {
        const [f, b] = [s * e[i]!, c * e[i]!]
        const r = Math.hypot(f, g)
        e[i + 1] = r
        if (r === 0) {
          d[i + 1]! -= p
          e[m] = 0
          split = true
          break
        }
        s = f / r
        c = g / r
        g = d[i + 1]! - p
        const next = (d[i]! - g) * s + 2 * c * b
        p = s * next
        d[i + 1] = g + p
        g = c * next - b
      }
      if (split) continue
      d[l]! -= p
      e[l] = g
      e[m] = 0
    }
  }
  return d
}
