/** @file CheXzero's prompts: "{}" against "no {}" over the 14 observations of CheXpert. */

import type { PromptSetInput } from '../prompts.ts'

export const chexzero: PromptSetInput = {
  kind: 'pairs',
  name: 'chexzero',
  version: 1,
  source: 'Tiu et al., Nature Biomedical Engineering 2022; github.com/rajpurkarlab/CheXzero',
  licence: 'MIT',
  positive: ['{}'],
  negative: ['no {}'],
  findings: [
    'Atelectasis',
    'Cardiomegaly',
    'Consolidation',
    'Edema',
    'Enlarged Cardiomediastinum',
    'Fracture',
    'Lung Lesion',
    'Lung Opacity',
    'No Finding',
    'Pleural Effusion',
    'Pleural Other',
    'Pneumonia',
    'Pneumothorax',
    'Support Devices',
  ].map((name) => ({ name })),
}
