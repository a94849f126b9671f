/** @file The scene of one histology tile as a study of its own. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import { cueOf, type Person, personOf } from '../person.ts'
import type { Staining } from './render.ts'
import { type Laboratory, laboratories, stainingOf } from './staining.ts'
import { type GradeName, gradeNames, layOut, sharesOf, type Tile, type TissueName, tissueNames } from './tile.ts'

/** What a tile can show. */
export const tileFindings = [...tissueNames, 'Mitoses'] as const
export type TileFindingName = (typeof tileFindings)[number]

/** Tissue of any healthy section. */
export const healthy: ReadonlySet<TileFindingName> = new Set(['Stroma', 'Lymphocytes', 'Normal Glands', 'Adipose'])

export const histologyDials = z.strictObject({
  ...pictureDials,
  contrast: pictureDials.contrast.describe('scales the strength of mitoses, the only finding that can be faint'),
  ...findingDials,
  falseNegativeRate: findingDials.falseNegativeRate
    .default(0.25)
    .describe('share of benign tiles whose words are a fixed text that names no tissue'),
  normals: findingDials.normals.describe('share of tiles without tumour, necrosis or mitoses'),
  prevalence: findingDials.prevalence.describe('scales the odds of mitoses and of further tissues beside the first'),
  ...shortcutDials(['Tumour', 'Lymphocytes', 'Necrosis'], 'Tumour', 'marker ink in a corner'),
  laboratory: z
    .enum(['mixed', ...laboratories])
    .default('mixed')
    .describe('domain shift: whose stain and scanner'),
})
export type HistologyDials = z.output<typeof histologyDials>

export interface TileFinding {
  name: TileFindingName
  strength: number
  /** Share of the tile (tissues) or number (mitoses). */
  amount: number
}

export interface TileScene extends Person, Said<TileFindingName, TileFinding> {
  version: 1
  grade: GradeName
  laboratory: Laboratory
  staining: Staining
  tile: Tile
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleTile(seed: number, index: number, dials: HistologyDials, split?: Split): TileScene {
  const person = personOf(seed, index, { split, meanAge: 63, sd: 12 })
  const body = random(seed, 'tissue', person.key)
  const grade = body.pick(gradeNames)
  const look = random(seed, 'stain', index)
  const laboratory = dials.laboratory === 'mixed' ? look.pick(laboratories) : dials.laboratory
  const plan = random(seed, 'plan', index)
  const benign = plan.chance(dials.normals)
  const tissues = tissuesOf(benign, dials, plan)
  const hasTumour = tissues.some(([tissue]) => tissue === 'Tumour')
  const odds = (grade === 'Poorly Differentiated' ? 0.9 : 0.35) * dials.prevalence
  const mitoses = hasTumour && plan.uniform() < odds / (1 + odds) ? 2 + plan.int(4) : 0
  const tileSeed = plan.int(2 ** 31)

  const sites = layOut({ seed: tileSeed, tissues, grade, mitoses: 0, mitosisStrength: 1 })
  const shares = sharesOf(sites)
  const findings: TileFinding[] = tissueNames.flatMap((name) => {
    const amount = shares[name] ?? 0
    return amount >= 0.03 ? [{ name, strength: 1, amount }] : []
  })
  const hosts = sites.nuclei.filter(
    ({ kind, x, y }) => kind === 'tumour' && Math.max(Math.abs(x), Math.abs(y)) < 0.85,
  ).length
  if (mitoses > 0 && hosts >= mitoses)
    findings.push({ name: 'Mitoses', strength: plan.uniform(0.92, 1.1), amount: mitoses })
  const said = mentionsOf<TileFindingName, TileFinding>({
    names: tileFindings,
    findings,
    dials,
    healthy,
    stream: random(seed, 'words', index),
    doubtful: hosts >= 2 ? ['Mitoses'] : [],
    draw: (name) => ({ name, strength: 1, amount: name === 'Mitoses' ? 2 : 0.2 }),
    denialWeight: { Tumour: 2.5, Mitoses: 2, Necrosis: 1.5, Adipose: 0.2, Stroma: 0.1 },
  })
  const shown = said.findings.find(({ name }) => name === 'Mitoses')
  const staining = stainingOf(laboratory, dials.nuisance, look)
  staining.ink = cueOf(person, findings, dials, random(seed, 'ink', index), 0.3)
  const tile = shown
    ? layOut({ seed: tileSeed, tissues, grade, mitoses: shown.amount, mitosisStrength: shown.strength })
    : sites
  return { ...person, ...said, version: 1, grade, laboratory, staining, tile }
}

/** One to three tissues with their shares. */
function tissuesOf(benign: boolean, dials: HistologyDials, stream: Random): (readonly [TissueName, number])[] {
  const pool: (readonly [TissueName, number])[] = benign
    ? [
        ['Stroma', 0.3],
        ['Normal Glands', 0.35],
        ['Adipose', 0.2],
        ['Lymphocytes', 0.15],
      ]
    : [
        ['Tumour', 0.5],
        ['Necrosis', 0.17],
        ['Lymphocytes', 0.13],
        ['Stroma', 0.12],
        ['Normal Glands', 0.08],
      ]
  const more = 0.62 * Math.min(1.5, dials.prevalence)
  const chosen: TissueName[] = []
  for (let k = 0; k < 3; k++) {
    if (k > 0 && !stream.chance(Math.min(0.95, more))) break
    const left = pool.filter(([tissue]) => !chosen.includes(tissue))
    chosen.push(stream.weighted(left))
  }
  if (!benign && !chosen.includes('Tumour') && !chosen.includes('Necrosis')) chosen[0] = 'Tumour'
  return chosen.map((tissue) => [tissue, stream.uniform(0.25, 0.6)] as const)
}
