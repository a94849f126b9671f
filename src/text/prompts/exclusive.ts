/** @file Sets of classes of which exactly one holds: kinds of image, and the organs of VQA-RAD. */

import type { PromptSetInput } from '../prompts.ts'

/** Survey Fig. 4: which kind of image is this? */
export const modalities: PromptSetInput = {
  kind: 'exclusive',
  name: 'modalities',
  version: 1,
  source: 'Survey of CLIP in medical imaging, Fig. 4',
  templates: ['a photo of {a}'],
  classes: [
    { name: 'Chest X-ray' },
    { name: 'Mammography', article: false },
    { name: 'Knee X-ray' },
    { name: 'Dental X-ray' },
  ],
}

/** The three organs of VQA-RAD; its images are X-rays and CT slices, of the head also MR. */
export const vqaRadOrgans: PromptSetInput = {
  kind: 'exclusive',
  name: 'vqa-rad-organs',
  version: 1,
  source: "Written for this project; the classes are VQA-RAD's image_organ (CHEST, ABD, HEAD)",
  licence: 'Apache-2.0',
  templates: [
    'a radiology image of the {}',
    'a medical image of the {}',
    'a scan of the {}',
    'this image shows the {}',
  ],
  classes: [
    {
      name: 'chest',
      phrases: ['chest', 'thorax', 'lungs and heart'],
      sentences: ['a chest X-ray', 'a frontal chest radiograph', 'a CT scan of the chest'],
    },
    {
      name: 'abdomen',
      phrases: ['abdomen', 'abdomen and pelvis', 'liver, kidneys and bowel'],
      sentences: ['an abdominal CT', 'an axial CT of the abdomen with contrast', 'an abdominal X-ray'],
    },
    {
      name: 'head',
      phrases: ['head', 'brain', 'brain and skull'],
      sentences: ['a head CT', 'a brain MRI', 'an axial MR image of the brain'],
    },
  ],
}
