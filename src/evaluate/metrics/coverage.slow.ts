/**
 * @file Do bootstrap intervals cover? On simulated scores with known AUROC the 95 % interval must hold the truth in 93 to
 * 97 % of 1,000 repetitions. Two normal distributions d apart have AUROC Phi(d / sqrt 2). Run with `npm run test:slow --
 * coverage`; writes bench/results/bootstrap-coverage.json.
 */

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readJson, writeJsonAtomic } from '../../core/files.ts'
import { random } from '../../core/random.ts'
import { rankedAuroc } from './auroc.ts'
import { normalTwoSided } from './distributions.ts'
import { withInterval } from './intervals.ts'

const repetitions = 1000
const target = fileURLToPath(new URL('../../../bench/results/bootstrap-coverage.json', import.meta.url))

interface Result extends Setting {
  auroc: number
  coverage: number
  meanWidth: number
  /** What one gets when the studies of a patient are drawn as if they were independent. */
  coverageDrawingStudies?: number
}

/** Puts one result into the file, in the order of the settings; the others stay. */
async function keep(result: Result): Promise<void> {
  const known = await readJson(target).catch(() => undefined)
  const before = (known as { settings?: Result[] } | undefined)?.settings ?? []
  const all = settings.flatMap(({ name }) =>
    name === result.name ? result : (before.find((one) => one.name === name) ?? []),
  )
  await writeJsonAtomic(target, { level: 0.95, resamples: 1000, repetitions, settings: all })
}

/** AUROC of two unit normal distributions `distance` apart. */
const aurocOf = (distance: number) => 1 - normalTwoSided(distance / Math.SQRT2) / 2

interface Setting {
  name: string
  /** Patients, studies of each, and share of positive patients. */
  patients: number
  studies: number
  rate: number
  distance: number
  /** Share of a score's variance that the studies of a patient have in common. */
  shared: number
}

const settings: Setting[] = [
  { name: 'balanced', patients: 200, studies: 1, rate: 0.5, distance: 1, shared: 0 },
  { name: 'rare finding', patients: 400, studies: 1, rate: 0.15, distance: 1.2, shared: 0 },
  { name: 'chance', patients: 200, studies: 1, rate: 0.4, distance: 0, shared: 0 },
  { name: 'four studies a patient', patients: 150, studies: 4, rate: 0.4, distance: 1, shared: 0.5 },
]

/** One simulated test set: labels by patient, scores with a part that the studies of a patient share. */
function simulate({ patients, studies, rate, distance, shared }: Setting, seed: number) {
  const stream = random('coverage', seed, patients, studies)
  const labels: number[] = []
  const scores: number[] = []
  const clusters: number[] = []
  for (let patient = 0; patient < patients; patient++) {
    const label = Number(stream.chance(rate))
    const common = Math.sqrt(shared) * stream.normal()
    for (let study = 0; study < studies; study++) {
      labels.push(label)
      scores.push(label * distance + common + Math.sqrt(1 - shared) * stream.normal())
      clusters.push(patient)
    }
  }
  return { labels, scores, clusters }
}

it.each(settings)('$name: the interval holds the truth in 93 to 97 % of repetitions', async (setting) => {
  const truth = aurocOf(setting.distance)
  let covered = 0
  let naive = 0
  let width = 0
  for (let seed = 0; seed < repetitions; seed++) {
    const { labels, scores, clusters } = simulate(setting, seed)
    const { low, high } = withInterval(rankedAuroc, scores, labels, clusters, seed)
    if (low <= truth && truth <= high) covered++
    width += (high - low) / repetitions
    if (setting.studies === 1) continue
    const items = withInterval(rankedAuroc, scores, labels, undefined, seed)
    if (items.low <= truth && truth <= items.high) naive++
  }
  await keep({
    ...setting,
    auroc: truth,
    coverage: covered / repetitions,
    meanWidth: width,
    ...(setting.studies === 1 ? {} : { coverageDrawingStudies: naive / repetitions }),
  })
  expect(covered / repetitions).toBeGreaterThanOrEqual(0.93)
  expect(covered / repetitions).toBeLessThanOrEqual(0.97)
  if (setting.studies > 1) expect(naive / repetitions).toBeLessThan(0.93)
})
