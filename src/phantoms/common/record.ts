/** @file The record of a study whose scene was planned: ids, earlier studies, words, boxes, truth, questions. */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { studyId } from '../person.ts'
import { type Description, truthOfScene } from './dictate.ts'
import type { FindingSpec, Scene } from './plan.ts'

/** A box of the study and the finding (index in the scene) that it holds. */
export interface PlacedBox {
  image: number
  finding: number
  label: string
  box: Study['boxes'][number]['box']
}

/** The fields of a study that come from its scene and words; what the domain adds goes into `more`. */
export function recordOf<Name extends string, Anatomy, Shape>(
  scene: Scene<Name, Anatomy, Shape>,
  specs: readonly FindingSpec<Name>[],
  { report, captions, labels, sentences }: Description,
  boxes: readonly PlacedBox[],
  more: Partial<Study> & Pick<Study, 'images'>,
): Study {
  const names = specs.map(({ name }) => name)
  const truth = truthOfScene(
    names,
    scene,
    sentences,
    boxes.map(({ finding }) => finding),
  )
  return {
    id: studyId(scene.index),
    patient: scene.patient,
    split: scene.split,
    domain: scene.domain,
    report,
    captions,
    labels,
    boxes: boxes.map(({ image, finding, label, box }) => {
      const said = sentences.find((s) => s.finding === finding && s.section === 'findings')
      return { image, label, ...(said ? { phrase: said.text } : {}), box }
    }),
    masks: [],
    points: [],
    priors: Array.from({ length: scene.visit }, (_, k) => studyId(scene.index - scene.visit + k)),
    signals: [],
    frames: [],
    changes: {},
    fixations: [],
    ratings: [],
    truth,
    ...more,
    questions: [...presenceQuestions(scene, specs), ...(more.questions ?? [])],
    attributes: { age: scene.age, sex: scene.sex, ...more.attributes },
  }
}

/** Two closed questions on presence, answered by what is drawn; findings drawn faintly are not asked about. */
function presenceQuestions<Name extends string, Anatomy, Shape>(
  scene: Scene<Name, Anatomy, Shape>,
  specs: readonly FindingSpec<Name>[],
): Study['questions'] {
  const stream = random(scene.seed, scene.domain, 'questions', scene.index)
  const clear = scene.findings.filter(({ strength }) => strength >= 0.5)
  const absent = specs.filter(({ name }) => !scene.findings.some((finding) => finding.name === name))
  const asked = [
    ...(clear.length > 0 ? [[stream.pick(clear).name, 'yes'] as const] : []),
    ...(absent.length > 0 ? [[stream.pick(absent).name, 'no'] as const] : []),
  ]
  return asked.map(([name, answer]) => {
    const terms = (specs.find((spec) => spec.name === name) as FindingSpec<Name>).terms
    const noun = stream.weighted(terms.train)
    return {
      question: `Is there ${terms.mass ? '' : 'any '}${noun}?`,
      answer,
      kind: 'closed',
      type: 'presence',
    } as const
  })
}
