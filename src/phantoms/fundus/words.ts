/** @file The fundus in words: names of lesions, places, grades; a report, or one caption. */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { isPlural, longTail, type Manner, nameOf, type Sentence, say, sentence, type Terms } from '../grammar.ts'
import { isNormal } from '../mentions.ts'
import { phraseOf, speak, type Wording, wordsOf } from '../statements.ts'
import { type FundusScene, type GradeName, gradeNames, type Lesion, type LesionName } from './scene.ts'

/** What sentences can be about. */
export type FundusLabel = LesionName | GradeName | 'Retinopathy'

const mass = true
/** The names of each lesion; the held-out ones describe what is seen. Lesions of many spots are named in the plural. */
export const lesionTerms: Readonly<Record<LesionName, Terms>> = {
  Microaneurysms: {
    train: longTail('microaneurysms', 'retinal microaneurysms'),
    heldOut: ['tiny red dots', 'pinpoint capillary bulges'],
    mass,
  },
  Haemorrhages: {
    train: longTail('retinal haemorrhages', 'intraretinal haemorrhages', 'blot haemorrhages'),
    heldOut: ['dark red blotches', 'intraretinal bleeding'],
    mass,
  },
  'Hard Exudates': {
    train: longTail('hard exudates', 'exudates', 'lipid exudates'),
    heldOut: ['yellow waxy deposits', 'glistening lipid flecks'],
    mass,
  },
  'Cotton Wool Spots': {
    train: longTail('cotton wool spots', 'soft exudate patches'),
    heldOut: ['fluffy white patches', 'nerve fibre infarcts'],
    mass,
  },
  'New Vessels': {
    train: longTail('neovascularisation', 'new vessels', 'new vessel formation'),
    heldOut: ['lacy abnormal vessel network', 'fine vascular fronds'],
    mass,
  },
  'Preretinal Haemorrhage': {
    train: longTail('preretinal haemorrhage', 'subhyaloid haemorrhage'),
    heldOut: ['boat-shaped blood level', 'blood in front of the retina'],
    mass,
  },
  'Laser Scars': {
    train: longTail('laser scars', 'photocoagulation scars', 'laser burns'),
    heldOut: ['pale round treated spots', 'panretinal treatment marks'],
    mass,
  },
  Drusen: {
    train: longTail('drusen', 'macular drusen', 'drusenoid deposits'),
    heldOut: ['soft pale yellow dots', 'deposits beneath the pigment epithelium'],
    mass,
  },
  'Glaucomatous Cupping': {
    train: longTail('glaucomatous cupping', 'enlarged cup', 'large optic cup'),
    heldOut: ['hollowed optic nerve head', 'thinned neuroretinal rim'],
    mass,
  },
  'Peripapillary Atrophy': {
    train: longTail('peripapillary atrophy', 'myopic crescent', 'temporal crescent'),
    heldOut: ['pale ring beside the nerve head', 'bare sclera beside the nerve head'],
    mass,
  },
  'Macular Hole': {
    train: longTail('macular hole', 'full-thickness hole'),
    heldOut: ['round red foveal defect', 'punched-out fovea'],
  },
  'Bone Spicules': {
    train: longTail('bone spicule pigmentation', 'bone spicules', 'pigmentary retinopathy'),
    heldOut: ['black star-shaped pigment', 'peripheral pigment clumps with thin vessels'],
    mass,
  },
  'Media Opacity': {
    train: longTail('media opacity', 'cataract haze', 'hazy media'),
    heldOut: ['veiled blurred view', 'clouding of the lens'],
    mass,
  },
}

const retinopathy: Terms = { train: longTail('diabetic retinopathy'), heldOut: ['diabetic eye disease'], mass }
/** The names of the grades; the held-out ones describe them. */
export const gradeTerms: Readonly<Record<GradeName, Terms>> = {
  'Mild Retinopathy': {
    train: longTail('mild non-proliferative diabetic retinopathy', 'mild NPDR', 'background diabetic retinopathy'),
    heldOut: ['diabetic retinopathy grade 1'],
    mass,
  },
  'Moderate Retinopathy': {
    train: longTail('moderate non-proliferative diabetic retinopathy', 'moderate NPDR'),
    heldOut: ['diabetic retinopathy grade 2'],
    mass,
  },
  'Severe Retinopathy': {
    train: longTail(
      'severe non-proliferative diabetic retinopathy',
      'severe NPDR',
      'pre-proliferative diabetic retinopathy',
    ),
    heldOut: ['diabetic retinopathy grade 3'],
    mass,
  },
  'Proliferative Retinopathy': {
    train: longTail('proliferative diabetic retinopathy', 'PDR'),
    heldOut: ['diabetic retinopathy grade 4'],
    mass,
  },
}

const diffuse: ReadonlySet<LesionName> = new Set(['Laser Scars', 'Bone Spicules', 'Drusen'])
const counted: ReadonlySet<LesionName> = new Set(['Microaneurysms', 'Haemorrhages', 'Cotton Wool Spots'])

const amountWords = { few: ['few', 'a few'], several: ['several', 'scattered'], many: ['numerous', 'many'] } as const
const opacity = { few: 'mild', several: 'moderate', many: 'dense' } as const

/** What readers shorten. */
const short = { superotemporal: 'ST', inferotemporal: 'IT', superonasal: 'SN', inferonasal: 'IN' }

export const fundusWording: Wording<LesionName, Lesion> = {
  short,
  facts({ name, amount, place, groups }) {
    const spots = groups.flat().length
    return {
      extent: spots,
      ...(counted.has(name) ? { degree: amountWords[amount][0] } : {}),
      ...(name === 'Media Opacity' ? { degree: opacity[amount] } : {}),
      ...(place === null ? {} : { place: place === 'macula' || place === 'disc' ? place : `${place} quadrant` }),
    }
  },
  terms: lesionTerms,
  phrase(lesion, name, stream) {
    const many = isPlural(name)
    const amount = counted.has(lesion.name) && many && stream.chance(0.7) ? amountWord(lesion, stream) : ''
    const degree = lesion.name === 'Media Opacity' && stream.chance(0.6) ? `${opacity[lesion.amount]} ` : ''
    return { noun: `${amount}${degree}${name}`, place: placeOf(lesion, stream), many }
  },
  plainDenials: {
    'Glaucomatous Cupping': longTail('The optic disc is healthy.', 'Normal cup to disc ratio.'),
    'Media Opacity': longTail('The media are clear.', 'Clear view of the fundus.'),
    Drusen: longTail('The macula is free of deposits.'),
  },
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['The optic disc is healthy.', ['Glaucomatous Cupping']],
        ['The macula and vessels are normal.', []],
        ['No haemorrhages or exudates.', ['Haemorrhages', 'Hard Exudates']],
      ],
      impression: 'No diabetic retinopathy.',
    },
    {
      weight: 0.3,
      sentences: [
        ['The macula and vessels are normal.', []],
        ['No microaneurysms or haemorrhages.', ['Microaneurysms', 'Haemorrhages']],
        ['The media are clear.', ['Media Opacity']],
      ],
      impression: 'No diabetic retinopathy.',
    },
    { weight: 0.1, sentences: [['Normal fundus.', []]], impression: 'No diabetic retinopathy.' },
  ],
  normal: longTail('The fundus is otherwise unremarkable.', 'No other abnormality is described.'),
  advice: {
    'New Vessels': ['Urgent referral for laser treatment.', 'Referral to the retina clinic.'],
    'Preretinal Haemorrhage': ['Urgent referral to the retina clinic.'],
    'Glaucomatous Cupping': ['Measurement of eye pressure is advised.'],
    'Macular Hole': ['Optical coherence tomography is advised.'],
    'Media Opacity': ['Assessment by slit lamp is advised.'],
  },
}

function amountWord(lesion: Lesion, stream: Random): string {
  return `${stream.weighted(longTail(...amountWords[lesion.amount]))} `
}

function placeOf(lesion: Lesion, stream: Random): string | null {
  if (lesion.name === 'Media Opacity' || lesion.name === 'Glaucomatous Cupping' || lesion.name === 'Macular Hole')
    return null
  if (lesion.name === 'Peripapillary Atrophy' || lesion.name === 'Drusen') return null
  if (diffuse.has(lesion.name)) return stream.chance(0.5) ? 'in the periphery' : null
  if (lesion.place === 'macula') return stream.pick(['at the macula', 'around the macula'])
  if (lesion.place === 'disc') return stream.pick(['at the disc', 'of the optic disc'])
  if (lesion.place !== null) return stream.pick([`in the ${lesion.place} quadrant`, `in the ${lesion.place} retina`])
  return lesion.name === 'Haemorrhages' && lesion.amount === 'many' ? 'in all four quadrants' : null
}

/** The grade as the first sentence of the impression: said of 'Retinopathy' and of its grade. */
function conclusionOf(scene: FundusScene, manner: Manner, stream: Random): Sentence<FundusLabel>[] {
  if (scene.grade === 0) {
    const about = { section: 'impression', name: 'Retinopathy', polarity: 0 } as const
    return [sentence(`No ${nameOf(retinopathy, manner, stream)}.`, about)]
  }
  const name = gradeNames[scene.grade - 1] as GradeName
  const words = nameOf(gradeTerms[name], manner, stream)
  const text = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
  return [
    sentence(text, { section: 'impression', name, polarity: 1 }),
    sentence(text, { section: 'impression', name: 'Retinopathy', polarity: 1 }),
  ]
}

/** The sentences of a report. */
export function describeFundus(
  scene: FundusScene,
  manner: Manner,
  changes: Study['changes'] = {},
): Sentence<FundusLabel>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const who = scene.sex === 'F' ? stream.pick(['woman', 'female']) : stream.pick(['man', 'male'])
  const reason = scene.diabetic
    ? say(longTail('diabetes', 'diabetic eye screening', 'type 2 diabetes'), stream)
    : say(longTail('routine eye examination', 'blurred vision', 'diabetic eye screening'), stream)
  const [first, ...others] = conclusionOf(scene, manner, stream)
  const body: Sentence<FundusLabel>[] = speak<LesionName, Lesion>(scene, fundusWording, manner, stream, {
    conclusion: first as Sentence<LesionName>,
    changes,
  })
  const opening = stream.pick([
    `${scene.eye === 'right' ? 'Right' : 'Left'} eye.`,
    `Colour photograph of the ${scene.eye} eye.`,
  ])
  const conclusion = body.findIndex((s) => s.section === 'impression')
  return [
    sentence(`${scene.age} year old ${who}, ${reason}.`, { section: 'indication' }),
    sentence(scene.boilerplate ? `${scene.eye === 'right' ? 'Right' : 'Left'} eye.` : opening),
    ...body.slice(0, conclusion + 1),
    ...others,
    ...body.slice(conclusion + 1),
  ]
}

/** One line, as prompts of fundus models are written. */
export function captionFundus(scene: FundusScene, manner: Manner): Sentence<FundusLabel>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const positives = scene.mentions.filter(({ polarity }) => polarity === 1)
  const conclusion = conclusionOf(scene, manner, stream)
  const grade = (conclusion[0] as Sentence).text.replace(/\.$/, '')
  const nouns = positives
    .map(({ about }) => phraseOf(fundusWording, about as Lesion, manner, stream))
    .map(({ noun, place }) => (place ? `${noun} ${place}` : noun))
  const head = stream.pick([
    'A fundus photograph of',
    'A colour fundus photograph showing',
    'A retinal photograph with',
  ])
  const what =
    scene.grade > 0
      ? [/^[A-Z]{2}/.test(grade) ? grade : grade.charAt(0).toLowerCase() + grade.slice(1), ...nouns]
      : nouns
  const text =
    what.length === 0
      ? isNormal(scene)
        ? 'A fundus photograph of a healthy eye.'
        : 'A fundus photograph.'
      : `${head} ${what.join(', ')}.`
  const about = scene.grade > 0 ? conclusion.map((s) => ({ ...s, text, section: 'findings' as const })) : []
  const lesions = positives.map(({ name, finding }) => sentence<FundusLabel>(text, { name, polarity: 1, finding }))
  return about.length + lesions.length === 0 ? [sentence(text)] : [...about, ...lesions]
}

/** Every name by label. */
export const fundusWords = wordsOf<FundusLabel>({ ...lesionTerms, ...gradeTerms, Retinopathy: retinopathy })
