/** @file The dials of the fundus phantoms. */

import { z } from 'zod'
import { dependenceDial, findingDials, pictureDials, shortcutDials } from '../dials.ts'

export const fundusDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  ...dependenceDial,
  ...shortcutDials(['Drusen', 'Hard Exudates', 'Media Opacity'], 'Drusen', 'a notch at the edge of the field'),
  camera: z
    .enum(['mixed', 'orange', 'pale', 'green'])
    .default('mixed')
    .describe('domain shift: which camera takes the pictures (field, tint, sharpness, cropping)'),
})
/** All dials, defaults filled in. */
export type FundusDials = z.output<typeof fundusDials>
