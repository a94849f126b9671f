/** @file The phantom domains of greyscale pictures, volumes and signals, beside the chest. */

import type { PhantomDomain } from './domain.ts'
import { knee } from './knee/domain.ts'
import { mammogram } from './mammogram/domain.ts'

export const greyDomains: readonly PhantomDomain[] = [knee as PhantomDomain, mammogram as PhantomDomain]
