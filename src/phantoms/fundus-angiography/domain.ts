/** @file Fluorescein angiography as a domain: an examination of two eyes in many frames, with one report. */

import { random } from '../../core/random.ts'
import type { Study, StudyInput } from '../../data/study.ts'
import { wordsIn } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanGrain, meanOf } from '../effects.ts'
import { encodePng, quantise } from '../encode.ts'
import { poseOf } from '../fundus/shapes.ts'
import { mapPoints } from '../geometry.ts'
import { isPlural, longTail, type Manner, type Sentence, say, sentence, type Terms, truthOf } from '../grammar.ts'
import { isNormal } from '../mentions.ts'
import { boxOf, maskOf, type OwnedBox } from '../outline.ts'
import { particularsOf } from '../particulars.ts'
import { kebab, presence, recordOf, studyId } from '../person.ts'
import { phraseOf, speak, storyOf, type Wording, wordsOf } from '../statements.ts'
import { findingOutlines, frameRenderer } from './render.ts'
import {
  type AngiographyFinding,
  type AngiographyName,
  type AngiographyScene,
  angiographyDials,
  angiographyNames,
  type Eye,
  phaseOf,
  sampleAngiography,
  visibleAt,
} from './scene.ts'

const mass = true
const terms: Readonly<Record<AngiographyName, Terms>> = {
  Microaneurysms: {
    train: longTail('microaneurysms', 'hyperfluorescent dots', 'punctate hyperfluorescence'),
    heldOut: ['tiny bright points'],
    mass,
  },
  Haemorrhages: {
    train: longTail('blocked fluorescence by haemorrhages', 'retinal haemorrhages', 'blocking haemorrhages'),
    heldOut: ['dark blots that hide the dye'],
    mass,
  },
  'New Vessels': {
    train: longTail('leaking new vessels', 'neovascularisation', 'leakage from new vessels'),
    heldOut: ['fronds that spill dye'],
    mass,
  },
  Nonperfusion: {
    train: longTail('capillary nonperfusion', 'capillary dropout', 'ischaemic areas'),
    heldOut: ['unfilled dark regions'],
    mass,
  },
  'Macular Oedema': {
    train: longTail('macular oedema', 'petaloid leakage', 'late pooling at the macula'),
    heldOut: ['flower-shaped late brightness'],
    mass,
  },
  Drusen: {
    train: longTail('staining drusen', 'drusen', 'late staining of drusen'),
    heldOut: ['soft spots that brighten late'],
    mass,
  },
  'Laser Scars': {
    train: longTail('laser scars', 'photocoagulation scars'),
    heldOut: ['round burns with bright rims'],
    mass,
  },
}

const wording: Wording<AngiographyName, AngiographyFinding> = {
  terms,
  short: { 'in both eyes': 'OU', 'in the right eye': 'OD', 'in the left eye': 'OS' },
  facts: ({ eyes, spots }) => ({
    side: eyes.length === 2 ? 'bilateral' : (eyes[0] as Eye),
    extent: Object.values(spots).reduce((sum, all) => sum + all.length, 0),
  }),
  phrase: ({ eyes }, name) => ({
    noun: name,
    place: eyes.length === 2 ? 'in both eyes' : `in the ${eyes[0]} eye`,
    many: isPlural(name),
  }),
  boilerplates: [
    {
      weight: 0.7,
      sentences: [
        ['Normal filling of choroid and retina in both eyes.', []],
        ['No leakage from new vessels or macular oedema.', ['New Vessels', 'Macular Oedema']],
      ],
      impression: 'Normal angiogram of both eyes.',
    },
    {
      weight: 0.3,
      sentences: [['Normal transit and no late leakage.', ['New Vessels', 'Macular Oedema']]],
      impression: 'Normal angiogram.',
    },
  ],
  normal: longTail('Filling times are within normal limits.', 'No other abnormality.'),
  advice: {
    'New Vessels': ['Laser treatment is advised.'],
    'Macular Oedema': ['Treatment of the macula should be considered.'],
  },
}

function describe(scene: AngiographyScene, manner: Manner, changes: Study['changes']): Sentence<AngiographyName>[] {
  const { transit } = scene
  const stream = random(transit.seed, 'dye report', transit.index)
  const who = `${transit.age} year old ${transit.sex === 'F' ? 'woman' : 'man'}`
  const why = say(longTail('diabetes', 'blurred vision', 'evaluation before laser'), stream)
  return [
    sentence<AngiographyName>(`${who}, ${why}.`, { section: 'indication' }),
    ...speak<AngiographyName, AngiographyFinding>(scene, wording, manner, stream, { changes }),
  ]
}

/** One line about the examination. */
function caption(scene: AngiographyScene, manner: Manner): Sentence<AngiographyName>[] {
  const { transit } = scene
  const stream = random(transit.seed, 'dye caption', transit.index)
  const said = scene.mentions.filter(({ polarity }) => polarity === 1)
  const nouns = said.map(({ about }) => {
    const { noun, place } = phraseOf(wording, about as AngiographyFinding, manner, stream)
    return `${noun} ${place}`
  })
  const head = stream.pick(['Fluorescein angiography', 'Fluorescein angiogram of both eyes'])
  const text =
    nouns.length > 0
      ? `${head} with ${nouns.join(', ')}.`
      : isNormal(scene)
        ? `Normal ${head.toLowerCase()}.`
        : `${head}.`
  return said.length === 0
    ? [sentence(text)]
    : said.map(({ name, finding }) => sentence(text, { name, polarity: 1, finding }))
}

export const fundusAngiography = phantomDomain({
  id: 'fundus-angiography',
  name: 'Fluorescein angiography',
  findings: angiographyNames,
  smallFindings: ['Microaneurysms', 'Haemorrhages', 'Drusen', 'Macular Oedema'],
  dials: angiographyDials,
  voices: ['report', 'caption'],
  words: wordsOf<AngiographyName>(terms),
  size: { least: 48, most: 512, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleAngiography(options.seed, index, dials, split)
    const { transit, frames, delay } = scene
    const id = studyId(index)
    const path = (k: number): string => `frames/${id}-${String(k).padStart(3, '0')}.png`
    // The picture of the study is the first late frame of the eye that was followed.
    const key = frames.findIndex(({ eye, seconds }) => eye === transit.eye && phaseOf(seconds, delay) === 'late')
    const pose = poseOf(transit, size)
    const boxes: OwnedBox[] = []
    const masks: { label: string; path: string; pixels: Uint8Array }[] = []
    scene.findings.forEach((finding, i) => {
      if (!finding.eyes.includes(transit.eye)) return
      const outlines = findingOutlines(transit, finding).map((points) => mapPoints(points, pose))
      if (options.masks)
        masks.push({
          label: finding.name,
          path: `masks/${id}-${kebab(finding.name)}.png`,
          pixels: maskOf(outlines, size),
        })
      for (const outline of finding.name === 'Macular Oedema' || finding.name === 'New Vessels'
        ? [outlines]
        : outlines.map((points) => [points])) {
        const box = boxOf(outline, size)
        if (box) boxes.push({ finding: i, box: { image: 0, label: finding.name, box } })
      }
    })
    const story = storyOf<AngiographyName, AngiographyFinding>(
      { visit: transit.visit, index, findings: scene.findings },
      wording,
      (before) => sampleAngiography(options.seed, before, dials, split).findings,
    )
    const sentences = options.voice === 'caption' ? caption(scene, options) : describe(scene, options, story.changes)
    const { attributes, ...particulars } = particularsOf({
      ...story,
      examination: 'angiogram',
      names: angiographyNames,
      words: wordsOf<AngiographyName>(terms),
      sentences,
      stream: random(options.seed, 'dye questions', index),
      questions: [{ question: 'Which eye was followed?', answer: transit.eye, kind: 'open', type: 'view' }],
    })
    const study = recordOf(transit, {
      ...particulars,
      domain: 'fundus-angiography',
      images: [{ path: path(key), view: transit.eye, modality: 'OP' }],
      ...wordsIn(options.voice, sentences),
      boxes: boxes.map(({ box }) => box),
      masks: masks.map(({ label, path: file }) => ({ image: 0, label, path: file })),
      frames: frames.map(({ eye, seconds }, k): NonNullable<StudyInput['frames']>[number] => ({
        path: path(k),
        seconds,
        caption: `${eye === 'right' ? 'Right' : 'Left'} eye, ${phaseOf(seconds, delay)} phase.`,
        labels: presence(
          angiographyNames,
          scene.findings
            .filter(({ name, eyes }) => eyes.includes(eye) && visibleAt(name, seconds, delay))
            .map(({ name }) => name),
        ),
      })),
      attributes: { ...attributes, grade: transit.grade, transitEye: transit.eye, cue: scene.window },
      truth: {
        labels: presence(
          angiographyNames,
          scene.findings.map(({ name }) => name),
        ),
        sentences: truthOf(
          sentences,
          boxes.map(({ finding }) => finding ?? -1),
        ),
      },
    })
    if (options.pictures === false) return { study, files: [] }
    const draw = frameRenderer(scene, size, { contrast: dials.contrast, noise: dials.noise })
    const encode = async (frame: (typeof frames)[number], k: number) => ({
      path: path(k),
      bytes: await encodePng(quantise(draw(frame), options.bits), size, size),
    })
    const files = await Promise.all(frames.map(encode))
    for (const { path: file, pixels } of masks) files.push({ path: file, bytes: await encodePng(pixels, size, size) })
    return { study, files, preview: () => Promise.resolve(files[key]?.bytes as Buffer) }
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    noise: { values: [0, 1, 4], what: 'mean difference of neighbouring pixels', measure: meanGrain },
    ...findingEffects(angiographyNames),
    ...shortcutEffects('Macular Oedema', 'Drusen'),
    prevalence: {
      values: [0.3, 1, 4],
      what: 'true labels a study',
      measure: meanOf(({ truth }) => Object.values(truth?.labels ?? {}).filter((label) => label === 1).length),
      dials: { normals: 0 },
      studies: 100,
    },
    frames: {
      values: [10, 14, 20],
      what: 'frames an examination',
      measure: meanOf((study) => study.frames.length),
      studies: 4,
    },
    oneEyed: {
      values: [1, 0.5, 0],
      what: 'share of findings that are said of both eyes',
      measure: meanOf(({ report }) => (/both eyes/.test(report?.findings ?? '') ? 1 : 0)),
      dials: { normals: 0, uncertaintyRate: 0 },
    },
  },
  card: {
    scene:
      'A fluorescein angiography of two eyes: the dye fills choroid, arteries and veins within seconds, leaks from new vessels and pools in the macula within minutes; the retina is that of the fundus phantom.',
    hard: [
      'a finding shows in some frames only: leakage is a matter of time',
      'the two eyes may disagree, and the report speaks of both',
      'one report for ten frames and more',
    ],
    truth: [
      'eye, phase, seconds and visible findings of every frame',
      'boxes and masks of the eye that was followed',
      'sentences naming eyes',
    ],
    systems: ['FFA multi-view', 'FLAIR'],
  },
})
