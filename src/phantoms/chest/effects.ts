/** @file What each dial of the chest does, as numbers. */

import type { Study } from '../../data/study.ts'
import type { DialEffect, MadeStudy } from '../domain.ts'
import { meanDifference, meanGrain, meanOf, meanSpread, shareOf } from '../effects.ts'
import type { DialsInput } from './dials.ts'
import { findings } from './findings.ts'

type Effects = Readonly<Record<keyof DialsInput, DialEffect>>

const said = ({ report }: Study): string => `${report?.findings} ${report?.impression}`
const present = (study: Study, name: string): boolean => study.truth?.labels[name] === 1
const normal = (study: Study): boolean => findings.every((name) => !present(study, name))

/** Share of studies whose report another study shares word for word. */
function repeated(made: readonly MadeStudy[]): number {
  const counts = new Map<string, number>()
  for (const { study } of made) counts.set(said(study), (counts.get(said(study)) ?? 0) + 1)
  return made.filter(({ study }) => (counts.get(said(study)) ?? 0) > 1).length / made.length
}

/** Share of pixels of the marker corners' brightness that goes with a finding: correlation of both. */
async function markerCorrelation(made: readonly MadeStudy[]): Promise<number> {
  const { samplesOf } = await import('../effects.ts')
  const pairs = await Promise.all(
    made.map(async (study) => {
      const pixels = await samplesOf(study)
      const side = Math.sqrt(pixels.length)
      // Ink of a boxed marker: bright pixels in the band where markers lie.
      const band = pixels.subarray(0, Math.floor(side * 0.2) * side)
      return [band.filter((v) => v > 0.94).length, present(study.study, 'Edema') ? 1 : 0] as const
    }),
  )
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length
  const [mx, my] = [mean(0), mean(1)]
  let [xy, xx, yy] = [0, 1e-12, 1e-12]
  for (const [x, y] of pairs) {
    xy += (x - mx) * (y - my)
    xx += (x - mx) ** 2
    yy += (y - my) ** 2
  }
  return xy / Math.sqrt(xx * yy)
}

export const chestEffects: Effects = {
  contrast: {
    values: [0, 0.5, 1, 2],
    what: 'mean difference of the pictures to those without drawn findings',
    measure: meanDifference,
    dials: { normals: 0 },
    studies: 30,
  },
  normals: { values: [0, 0.4, 0.8], what: 'share of studies without finding', measure: shareOf(normal), studies: 200 },
  falseNegativeRate: {
    values: [0, 0.5, 1],
    what: 'share of normal studies whose report another shares word for word',
    measure: (made) => repeated(made.filter(({ study }) => normal(study))),
    dials: { normals: 1 },
    studies: 150,
  },
  negationRate: {
    values: [0, 0.25, 0.8],
    what: 'denied findings a report',
    measure: meanOf(({ labels }) => Object.values(labels).filter((label) => label === 0).length),
    dials: { falseNegativeRate: 0 },
    studies: 100,
  },
  uncertaintyRate: {
    values: [0, 0.3, 1],
    what: 'share of reports with a finding in doubt',
    measure: shareOf(({ labels }) => Object.values(labels).includes(-1)),
    studies: 150,
  },
  labelNoise: {
    values: [0, 0.2, 0.6],
    what: 'share of studies whose report leaves out or adds a finding',
    measure: shareOf(({ labels, truth }) =>
      findings.some((name) => (labels[name] === 1) !== (truth?.labels[name] === 1) && labels[name] !== -1),
    ),
    dials: { uncertaintyRate: 0 },
    studies: 150,
  },
  shortcut: {
    values: [0, 0.5, 1],
    what: 'correlation of the boxed marker with the finding',
    measure: markerCorrelation,
    dials: { shortcutFinding: 'Edema', prevalence: 4, normals: 0.2, nuisance: 0 },
    studies: 200,
  },
  shortcutFinding: {
    values: ['Nodule', 'Edema'],
    what: 'correlation of the boxed marker with edema',
    measure: markerCorrelation,
    dials: { shortcut: 1, prevalence: 4, normals: 0.2, nuisance: 0, cooccurrence: 0 },
    studies: 200,
  },
  prevalence: {
    values: [0.3, 1, 3],
    what: 'findings a study',
    measure: meanOf((study) => findings.filter((name) => present(study, name)).length),
    studies: 150,
  },
  cooccurrence: {
    values: [0, 1, 3],
    what: 'share of studies with edema that have an effusion too',
    measure: (made) =>
      shareOf((study) => present(study, 'Pleural Effusion'))(made.filter(({ study }) => present(study, 'Edema'))),
    dials: { normals: 0 },
    studies: 500,
  },
  noise: { values: [0, 1, 3], what: 'mean difference of neighbouring pixels', measure: meanGrain, studies: 20 },
  nuisance: {
    values: [0, 1, 2],
    what: 'spread of a pixel between studies',
    measure: meanSpread,
    dials: { normals: 1 },
    studies: 60,
  },
  views: { values: ['PA', 'PA+lateral'], what: 'pictures a study', measure: meanOf(({ images }) => images.length) },
  persistence: {
    values: [0, 0.5, 1],
    what: 'findings with a course, of studies with a prior',
    measure: meanOf(({ changes }) => Object.values(changes).filter((change) => change !== 'improving').length),
    dials: { normals: 0 },
    studies: 200,
  },
  attention: {
    values: [0, 1, 3],
    what: 'seconds of gaze a study',
    measure: meanOf(({ fixations }) => fixations.reduce((sum, { seconds }) => sum + seconds, 0)),
  },
  heldOutFinding: {
    values: ['none', 'Mass'],
    what: 'share of training reports on a mass that do not name it',
    measure: (made) =>
      shareOf(({ labels }) => labels.Mass === undefined)(
        made.filter(({ study }) => study.split !== 'test' && present(study, 'Mass')),
      ),
    dials: { prevalence: 3, normals: 0, labelNoise: 0 },
    studies: 150,
  },
}
