/** @file What each dial of the chest does, as numbers. */

import type { Study } from '../../data/study.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import type { DialEffect } from '../domain.ts'
import { meanOf, shareOf } from '../effects.ts'
import type { DialsInput } from './dials.ts'
import { findings } from './findings.ts'

const present = (study: Study, name: string): boolean => study.truth?.labels[name] === 1

export const chestEffects: Readonly<Record<keyof DialsInput, DialEffect>> = {
  ...pictureEffects({ normals: 0 }),
  ...findingEffects(findings),
  ...shortcutEffects('Edema', 'Nodule'),
  cooccurrence: {
    values: [0, 1, 3],
    what: 'share of studies with edema that have an effusion too',
    measure: (made) =>
      shareOf((study) => present(study, 'Pleural Effusion'))(made.filter(({ study }) => present(study, 'Edema'))),
    dials: { normals: 0 },
    studies: 500,
    records: true,
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
