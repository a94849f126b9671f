/** @file The record of a study whose scene was planned: ids, earlier studies, words, boxes, truth, what is known of findings. */

import { random } from '../../core/random.ts'
import type { Study, StudyInput } from '../../data/study.ts'
import type { CommonDials } from '../dials.ts'
import type { MakeOptions } from '../domain.ts'
import { truthOf } from '../grammar.ts'
import { particularsOf } from '../particulars.ts'
import { presence, recordOf } from '../person.ts'
import { type Dictation, dictate, storyIn } from './dictate.ts'
import { type Planner, planScene, type Scene } from './plan.ts'

/** A box of the study and the finding (index in the scene) that it holds. */
export interface PlacedBox {
  image: number
  finding: number
  label: string
  box: Study['boxes'][number]['box']
}

/** The fields of a study that come from its scene; what the domain adds goes into `more`. */
export function recordScene<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  planner: Planner<Name, Anatomy, Shape, Dials>,
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  options: MakeOptions<Dials>,
  boxes: readonly PlacedBox[],
  more: Omit<StudyInput, 'id' | 'patient' | 'split' | 'domain' | 'report'>,
): Study {
  const { seed, index, split, domain } = scene
  const { known, changes } = storyIn(words, scene, (before) =>
    words.unrelated ? undefined : planScene(planner, seed, { index: before, split }, options.dials),
  )
  const { report, captions, labels, sentences } = dictate(words, scene, options, options.voice, changes)
  const names = words.specs.map(({ name }) => name)
  const { questions, attributes, ...particulars } = particularsOf({
    examination: words.kind,
    names,
    words: Object.fromEntries(words.specs.map(({ name, terms }) => [name, [terms]])),
    known,
    changes,
    sentences,
    stream: random(seed, domain, 'questions', index),
    ...(more.questions ? { questions: more.questions as Study['questions'] } : {}),
  })
  return recordOf(scene, {
    ...more,
    ...particulars,
    domain,
    report,
    captions: [...captions, ...(more.captions ?? [])],
    labels,
    boxes: boxes.map(({ image, finding, label, box }) => {
      const said = sentences.find((s) => s.finding === finding && s.section === 'findings')
      return { image, label, ...(said ? { phrase: said.text } : {}), box }
    }),
    questions,
    attributes: { ...attributes, ...more.attributes },
    truth: {
      labels: presence(
        names,
        scene.findings.map(({ name }) => name),
      ),
      sentences: truthOf(
        sentences,
        boxes.map(({ finding }) => finding),
      ),
    },
  })
}
