/** @file What a trained system itself shows: the maps and drawings that its objective declares, from the folder of its run. */

import type { Study } from '../data/study.ts'
import type { Preprocess } from '../imaging/index.ts'
import type { PictureName } from '../pretrain/objective.ts'
import { buildPicture } from '../pretrain/step.ts'
import { type StudyText, sentencesOf } from '../pretrain/texts.ts'
import { chestLexicon, readSentence } from '../text/index.ts'
import { openTrained } from './trained.ts'

/** A phrase on a study, by its place among the studies. */
export interface AskedMap {
  study: number
  phrase: string
}

/** A map on a grid of its system. */
export interface GridMap {
  /** [rows x columns], row-major. */
  map: Float64Array
  rows: number
  columns: number
}

/** A picture drawn by a system: first channels [side, side] in the units of the model's pixels. */
export interface DrawnPicture {
  drawn: Float32Array
  seen: Float32Array | undefined
  side: number
}

export interface Showing {
  /** What the objective declares. */
  names: readonly PictureName[]
  preprocess: Preprocess
  /** First channel of the first picture of a study, [side, side], as the tower gets it; at its own size if not given. */
  pixels(study: number, side?: number): Promise<Float32Array>
  /**
   * A map for each phrase: mean over the words of the finding that it names (all words where it names none), or the map of
   * the sentence. Undefined if the objective shows neither.
   */
  maps(asked: readonly AskedMap[]): Promise<GridMap[] | undefined>
  /** Drawings of these studies. Undefined if the objective draws nothing. */
  rebuilt(studies: readonly number[]): Promise<DrawnPicture[] | undefined>
  close(): Promise<void>
}

/** Rows a run of the graph. */
const rows = 16

/** Opens what the system of a run shows of `studies`. */
export async function openShowing(
  run: string,
  folder: string,
  studies: readonly Study[],
  options: { threads?: number | undefined } = {},
): Promise<Showing> {
  const trained = await openTrained(run, folder, studies, options)
  const { objective, step, choice, textOf } = trained
  const names = Object.keys(objective.pictures ?? {}) as PictureName[]

  /** Runs the pictures of this name over texts and studies, a row each; calls `use` with the outputs of each row. */
  const overRows = async (
    name: PictureName,
    texts: readonly StudyText[],
    of: readonly number[],
    use: (outputs: ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>, row: number) => void,
  ): Promise<{ grid?: readonly [number, number] }> => {
    const shape = trained.shapeOf(texts, rows)
    const found: { grid?: readonly [number, number] } = {}
    for (let from = 0; from < texts.length; from += rows) {
      const places = Array.from({ length: rows }, (_, i) => Math.min(from + i, texts.length - 1))
      const outputs = await trained.run(
        name,
        shape,
        (scope) => {
          const { outputs: traced, grid } = buildPicture(scope, shape, step, name)
          if (grid !== undefined) found.grid = grid
          return traced
        },
        { images: places.map((i) => of[i] as number), texts: places.map((i) => texts[i] as StudyText) },
      )
      places.slice(0, Math.min(rows, texts.length - from)).forEach((place, i) => {
        const parts = Object.entries(outputs).map(([key, { data, shape: whole }]) => {
          const size = data.length / rows
          return [key, { data: data.slice(i * size, (i + 1) * size), shape: whole.slice(1) }] as const
        })
        use(new Map(parts), place)
      })
    }
    return found
  }

  return {
    names,
    preprocess: trained.preprocess,
    pixels: trained.pixels,
    async maps(asked) {
      const name = names.includes('words') ? 'words' : names.includes('sentences') ? 'sentences' : undefined
      if (name === undefined || asked.length === 0) return undefined
      const chosen = asked.map(({ study, phrase }) => {
        const spoken = studies[study] as Study
        const all = name === 'sentences' && choice !== undefined ? sentencesOf(spoken, choice) : []
        const slot = all.length <= (choice?.most ?? 0) ? all.indexOf(phrase) : -1
        const alone: Study = { ...spoken, captions: [], report: { language: 'en', findings: phrase } }
        const text = textOf(slot < 0 ? alone : spoken)
        return { text, slots: name === 'words' ? namingWords(phrase, text) : [Math.max(slot, 0)] }
      })
      const maps: Float64Array[] = []
      const { grid } = await overRows(
        name,
        chosen.map(({ text }) => text),
        asked.map(({ study }) => study),
        (outputs, row) => {
          const { data, shape } = outputs.get('maps') as { data: Float32Array; shape: readonly number[] }
          const cells = shape[1] as number
          const { slots } = chosen[row] as (typeof chosen)[number]
          const map = new Float64Array(cells)
          for (const slot of slots) {
            for (let p = 0; p < cells; p++) map[p]! += (data[slot * cells + p] as number) / slots.length
          }
          maps[row] = map
        },
      )
      const [down, across] = grid as readonly [number, number]
      return maps.map((map) => ({ map, rows: down, columns: across }))
    },
    async rebuilt(of) {
      if (!names.includes('rebuilt') || of.length === 0) return undefined
      const texts = of.map((i) => textOf(studies[i] as Study))
      const drawings: DrawnPicture[] = []
      await overRows('rebuilt', texts, of, (outputs, row) => {
        const { data, shape } = outputs.get('drawn') as { data: Float32Array; shape: readonly number[] }
        const side = shape[1] as number
        const area = side * side
        drawings[row] = { drawn: data.slice(0, area), seen: outputs.get('seen')?.data.slice(0, area), side }
      })
      return drawings
    },
    close: trained.close,
  }
}

/** Places of the words of a phrase that name a finding, as far as they are in the text; all words if none does. */
function namingWords(phrase: string, { text }: StudyText): number[] {
  const { words, mentions } = readSentence(phrase, chestLexicon())
  const count = Math.max(-1, ...Array.from(text.words)) + 1
  const before = (place: number): number =>
    phrase.slice(0, place).match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu)?.length ?? 0
  const named = mentions
    .filter(({ implied, assertion }) => !implied && assertion !== 'absent')
    .flatMap(({ start, end }) => {
      const [first, last] = [before(words[start]!.start), before(words[end - 1]!.end)]
      return Array.from({ length: last - first }, (_, i) => first + i)
    })
    .filter((word) => word < count)
  return named.length > 0 ? [...new Set(named)] : Array.from({ length: Math.max(1, count) }, (_, i) => i)
}
