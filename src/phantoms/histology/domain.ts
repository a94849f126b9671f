/** @file Histology tiles as a domain. */

import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanRatio, shareOf } from '../effects.ts'
import { boxOf, maskOf, type OwnedBox, toPixels } from '../outline.ts'
import { presence } from '../person.ts'
import { storyOf } from '../statements.ts'
import { nucleusOutline, renderTile, tissueMask } from './render.ts'
import {
  healthy,
  histologyDials,
  sampleTile,
  type TileFinding,
  type TileFindingName,
  type TileScene,
  tileFindings,
} from './scene.ts'
import { gradeNames } from './tile.ts'
import { captionTile, describeTile, histologyWording, histologyWords } from './words.ts'

const effects = findingEffects(tileFindings)

/** Boxes of nuclei (phrase: which kind), mitoses once more by their label. */
function boxesOf(scene: TileScene, size: number): OwnedBox[] {
  const mitoses = scene.findings.findIndex(({ name }) => name === 'Mitoses')
  return scene.tile.nuclei.flatMap((nucleus) => {
    if (nucleus.kind === 'debris' || Math.max(Math.abs(nucleus.x), Math.abs(nucleus.y)) > 1) return []
    const box = boxOf([toPixels(nucleusOutline(nucleus), size)], size, 0.5)
    if (!box) return []
    const phrase = {
      tumour: 'tumour nucleus',
      mitosis: 'mitotic figure',
      stroma: 'spindle nucleus',
      lymphocyte: 'lymphocyte',
      gland: 'epithelial nucleus',
    }[nucleus.kind]
    const all: OwnedBox = { finding: null, box: { image: 0, label: 'Nucleus', phrase, box } }
    return nucleus.kind === 'mitosis' && mitoses >= 0
      ? [all, { finding: mitoses, box: { image: 0, label: 'Mitoses', box } }]
      : [all]
  })
}

export const histology = phantomDomain({
  id: 'histology',
  name: 'Histology tile',
  findings: [...tileFindings, ...gradeNames],
  smallFindings: ['Mitoses'],
  dials: histologyDials,
  voices: ['report', 'caption'],
  words: histologyWords,
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleTile(options.seed, index, dials, split)
    const drawn = scene.findings.map(({ name }) => name)
    const nuclei = scene.tile.nuclei.map((nucleus) => toPixels(nucleusOutline(nucleus), size))
    const boxes = boxesOf(scene, size)
    return assemble(
      {
        domain: 'histology',
        person: scene,
        picture: () => renderTile(scene.tile, scene.staining, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences: (options.voice === 'caption' ? captionTile : describeTile)(scene, options),
        boxes,
        masks: options.masks
          ? [
              ...drawn.flatMap((name) =>
                name === 'Mitoses' ? [] : [[name, tissueMask(scene.tile, name, size)] as const],
              ),
              ['Nuclei', maskOf(nuclei, size)],
            ]
          : [],
        image: { modality: 'SM', spacing: [0.25 / size, 0.25 / size] },
        attributes: {
          ...(drawn.includes('Tumour') ? { grade: gradeNames.indexOf(scene.grade) + 1 } : {}),
          laboratory: scene.laboratory,
          nuclei: boxes.filter(({ box }) => box.label === 'Nucleus').length,
          cue: scene.staining.ink,
        },
        particulars: {
          // Every study is another tile: nothing to compare.
          ...storyOf<TileFindingName, TileFinding>(scene, histologyWording),
          examination: 'tile',
          healthy,
          names: tileFindings,
          words: histologyWords,
          questions: [
            ...(drawn.includes('Tumour')
              ? [
                  {
                    question: 'How is the tumour differentiated?',
                    answer: scene.grade.toLowerCase().split(' ')[0] as string,
                    kind: 'open' as const,
                    type: 'grade',
                  },
                ]
              : []),
          ],
        },
        truth: {
          ...presence(tileFindings, drawn),
          ...presence(gradeNames, drawn.includes('Tumour') ? [scene.grade] : []),
        },
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0, prevalence: 3 }),
    ...effects,
    normals: {
      values: [0, 0.5, 1],
      what: 'share of tiles without tumour and necrosis',
      measure: shareOf(({ truth }) => truth?.labels.Tumour === 0 && truth.labels.Necrosis === 0),
      dials: { uncertaintyRate: 0 },
    },
    uncertaintyRate: {
      values: [0, 0.4, 1],
      what: 'share of tiles whose mitoses are in doubt',
      measure: shareOf(({ labels }) => labels.Mitoses === -1),
      dials: { normals: 0 },
    },
    ...shortcutEffects('Tumour', 'Necrosis'),
    laboratory: { values: ['south', 'north'], what: 'mean of blue over red', measure: meanRatio(2, 0) },
  },
  card: {
    scene:
      'A tile of a section stained with haematoxylin and eosin: six tissues in one to three regions, glands that tumour forms well, poorly or not, nuclei of five kinds that overlap, mitoses.',
    hard: [
      'the grade is told by the structure of glands, not by colour',
      'hundreds of nuclei, touching and overlapping, of sizes by kind',
      'two laboratories with other stains (domain shift)',
      'a few mitoses among a hundred nuclei',
    ],
    truth: [
      'tissue labels, grade, number of nuclei',
      'masks of tissues and nuclei',
      'boxes of nuclei with their kind in the phrase',
    ],
    systems: ['CITE', 'TPRO', 'VLPMNuD', 'PLIP', 'Quilt'],
  },
})
