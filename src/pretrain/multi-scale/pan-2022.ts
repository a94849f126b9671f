/**
 * Vision-language contrastive learning approach to robust automatic placenta analysis using photographic images (Pan et al.,
 * MICCAI 2022). Survey section 3.2. ConVIRT with a similarity under which no easy feature silences the others.
 *
 *   sim(u, v) = -1/D Σ_d log cosh( s (û_d - v̂_d) )          gradient -(s/D) tanh(s (û_d - v̂_d)): each dimension by itself
 *   L         = 0.75 CE rows + 0.25 CE columns of sim / τ
 *
 * Small s ranks pairs as the cosine does, large s as the L1 distance; the default sqrt(D) lies between.
 * Reconstruction from the abstract and the authors' follow-up code, which has no s and multiplies the mean by 100 (`s: 1`,
 * `temperature: 0.01`).
 */

import { z } from 'zod'
import { div } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { contrastive } from '../parts/contrast.ts'
import { negLogCosh } from '../parts/neg-log-cosh.ts'

export const pan2022 = objective({
  id: 'pan-2022',
  survey: {
    name: 'Pan et al. 2022',
    paper: 'Pan et al., MICCAI 2022',
    table: 2,
    domain: 'placenta',
    taxonomy: ['multi-scale'],
    tasks: ['CLS'],
  },
  needs: ['image', 'text'],
  text: 'report',
  habits: { augment: 'placenta' },
  losses: ['contrastive'],
  config: z.strictObject({
    s: z.number().positive().optional().describe('sharpness inside the similarity; sqrt(D) if absent'),
    temperature: z.number().positive().default(0.1),
    imageToText: z.number().min(0).max(1).default(0.75),
    chunk: z.number().int().positive().default(8).describe('texts compared at once; less needs less memory'),
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  loss({ image, text, config: { s, temperature, imageToText, chunk } }) {
    const sharpness = s ?? Math.sqrt(image.global.shape[1] as number)
    const similar = negLogCosh(image.global, text.global, { sharpness, chunk }) //             [B, B]
    return { contrastive: contrastive(div(similar, temperature), { imageToText }) }
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64 },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      model: { joint: 512 },
      train: { batch: 32, rate: 1e-4, optimizer: { kind: 'adam', weightDecay: 1e-6 } },
    },
  },
})
