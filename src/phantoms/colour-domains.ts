/** @file The domains of colour pictures. */

import { bloodSmear } from './blood-smear/domain.ts'
import { dermoscopy } from './dermoscopy/domain.ts'
import type { PhantomDomain } from './domain.ts'
import { endoscopy } from './endoscopy/domain.ts'
import { fundus } from './fundus/domain.ts'
import { fundusAngiography } from './fundus-angiography/domain.ts'
import { histology } from './histology/domain.ts'
import { histologySlide } from './histology-slide/domain.ts'
import { surgicalVideo } from './surgical-video/domain.ts'
import { textureAnomaly } from './texture-anomaly/domain.ts'

export const colourDomains = [
  fundus,
  fundusAngiography,
  dermoscopy,
  endoscopy,
  bloodSmear,
  textureAnomaly,
  histology,
  histologySlide,
  surgicalVideo,
] as unknown as readonly PhantomDomain[]
