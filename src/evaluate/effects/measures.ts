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

/** exp of the entropy of the singular values of X from X X' [n, n], by Jacobi rotations. */
export function effectiveRank(gram: Float64Array, n: number): number {
  const a = gram.slice()
  const at = (i: number, j: number): number => a[i * n + j] as number
  const whole = Math.sqrt(a.reduce((total, value) => total + value * value, 0))
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += at(i, j) ** 2
    if (Math.sqrt(off) <= 1e-9 * whole) break
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (Math.abs(at(i, j)) <= 1e-12 * whole) continue
        const theta = (at(j, j) - at(i, i)) / (2 * at(i, j))
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const [x, y] = [at(k, i), at(k, j)]
          a[k * n + i] = c * x - s * y
          a[k * n + j] = s * x + c * y
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [at(i, k), at(j, k)]
          a[i * n + k] = c * x - s * y
          a[j * n + k] = s * x + c * y
        }
      }
    }
  }
  const singular = Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(0, at(i, i))))
  const total = singular.reduce((sum, value) => sum + value, 0)
  if (!(total > 0)) return 0
  return Math.exp(
    -singular.reduce((sum, value) => (value > 0 ? sum + (value / total) * Math.log(value / total) : sum), 0),
  )
}
