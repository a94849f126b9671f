/** @file Whole slides as a domain: a bag of tiles, a slide report, an omics table and survival. */

import sharp from 'sharp'
import { random } from '../../core/random.ts'
import { wordsIn } from '../assemble.ts'
import { encodeCanvas } from '../colour.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import { type MadeStudy, phantomDomain } from '../domain.ts'
import { meanOf, meanRatio, shareOf } from '../effects.ts'
import { encodePng } from '../encode.ts'
import { isPlural, longTail, type Manner, nameOf, type Sentence, sentence, type Terms, truthOf } from '../grammar.ts'
import { renderTile, tissueMask } from '../histology/render.ts'
import { type GradeName, gradeNames } from '../histology/tile.ts'
import { gradeTerms } from '../histology/words.ts'
import { particularsOf } from '../particulars.ts'
import { kebab, presence, recordOf, studyId } from '../person.ts'
import { speak, type Wording, wordsOf } from '../statements.ts'
import {
  type SlideFinding,
  type SlideFindingName,
  type SlideScene,
  sampleSlide,
  slideDials,
  slideFindings,
} from './scene.ts'

type SlideLabel = SlideFindingName | GradeName

const terms: Readonly<Record<SlideFindingName, Terms>> = {
  Tumour: {
    train: longTail('adenocarcinoma', 'invasive carcinoma', 'carcinoma'),
    heldOut: ['malignant glandular neoplasm'],
    mass: true,
  },
  Necrosis: {
    train: longTail('tumour necrosis', 'necrosis', 'areas of necrosis'),
    heldOut: ['dead tissue with nuclear dust'],
    mass: true,
  },
  'Immune Infiltrate': {
    train: longTail('lymphocytic infiltrate', 'immune infiltrate', 'lymphoid reaction'),
    heldOut: ['crowds of small dark round cells'],
  },
  'High Mitotic Rate': {
    train: longTail('brisk mitotic activity', 'high mitotic rate', 'numerous mitoses'),
    heldOut: ['many dividing cells'],
    mass: true,
  },
}

const wording: Wording<SlideFindingName, SlideFinding> = {
  terms,
  phrase: (_finding, noun) => ({ noun, many: isPlural(noun) }),
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['Sections of colon.', []],
        ['No carcinoma.', ['Tumour']],
      ],
      impression: 'Benign tissue.',
    },
    { weight: 0.4, sentences: [['There is no adenocarcinoma.', ['Tumour']]], impression: 'No malignancy.' },
  ],
  normal: longTail('Sections of colon.', 'Sections of the bowel wall.'),
  advice: { Tumour: ['Molecular examination is advised.'] },
}

/** The grade, where the words name a tumour that is there. */
function gradeOf(
  { mentions, grade }: SlideScene,
  manner: Manner,
  stream: ReturnType<typeof random>,
): Sentence<GradeName> | undefined {
  const named = mentions.some(({ name, polarity, finding }) => name === 'Tumour' && polarity === 1 && finding !== null)
  if (!named) return undefined
  const text = `The tumour is ${nameOf(gradeTerms[grade], manner, stream)}.`
  return sentence(text, { section: 'impression', name: grade, polarity: 1 })
}

/** The sentences of a slide report. */
function describe(scene: SlideScene, manner: Manner): Sentence<SlideLabel>[] {
  const stream = random(scene.seed, 'describe', scene.index)
  const who = `${scene.age} year old ${scene.sex === 'F' ? 'woman' : 'man'}, resection of the colon.`
  const grade = gradeOf(scene, manner, stream)
  return [
    sentence<SlideLabel>(who, { section: 'indication' }),
    ...speak<SlideFindingName, SlideFinding>(scene, wording, manner, stream),
    ...(grade ? [grade] : []),
  ]
}

/** One line, as captions of slides are written. */
function caption(scene: SlideScene, manner: Manner): Sentence<SlideLabel>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const grade = gradeOf(scene, manner, stream)
  const said = scene.mentions.filter(({ polarity }) => polarity === 1)
  const nouns = said.map(({ name }) => nameOf(terms[name], manner, stream))
  const head = stream.pick(['Whole slide image of colon', 'H&E stained slide of colon', 'Digital slide of the colon'])
  const how = grade ? `, ${grade.text.replace(/^The tumour is /, '').replace(/\.$/, '')}` : ''
  const text = nouns.length === 0 ? `${head}.` : `${head} with ${nouns.join(', ')}${how}.`
  if (said.length === 0) return [sentence(text)]
  const findings = said.map(({ name, finding }) => sentence<SlideLabel>(text, { name, polarity: 1, finding }))
  return grade ? [...findings, sentence(text, { name: grade.name, polarity: 1 })] : findings
}

/** What is in a tile, as its caption would say: the tissues, kept as `view` of the image. */
const viewOf = ({ at: [column, row] }: SlideScene['tiles'][number]): string => `tile ${column},${row}`

export const histologySlide = phantomDomain({
  id: 'histology-slide',
  name: 'Histology slide',
  findings: [...slideFindings, ...gradeNames],
  smallFindings: ['Necrosis', 'Immune Infiltrate', 'High Mitotic Rate'],
  dials: slideDials,
  voices: ['report', 'caption'],
  words: wordsOf<SlideLabel>({ ...terms, ...gradeTerms }),
  size: { least: 32, most: 512, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleSlide(options.seed, index, dials, split)
    const id = studyId(index)
    const tiles = scene.tiles.map((tile, k) => ({ ...tile, path: `images/${id}-t${String(k).padStart(3, '0')}.png` }))
    const omics = `omics/${id}.csv`
    const sentences = (options.voice === 'caption' ? caption : describe)(scene, options)
    const found = scene.findings.map(({ name }) => name)
    const tumour = found.includes('Tumour')
    // The tiles that decide: a finding's boxes are the whole tiles that show it.
    const boxes = scene.findings.flatMap(({ name }, finding) =>
      tiles.flatMap((tile, image) =>
        shows(tile, name)
          ? [{ finding, box: { image, label: name, box: [0, 0, size, size] as [number, number, number, number] } }]
          : [],
      ),
    )
    const masks = options.masks
      ? tiles.flatMap(({ tile, tissues }, image) =>
          tissues.map((label) => ({
            image,
            label,
            path: `masks/${id}-t${String(image).padStart(3, '0')}-${kebab(label)}.png`,
            pixels: tissueMask(tile, label, size),
          })),
        )
      : []
    const tilesOf = Object.fromEntries(found.map((name) => [name, tiles.filter((tile) => shows(tile, name)).length]))
    const ask = (question: string, count: number) =>
      ({ question, answer: String(count), kind: 'open', type: 'count' }) as const
    const { attributes, ...particulars } = particularsOf({
      // Slides of a patient show the same tumour: no course.
      known: scene.findings.map(({ name, strength }) => ({ name, strength, facts: {} })),
      changes: {},
      examination: 'slide',
      names: slideFindings,
      words: wordsOf<SlideLabel>({ ...terms, ...gradeTerms }),
      sentences,
      stream: random(options.seed, 'slide questions', index),
      questions: [
        ask('How many tiles does the slide have?', tiles.length),
        ...scene.findings.flatMap(({ name, strength }) =>
          strength < 0.5 ? [] : [ask(`How many tiles show ${terms[name].train[0]?.[0]}?`, tilesOf[name] as number)],
        ),
      ],
    })
    const study = recordOf(scene, {
      ...particulars,
      domain: 'histology-slide',
      images: tiles.map((tile) => ({
        path: tile.path,
        view: viewOf(tile),
        modality: 'SM',
        spacing: [0.25 / size, 0.25 / size],
      })),
      ...wordsIn(options.voice, sentences),
      attributes: {
        ...attributes,
        ...Object.fromEntries(Object.entries(tilesOf).map(([name, count]) => [`${name} tiles`, count])),
        laboratory: scene.laboratory,
        cue: scene.ink,
        tiles: tiles.length,
        logHazard: Math.round(scene.logHazard * 1000) / 1000,
        tissues: tiles.map(({ tissues }) => tissues.join('+')).join(';'),
        ...(tumour ? { grade: gradeNames.indexOf(scene.grade) + 1 } : {}),
      },
      boxes: boxes.map(({ box }) => box),
      masks: masks.map(({ image, label, path }) => ({ image, label, path })),
      omics,
      survival: scene.survival,
      truth: {
        labels: { ...presence(slideFindings, found), ...presence(gradeNames, tumour ? [scene.grade] : []) },
        sentences: truthOf(
          sentences,
          boxes.map(({ finding }) => finding),
        ),
      },
    })
    if (options.pictures === false) return { study, files: [] }
    const pictures = await Promise.all(
      tiles.map(({ tile, staining }) =>
        encodeCanvas(renderTile(tile, staining, size, { contrast: dials.contrast, noise: dials.noise })),
      ),
    )
    const table = `name,value\n${scene.omics.map(({ name, value }) => `${name},${value}\n`).join('')}`
    const files: MadeStudy['files'] = [
      ...tiles.map(({ path }, k) => ({ path, bytes: pictures[k] as Uint8Array })),
      ...(await Promise.all(
        masks.map(async ({ path, pixels }) => ({ path, bytes: await encodePng(pixels, size, size) })),
      )),
      { path: omics, bytes: new TextEncoder().encode(table) },
    ]
    return { study, files, preview: () => mosaic(pictures, size) }
  },
  effects: {
    ...pictureEffects({ normals: 0, tiles: 4, tumourTiles: 1, prevalence: 3 }),
    ...findingEffects(slideFindings),
    ...shortcutEffects('Necrosis', 'Immune Infiltrate'),
    tiles: { values: [4, 9, 16], what: 'tiles a slide', measure: meanOf(({ images }) => images.length), studies: 6 },
    normals: {
      values: [0, 0.5, 1],
      what: 'share of slides without tumour',
      measure: shareOf(({ truth }) => truth?.labels.Tumour === 0),
      dials: { tiles: 4 },
    },
    tumourTiles: {
      values: [0.1, 0.4, 0.9],
      what: 'tiles with tumour a slide',
      measure: meanOf((study) => tilesWith(study, 'Tumour')),
      dials: { normals: 0 },
      studies: 10,
    },
    rareTiles: {
      values: [0.05, 0.15, 0.3],
      what: 'tiles with necrosis a slide',
      measure: meanOf((study) => tilesWith(study, 'Necrosis')),
      dials: { normals: 0, tumourTiles: 0.2, tiles: 16 },
      studies: 10,
    },
    pathwayStrength: {
      values: [0, 0.6, 2],
      what: 'correlation of cytokine genes with the infiltrate',
      measure: (made) => correlation(made, 'cytokines', 'Immune Infiltrate'),
      dials: { tiles: 4 },
      studies: 120,
    },
    interaction: {
      values: [0, 1.6, 4],
      what: 'greatest log hazard',
      measure: (made) => Math.max(...made.map(({ study }) => study.attributes.logHazard as number)),
      dials: { tiles: 4 },
      studies: 60,
    },
    censoring: {
      values: [0, 0.3, 0.9],
      what: 'share of censored patients',
      measure: shareOf(({ survival }) => survival?.event === false),
      dials: { tiles: 4 },
    },
    genes: {
      values: [1, 8, 20],
      what: 'lines of the omics table',
      measure: (made) =>
        Buffer.from(made[0]?.files.at(-1)?.bytes ?? [])
          .toString('utf8')
          .split('\n').length,
      dials: { tiles: 4 },
      studies: 2,
    },
    laboratory: {
      values: ['south', 'north'],
      what: 'mean of blue over red',
      measure: meanRatio(2, 0),
      dials: { tiles: 4 },
    },
  },
  card: {
    scene:
      'The tiles of one slide in a bag, with a table of genes in six families whose pathways drive grade, mitoses, infiltrate and necrosis, and a time to death or to the last contact.',
    hard: [
      'what decides is in a few of the tiles',
      'part of the risk is in an interaction of picture and genes, part in one of them alone',
      'censored times; one stain a slide',
    ],
    truth: [
      'slide labels and grade',
      'which tiles show a finding, as boxes; tissues of each tile as masks and attributes; log hazard as an attribute',
      'omics CSV (family:gene, value)',
      'months and event',
    ],
    systems: ['PathOmics', 'CMTA', 'CITE', 'PLIP', 'Quilt'],
  },
})

/** Whether a tile shows a finding of the slide. */
function shows({ tissues, tile }: SlideScene['tiles'][number], name: SlideFindingName): boolean {
  if (name === 'High Mitotic Rate') return tile.mitoses > 0
  const tissue = { Tumour: 'Tumour', Necrosis: 'Necrosis', 'Immune Infiltrate': 'Lymphocytes' } as const
  return tissues.includes(tissue[name])
}

/** Tiles of a study that show a tissue. */
function tilesWith({ attributes }: { attributes: Record<string, string | number | boolean> }, tissue: string): number {
  return String(attributes.tissues)
    .split(';')
    .filter((tile) => tile.split('+').includes(tissue)).length
}

/** Correlation of the mean of a family's genes with a label. */
function correlation(made: readonly MadeStudy[], family: string, label: string): number {
  const rows = made.map(({ study, files }) => {
    const lines = Buffer.from(files.at(-1)?.bytes ?? [])
      .toString('utf8')
      .split('\n')
      .filter((line) => line.startsWith(family))
    return [
      lines.reduce((sum, line) => sum + Number(line.split(',')[1]), 0) / lines.length,
      study.truth?.labels[label] ?? 0,
    ] as const
  })
  const mean = (k: 0 | 1): number => rows.reduce((sum, row) => sum + row[k], 0) / rows.length
  const [mx, my] = [mean(0), mean(1)]
  const product = (a: 0 | 1, b: 0 | 1): number =>
    rows.reduce((sum, row) => sum + (row[a] - (a === 0 ? mx : my)) * (row[b] - (b === 0 ? mx : my)), 0)
  return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1) || 1)
}

/** The tiles beside each other, for the contact sheet. */
function mosaic(pictures: readonly Buffer[], size: number): Promise<Buffer> {
  const side = Math.ceil(Math.sqrt(pictures.length))
  return sharp({ create: { width: side * size, height: side * size, channels: 3, background: '#fff' } })
    .composite(pictures.map((input, k) => ({ input, left: (k % side) * size, top: Math.floor(k / side) * size })))
    .png({ compressionLevel: 1 })
    .toBuffer()
}
