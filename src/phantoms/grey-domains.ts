/** @file The phantom domains of greyscale pictures, volumes and signals, beside the chest. */

import { abdominalCt } from './abdomen/domain.ts'
import { brainMri } from './brain/domain.ts'
import { dentalCrowns } from './dental/crowns-domain.ts'
import { dentalPanorama } from './dental/panorama-domain.ts'
import type { PhantomDomain } from './domain.ts'
import { ecg } from './ecg/domain.ts'
import { knee } from './knee/domain.ts'
import { mammogram } from './mammogram/domain.ts'
import { lungNoduleCt } from './nodule/domain.ts'
import { placenta } from './placenta/domain.ts'
import { ultrasoundBreast } from './ultrasound/breast-domain.ts'
import { ultrasoundHeart } from './ultrasound/heart-domain.ts'

export const greyDomains = [
  brainMri,
  abdominalCt,
  lungNoduleCt,
  ultrasoundBreast,
  ultrasoundHeart,
  placenta,
  mammogram,
  knee,
  dentalPanorama,
  dentalCrowns,
  ecg,
] as unknown as readonly PhantomDomain[]
