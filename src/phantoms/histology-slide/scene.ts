/**
 * @file The scene of a slide: pathways of the patient that drive what its tiles show, the omics table, and survival.
 *
 *   pathway z_k ~ N(0, 1), k over six gene families; genes of a family are its pathway plus noise
 *   oncogenes -> mitoses, differentiation markers -> grade, cytokines -> lymphocytes, tumour suppressors (low) -> necrosis
 *   log hazard = 0.9 grade + 0.7 pathway of cytokines (negative) + interaction * necrosis * kinases + 0.5 oncogenes
 */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { findingDials, pictureDials, share, shortcutDials } from '../dials.ts'
import type { Staining } from '../histology/render.ts'
import { type Laboratory, laboratories, stainingOf } from '../histology/staining.ts'
import { type GradeName, gradeNames, layOut, type Tile, type TissueName } from '../histology/tile.ts'
import { type Drawn, mentionsOf, type Said } from '../mentions.ts'
import { cueOf, type Person, personOf } from '../person.ts'

/** The gene families of survival models on slides. */
export const families = [
  'tumour-suppressors',
  'oncogenes',
  'protein-kinases',
  'differentiation-markers',
  'transcription-factors',
  'cytokines',
] as const
export type Family = (typeof families)[number]

/** What a slide as a whole shows. Names are label keys. */
export const slideFindings = ['Tumour', 'Necrosis', 'Immune Infiltrate', 'High Mitotic Rate'] as const
export type SlideFindingName = (typeof slideFindings)[number]

export const slideDials = z.strictObject({
  ...pictureDials,
  contrast: pictureDials.contrast.describe('scales the strength of mitoses, the only finding that can be faint'),
  ...findingDials,
  normals: share.default(0.15).describe('share of slides without tumour'),
  prevalence: findingDials.prevalence.describe('scales the odds of necrosis, infiltrate and mitoses'),
  ...shortcutDials(slideFindings, 'Necrosis', 'marker ink on a quarter of the tiles'),
  tiles: z.number().int().min(4).max(256).default(16).describe('tiles of a slide'),
  tumourTiles: share.default(0.4).describe('share of the tiles of a slide with tumour that show it'),
  rareTiles: share.default(0.12).describe('share of tiles that show necrosis or infiltrate where the slide has it'),
  pathwayStrength: z
    .number()
    .min(0)
    .max(3)
    .default(1)
    .describe('how surely pathways drive what tiles show; 0: omics and picture are unrelated'),
  interaction: z
    .number()
    .min(0)
    .max(4)
    .default(1.6)
    .describe('added log hazard of necrosis when kinases are high: risk that neither picture nor omics show alone'),
  censoring: share.default(0.3).describe('share of patients whose death is not observed'),
  genes: z.number().int().min(1).max(200).default(8).describe('genes a family'),
  laboratory: z
    .enum(['mixed', ...laboratories])
    .default('mixed')
    .describe('domain shift: whose stain and scanner'),
})
export type SlideDials = z.output<typeof slideDials>

export interface SlideTile {
  tile: Tile
  staining: Staining
  /** Column and row on the slide. */
  at: [number, number]
  tissues: TissueName[]
}

/** What the slide shows; faint is a trace of it in one tile. */
export interface SlideFinding extends Drawn<SlideFindingName> {}

export interface SlideScene extends Person, Said<SlideFindingName, SlideFinding> {
  version: 1
  laboratory: Laboratory
  grade: GradeName
  tiles: SlideTile[]
  pathways: Record<Family, number>
  omics: { name: string; value: number }[]
  logHazard: number
  survival: { months: number; event: boolean }
  /** Marker ink on some tiles: the cue of the shortcut dials. */
  ink: boolean
}

const logistic = (t: number): number => 1 / (1 + Math.exp(-t))

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleSlide(seed: number, index: number, dials: SlideDials, split?: Split): SlideScene {
  const person = personOf(seed, index, { split, meanAge: 64, sd: 11 })
  const body = random(seed, 'pathways', person.key)
  const pathways = Object.fromEntries(families.map((family) => [family, body.normal()])) as Record<Family, number>
  const pull = 2 * dials.pathwayStrength
  const tumour = !body.chance(dials.normals)
  const more = Math.log(Math.max(1e-9, dials.prevalence))
  const has = (family: Family, sign: 1 | -1, base: number): boolean =>
    body.uniform() < logistic(base + more + sign * pull * pathways[family])
  const necrosis = has('tumour-suppressors', -1, -0.3) && tumour
  const infiltrate = has('cytokines', 1, -0.2)
  const mitotic = has('oncogenes', 1, -0.3) && tumour
  const maturity = dials.pathwayStrength * 1.2 * pathways['differentiation-markers'] + body.normal(0, 0.5)
  const grade: GradeName = maturity > 0.55 ? gradeNames[0] : maturity > -0.55 ? gradeNames[1] : gradeNames[2]
  const drawn = slideFindings.filter(
    (name) =>
      ({ Tumour: tumour, Necrosis: necrosis, 'Immune Infiltrate': infiltrate, 'High Mitotic Rate': mitotic })[name],
  )
  const said = mentionsOf<SlideFindingName, SlideFinding>({
    names: slideFindings,
    findings: drawn.map((name) => ({ name, strength: 1 })),
    dials,
    stream: random(seed, 'words', index),
    doubtful: ['Necrosis', 'Immune Infiltrate', 'High Mitotic Rate'],
    draw: (name) => ({ name, strength: 1 }),
    denialWeight: { Tumour: 2, Necrosis: 1.5 },
    // Necrosis and mitoses are those of the tumour.
    fits: (name, there) => name === 'Immune Infiltrate' || there.some((finding) => finding.name === 'Tumour'),
  })

  const gradeRisk = tumour ? gradeNames.indexOf(grade) - 1 : -1.5
  const logHazard =
    0.9 * gradeRisk +
    (infiltrate ? -0.7 : 0.2) +
    (mitotic ? 0.5 : -0.2) +
    dials.interaction * ((necrosis ? 1 : 0) * (pathways['protein-kinases'] > 0 ? 1 : 0) - 0.15)
  const look = random(seed, 'slide', index)
  const laboratory = dials.laboratory === 'mixed' ? look.pick(laboratories) : dials.laboratory
  const ink = cueOf(person, said.findings, dials, random(seed, 'ink', index), 0.3)
  return {
    ...person,
    version: 1,
    laboratory,
    grade,
    ...said,
    ink,
    tiles: sampleTiles(said.findings, grade, ink, laboratory, dials, look),
    pathways,
    omics: omicsOf(pathways, dials, random(seed, 'omics', person.key)),
    logHazard,
    survival: survivalOf(logHazard, dials, random(seed, 'survival', person.key)),
  }
}

function omicsOf(pathways: Record<Family, number>, dials: SlideDials, stream: Random): SlideScene['omics'] {
  return families.flatMap((family) =>
    Array.from({ length: dials.genes }, (_, k) => ({
      name: `${family}:g${String(k + 1).padStart(2, '0')}`,
      value: Math.round((0.75 * pathways[family] + 0.66 * stream.normal()) * 1e4) / 1e4,
    })),
  )
}

/** Weibull times with the given log hazard; contact is lost at a uniform share of the time for the censored. */
function survivalOf(logHazard: number, dials: SlideDials, stream: Random): SlideScene['survival'] {
  const time = 36 * (-Math.log(1 - stream.uniform()) / Math.exp(logHazard)) ** (1 / 1.4)
  const lost = stream.chance(dials.censoring)
  const months = Math.min(240, lost ? time * stream.uniform(0.15, 0.95) : time)
  return { months: Math.round(months * 10) / 10, event: !lost && time <= 240 }
}

/** The tissue in which each finding shows. */
const tissueOf = [
  ['Tumour', 'Tumour'],
  ['Necrosis', 'Necrosis'],
  ['Immune Infiltrate', 'Lymphocytes'],
] as const

function sampleTiles(
  findings: readonly SlideFinding[],
  grade: GradeName,
  ink: boolean,
  laboratory: Laboratory,
  dials: SlideDials,
  stream: Random,
): SlideTile[] {
  const side = Math.ceil(Math.sqrt(dials.tiles))
  // One stain for the slide; only focus and noise change from tile to tile.
  const staining = stainingOf(laboratory, dials.nuisance, stream)
  const order = stream.shuffle(Array.from({ length: dials.tiles }, (_, k) => k))
  const counts = (part: number): number => Math.max(1, Math.round(part * dials.tiles))
  const kinds: [TissueName, number][] = []
  const strengthOf = (name: SlideFindingName): number =>
    findings.find((finding) => finding.name === name)?.strength ?? 0
  const sharesOf = { Tumour: dials.tumourTiles, Necrosis: dials.rareTiles, 'Immune Infiltrate': dials.rareTiles }
  for (const [name, tissue] of tissueOf) {
    const strength = strengthOf(name)
    // A trace of what is doubted lies in one tile.
    const wanted = strength === 0 ? 0 : strength < 0.5 ? 1 : counts(sharesOf[name])
    for (let k = 0; k < wanted; k++) kinds.push([tissue, strength])
  }
  const tiles: SlideTile[] = []
  for (let k = 0; k < dials.tiles; k++) {
    const usual = stream.weighted([
      ['Stroma', 0.5],
      ['Normal Glands', 0.3],
      ['Adipose', 0.2],
    ] as const)
    const [main, strength]: [TissueName, number] = kinds[order[k] as number] ?? [usual, 1]
    const beside: TissueName = main === 'Stroma' ? stream.pick(['Adipose', 'Normal Glands'] as const) : 'Stroma'
    const tissues: (readonly [TissueName, number])[] =
      strength < 0.5
        ? [
            [beside, 0.8],
            [main, 0.2],
          ]
        : stream.chance(0.55)
          ? [
              [main, 0.7],
              [beside, 0.3],
            ]
          : [[main, 1]]
    const mitotic = strengthOf('High Mitotic Rate')
    const mitoses = main === 'Tumour' && mitotic > 0 ? 2 + stream.int(4) : 0
    tiles.push({
      tile: layOut({ seed: stream.int(2 ** 31), tissues, grade, mitoses, mitosisStrength: mitotic }),
      staining: { ...staining, blur: stream.uniform(0.004, 0.011), seed: stream.int(2 ** 31), ink: ink && k % 4 === 0 },
      at: [k % side, Math.floor(k / side)],
      tissues: tissues.map(([tissue]) => tissue),
    })
  }
  return tiles
}
