/**
 * @file Prompts in the form of TIER (Palepu and Beam 2023): several ways to state a finding, against the denial of the
 * finding and sentences of studies without any.
 */

import type { PromptSetInput } from '../prompts.ts'

/** Said of studies without findings; they deny every one. */
const clear = [
  'No acute cardiopulmonary process.',
  'The lungs are clear.',
  'No evidence of acute disease.',
  'Normal chest radiograph.',
]

export const tierPrompts: PromptSetInput = {
  kind: 'pairs',
  name: 'tier',
  version: 1,
  source: 'Form of Palepu and Beam, MLHC 2023; wording written for this project',
  licence: 'Apache-2.0',
  positive: ['{}.', 'There is {a}.', 'Findings consistent with {}.', '{} is present.'],
  negative: ['No {}.'],
  findings: [
    { name: 'Atelectasis', article: false },
    { name: 'Cardiomegaly', article: false },
    { name: 'Consolidation', article: false },
    { name: 'Edema', article: false, phrases: ['edema', 'pulmonary edema'] },
    { name: 'Pleural Effusion', phrases: ['pleural effusion', 'effusion'] },
    { name: 'Pneumonia', article: false },
    { name: 'Pneumothorax' },
    { name: 'Nodule', phrases: ['nodule', 'pulmonary nodule'] },
    { name: 'Mass', phrases: ['mass', 'lung mass'] },
    { name: 'Fracture', phrases: ['fracture', 'rib fracture'] },
    { name: 'Rib Fracture', phrases: ['rib fracture', 'fracture of a rib'] },
  ].map((finding) => ({ ...finding, negative: [...clear] })),
}
