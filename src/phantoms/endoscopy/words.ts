/** @file Endoscopy in words: lesions with number, size, colour, shape and place; a report, or the caption of a prompt. */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { longTail, type Manner, nameOf, plural, type Sentence, say, sentence, type Terms } from '../grammar.ts'
import { isNormal } from '../mentions.ts'
import { speak, type Wording, wordsOf } from '../statements.ts'
import { type EndoscopyScene, type Lesion, type LesionName, placeName } from './scene.ts'

const terms: Readonly<Record<LesionName, Terms>> = {
  Polyp: {
    train: longTail('polyp', 'colonic polyp', 'polypoid lesion', 'mucosal polyp'),
    heldOut: ['bump of the mucosa', 'protruding growth'],
  },
  Ulcer: { train: longTail('ulcer', 'mucosal ulcer', 'ulcerated area'), heldOut: ['crater with yellow base'] },
  Bleeding: {
    train: longTail('bleeding', 'active bleeding', 'fresh blood'),
    heldOut: ['streaming haemorrhage'],
    mass: true,
  },
  Diverticulum: {
    train: longTail('diverticulum', 'colonic diverticulum', 'diverticular opening'),
    heldOut: ['dark outpouching'],
  },
  Angioectasia: {
    train: longTail('angioectasia', 'angiodysplasia', 'vascular ectasia'),
    heldOut: ['spidery red patch'],
  },
}
export const endoscopyWords = wordsOf<LesionName>(terms)

const numbers = ['one', 'two', 'three'] as const

/** "two small red round polyps": what the words may say of a lesion, and no more. */
function nounOf(lesion: Lesion, name: string, attributes: ReadonlySet<string>): string {
  const many = lesion.spots.length > 1
  const head = many
    ? name === 'diverticulum' || name === 'colonic diverticulum'
      ? name.replace(/um$/, 'a')
      : plural(name)
    : name
  const polyp = lesion.name === 'Polyp'
  const parts = [
    attributes.has('number') && many ? (numbers[lesion.spots.length - 1] as string) : '',
    attributes.has('size') && lesion.name !== 'Bleeding' ? lesion.size : '',
    attributes.has('mm') && polyp && !many ? `${lesion.sizeMm} mm` : '',
    attributes.has('colour') && polyp ? lesion.tint : '',
    attributes.has('shape') && polyp ? lesion.shape : '',
    head,
  ]
  return parts.filter(Boolean).join(' ')
}

/** The place of a single lesion. */
function placeOf(lesion: Lesion): string | null {
  const [spot] = lesion.spots
  return lesion.spots.length === 1 && spot ? `in the ${placeName(spot)} of the image` : null
}

export const endoscopyWording: Wording<LesionName, Lesion> = {
  short: { 'of the image': 'of img' },
  facts(lesion) {
    const { name, size, shape, sizeMm, spots } = lesion
    const [spot] = spots
    return {
      count: spots.length,
      ...(name === 'Bleeding' ? {} : { degree: size }),
      ...(name === 'Polyp' ? { kind: shape, mm: sizeMm } : {}),
      ...(spots.length === 1 && spot ? { place: placeName(spot) } : {}),
      extent: sizeMm * spots.length,
    }
  },
  terms,
  phrase(lesion, name, stream) {
    const attributes = new Set(['number'])
    for (const attribute of ['size', 'mm', 'colour', 'shape']) if (stream.chance(0.45)) attributes.add(attribute)
    if (attributes.has('mm')) attributes.delete('size')
    const many = lesion.spots.length > 1 && lesion.name !== 'Bleeding'
    return { noun: nounOf(lesion, name, attributes), place: stream.chance(0.6) ? placeOf(lesion) : null, many }
  },
  plainDenials: { Bleeding: longTail('The mucosa is intact.'), Ulcer: longTail('The mucosa is smooth.') },
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['Normal mucosa.', []],
        ['No polyp or ulcer.', ['Polyp', 'Ulcer']],
      ],
      impression: 'Normal examination.',
    },
    {
      weight: 0.4,
      sentences: [
        ['Regular vascular pattern.', []],
        ['No polyp.', ['Polyp']],
        ['No bleeding.', ['Bleeding']],
      ],
      impression: 'Unremarkable colonoscopy.',
    },
  ],
  normal: longTail('Otherwise normal mucosa.', 'The remaining mucosa is unremarkable.'),
  advice: {
    Polyp: ['Polypectomy is advised.', 'Resection is recommended.'],
    Ulcer: ['Biopsies were taken.'],
    Bleeding: ['Haemostasis is advised.'],
  },
}

/** The sentences of a report. */
export function describeEndoscopy(
  scene: EndoscopyScene,
  manner: Manner,
  changes: Study['changes'] = {},
): Sentence<LesionName>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const why = say(longTail('screening colonoscopy', 'anaemia', 'surveillance', 'change of bowel habit'), stream)
  const who = scene.sex === 'F' ? 'woman' : 'man'
  return [
    sentence<LesionName>(`${scene.age} year old ${who}, ${why}.`, { section: 'indication' }),
    ...speak<LesionName, Lesion>(scene, endoscopyWording, manner, stream, { changes }),
  ]
}

/** A sentence for each lesion with all of its attributes, as prompts of segmentation models are written. */
export function captionEndoscopy(scene: EndoscopyScene, manner: Manner): Sentence<LesionName>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const all = new Set(['number', 'size', 'colour', 'shape'])
  const said = scene.mentions
    .filter(({ polarity }) => polarity === 1)
    .map(({ name, about, finding }) => {
      const lesion = about as Lesion
      const noun = nounOf(lesion, nameOf(terms[name], manner, stream), all)
      const counted = lesion.spots.length === 1 && !terms[name].mass ? `one ${noun}` : noun
      const text = `${counted}${lesion.spots.length === 1 ? `, located ${placeOf(lesion)}` : ''}.`
      return sentence(`${text.charAt(0).toUpperCase()}${text.slice(1)}`, { name, polarity: 1, finding })
    })
  if (said.length === 0 && !isNormal(scene)) return [sentence<LesionName>('A picture of the colon.')]
  return said.length > 0
    ? said
    : [sentence<LesionName>(say(longTail('Healthy mucosa of the colon.', 'Normal colon.'), stream))]
}
