/** @file What a report shows of generated reports: findings by name, and pictures with what was told about them. */

import type { Model } from '../../apply/model.ts'
import { pictures } from '../context.ts'
import type { ReportReader, Told } from '../generate/reader.ts'
import { prepareClinicalEfficacy } from '../metrics/clinical.ts'
import { measureAll } from '../metrics/measure.ts'
import type { EvaluationData } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { greysOf } from './grounding.ts'
import { type ReportImage, type ReportSection, table } from './html.ts'
import { png } from './zero-shot.ts'

export interface Generation {
  model: Model
  data: EvaluationData
  /** Places of the pictures among the test studies. */
  places: readonly number[]
  references: readonly string[]
  systems: readonly Told[]
  reader: ReportReader | undefined
}

/** Findings one by one, and six pictures with their own report and the one that was told. */
export async function generationSections(generation: Generation): Promise<ReportSection[]> {
  const { model, data, places, references, systems, reader } = generation
  const load = pictures(model, data.folder, data.test)
  const chosen = [...new Set(Array.from({ length: 6 }, (_, i) => Math.floor((i * places.length) / 6)))]
  const images = await Promise.all(
    chosen.map(async (i): Promise<ReportImage> => {
      const { id } = data.test[places[i]!]!
      return {
        data: await png(greysOf(await load([places[i]!]), model), model.config.image.size),
        type: 'image/png',
        alt: `Picture of study ${id}`,
        caption: `${id}. Own: "${references[i]}" Told: "${systems[0]!.reports[i]}"`,
      }
    }),
  )
  return [
    ...(reader === undefined ? [] : [byFinding(generation, reader)]),
    { heading: 'Reports told from pictures', text: `Six of ${places.length} test studies, evenly chosen.`, images },
  ]
}

function byFinding({ data, places, references, systems }: Generation, reader: ReportReader): ReportSection {
  const real = references.map(reader.states)
  const units = patientsOf(places.map((n) => data.test[n]!))
  const shown = systems.slice(0, 2)
  const found = shown.map(({ reports }) => {
    const { each } = prepareClinicalEfficacy(reports.map(reader.states), real, { observations: reader.labels })
    const { measures } = measureAll(
      each.map(({ f1 }) => f1),
      { clusters: units, resamples: 500 },
    )
    return each.map(({ observation, positives }, k) => ({ observation, positives, ...measures[k]! }))
  })
  const rows = found[0]!.map(({ observation, positives }, k) => [
    observation,
    positives,
    ...found.flatMap((of) => [of[k]!.value, of[k]!.interval?.map((bound) => bound.toFixed(3)).join(' to ') ?? '']),
  ])
  return {
    heading: 'Findings of generated reports',
    text: `F1 of each finding over ${references.length} test reports, ${reader.name} reading generated and real ones; 95 % intervals over patients. Undefined where no real report calls the finding positive.`,
    table: table(['finding', 'positives', ...shown.flatMap(({ name }) => [`F1, ${name}`, '95 % interval'])], rows),
  }
}
