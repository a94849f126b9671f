/** @file The phantom domains of greyscale pictures, volumes and signals, beside the chest. */

import { brainMri } from './brain/domain.ts'
import type { PhantomDomain } from './domain.ts'
import { knee } from './knee/domain.ts'
import { mammogram } from './mammogram/domain.ts'
import { ultrasoundBreast } from './ultrasound/breast-domain.ts'
import { ultrasoundHeart } from './ultrasound/heart-domain.ts'

export const greyDomains = [
  brainMri,
  knee,
  mammogram,
  ultrasoundBreast,
  ultrasoundHeart,
] as unknown as readonly PhantomDomain[]
