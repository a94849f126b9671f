/** @file Histology in words: tissues, grade, mitoses; a caption of a tile, or a short report. */

import { random } from '../../core/random.ts'
import { isPlural, longTail, type Manner, nameOf, type Sentence, sentence, type Terms } from '../grammar.ts'
import { phraseOf, speak, type Wording, wordsOf } from '../statements.ts'
import type { TileFinding, TileFindingName, TileScene } from './scene.ts'
import type { GradeName } from './tile.ts'

export type HistologyLabel = TileFindingName | GradeName

const mass = true
export const histologyTerms: Readonly<Record<TileFindingName, Terms>> = {
  Tumour: {
    train: longTail('adenocarcinoma', 'tumour epithelium', 'invasive carcinoma', 'tumour tissue'),
    heldOut: ['malignant glandular neoplasm'],
    mass,
  },
  Stroma: {
    train: longTail('fibrous stroma', 'stroma', 'collagenous stroma'),
    heldOut: ['pink wavy connective tissue'],
    mass,
  },
  Lymphocytes: {
    train: longTail('lymphocytes', 'lymphocytic infiltrate', 'lymphoid aggregates'),
    heldOut: ['crowds of small dark round cells'],
    mass,
  },
  Necrosis: {
    train: longTail('necrosis', 'tumour necrosis', 'necrotic debris'),
    heldOut: ['dead tissue with nuclear dust'],
    mass,
  },
  'Normal Glands': {
    train: longTail('normal glands', 'benign glands', 'regular crypts'),
    heldOut: ['round evenly lined tubules'],
    mass,
  },
  Adipose: {
    train: longTail('adipose tissue', 'fat tissue', 'mature fat'),
    heldOut: ['clear empty-looking cells with thin walls'],
    mass,
  },
  Mitoses: { train: longTail('mitoses', 'mitotic figures', 'mitotic activity'), heldOut: ['dividing cells'], mass },
}
export const gradeTerms: Readonly<Record<GradeName, Terms>> = {
  'Well Differentiated': { train: longTail('well differentiated', 'low-grade'), heldOut: ['gland-forming throughout'] },
  'Moderately Differentiated': {
    train: longTail('moderately differentiated', 'intermediate-grade'),
    heldOut: ['partly sieve-like'],
  },
  'Poorly Differentiated': {
    train: longTail('poorly differentiated', 'high-grade'),
    heldOut: ['growing in solid sheets'],
  },
}

/** How much of the tile it is. */
const shareOf = (amount: number): string => (amount > 0.6 ? 'extensive' : amount < 0.2 ? 'focal' : 'moderate')

export const histologyWording: Wording<TileFindingName, TileFinding> = {
  terms: histologyTerms,
  short: { differentiated: 'diff.' },
  facts: ({ name, amount }) =>
    name === 'Mitoses' ? { count: amount, extent: amount } : { degree: shareOf(amount), extent: amount },
  phrase: ({ name, amount }, noun, stream) => {
    const share =
      name === 'Mitoses'
        ? ''
        : amount > 0.6 && stream.chance(0.3)
          ? 'extensive '
          : amount < 0.2 && stream.chance(0.4)
            ? 'focal '
            : ''
    return { noun: `${share}${noun}`, many: isPlural(noun) }
  },
  boilerplates: [
    { weight: 0.7, sentences: [['No malignancy.', ['Tumour']]], impression: 'Benign tissue.' },
    { weight: 0.3, sentences: [['No tumour or necrosis.', ['Tumour', 'Necrosis']]], impression: 'Benign tissue.' },
  ],
  normal: longTail('Nothing further of note.', 'Otherwise unremarkable.'),
}

/** The grade as a sentence about its label, only said where tumour is named. */
function gradeOf(
  scene: TileScene,
  manner: Manner,
  stream: ReturnType<typeof random>,
): { words: string; about: { name: GradeName; polarity: 1 } } | undefined {
  const tumour = scene.mentions.find(({ name, polarity }) => name === 'Tumour' && polarity === 1)
  if (!tumour || tumour.finding === null) return undefined
  return { words: nameOf(gradeTerms[scene.grade], manner, stream), about: { name: scene.grade, polarity: 1 } }
}

/** One caption of a tile. */
export function captionTile(scene: TileScene, manner: Manner): Sentence<HistologyLabel>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const grade = gradeOf(scene, manner, stream)
  const said = scene.mentions.filter(({ polarity }) => polarity === 1)
  const nouns = said.map(({ name, about }) => {
    const { noun } = phraseOf(histologyWording, about as TileFinding, manner, stream)
    return name === 'Tumour' && grade ? `${grade.words} ${noun}` : noun
  })
  const head = stream.pick(['An H&E tile of', 'Histology of', 'H&E stained section with', 'A microscopy image of'])
  const text =
    nouns.length === 0
      ? 'An H&E tile.'
      : `${head} ${nouns.length > 1 ? `${nouns.slice(0, -1).join(', ')} and ${nouns.at(-1)}` : nouns[0]}.`
  if (said.length === 0) return [sentence(text)]
  return [
    ...said.map(({ name, finding }) => sentence<HistologyLabel>(text, { name, polarity: 1, finding })),
    ...(grade ? [sentence<HistologyLabel>(text, grade.about)] : []),
  ]
}

/** The sentences of a short report. */
export function describeTile(scene: TileScene, manner: Manner): Sentence<HistologyLabel>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const body: Sentence<HistologyLabel>[] = speak<TileFindingName, TileFinding>(scene, histologyWording, manner, stream)
  const grade = gradeOf(scene, manner, stream)
  const verdict = grade
    ? [sentence<HistologyLabel>(`The growth is ${grade.words}.`, { ...grade.about, section: 'impression' })]
    : []
  return [
    sentence<HistologyLabel>(`${scene.age} year old ${scene.sex === 'F' ? 'woman' : 'man'}, biopsy.`, {
      section: 'indication',
    }),
    ...body,
    ...verdict,
  ]
}

/** Every name by label. */
export const histologyWords = wordsOf<HistologyLabel>({ ...histologyTerms, ...gradeTerms })
