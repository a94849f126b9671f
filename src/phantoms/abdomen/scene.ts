/** @file Scenes of the abdomen: organs as deformed solids, tumours and cysts inside, partly labelled "data sets". */

import { z } from 'zod'
import { random } from '../../core/random.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const abdomenFindings = [
  'Liver Tumour',
  'Liver Cyst',
  'Kidney Tumour',
  'Kidney Cyst',
  'Pancreas Tumour',
  'Spleen Tumour',
] as const
export type AbdomenFinding = (typeof abdomenFindings)[number]

/** Organs with masks, in a fixed order. */
export const organs = [
  'Liver',
  'Spleen',
  'Left Kidney',
  'Right Kidney',
  'Pancreas',
  'Stomach',
  'Gallbladder',
  'Aorta',
  'Inferior Vena Cava',
] as const
export type Organ = (typeof organs)[number]

/** Which classes each "data set" annotates; a class of the set that is not there is annotated as empty. */
export const labelSets = {
  all: [...organs, ...abdomenFindings],
  liver: ['Liver', 'Liver Tumour'],
  spleen: ['Spleen'],
  kidney: ['Left Kidney', 'Right Kidney', 'Kidney Tumour', 'Kidney Cyst'],
  pancreas: ['Pancreas', 'Pancreas Tumour'],
  organs: [...organs],
} as const satisfies Record<string, readonly (Organ | AbdomenFinding)[]>
export type LabelSet = keyof typeof labelSets

/** Steps of continual learning: the classes that arrive in each (Zhang 2023h). */
export const arrival: readonly (readonly (Organ | AbdomenFinding)[])[] = [
  ['Liver', 'Spleen', 'Left Kidney', 'Right Kidney', 'Pancreas'],
  ['Stomach', 'Gallbladder', 'Aorta', 'Inferior Vena Cava'],
  ['Liver Tumour', 'Kidney Tumour', 'Pancreas Tumour', 'Liver Cyst', 'Kidney Cyst', 'Spleen Tumour'],
]

export interface AbdomenShape {
  side: 'left' | 'right' | 'none'
  part: string | null
  /** Where in its organ, as the organ's own coordinates in [-1, 1]. */
  at: [number, number, number]
  /** Radius, mm. */
  size: number
  seed: number
}

export interface AbdomenAnatomy {
  /** Factor of the whole body and half axes of the trunk, mm. */
  scale: number
  trunk: [number, number]
  /** mm of fat under the skin. */
  fat: number
  /** mm by which organs lie higher or lower, and turn of the trunk about its axis. */
  lift: number
  turn: number
  /** Sizes of organs, factors. */
  sizes: { liver: number; spleen: number; kidney: number; stomach: number }
  /** Hounsfield units added by contrast medium: vessels, parenchyma. */
  enhancement: [number, number]
  /** Share of the stomach that is gas. */
  gas: number
  /** mm from slice to slice. */
  thickness: number
  /** Noise in Hounsfield units. */
  noise: number
  /** mm by which the patient lies off the middle. */
  shift: [number, number]
  seed: number
  dataset: LabelSet
}

export type AbdomenScene = Scene<AbdomenFinding, AbdomenAnatomy, AbdomenShape>

export const abdomenDials = z.strictObject({
  ...commonDials(abdomenFindings, 'contrast medium in the stomach'),
  labelled: z
    .enum(['all', 'mixed', 'liver', 'spleen', 'kidney', 'pancreas', 'organs'])
    .default('all')
    .describe(
      'which classes have masks: all, those of one data set, or (mixed) those of the one-organ data set that the patient came from',
    ),
  thickness: z.number().min(1).max(10).default(5).describe('mm from slice to slice; fewer slices when thick'),
  form: z
    .enum(['volume', 'slice'])
    .default('volume')
    .describe('volume: NIfTI in Hounsfield units; slice: one axial PNG through the liver and the kidneys'),
})
export type AbdomenDials = CommonDials & z.output<typeof abdomenDials>

const spec = (
  name: AbdomenFinding,
  logOdds: number,
  denial: number,
  names: readonly string[],
  heldOut: readonly string[],
  symptoms: readonly string[],
): FindingSpec<AbdomenFinding> => ({
  name,
  terms: { train: longTail(...names), heldOut },
  logOdds,
  chronic: true,
  denial,
  doubtful: true,
  small: true,
  symptoms,
})

export const abdomenSpecs: readonly FindingSpec<AbdomenFinding>[] = [
  spec(
    'Liver Tumour',
    -0.8,
    2,
    ['liver tumour', 'hepatic tumour', 'liver metastasis'],
    ['hepatic neoplasm', 'secondary deposit of the liver'],
    ['weight loss'],
  ),
  spec(
    'Liver Cyst',
    -1.1,
    0.6,
    ['liver cyst', 'hepatic cyst', 'simple hepatic cyst'],
    ['fluid-filled cavity of the liver', 'hepatic water sac'],
    [],
  ),
  spec(
    'Kidney Tumour',
    -1.2,
    1.6,
    ['kidney tumour', 'renal tumour', 'solid renal mass'],
    ['renal cell neoplasm', 'hypernephroma'],
    ['blood in the urine'],
  ),
  spec(
    'Kidney Cyst',
    -0.9,
    0.6,
    ['kidney cyst', 'renal cyst', 'simple renal cyst'],
    ['fluid-filled cavity of the kidney', 'renal water sac'],
    [],
  ),
  spec(
    'Pancreas Tumour',
    -1.3,
    1.6,
    ['pancreas tumour', 'pancreatic tumour', 'pancreatic mass'],
    ['pancreatic neoplasm', 'ductal adenocarcinoma'],
    ['painless jaundice'],
  ),
  spec(
    'Spleen Tumour',
    -1.9,
    0.6,
    ['spleen tumour', 'splenic lesion', 'splenic tumour'],
    ['splenic neoplasm', 'focal defect of the milt'],
    [],
  ),
]

/** Places in organs that words can name: lobe or pole, and where that is in the organ's own frame. */
const parts: Record<AbdomenFinding, readonly (readonly [string, [number, number, number]])[]> = {
  'Liver Tumour': [
    ['in the right lobe of the liver', [-0.45, 0.05, 0]],
    ['in the left lobe of the liver', [0.62, -0.35, 0.05]],
  ],
  'Liver Cyst': [
    ['in the dome of the liver', [-0.3, 0, 0.55]],
    ['in the lower right lobe of the liver', [-0.45, 0.1, -0.45]],
  ],
  'Kidney Tumour': [
    ['at the upper pole', [0, 0, 0.62]],
    ['at the lower pole', [0, 0, -0.62]],
  ],
  'Kidney Cyst': [
    ['at the upper pole', [0, 0, 0.55]],
    ['in the interpolar region', [0, 0, 0]],
    ['at the lower pole', [0, 0, -0.55]],
  ],
  'Pancreas Tumour': [
    ['in the head of the pancreas', [-1, 0, 0]],
    ['in the body of the pancreas', [0, 0, 0]],
    ['in the tail of the pancreas', [1, 0, 0]],
  ],
  'Spleen Tumour': [['in the spleen', [0, 0, 0]]],
}

export const abdomenPlanner: Planner<AbdomenFinding, AbdomenAnatomy, AbdomenShape, AbdomenDials> = {
  domain: 'abdominal-ct',
  people: { meanAge: 60, sd: 15, least: 18, most: 92 },
  specs: abdomenSpecs,
  dependence: [
    ['Liver Cyst', 'Kidney Cyst', 0.7],
    ['Pancreas Tumour', 'Liver Tumour', 0.7],
  ],
  anatomy(who, _present, dials, person, study) {
    const scale = (who.sex === 'M' ? 1.04 : 0.95) * (1 + person.normal(0, 0.03))
    const fat = Math.max(5, person.normal(17, 8))
    const phase = study.uniform()
    const n = dials.nuisance
    return {
      scale,
      trunk: [142 + person.normal(0, 6), 108 + person.normal(0, 5)],
      fat,
      lift: study.normal(0, 7) * n,
      turn: study.normal(0, 0.06) * n,
      sizes: {
        liver: 1 + person.normal(0, 0.05),
        spleen: 1 + person.normal(0, 0.08),
        kidney: 1 + person.normal(0, 0.06),
        stomach: 1 + study.normal(0, 0.14),
      },
      enhancement: [60 + 130 * phase, 25 + 40 * Math.min(1, phase * 1.4)],
      gas: study.uniform(0.15, 0.6),
      thickness: dials.thickness,
      noise: 11 * Math.exp(study.normal(0, 0.3)) * dials.noise,
      shift: [study.normal(0, 6) * n, study.normal(0, 5) * n],
      seed: person.int(2 ** 31),
      dataset:
        dials.labelled === 'mixed'
          ? random(who.seed, who.domain, 'dataset', who.key).pick(['liver', 'spleen', 'kidney', 'pancreas'] as const)
          : dials.labelled,
    }
  },
  place(scene, name, stream) {
    const kidney = name.startsWith('Kidney')
    const taken = kidney ? scene.findings.find((finding) => finding.name.startsWith('Kidney'))?.shape.side : undefined
    const side = !kidney
      ? 'none'
      : taken
        ? taken === 'left'
          ? 'right'
          : 'left'
        : stream.chance(0.5)
          ? 'left'
          : 'right'
    const [part, centre] = stream.pick(parts[name])
    const spread = name === 'Pancreas Tumour' ? 0.12 : 0.14
    const at = centre.map((v) => v + stream.uniform(-spread, spread)) as [number, number, number]
    const ranges: Record<AbdomenFinding, [number, number]> = {
      'Liver Tumour': [10, 22],
      'Liver Cyst': [8, 16],
      'Kidney Tumour': [10, 19],
      'Kidney Cyst': [8, 14],
      'Pancreas Tumour': [8, 13],
      'Spleen Tumour': [8, 13],
    }
    return { side, part, at, size: stream.uniform(...ranges[name]), seed: stream.int(2 ** 31) }
  },
  boilerplateDenials: ['Liver Tumour', 'Pancreas Tumour', 'Kidney Tumour'],
}
