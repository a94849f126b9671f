/**
 * @file Words of the chest phantom. Each finding has names in a training pool and names held out for open-vocabulary
 * tests; weights are long-tailed, so that some names are seen often and some a few times.
 */

import { longTail, type Terms, type Weighted } from '../grammar.ts'
import type { FindingName } from './findings.ts'
import type { Finding } from './scene.ts'
import type { Boilerplate } from './speaker.ts'

/** The names of each finding. No name of one finding occurs inside a name of another. */
export const terms: Record<FindingName, Terms> = {
  Nodule: {
    train: [
      ['nodule', 0.62],
      ['pulmonary nodule', 0.25],
      ['nodular opacity', 0.1],
      ['lung nodule', 0.03],
    ],
    heldOut: ['coin lesion', 'small rounded density'],
  },
  Mass: {
    train: [
      ['mass', 0.65],
      ['lung mass', 0.25],
      ['pulmonary mass', 0.1],
    ],
    heldOut: ['tumour', 'large rounded lesion'],
  },
  Consolidation: {
    train: [
      ['consolidation', 0.65],
      ['airspace consolidation', 0.2],
      ['airspace opacity', 0.12],
      ['airspace disease', 0.03],
    ],
    heldOut: ['alveolar infiltrate', 'air bronchograms within dense lung'],
    mass: true,
  },
  Atelectasis: {
    train: [
      ['atelectasis', 0.6],
      ['linear atelectasis', 0.25],
      ['subsegmental atelectasis', 0.1],
      ['plate-like atelectasis', 0.05],
    ],
    heldOut: ['volume loss', 'discoid collapse'],
    mass: true,
  },
  'Pleural Effusion': {
    train: [
      ['pleural effusion', 0.75],
      ['effusion', 0.2],
      ['pleural fluid', 0.05],
    ],
    heldOut: ['blunting of the costophrenic angle', 'hydrothorax'],
  },
  Pneumothorax: {
    train: [
      ['pneumothorax', 0.85],
      ['apical pneumothorax', 0.12],
      ['ptx', 0.03],
    ],
    heldOut: ['collapsed lung with visible pleural line', 'air in the pleural space'],
  },
  Cardiomegaly: {
    train: [
      ['cardiomegaly', 0.6],
      ['enlarged heart', 0.25],
      ['enlarged cardiac silhouette', 0.12],
      ['heart enlargement', 0.03],
    ],
    heldOut: ['increased cardiothoracic ratio', 'dilated heart'],
    mass: true,
  },
  'Enlarged Mediastinum': {
    train: [
      ['widened mediastinum', 0.6],
      ['mediastinal widening', 0.3],
      ['enlarged mediastinum', 0.1],
    ],
    heldOut: ['broad mediastinal contour', 'mediastinal prominence'],
  },
  Edema: {
    train: [
      ['pulmonary edema', 0.7],
      ['interstitial edema', 0.18],
      ['edema', 0.1],
      ['pulmonary oedema', 0.02],
    ],
    heldOut: ['vascular congestion', 'fluid overload'],
    mass: true,
  },
  Emphysema: {
    train: [
      ['emphysema', 0.75],
      ['emphysematous change', 0.2],
      ['pulmonary emphysema', 0.05],
    ],
    heldOut: ['hyperinflation', 'hyperlucent lungs with flat diaphragms'],
    mass: true,
  },
  Fibrosis: {
    train: [
      ['fibrosis', 0.6],
      ['pulmonary fibrosis', 0.3],
      ['fibrotic change', 0.1],
    ],
    heldOut: ['reticular opacities', 'interstitial scarring'],
    mass: true,
  },
  'Pleural Plaque': {
    train: [
      ['pleural plaque', 0.6],
      ['calcified pleural plaque', 0.3],
      ['pleural calcification', 0.1],
    ],
    heldOut: ['asbestos-related plate', 'calcification along the pleura'],
  },
  'Rib Fracture': {
    train: [
      ['rib fracture', 0.75],
      ['fractured rib', 0.15],
      ['displaced rib fracture', 0.1],
    ],
    heldOut: ['broken rib', 'cortical step of a rib'],
  },
  'Hiatal Hernia': {
    train: [
      ['hiatal hernia', 0.75],
      ['hiatus hernia', 0.15],
      ['sliding hiatal hernia', 0.1],
    ],
    heldOut: ['gastric pouch above the diaphragm', 'herniated stomach'],
  },
  'Support Devices': {
    train: [
      ['support device', 0.8],
      ['device', 0.2],
    ],
    heldOut: ['hardware', 'indwelling apparatus'],
  },
}

/** Names of each device: the pool for training and the held-out one. */
export const deviceTerms: Record<string, Terms> = {
  pacemaker: {
    train: [
      ['pacemaker', 0.85],
      ['cardiac pacemaker', 0.15],
    ],
    heldOut: ['implanted pulse generator'],
  },
  'endotracheal tube': {
    train: [
      ['endotracheal tube', 0.9],
      ['et tube', 0.1],
    ],
    heldOut: ['breathing tube'],
  },
  'central line': {
    train: [
      ['central line', 0.6],
      ['central venous catheter', 0.4],
    ],
    heldOut: ['jugular catheter'],
  },
  'nasogastric tube': {
    train: [
      ['nasogastric tube', 0.8],
      ['ng tube', 0.2],
    ],
    heldOut: ['feeding tube'],
  },
  'chest tube': {
    train: [
      ['chest tube', 0.9],
      ['thoracostomy tube', 0.1],
    ],
    heldOut: ['pleural drain'],
  },
}

/** Statements that deny a finding without naming it. */
export const plainDenials: Partial<Record<FindingName, Weighted>> = {
  Cardiomegaly: [
    ['Heart size is normal.', 0.6],
    ['The heart is normal in size.', 0.3],
    ['Cardiac size within normal limits.', 0.1],
  ],
  'Enlarged Mediastinum': [
    ['The mediastinal contours are normal.', 0.6],
    ['Mediastinum is unremarkable.', 0.3],
    ['Normal mediastinal silhouette.', 0.1],
  ],
  'Rib Fracture': [
    ['The bones are intact.', 0.6],
    ['No acute bony abnormality.', 0.3],
    ['Osseous structures are unremarkable.', 0.1],
  ],
}

/** Said only when nothing is in the lungs or pleura. */
export const clearLungs: Weighted = [
  ['The lungs are clear.', 0.55],
  ['Lungs are clear bilaterally.', 0.2],
  ['The lungs are well expanded and clear.', 0.15],
  ['Clear lungs.', 0.07],
  ['Both lungs appear normal.', 0.03],
]

/** Fixed normal reports: findings sentences with what each denies, and the impression. */
export const boilerplates: readonly Boilerplate[] = [
  {
    weight: 0.5,
    sentences: [
      ['The lungs are clear.', []],
      ['No pleural effusion or pneumothorax.', ['Pleural Effusion', 'Pneumothorax']],
      ['Heart size is normal.', ['Cardiomegaly']],
    ],
    impression: 'No acute cardiopulmonary abnormality.',
  },
  {
    weight: 0.25,
    sentences: [
      ['Heart size is normal.', ['Cardiomegaly']],
      ['The lungs are clear.', []],
      ['There is no pneumothorax or pleural effusion.', ['Pneumothorax', 'Pleural Effusion']],
    ],
    impression: 'No acute cardiopulmonary process.',
  },
  {
    weight: 0.15,
    sentences: [
      ['Clear lungs.', []],
      ['No effusion or pneumothorax.', ['Pleural Effusion', 'Pneumothorax']],
      ['The heart is normal in size.', ['Cardiomegaly']],
    ],
    impression: 'Normal chest radiograph.',
  },
  {
    weight: 0.1,
    sentences: [
      ['The heart is normal in size.', ['Cardiomegaly']],
      ['The lungs are well expanded and clear.', []],
      ['No pneumothorax.', ['Pneumothorax']],
      ['No pleural effusion.', ['Pleural Effusion']],
    ],
    impression: 'No acute disease.',
  },
]

/** Advice after the positives. */
export const advice: Partial<Record<FindingName, readonly string[]>> = {
  Nodule: ['CT is recommended for further evaluation.', 'Recommend follow-up CT.'],
  Mass: ['CT is recommended for further evaluation.', 'Recommend contrast-enhanced CT.'],
  Consolidation: ['Follow-up radiograph after treatment is recommended.', 'Clinical correlation is advised.'],
  Pneumothorax: ['Findings were communicated to the team.', 'Short-interval follow-up is recommended.'],
  'Enlarged Mediastinum': ['CT is recommended for further evaluation.'],
  Edema: ['Clinical correlation is advised.'],
}

/** Symptoms of the indication that go with a finding; others come from `symptoms`. */
export const symptomOf: Partial<Record<FindingName, readonly string[]>> = {
  Consolidation: ['fever', 'fever and cough'],
  Edema: ['shortness of breath', 'orthopnea'],
  Cardiomegaly: ['shortness of breath', 'leg swelling'],
  Pneumothorax: ['sudden chest pain', 'chest pain'],
  'Rib Fracture': ['trauma', 'fall'],
  Emphysema: ['chronic cough', 'dyspnea'],
  Mass: ['weight loss', 'hemoptysis'],
}

/** Reasons that anyone may come for. */
export const symptoms: Weighted = [
  ['cough', 0.35],
  ['chest pain', 0.25],
  ['shortness of breath', 0.15],
  ['preoperative evaluation', 0.15],
  ['fever', 0.07],
  ['routine examination', 0.03],
]

/** The names of a finding, or of its device. */
export function termsOf(finding: Finding | FindingName): Terms {
  if (typeof finding === 'string') return terms[finding]
  return finding.device === null ? terms[finding.name] : (deviceTerms[finding.device] as Terms)
}

/** Signs by which a finding is described where it may not be named. They hold no name of any finding. */
export const signs: Record<FindingName, Weighted> = {
  Nodule: longTail('There is a small round white spot {at}.', 'A well-defined dot about a centimetre wide {at}.'),
  Mass: longTail(
    'There is a large round white area with an uneven edge {at}.',
    'A ball several centimetres wide {at}.',
  ),
  Consolidation: longTail(
    'There is a dense white area {at} that hides the vessels.',
    'White patch with dark branching airways {at}.',
  ),
  Atelectasis: longTail('There is a thin white band {at}.', 'Dense line of a few centimetres {at}.'),
  'Pleural Effusion': longTail(
    'White shadow at the base with a curved upper border on {side}.',
    'The costophrenic angle is filled on {side}.',
  ),
  Pneumothorax: longTail(
    'Dark area without vessels beside a thin white line at the apex on {side}.',
    'A fine white line runs below the apex with dark space outside it on {side}.',
  ),
  Cardiomegaly: longTail(
    'The heart shadow is wider than half of the inner chest.',
    'The heart spans more than half of the thorax.',
  ),
  'Enlarged Mediastinum': longTail(
    'The central shadow above the heart is broader than expected.',
    'The contour beside the trachea bulges to both sides.',
  ),
  Edema: longTail(
    'Hazy whitening spreads from both hila, with short lines at the outer bases.',
    'Vessels are blurred by a central haze.',
  ),
  Emphysema: longTail(
    'The lungs are large and dark with flat domes and few vessels.',
    'Dark thin-walled rings lie in the upper lungs over low domes.',
  ),
  Fibrosis: longTail(
    'A net of fine white lines covers both bases.',
    'Coarse crossing lines lie in the outer lower lungs.',
  ),
  'Pleural Plaque': longTail(
    'A sharp very bright streak lies along the chest wall on {side}.',
    'Chalk-like bright band at the edge of the lung on {side}.',
  ),
  'Rib Fracture': longTail(
    'There is a step in the outline of a bone of the cage on {side}.',
    'The line of a bony arch is interrupted on {side}.',
  ),
  'Hiatal Hernia': longTail(
    'A round shadow with a level of air over fluid lies behind the heart.',
    'Retrocardiac pouch with an air-fluid level.',
  ),
  'Support Devices': longTail('Metal lies over the chest.', 'A bright man-made object is projected over the chest.'),
}
