/** @file A study of one colour picture from its parts, and its files: the same for every domain that has one. */

import { random } from '../core/random.ts'
import type { StudyInput } from '../data/study.ts'
import { type Canvas, encodeCanvas } from './colour.ts'
import { dicomOf } from './dicom-pictures.ts'
import type { MadeStudy, MakeOptions } from './domain.ts'
import { encodePng } from './encode.ts'
import { labelsOf, reportOf, type Sentence, truthOf } from './grammar.ts'
import type { OwnedBox } from './outline.ts'
import { type Particulars, particularsOf } from './particulars.ts'
import { kebab, type Person, recordOf, studyId } from './person.ts'

/** What a domain brings. */
export interface PictureParts {
  domain: string
  person: Person
  /** Draws the picture. */
  picture(): Canvas
  /** A report, or captions when the voice is 'caption'. */
  sentences: readonly Sentence[]
  boxes: readonly OwnedBox[]
  points?: StudyInput['points']
  /** Label and 8-bit mask [size * size]. */
  masks: readonly (readonly [string, Uint8Array])[]
  truth: Record<string, 0 | 1>
  image?: { view?: string; modality?: string; spacing?: number[] }
  attributes?: StudyInput['attributes']
  /** What is known of the findings, and what is asked of them. */
  particulars: Omit<Particulars, 'sentences' | 'stream'>
}

/** The report (or the caption) and the labels that a list of sentences makes. */
export function wordsIn(
  voice: string,
  sentences: readonly Sentence[],
): Pick<StudyInput, 'report' | 'captions' | 'labels'> {
  const labels = labelsOf(sentences)
  if (voice !== 'caption') return { report: reportOf(sentences), labels }
  const texts = sentences.map(({ text }) => text).filter((text, i, all) => text !== all[i - 1])
  return { report: null, captions: [texts.join(' ')], labels }
}

/** The study and its files. */
export async function assemble(parts: PictureParts, options: MakeOptions<unknown>): Promise<MadeStudy> {
  const { person, sentences, boxes } = parts
  const id = studyId(person.index)
  const path = `images/${id}.${options.dicom ? 'dcm' : 'png'}`
  const masks = options.masks ? parts.masks : []
  const maskPath = (label: string): string => `masks/${id}-${kebab(label)}.png`
  const stream = random(person.seed, parts.domain, 'questions', person.index)
  const { attributes, ...particulars } = particularsOf({ ...parts.particulars, sentences, stream })
  const study = recordOf(person, {
    ...particulars,
    domain: parts.domain,
    images: [{ path, ...parts.image }],
    ...wordsIn(options.voice, sentences),
    boxes: boxes.map(({ box, finding }) => {
      const said =
        finding === null ? undefined : sentences.find((s) => s.finding === finding && s.section === 'findings')
      return said && box.phrase === undefined ? { ...box, phrase: said.text } : box
    }),
    points: parts.points ?? [],
    masks: masks.map(([label]) => ({ image: 0, label, path: maskPath(label) })),
    attributes: { ...attributes, ...parts.attributes },
    truth: {
      labels: parts.truth,
      sentences: truthOf(
        sentences,
        boxes.map(({ finding }) => finding ?? -1),
      ),
    },
  })
  const files: { path: string; bytes: Uint8Array }[] = []
  if (options.pictures === false) return { study, files }
  const picture = parts.picture()
  const { modality = 'XC', view, spacing } = parts.image ?? {}
  const side = parts.attributes?.eye
  const about = {
    domain: parts.domain,
    person,
    picture,
    size: options.size,
    modality,
    view,
    spacing: spacing?.[0],
    side,
  }
  files.push({ path, bytes: options.dicom ? dicomOf(about) : await encodeCanvas(picture) })
  for (const [label, mask] of masks) {
    files.push({ path: maskPath(label), bytes: await encodePng(mask, options.size, options.size) })
  }
  return { study, files }
}
