/** @file Dermoscopy in words: concepts, diagnosis, a report or a caption. */

import { random } from '../../core/random.ts'
import {
  capital,
  isPlural,
  longTail,
  type Manner,
  nameOf,
  type Sentence,
  say,
  sentence,
  type Terms,
} from '../grammar.ts'
import { phraseOf, speak, type Wording, wordsOf } from '../statements.ts'
import { type Concept, type ConceptName, type DermoscopyScene, type DiagnosisName, siteOf } from './scene.ts'

export type DermoscopyLabel = ConceptName | DiagnosisName

const mass = true
const conceptTerms: Readonly<Record<ConceptName, Terms>> = {
  'Pigment Network': {
    train: longTail('regular pigment network', 'typical reticular network', 'regular network'),
    heldOut: ['uniform honeycomb lines'],
  },
  'Atypical Network': {
    train: longTail('atypical pigment network', 'irregular network', 'broadened network'),
    heldOut: ['uneven meshes of thick lines'],
  },
  Globules: {
    train: longTail('globules', 'brown globules', 'dots and globules'),
    heldOut: ['round brown clods'],
    mass,
  },
  Streaks: {
    train: longTail('streaks', 'radial streaming', 'pseudopods'),
    heldOut: ['finger-like projections at the edge'],
    mass,
  },
  'Blue-White Veil': {
    train: longTail('blue-white veil', 'blue-whitish veil', 'whitish blue veil'),
    heldOut: ['hazy bluish area', 'ground-glass blue film'],
  },
  Regression: {
    train: longTail('regression', 'regression structures', 'scar-like regression'),
    heldOut: ['white depigmented area with peppering'],
    mass,
  },
  'Arborising Vessels': {
    train: longTail('arborising vessels', 'arborising telangiectasia', 'branching vessels'),
    heldOut: ['tree-like red lines'],
    mass,
  },
  Ulceration: { train: longTail('ulceration', 'erosion', 'ulcerated surface'), heldOut: ['bloody crust'], mass },
  'Blue-Grey Nests': {
    train: longTail('blue-grey ovoid nests', 'ovoid nests', 'blue-grey blotches'),
    heldOut: ['slate-coloured ovals'],
    mass,
  },
  'Milia-like Cysts': {
    train: longTail('milia-like cysts', 'milia cysts', 'keratin cysts'),
    heldOut: ['shiny white pinheads'],
    mass,
  },
  'Comedo-like Openings': {
    train: longTail('comedo-like openings', 'keratin plugs', 'pseudofollicular openings'),
    heldOut: ['dark craters'],
    mass,
  },
  'Central White Patch': {
    train: longTail('central white patch', 'scar-like patch', 'central white area'),
    heldOut: ['pale star in the middle'],
  },
  'Red Lacunae': {
    train: longTail('red lacunae', 'vascular lacunae', 'red lagoons'),
    heldOut: ['crimson lakes'],
    mass,
  },
  'Strawberry Pattern': {
    train: longTail('strawberry pattern', 'red pseudonetwork'),
    heldOut: ['pale follicles on red ground'],
  },
  Asymmetry: {
    train: longTail('asymmetry', 'asymmetric shape', 'asymmetry of outline'),
    heldOut: ['lopsided form'],
    mass,
  },
}
const diagnosisTerms: Readonly<Record<DiagnosisName, Terms>> = {
  Nevus: { train: longTail('melanocytic naevus', 'benign naevus', 'naevus'), heldOut: ['harmless mole'] },
  Melanoma: { train: longTail('melanoma', 'malignant melanoma'), heldOut: ['cancer of pigment cells'] },
  'Basal Cell Carcinoma': { train: longTail('basal cell carcinoma', 'BCC'), heldOut: ['basalioma'] },
  'Seborrhoeic Keratosis': { train: longTail('seborrhoeic keratosis', 'benign keratosis'), heldOut: ['senile wart'] },
  Dermatofibroma: { train: longTail('dermatofibroma', 'fibrous histiocytoma'), heldOut: ['benign fibrous nodule'] },
  'Vascular Lesion': {
    train: longTail('haemangioma', 'vascular lesion', 'angioma'),
    heldOut: ['benign growth of blood vessels'],
  },
  'Actinic Keratosis': { train: longTail('actinic keratosis', 'solar keratosis'), heldOut: ['sun-damage keratosis'] },
}

const spread: ReadonlySet<ConceptName> = new Set([
  'Globules',
  'Streaks',
  'Blue-White Veil',
  'Milia-like Cysts',
  'Regression',
])

export const dermoscopyWording: Wording<ConceptName, Concept> = {
  short: { 'at the border': 'at border' },
  facts: ({ name, extent, spots }) => ({ extent: spots.length, ...(spread.has(name) ? { degree: extent } : {}) }),
  terms: conceptTerms,
  phrase(concept, name, stream) {
    const extent = spread.has(concept.name) && stream.chance(0.5) ? `${concept.extent} ` : ''
    const place = concept.name === 'Streaks' && stream.chance(0.5) ? 'at the border' : null
    return { noun: `${extent}${name}`, place, many: isPlural(name) }
  },
  plainDenials: {
    Asymmetry: longTail('The outline is regular.', 'Regular shape.'),
    'Blue-White Veil': longTail('The pigment has a regular brown colour.'),
  },
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['The outline is regular.', ['Asymmetry']],
        ['No streaks or blue-white veil.', ['Streaks', 'Blue-White Veil']],
      ],
      impression: 'Melanocytic naevus.',
    },
    {
      weight: 0.3,
      sentences: [
        ['Regular shape.', ['Asymmetry']],
        ['No regression or blue-white veil.', ['Regression', 'Blue-White Veil']],
      ],
      impression: 'Benign naevus.',
    },
    { weight: 0.1, sentences: [['Homogeneous pigment.', []]], impression: 'Melanocytic naevus.' },
  ],
  normal: longTail('Homogeneous pigment.', 'Evenly coloured lesion.'),
  advice: {
    'Blue-White Veil': ['Excision is advised.'],
    Ulceration: ['Biopsy is advised.'],
  },
}

/** The usual name of a diagnosis. */
export function nameOfDiagnosis(diagnosis: DiagnosisName): string {
  return diagnosisTerms[diagnosis].train[0]?.[0] as string
}

function conclusionOf(
  scene: DermoscopyScene,
  manner: Manner,
  stream: ReturnType<typeof random>,
): Sentence<DermoscopyLabel> {
  const text = `${capital(nameOf(diagnosisTerms[scene.diagnosis], manner, stream))}.`
  return sentence(text, { section: 'impression', name: scene.diagnosis, polarity: 1 })
}

/** The sentences of a report. */
export function describeDermoscopy(scene: DermoscopyScene, manner: Manner): Sentence<DermoscopyLabel>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const who = scene.sex === 'F' ? 'woman' : 'man'
  const why = say(longTail('changing mole', 'new lesion', 'skin check', 'pigmented lesion'), stream)
  const conclusion = conclusionOf(scene, manner, stream)
  const body: Sentence<DermoscopyLabel>[] = speak<ConceptName, Concept>(scene, dermoscopyWording, manner, stream, {
    conclusion: conclusion as Sentence<ConceptName>,
  })
  const size =
    !scene.boilerplate && stream.chance(0.5)
      ? [sentence<DermoscopyLabel>(`The lesion measures ${scene.diameterMm} mm.`)]
      : []
  return [
    sentence(`${scene.age} year old ${who}, ${why} on the ${siteOf(scene)}.`, { section: 'indication' }),
    ...size,
    ...body,
  ]
}

/** One caption, as in books and articles. */
export function captionDermoscopy(scene: DermoscopyScene, manner: Manner): Sentence<DermoscopyLabel>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const positives = scene.mentions.filter(({ polarity }) => polarity === 1)
  const nouns = positives.map(({ about }) => phraseOf(dermoscopyWording, about as Concept, manner, stream).noun)
  const diagnosis = nameOf(diagnosisTerms[scene.diagnosis], manner, stream)
  const head = stream.pick(['Dermoscopic image of', 'Dermoscopy of', 'Skin lesion:'])
  const text = `${head} ${diagnosis}${nouns.length > 0 ? ` with ${nouns.join(', ')}` : ''}.`
  return [
    sentence(text, { name: scene.diagnosis, polarity: 1 }),
    ...positives.map(({ name, finding }) => sentence<DermoscopyLabel>(text, { name, polarity: 1, finding })),
  ]
}

/** Every name by label. */
export const dermoscopyWords = wordsOf<DermoscopyLabel>({ ...conceptTerms, ...diagnosisTerms })
