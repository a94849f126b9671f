/**
 * RG: report generation. A small decoder is trained on the frozen regions of the training pictures and tells a report for
 * each test picture. Scores of words (BLEU, ROUGE-L, METEOR, CIDEr-D) and of what is said: one labeler reads generated and
 * real reports, one extractor makes entities and relations of both. Beside it stand the training report nearest to the
 * picture in the joint space, the most frequent training report, which sees no picture, and a random one.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { graphExtractor } from '../../text/index.ts'
import type { CaseMeasure, ClinicalCases } from '../case-measures.ts'
import { trainDecoder } from '../generate/decoder.ts'
import { type ReportReader, readerAccuracy, reportReader, type Told } from '../generate/reader.ts'
import { moments, standardised } from '../heads.ts'
import { ciderD } from '../metrics/cider.ts'
import { graphScore } from '../metrics/entity-relation.ts'
import { meteor } from '../metrics/meteor.ts'
import { rougeL } from '../metrics/rouge.ts'
import { textCases } from '../metrics/tokens.ts'
import type { Protocol, ProtocolContext } from '../protocol.ts'
import { generationSections } from '../report/generation.ts'
import { labelsOf, patientsOf, textsOf, withWords } from '../studies.ts'

/** Texts kept while a report is told. */
const beams = 2

const placesOf = (studies: readonly Study[]): number[] => [...studies.keys()].filter((n) => withWords(studies[n]!))

export const rg: Protocol = {
  id: 'RG',
  name: 'Report generation',
  measures:
    'How near a report told from frozen regions comes to the own one, in words and in findings; beside it the nearest, the most frequent and a random training report.',
  lacks: ({ train, test }) =>
    train.some(withWords) && test.some(withWords) ? undefined : 'training and test studies do not both have reports',
  async run(context) {
    const { model, data, settings } = context
    const [own, other] = [placesOf(data.train), placesOf(data.test)]
    const tests = other.map((n) => data.test[n]!)
    const known = textsOf(own.map((n) => data.train[n]!))
    const references = textsOf(tests)
    const { reports, ...decoder } = await toldReports(context, own, known, other)
    const nearest = await nearestReports(context, known, other)
    const stream = random('random reports', settings.seed)
    const systems: Told[] = [
      { name: 'decoder', suffix: '', reports },
      { name: 'nearest training report', suffix: 'Nearest', reports: nearest },
      { name: 'most frequent training report', suffix: 'Frequent', reports: other.map(() => mostFrequent(known)) },
      { name: 'random training report', suffix: 'Random', reports: other.map(() => known[stream.int(known.length)]!) },
    ]
    const reader = reportReader(tests)
    const measures: Record<string, CaseMeasure> = {}
    for (const told of systems) Object.assign(measures, wordMeasures(told, references))
    if (reader !== undefined) {
      for (const told of systems) Object.assign(measures, clinicalMeasures(told, references, tests, reader))
    }
    return {
      measured: [{ units: patientsOf(tests), measures }],
      details: {
        candidates: known.length,
        decoder: { ...decoder, beams, steps: settings.headSteps },
        reader:
          reader === undefined
            ? null
            : { name: reader.name, labels: reader.labels, ...readerAccuracy(reader, tests, references) },
        differentReports: new Set(reports).size,
        examples: other.slice(0, 5).map((_, i) => ({
          study: tests[i]!.id,
          own: references[i],
          ...Object.fromEntries(systems.slice(0, 2).map(({ name, reports: told }) => [name, told[i]])),
        })),
      },
      sections: () => generationSections({ model, data, places: other, references, systems, reader }),
    }
  },
}

/** Reports of the decoder for the test pictures, and what is to be known of it. */
async function toldReports(
  { data, settings, features }: ProtocolContext,
  own: readonly number[],
  known: readonly string[],
  other: readonly number[],
): Promise<{ reports: string[]; rate: number; vocabulary: number; longest: number }> {
  const { shape, values } = await features('train', 'regionsRaw')
  const [cells, width] = shape as [number, number]
  const scale = moments(values, width)
  const table = (rows: Float32Array) => ({ values: standardised(rows, scale), shape: [cells, width] as const })
  const checked = placesOf(data.validate)
  const decoder = await trainDecoder({
    train: { regions: table(values), rows: own, reports: known },
    validate: {
      regions: table(checked.length === 0 ? new Float32Array(0) : (await features('validate', 'regionsRaw')).values),
      rows: checked,
      reports: textsOf(checked.map((n) => data.validate[n]!)),
    },
    steps: settings.headSteps,
    seed: settings.seed,
  })
  try {
    const { rate, vocabulary, longest } = decoder
    const test = table((await features('test', 'regionsRaw')).values)
    return { reports: await decoder.write(test, other, beams), rate, vocabulary, longest }
  } finally {
    await decoder.close()
  }
}

/** The training report whose embedding is nearest to each test picture's, by cosine. */
async function nearestReports(
  { model, features }: ProtocolContext,
  known: readonly string[],
  other: readonly number[],
): Promise<string[]> {
  const width = model.config.joint
  const texts = normalizeRows(await model.embedTexts(known), width, (i) => `training report ${i + 1}`)
  const images = (await features('test', 'global')).values
  // The direction alone decides which text is nearest: the picture's length does not matter.
  return other.map((n) => {
    let [best, most] = [0, Number.NEGATIVE_INFINITY]
    for (let t = 0; t < known.length; t++) {
      let dot = 0
      for (let d = 0; d < width; d++) dot += images[n * width + d]! * texts[t * width + d]!
      if (dot > most) [best, most] = [t, dot]
    }
    return known[best]!
  })
}

/** The report that stands most often; the first of several. */
function mostFrequent(reports: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const report of reports) counts.set(report, (counts.get(report) ?? 0) + 1)
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

function wordMeasures({ suffix, reports }: Told, references: readonly string[]): Record<string, CaseMeasure> {
  const cases = textCases(reports, references)
  const mean = (variant: string, values: Float64Array): CaseMeasure => ({ kind: 'mean', values, variant })
  return {
    [`ciderD${suffix}`]: mean('CIDEr-D, document frequencies of the test reports', ciderD(cases)),
    ...Object.fromEntries(
      ([1, 2, 3, 4] as const).map((n) => [`bleu${n}${suffix}`, { kind: 'bleu', cases, n } satisfies CaseMeasure]),
    ),
    [`rougeL${suffix}`]: mean('ROUGE-L, beta 1.2', rougeL(cases)),
    [`meteor${suffix}`]: mean('METEOR-2005, exact and stem', meteor(cases)),
  }
}

function clinicalMeasures(
  { suffix, reports }: Told,
  references: readonly string[],
  tests: readonly Study[],
  { states, graph, labels }: ReportReader,
): Record<string, CaseMeasure> {
  const cases: ClinicalCases = {
    generated: reports.map(states),
    real: references.map(states),
    observations: labels,
  }
  const measures: Record<string, CaseMeasure> = {}
  for (const average of ['micro', 'macro'] as const) {
    for (const score of ['f1', 'precision', 'recall'] as const) {
      const name = `${average}${score === 'f1' ? 'F1' : score === 'precision' ? 'Precision' : 'Recall'}`
      measures[`${name}${suffix}`] = { kind: 'clinical', average, score, ...cases }
    }
  }
  measures[`truthF1${suffix}`] = againstTruth(cases, tests)
  if (graph !== undefined) {
    const scores = reports.map((report, i) => graphScore(graph(report), graph(references[i]!)))
    for (const part of ['entity', 'relation'] as const) {
      const values = Float64Array.from(scores, (score) => score[part])
      measures[`${part}F1${suffix}`] = { kind: 'mean', values, variant: `${part}-F1-exact-${graphExtractor}` }
    }
  }
  return measures
}

/** What generated reports call positive against what is true: twice the hits over all called and all true, in all cases. */
function againstTruth({ generated, observations }: ClinicalCases, tests: readonly Study[]): CaseMeasure {
  const [top, bottom] = [new Float64Array(tests.length), new Float64Array(tests.length)]
  for (const name of observations) {
    const truth = labelsOf(tests, name)
    generated.forEach((states, i) => {
      if (truth[i] === -1) return
      const called = states[name] === 'positive' || states[name] === 'uncertain'
      top[i]! += called && truth[i] === 1 ? 2 : 0
      bottom[i]! += (called ? 1 : 0) + (truth[i] === 1 ? 1 : 0)
    })
  }
  return { kind: 'ratio', top, bottom }
}
