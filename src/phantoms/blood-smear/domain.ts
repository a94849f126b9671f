/** @file Blood smears as a domain, with the words for them. */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects, togetherEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { longTail, type Manner, plural, type Sentence, say, sentence, type Terms } from '../grammar.ts'
import { isNormal } from '../mentions.ts'
import { boxOf, maskOf, type OwnedBox, toPixels } from '../outline.ts'
import { presence } from '../person.ts'
import { phraseOf, speak, storyOf, type Wording, wordsOf } from '../statements.ts'
import { cellOutline, renderSmear } from './render.ts'
import {
  type Cell,
  type SmearFinding,
  type SmearName,
  type SmearScene,
  sampleSmear,
  smearDials,
  smearNames,
  usual,
  whiteNames,
} from './scene.ts'

const mass = true
const terms: Readonly<Record<SmearName, Terms>> = {
  Neutrophil: {
    train: longTail('neutrophil', 'segmented neutrophil', 'polymorphonuclear cell'),
    heldOut: ['granulocyte with lobed nucleus'],
  },
  Lymphocyte: { train: longTail('lymphocyte', 'small lymphocyte'), heldOut: ['round dense mononuclear cell'] },
  Monocyte: { train: longTail('monocyte', 'large monocyte'), heldOut: ['cell with kidney-shaped nucleus'] },
  Eosinophil: { train: longTail('eosinophil', 'eosinophilic granulocyte'), heldOut: ['cell with orange granules'] },
  Basophil: { train: longTail('basophil', 'basophilic granulocyte'), heldOut: ['cell with dark coarse granules'] },
  Blast: { train: longTail('blast', 'blast cell', 'leukaemic blast'), heldOut: ['immature cell with nucleoli'] },
  'Sickle Cells': {
    train: longTail('sickle cells', 'drepanocytes', 'sickled cells'),
    heldOut: ['crescent-shaped red cells'],
    mass,
  },
  'Malaria Parasites': {
    train: longTail('malaria parasites', 'plasmodium rings', 'ring forms'),
    heldOut: ['intracellular ring-shaped organisms'],
    mass,
  },
  'Target Cells': { train: longTail('target cells', 'codocytes'), heldOut: ["red cells with a bull's eye"], mass },
  'Platelet Clump': {
    train: longTail('platelet clump', 'platelet aggregate', 'clump of platelets'),
    heldOut: ['cluster of thrombocytes'],
  },
  Hypochromia: {
    train: longTail('hypochromia', 'hypochromic red cells'),
    heldOut: ['red cells with wide pale centres'],
    mass,
  },
}

const numbers = ['one', 'two', 'three'] as const
const wording: Wording<SmearName, SmearFinding> = {
  terms,
  short: { 'red cells': 'RBC', 'white cells': 'WBC' },
  facts: ({ name, count }) => (name === 'Hypochromia' || name === 'Platelet Clump' ? {} : { count, extent: count }),
  phrase({ name, count }, noun, stream) {
    const white = whiteNames.some((kind) => kind === name)
    if (!white) return { noun, many: mass && terms[name].mass === true && noun.endsWith('s') }
    const many = count > 1
    const words = many ? plural(noun) : noun
    const counted = many || stream.chance(0.25)
    return { noun: counted ? `${numbers[count - 1]} ${words}` : words, many, mass: counted }
  },
  boilerplates: [
    {
      weight: 0.7,
      sentences: [
        ['Normal red cell morphology.', ['Sickle Cells', 'Hypochromia']],
        ['No blasts or malaria parasites.', ['Blast', 'Malaria Parasites']],
      ],
      impression: 'Normal blood film.',
    },
    { weight: 0.3, sentences: [['Unremarkable film.', []]], impression: 'Normal blood film.' },
  ],
  normal: longTail('Red cells are otherwise unremarkable.', 'No other change is described.'),
  advice: { Blast: ['Urgent referral to haematology.'], 'Malaria Parasites': ['Thick film for species is advised.'] },
}

function describe(scene: SmearScene, manner: Manner, changes: Study['changes']): Sentence<SmearName>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const why = say(longTail('anaemia', 'fever', 'fatigue', 'routine count'), stream)
  return [
    sentence<SmearName>(`${scene.age} year old ${scene.sex === 'F' ? 'woman' : 'man'}, ${why}.`, {
      section: 'indication',
    }),
    ...speak<SmearName, SmearFinding>(scene, wording, manner, stream, { changes }),
  ]
}

function caption(scene: SmearScene, manner: Manner): Sentence<SmearName>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const said = scene.mentions.filter(({ polarity }) => polarity === 1)
  const nouns = said.map(({ about }) => phraseOf(wording, about as SmearFinding, manner, stream).noun)
  const head = stream.pick(['Blood smear with', 'Peripheral blood film showing', 'Micrograph of blood with'])
  const text =
    nouns.length === 0
      ? isNormal(scene)
        ? 'Blood smear of usual red cells.'
        : 'Blood smear.'
      : `${head} ${nouns.join(', ')}.`
  return said.length === 0
    ? [sentence(text)]
    : said.map(({ name, finding }) => sentence(text, { name, polarity: 1, finding }))
}

/** Box labels of cells, as in the public BCCD set. */
function boxLabel({ kind }: Cell): string {
  return kind === 'platelet' ? 'Platelets' : whiteNames.some((name) => name === kind) ? 'WBC' : 'RBC'
}

/** Boxes of all cells by their class, then of the cells of each finding by its name. */
function boxesOf(scene: SmearScene, size: number): OwnedBox[] {
  const boxed = scene.cells.flatMap((cell) => {
    const box = boxOf([toPixels(cellOutline(cell), size)], size, 0.5)
    return box ? [{ cell, box }] : []
  })
  return [
    ...boxed.map(({ cell, box }) => ({ finding: null, box: { image: 0, label: boxLabel(cell), box } })),
    ...boxed.flatMap(({ cell: { finding }, box }) =>
      finding === null
        ? []
        : [{ finding, box: { image: 0, label: (scene.findings[finding] as SmearFinding).name, box } }],
    ),
  ]
}

export const bloodSmear = phantomDomain({
  id: 'blood-smear',
  name: 'Blood smear',
  findings: smearNames,
  smallFindings: ['Malaria Parasites', 'Target Cells', 'Sickle Cells', 'Platelet Clump'],
  dials: smearDials,
  voices: ['report', 'caption'],
  words: wordsOf<SmearName>(terms),
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleSmear(options.seed, index, dials, split)
    const count = (label: string): number => scene.cells.filter((cell) => boxLabel(cell) === label).length
    const outlines = (label: string) =>
      scene.cells.filter((cell) => boxLabel(cell) === label).map((cell) => toPixels(cellOutline(cell), size))
    const story = storyOf<SmearName, SmearFinding>(
      scene,
      wording,
      (before) => sampleSmear(options.seed, before, dials, split).findings,
    )
    const [red, white, platelets] = [count('RBC'), count('WBC'), count('Platelets')]
    return assemble(
      {
        domain: 'blood-smear',
        person: scene,
        picture: () => renderSmear(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences: options.voice === 'caption' ? caption(scene, options) : describe(scene, options, story.changes),
        boxes: boxesOf(scene, size),
        masks: (['RBC', 'WBC', 'Platelets'] as const).map((label) => [label, maskOf(outlines(label), size)] as const),
        image: { modality: 'SM' },
        attributes: { redCells: red, whiteCells: white, platelets, cue: scene.camera.pointer !== null },
        particulars: {
          ...story,
          examination: 'blood film',
          healthy: usual,
          names: smearNames,
          words: wordsOf<SmearName>(terms),
          questions: [
            { question: 'How many white cells are there?', answer: String(white), kind: 'open', type: 'count' },
          ],
        },
        truth: presence(
          smearNames,
          scene.findings.map(({ name }) => name),
        ),
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    ...findingEffects(smearNames),
    ...togetherEffect('Target Cells', 'Hypochromia'),
    ...shortcutEffects('Malaria Parasites', 'Sickle Cells'),
    normals: {
      values: [0, 0.5, 1],
      what: 'share of studies without changes',
      measure: (made) =>
        made.filter(({ study }) => smearNames.slice(5).every((name) => study.truth?.labels[name] === 0)).length /
        made.length,
      dials: { uncertaintyRate: 0 },
    },
    falseNegativeRate: {
      values: [0, 0.5, 1],
      what: 'share of studies with a fixed normal report',
      measure: (made) =>
        made.filter(({ study }) => /^(?:Normal red cell|Unremarkable film)/.test(study.report?.findings ?? '')).length /
        made.length,
      dials: { normals: 1, uncertaintyRate: 0, labelNoise: 0 },
      studies: 120,
      records: true,
    },
    density: {
      values: [0.4, 1, 1.6],
      what: 'red cells a picture',
      measure: meanOf(({ attributes }) => attributes.redCells as number),
    },
  },
  card: {
    scene:
      'A stained blood film: some sixty red cells with pale centres, platelets, white cells of five usual kinds and blasts; sickle cells, target cells, malaria rings, clumps, hypochromia.',
    hard: [
      'many objects a picture, touching and overlapping',
      'white cells differ in nucleus and granules only',
      'a malaria ring is a few pixels inside one of sixty cells',
    ],
    truth: [
      'boxes of all cells (RBC, WBC, Platelets) and of the cells of each finding',
      'counts as attributes and a question',
      'masks of the three classes',
    ],
    systems: ['Guo', 'GLIP'],
  },
})
