/** @file The findings of the chest phantom: names as they appear as label keys, how often, and which come together. */

/** Every finding that can be drawn, in a fixed order. Names are the label keys of the studies. */
export const findings = [
  'Nodule',
  'Mass',
  'Consolidation',
  'Atelectasis',
  'Pleural Effusion',
  'Pneumothorax',
  'Cardiomegaly',
  'Enlarged Mediastinum',
  'Edema',
  'Emphysema',
  'Fibrosis',
  'Pleural Plaque',
  'Rib Fracture',
  'Hiatal Hernia',
  'Support Devices',
] as const

export type FindingName = (typeof findings)[number]

/** Findings that cover little of the picture: a linear model on coarse pixels must stay near chance on them. */
export const smallFindings: readonly FindingName[] = [
  'Nodule',
  'Atelectasis',
  'Pneumothorax',
  'Pleural Plaque',
  'Rib Fracture',
  'Hiatal Hernia',
  'Support Devices',
]

/** Findings that stay with a patient from study to study. */
export const chronicFindings: ReadonlySet<FindingName> = new Set([
  'Cardiomegaly',
  'Enlarged Mediastinum',
  'Emphysema',
  'Fibrosis',
  'Pleural Plaque',
  'Mass',
  'Hiatal Hernia',
])

/** Findings whose size or extent moves from study to study of a patient. */
export const movingFindings: ReadonlySet<FindingName> = new Set([
  'Nodule',
  'Mass',
  'Consolidation',
  'Atelectasis',
  'Pleural Effusion',
  'Pneumothorax',
  'Edema',
])

/** Log-odds of each finding in a study that is not normal, before dependence. */
export const baseLogOdds: Record<FindingName, number> = {
  Nodule: -1.55,
  Mass: -1.9,
  Consolidation: -1.7,
  Atelectasis: -1.95,
  'Pleural Effusion': -1.95,
  Pneumothorax: -1.85,
  Cardiomegaly: -1.75,
  'Enlarged Mediastinum': -1.85,
  Edema: -2.1,
  Emphysema: -1.8,
  Fibrosis: -1.75,
  'Pleural Plaque': -1.75,
  'Rib Fracture': -1.75,
  'Hiatal Hernia': -2,
  'Support Devices': -1.75,
}

/** If the first is present, the log-odds of the second rise by this much (times the co-occurrence dial). */
export const dependence: readonly (readonly [FindingName, FindingName, number])[] = [
  ['Cardiomegaly', 'Edema', 1.4],
  ['Edema', 'Pleural Effusion', 1.4],
  ['Cardiomegaly', 'Pleural Effusion', 0.5],
  ['Pleural Effusion', 'Atelectasis', 1.2],
  ['Consolidation', 'Pleural Effusion', 0.7],
  ['Mass', 'Nodule', 1.2],
  ['Rib Fracture', 'Pneumothorax', 0.9],
  ['Emphysema', 'Pneumothorax', 0.6],
  ['Pneumothorax', 'Support Devices', 0.8],
  ['Edema', 'Support Devices', 0.8],
  ['Emphysema', 'Fibrosis', -2],
  ['Emphysema', 'Edema', -1],
]

/** Order of drawing lots: a finding comes after all that it depends on. */
export const drawingOrder: readonly FindingName[] = [
  'Cardiomegaly',
  'Enlarged Mediastinum',
  'Emphysema',
  'Fibrosis',
  'Pleural Plaque',
  'Mass',
  'Rib Fracture',
  'Hiatal Hernia',
  'Consolidation',
  'Edema',
  'Pleural Effusion',
  'Atelectasis',
  'Nodule',
  'Pneumothorax',
  'Support Devices',
]
