/** @file The domains of colour pictures. */

import { bloodSmear } from './blood-smear/domain.ts'
import { dermoscopy } from './dermoscopy/domain.ts'
import type { PhantomDomain } from './domain.ts'
import { endoscopy } from './endoscopy/domain.ts'
import { fundus } from './fundus/domain.ts'

export const colourDomains = [fundus, dermoscopy, endoscopy, bloodSmear] as unknown as readonly PhantomDomain[]
