/**
 * @file Prompts for the findings of the chest phantom. The words are those its ordinary reports use; the second set holds
 * the words they never use, for open-vocabulary tests.
 */

import type { PromptSetInput } from '../prompts.ts'

const head = {
  kind: 'pairs',
  version: 2,
  source: 'Written for this project, in the wording of its phantom reports',
  licence: 'Apache-2.0',
  positive: ['{}', 'there is {a}', '{} is seen'],
  negative: ['no {}', 'there is no {}', 'no {} is seen'],
} as const

const set = (name: string, findings: Extract<PromptSetInput, { kind: 'pairs' }>['findings']): PromptSetInput => ({
  ...head,
  positive: [...head.positive],
  negative: [...head.negative],
  name,
  findings,
})

/** Reports say the side of what has one. */
const sided = (phrase: string): string[] => [`left ${phrase}`, `right ${phrase}`]

export const chestPhantom = set('chest-phantom', [
  { name: 'Nodule', phrases: ['nodule', 'pulmonary nodule'], positive: sided('nodule') },
  { name: 'Mass', phrases: ['mass', 'lung mass'], positive: sided('mass') },
  {
    name: 'Consolidation',
    phrases: ['consolidation', 'airspace consolidation'],
    article: false,
    positive: sided('consolidation'),
  },
  {
    name: 'Atelectasis',
    phrases: ['atelectasis', 'linear atelectasis'],
    article: false,
    positive: sided('atelectasis'),
  },
  { name: 'Pleural Effusion', phrases: ['pleural effusion', 'effusion'], positive: sided('pleural effusion') },
  { name: 'Pneumothorax', phrases: ['pneumothorax', 'apical pneumothorax'], positive: sided('pneumothorax') },
  {
    name: 'Cardiomegaly',
    phrases: ['cardiomegaly'],
    article: false,
    positive: ['enlarged heart'],
    negative: ['heart size is normal'],
  },
  {
    name: 'Enlarged Mediastinum',
    phrases: ['widened mediastinum', 'mediastinal widening'],
    article: false,
    negative: ['the mediastinal contours are normal'],
  },
  { name: 'Edema', phrases: ['pulmonary edema', 'interstitial edema'], article: false },
  { name: 'Emphysema', phrases: ['emphysema', 'emphysematous change'], article: false },
  { name: 'Fibrosis', phrases: ['fibrosis', 'pulmonary fibrosis'], article: false },
  {
    name: 'Pleural Plaque',
    phrases: ['pleural plaque', 'calcified pleural plaque'],
    positive: sided('pleural plaque'),
  },
  {
    name: 'Rib Fracture',
    phrases: ['rib fracture', 'fractured rib'],
    positive: sided('rib fracture'),
    negative: ['the bones are intact'],
  },
  { name: 'Hiatal Hernia', phrases: ['hiatal hernia', 'hiatus hernia'] },
  {
    name: 'Support Devices',
    phrases: ['support device', 'pacemaker', 'endotracheal tube', 'central line', 'nasogastric tube', 'chest tube'],
  },
])

export const chestPhantomHeldOut = set('chest-phantom-held-out', [
  { name: 'Nodule', phrases: ['coin lesion', 'small rounded density'] },
  { name: 'Mass', phrases: ['tumour', 'large rounded lesion'] },
  { name: 'Consolidation', phrases: ['alveolar infiltrate'] },
  { name: 'Atelectasis', phrases: ['volume loss', 'discoid collapse'], article: false },
  { name: 'Pleural Effusion', phrases: ['blunting of the costophrenic angle', 'hydrothorax'], article: false },
  {
    name: 'Pneumothorax',
    phrases: ['collapsed lung with visible pleural line', 'air in the pleural space'],
    article: false,
  },
  { name: 'Cardiomegaly', phrases: ['increased cardiothoracic ratio', 'dilated heart'] },
  { name: 'Enlarged Mediastinum', phrases: ['broad mediastinal contour', 'mediastinal prominence'], article: false },
  { name: 'Edema', phrases: ['vascular congestion', 'fluid overload'], article: false },
  { name: 'Emphysema', phrases: ['hyperinflation', 'hyperlucent lungs with flat diaphragms'], article: false },
  { name: 'Fibrosis', phrases: ['reticular opacities', 'interstitial scarring'], article: false },
  { name: 'Pleural Plaque', phrases: ['asbestos-related plate', 'calcification along the pleura'], article: false },
  { name: 'Rib Fracture', phrases: ['broken rib', 'cortical step of a rib'] },
  { name: 'Hiatal Hernia', phrases: ['gastric pouch above the diaphragm', 'herniated stomach'] },
  { name: 'Support Devices', phrases: ['hardware', 'indwelling apparatus'], article: false },
])
