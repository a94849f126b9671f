/**
 * PG: phrase grounding without training. The map of a phrase is the cosine of every region with it, enlarged to the model's
 * square; all boxes of one phrase in one picture are one place. Beside every measure stands the same one for a map that
 * only looks at the middle, and for the model's own map of another case's phrase.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { contrastToNoise, mapAuc, pointingGame, thresholdedIou } from '../metrics/grounding.ts'
import { enlarge, maskOf, placedBoxes } from '../places.ts'
import type { Protocol } from '../protocol.ts'
import { groundingPictures } from '../report/grounding.ts'
import { gridOf } from './regions.ts'

interface Place {
  study: number
  phrase: string
  mask: Uint8Array
}

const kinds = ['', 'Centre', 'Shuffled'] as const

export const pg: Protocol = {
  id: 'PG',
  name: 'Phrase grounding',
  measures:
    'Whether the map of a phrase over the picture points into its boxes; beside it a map of the middle, and the map of another phrase.',
  chance: { rankAuc: 0.5, contrastToNoise: 0 },
  lacks: ({ test }) => (test.some(({ boxes }) => boxes.length > 0) ? undefined : 'no test study has boxes'),
  async run({ model, data, settings, features }) {
    const { size } = model.config.image
    const places: Place[] = []
    let outside = 0
    for (const [n, study] of data.test.entries()) {
      const found = await placedBoxes(data.folder, study, model.preprocess)
      outside += study.boxes.filter(({ image }) => image === 0).length - found.length
      for (const phrase of new Set(found.map((box) => box.phrase))) {
        const boxes = found.filter((box) => box.phrase === phrase).map(({ box }) => box)
        places.push({ study: n, phrase, mask: maskOf(boxes, size) })
      }
    }
    const width = model.config.joint
    const { shape, values } = await features('test', 'regions')
    const cells = shape[0] as number
    const [rows, columns] = gridOf(model.config, cells)
    const phrases = places.map(({ phrase }) => phrase)
    const words = normalizeRows(await model.embedTexts(phrases), width, (i) => `the phrase "${phrases[i]}"`)
    const cosines = (place: Place, word: number): Float64Array => {
      const map = new Float64Array(cells)
      for (let p = 0; p < cells; p++) {
        const start = (place.study * cells + p) * width
        let [dot, norm] = [0, 0]
        for (let d = 0; d < width; d++) {
          dot += values[start + d]! * words[word * width + d]!
          norm += values[start + d]! ** 2
        }
        map[p] = norm > 0 ? dot / Math.sqrt(norm) : 0
      }
      return enlarge(map, rows, columns, size)
    }
    const middle = Float64Array.from({ length: size * size }, (_, i) => {
      const [dx, dy] = [(i % size) - (size - 1) / 2, Math.floor(i / size) - (size - 1) / 2]
      return Math.exp(-(dx * dx + dy * dy) / (2 * (size / 4) ** 2))
    })
    // The phrase of a case with another phrase, drawn once.
    const stream = random('shuffled phrases', settings.seed)
    const others = places.map(({ phrase }) => {
      const different = [...phrases.keys()].filter((i) => phrases[i] !== phrase)
      return different.length === 0 ? -1 : stream.pick(different)
    })
    const values4: Record<string, Float64Array> = {}
    const names = ['pointing', 'rankAuc', 'contrastToNoise', 'meanIou'] as const
    for (const kind of kinds)
      for (const name of names) values4[`${name}${kind}`] = new Float64Array(places.length).fill(Number.NaN)
    const maps: Float64Array[] = []
    for (const [i, place] of places.entries()) {
      const own = cosines(place, i)
      maps.push(own)
      const other = others[i]! < 0 ? undefined : cosines(place, others[i]!)
      for (const kind of kinds) {
        const map = kind === '' ? own : kind === 'Centre' ? middle : other
        if (map === undefined) continue
        values4[`pointing${kind}`]![i] = pointingGame(map, place.mask)
        values4[`rankAuc${kind}`]![i] = mapAuc(map, place.mask)
        values4[`contrastToNoise${kind}`]![i] = contrastToNoise(map, place.mask)
        values4[`meanIou${kind}`]![i] = thresholdedIou(map, place.mask)
      }
    }
    const measures: Record<string, CaseMeasure> = {}
    for (const [name, list] of Object.entries(values4)) measures[name] = { kind: 'mean', values: list }
    const patients = new Map([...new Set(data.test.map(({ patient }) => patient))].map((patient, i) => [patient, i]))
    const units = Int32Array.from(places, ({ study }) => patients.get(data.test[study]!.patient)!)
    const shown = places.map((place, i) => ({ ...place, map: maps[i]!, auc: values4.rankAuc![i]! }))
    return {
      measured: [{ units, measures }],
      details: { phrases: places.length, boxesOutsideTheCrop: outside, grid: [rows, columns] },
      sections: async () => [await groundingPictures(model, data, shown)],
    }
  },
}
