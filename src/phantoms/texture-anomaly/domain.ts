/** @file Damaged surfaces and objects as a domain: auxiliary data for learning what an anomaly is, without medicine. */

import { random } from '../../core/random.ts'
import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects, togetherEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { shareOf } from '../effects.ts'
import { longTail, type Manner, type Sentence, say, sentence, type Terms, withArticle } from '../grammar.ts'
import { isNormal } from '../mentions.ts'
import { boxOf, maskOf, type OwnedBox, toPixels } from '../outline.ts'
import { presence } from '../person.ts'
import { phraseOf, speak, storyOf, type Wording, wordsOf } from '../statements.ts'
import { defectOutlines, renderTexture } from './render.ts'
import {
  type Defect,
  type DefectName,
  defectNames,
  sampleTexture,
  surfaceNames,
  type TextureScene,
  textureDials,
} from './scene.ts'

const terms: Readonly<Record<DefectName, Terms>> = {
  Scratch: { train: longTail('scratch', 'surface scratch', 'scratch mark'), heldOut: ['thin pale scrape'] },
  Stain: { train: longTail('stain', 'coloured stain', 'discoloured spot'), heldOut: ['soaked patch of dye'] },
  Hole: { train: longTail('hole', 'puncture', 'black hole'), heldOut: ['missing piece'] },
  Crack: { train: longTail('crack', 'fine crack', 'fissure'), heldOut: ['jagged dark break'] },
  'Foreign Fibre': { train: longTail('foreign fibre', 'loose thread', 'coloured thread'), heldOut: ['stray string'] },
  Dent: { train: longTail('dent', 'dented area', 'pressed-in area'), heldOut: ['shallow hollow'] },
}
const wording: Wording<DefectName, Defect> = {
  terms,
  facts: ({ size, spots }) => ({ degree: size, count: spots.length, extent: spots.length }),
  phrase: ({ size, spots }, name, stream) => ({
    noun: `${stream.chance(0.5) ? `${size} ` : ''}${name}`,
    place: spots.length > 1 ? 'in two places' : null,
  }),
  boilerplates: [
    { weight: 0.6, sentences: [['The surface is intact.', ['Hole', 'Crack']]], impression: 'Passed inspection.' },
    { weight: 0.4, sentences: [['No damage.', [...defectNames]]], impression: 'Passed inspection.' },
  ],
  normal: longTail('Nothing else is noted.', 'No further remark.'),
}

/** Classes that take no article. */
const uncounted = /^(?:wood|leather|granite|paper|brushed metal)$/

function describe(scene: TextureScene, manner: Manner): Sentence<DefectName>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const item = `Inspection of ${withArticle(scene.className, uncounted.test(scene.className))}.`
  return [
    sentence<DefectName>(item, { section: 'indication' }),
    ...speak<DefectName, Defect>(scene, wording, manner, stream),
  ]
}

function caption(scene: TextureScene, manner: Manner): Sentence<DefectName>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const said = scene.mentions.filter(({ polarity }) => polarity === 1)
  const named = (state: string): string => withArticle(`${state} ${scene.className}`, uncounted.test(scene.className))
  if (said.length === 0 && !isNormal(scene)) {
    return [sentence(`A photo of ${withArticle(scene.className, uncounted.test(scene.className))}.`)]
  }
  if (said.length === 0) {
    const state = say(longTail('normal', 'undamaged', 'flawless'), stream)
    return [sentence(`A photo of ${named(state)}.`)]
  }
  const nouns = said.map(({ about }) => phraseOf(wording, about as Defect, manner, stream).noun)
  const text = `A photo of ${named('damaged')} with ${nouns.join(' and ')}.`
  return said.map(({ name, finding }) => sentence(text, { name, polarity: 1, finding }))
}

export const textureAnomaly = phantomDomain({
  id: 'texture-anomaly',
  name: 'Texture anomaly',
  findings: defectNames,
  smallFindings: ['Scratch', 'Crack', 'Foreign Fibre', 'Hole'],
  dials: textureDials,
  voices: ['report', 'caption'],
  words: wordsOf<DefectName>(terms),
  size: { least: 48, most: 1024, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleTexture(options.seed, index, dials, split)
    const boxes: OwnedBox[] = []
    const outlines = scene.findings.map((defect, finding) =>
      defect.spots.flatMap((spot) => {
        const polygons = defectOutlines(defect, spot).map((points) => toPixels(points, size))
        const box = boxOf(polygons, size)
        if (box) boxes.push({ finding, box: { image: 0, label: defect.name, box } })
        return polygons
      }),
    )
    const abnormal = scene.findings.length > 0
    return assemble(
      {
        domain: 'texture-anomaly',
        person: scene,
        picture: () => renderTexture(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences: (options.voice === 'caption' ? caption : describe)(scene, options),
        boxes,
        masks: [
          ['Anomaly', maskOf(outlines.flat(), size)],
          ...scene.findings.map(({ name }, i) => [name, maskOf(outlines[i] ?? [], size)] as const),
        ],
        image: { modality: 'XC' },
        attributes: { class: scene.className, abnormal, cue: scene.camera.label },
        particulars: {
          // Every study is another piece: nothing to compare.
          ...storyOf<DefectName, Defect>(scene, wording),
          examination: 'piece',
          names: defectNames,
          words: wordsOf<DefectName>(terms),
          questions: [{ question: 'What is shown?', answer: scene.className, kind: 'open', type: 'class' }],
        },
        truth: {
          ...presence(
            defectNames,
            scene.findings.map(({ name }) => name),
          ),
          Anomaly: abnormal ? 1 : 0,
        },
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    ...findingEffects(defectNames),
    // Classes differ more than the light on them: one class shows what the dial does.
    nuisance: pictureEffects({ classes: 'striped cloth' }).nuisance,
    ...togetherEffect('Hole', 'Crack'),
    ...shortcutEffects('Scratch', 'Stain'),
    classes: {
      values: ['objects', 'all', 'surfaces'],
      what: 'share of surfaces among the classes',
      measure: shareOf(({ attributes }) => surfaceNames.some((name) => name === attributes.class)),
    },
  },
  card: {
    scene:
      'Sixteen classes of surfaces and objects (cloth, basket, wood, leather, gears, pills ...), intact or with scratches, stains, holes, cracks, fibres, dents.',
    hard: [
      'what is normal differs from class to class',
      'damage of a pixel or two on busy textures',
      'the same damage on classes never seen',
    ],
    truth: ['normal or abnormal, kinds of damage', 'a mask of all damage and of each kind; boxes', 'the class'],
    systems: ['AnomalyCLIP'],
  },
})
