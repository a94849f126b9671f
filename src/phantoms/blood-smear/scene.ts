/** @file The scene of a blood smear: red cells in a thin film, white cells, platelets, and what is wrong with them. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { dependenceDial, findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import { cueOf, drawPresence, type Person, personOf } from '../person.ts'

/** Kinds of white cell. Names are label keys. */
export const whiteNames = ['Neutrophil', 'Lymphocyte', 'Monocyte', 'Eosinophil', 'Basophil', 'Blast'] as const
export type WhiteName = (typeof whiteNames)[number]
/** What else can be seen. Names are label keys. */
export const changeNames = [
  'Sickle Cells',
  'Malaria Parasites',
  'Target Cells',
  'Platelet Clump',
  'Hypochromia',
] as const
export type ChangeName = (typeof changeNames)[number]
export const smearNames = [...whiteNames, ...changeNames] as const
export type SmearName = WhiteName | ChangeName

export const smearDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  ...dependenceDial,
  normals: findingDials.normals.describe('share of patients without changes (white cells are no change)'),
  ...shortcutDials(changeNames, 'Malaria Parasites', 'the pointer of the eyepiece'),
  density: z.number().min(0.2).max(2).default(1).describe('scales the number of red cells; above 1 they overlap more'),
})
export type SmearDials = z.output<typeof smearDials>

/** What a smear shows of one kind; cells carry the details. */
export interface SmearFinding {
  name: SmearName
  strength: number
  count: number
}

export type CellKind = 'red' | 'sickle' | 'target' | 'infected' | 'platelet' | WhiteName

/** A cell: unit coordinates (-1 to 1). */
export interface Cell {
  kind: CellKind
  x: number
  y: number
  r: number
  angle: number
  seed: number
  /** Index of the finding it belongs to; null: a usual cell. */
  finding: number | null
}

export interface SmearScene extends Person, Said<SmearName, SmearFinding> {
  version: 1
  cells: Cell[]
  stain: {
    background: [number, number, number]
    red: number
    /** Central pallor: share of the radius, and depth. */
    pallor: number
    pallorDepth: number
    purple: number
    seed: number
  }
  camera: {
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    shade: [number, number]
    dirt: { x: number; y: number; r: number }[]
    /** The pointer in the eyepiece, where it is: the cue of the shortcut dial, and its direction. */
    pointer: number | null
  }
}

/** White cells of any healthy film. */
export const usual: ReadonlySet<SmearName> = new Set(whiteNames.filter((name) => name !== 'Blast'))

const changeOdds: Readonly<Record<ChangeName, number>> = {
  'Sickle Cells': -0.9,
  'Malaria Parasites': -0.9,
  'Target Cells': -1,
  'Platelet Clump': -1.1,
  Hypochromia: -1,
}
const whiteRadius: Readonly<Record<WhiteName, number>> = {
  Neutrophil: 0.2,
  Lymphocyte: 0.145,
  Monocyte: 0.225,
  Eosinophil: 0.205,
  Basophil: 0.19,
  Blast: 0.235,
}

/** Target cells come with sickle cells, and where haemoglobin lacks. */
const dependence = [
  ['Sickle Cells', 'Target Cells', 1],
  ['Target Cells', 'Hypochromia', 1.2],
] as const

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleSmear(seed: number, index: number, dials: SmearDials, split?: Split): SmearScene {
  const person = personOf(seed, index, { split, meanAge: 48, sd: 19 })
  const body = random(seed, 'blood', person.key)
  const lots = random(seed, 'smear', index)
  const healthy = body.chance(dials.normals)
  const changes = healthy ? new Set<ChangeName>() : drawPresence(changeNames, changeOdds, dials, () => lots, dependence)
  if (!healthy && changes.size === 0) changes.add(lots.pick(changeNames))
  const whites = new Map<WhiteName, number>()
  const total = lots.weighted([
    [0, 0.25],
    [1, 0.38],
    [2, 0.24],
    [3, 0.13],
  ] as const)
  for (let k = 0; k < total; k++) {
    const kind = lots.weighted([
      ['Neutrophil', 0.3],
      ['Lymphocyte', 0.26],
      ['Monocyte', 0.14],
      ['Eosinophil', 0.11],
      ['Basophil', 0.09],
      ['Blast', healthy ? 0 : 0.14],
    ] as const)
    whites.set(kind, (whites.get(kind) ?? 0) + 1)
  }
  const counts = {
    'Sickle Cells': 4,
    'Malaria Parasites': 4,
    'Target Cells': 5,
    'Platelet Clump': 1,
    Hypochromia: 1,
  } as const
  const findings: SmearFinding[] = [...whites].map(([name, count]) => ({ name, strength: 1, count }))
  for (const name of changeNames) {
    if (!changes.has(name)) continue
    const count = counts[name] === 1 ? 1 : counts[name] + lots.int(5)
    findings.push({ name, strength: lots.uniform(0.92, 1.1), count })
  }
  findings.sort((a, b) => smearNames.indexOf(a.name) - smearNames.indexOf(b.name))
  const doubted = random(seed, 'doubt', index)
  const said = mentionsOf<SmearName, SmearFinding>({
    names: smearNames,
    findings,
    dials,
    stream: random(seed, 'words', index),
    doubtful: ['Target Cells', 'Malaria Parasites', 'Platelet Clump'],
    draw: (name) => ({
      name,
      strength: 1,
      count: doubted.weighted([
        [1, 0.6],
        [2, 0.4],
      ] as const),
    }),
    healthy: usual,
    denialWeight: {
      Blast: 3,
      'Malaria Parasites': 3,
      'Sickle Cells': 2,
      'Platelet Clump': 1.5,
      Neutrophil: 0.3,
      Monocyte: 0.3,
    },
  })
  const pointer = random(seed, 'pointer', index)
  const pointing = cueOf(person, findings, dials, pointer)
  const look = random(seed, 'stain', index)
  const n = dials.nuisance
  const pale = said.findings.some(({ name }) => name === 'Hypochromia')
  return {
    ...person,
    ...said,
    version: 1,
    cells: placeCells(said.findings, dials, random(seed, 'cells', index)),
    stain: {
      background: [0.93 + look.normal(0, 0.02) * n, 0.9 + look.normal(0, 0.025) * n, 0.88 + look.normal(0, 0.03) * n],
      red: 0.42 * Math.exp(look.normal(0, 0.2) * n) * (pale ? 0.72 : 1),
      pallor: pale ? look.uniform(0.68, 0.76) : look.uniform(0.34, 0.46),
      pallorDepth: pale ? 0.95 : look.uniform(0.55, 0.75),
      purple: Math.exp(look.normal(0, 0.16) * n),
      seed: look.int(2 ** 31),
    },
    camera: {
      ...sampleCamera(dials, random(seed, 'camera', index)),
      pointer: pointing ? pointer.uniform(0, 2 * Math.PI) : null,
    },
  }
}

/** White cells first, then red cells where there is room, then platelets. */
function placeCells(findings: readonly SmearFinding[], dials: SmearDials, stream: Random): Cell[] {
  const cells: Cell[] = []
  const cell = (kind: CellKind, x: number, y: number, r: number, finding: number | null): Cell => ({
    kind,
    x,
    y,
    r,
    angle: stream.uniform(0, 2 * Math.PI),
    seed: stream.int(2 ** 31),
    finding,
  })
  /** A free place; `gap` below 0 lets cells overlap. Undefined when the film is full. */
  const free = (r: number, gap: number, reach: number, tries: number): [number, number] | undefined => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const [x, y] = [stream.uniform(-reach, reach), stream.uniform(-reach, reach)]
      if (cells.every((other) => Math.hypot(x - other.x, y - other.y) > r + other.r + gap)) return [x, y]
    }
    return undefined
  }
  const kinds: CellKind[] = []
  findings.forEach(({ name, count }, i) => {
    const white = whiteNames.find((kind) => kind === name)
    if (white) {
      for (let k = 0; k < count; k++) {
        const r = whiteRadius[white] * stream.uniform(0.93, 1.07)
        const [x, y] = free(r, 0.01, 0.95 - r, 60) ?? [stream.uniform(-0.6, 0.6), stream.uniform(-0.6, 0.6)]
        cells.push(cell(white, x, y, r, i))
      }
      return
    }
    if (name === 'Platelet Clump') {
      const [cx, cy] = free(0.14, 0, 0.75, 60) ?? [0.6, 0.6]
      for (let k = 0; k < 9; k++)
        cells.push(
          cell('platelet', cx + stream.normal(0, 0.055), cy + stream.normal(0, 0.055), stream.uniform(0.028, 0.04), i),
        )
      return
    }
    const kind = ({ 'Sickle Cells': 'sickle', 'Malaria Parasites': 'infected', 'Target Cells': 'target' } as const)[
      name as 'Sickle Cells'
    ]
    if (kind) for (let k = 0; k < count; k++) kinds.push(`${kind}` as CellKind)
  })
  const owner = (kind: CellKind): number | null => {
    const name = { sickle: 'Sickle Cells', infected: 'Malaria Parasites', target: 'Target Cells' }[kind as 'sickle']
    const at = findings.findIndex((finding) => finding.name === name)
    return at < 0 ? null : at
  }
  const wanted = Math.round(62 * dials.density * Math.exp(stream.normal(0, 0.15) * dials.nuisance))
  for (let k = 0; k < wanted; k++) {
    const kind = kinds[k] ?? 'red'
    const r = 0.105 * stream.uniform(0.92, 1.08)
    const place = free(r, k < wanted * 0.75 ? 0.004 : -0.03, k < kinds.length ? 0.86 : 1.02, 25)
    if (!place) {
      if (k < kinds.length) cells.push(cell(kind, stream.uniform(-0.8, 0.8), stream.uniform(-0.8, 0.8), r, owner(kind)))
      continue
    }
    cells.push(cell(kind, place[0], place[1], r, owner(kind)))
  }
  const platelets = 2 + stream.int(5)
  for (let k = 0; k < platelets; k++) {
    const place = free(0.03, 0.004, 0.92, 30)
    if (place) cells.push(cell('platelet', place[0], place[1], stream.uniform(0.026, 0.04), null))
  }
  return cells
}

function sampleCamera(dials: SmearDials, stream: Random): Omit<SmearScene['camera'], 'pointer'> {
  const n = dials.nuisance
  return {
    exposure: Math.exp(stream.normal(0, 0.07 * n)),
    balance: [0, 0, 0].map(() => Math.exp(stream.normal(0, 0.04) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(0.05, 0.1 * n)),
    blur: stream.uniform(0.004, 0.01) * (1 + 0.4 * n * stream.uniform()),
    noise: 0.016 * stream.uniform(0.5, 1.4),
    shade: [stream.uniform(0, 2 * Math.PI), stream.uniform(0, 0.2) * n],
    dirt: stream.chance(0.3 * n)
      ? Array.from({ length: 1 + stream.int(4) }, () => ({
          x: stream.uniform(-1, 1),
          y: stream.uniform(-1, 1),
          r: stream.uniform(0.012, 0.03),
        }))
      : [],
  }
}
