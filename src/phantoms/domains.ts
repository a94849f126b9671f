/** @file The phantom domains that exist. */

import { VesaliusError } from '../core/errors.ts'
import { chestXray } from './chest/domain.ts'
import { colourDomains } from './colour-domains.ts'
import type { PhantomDomain } from './domain.ts'
import { greyDomains } from './grey-domains.ts'

const domains: readonly PhantomDomain[] = [chestXray as PhantomDomain, ...colourDomains, ...greyDomains]

/** All phantom domains. */
export function listDomains(): readonly PhantomDomain[] {
  return domains
}

/** The domain with this id; an unknown id is an error that lists the known ones. */
export function domainOf(id: string): PhantomDomain {
  const domain = domains.find((candidate) => candidate.id === id)
  if (domain) return domain
  throw new VesaliusError('UNKNOWN_NAME', `There is no phantom domain "${id}".`, {
    where: 'domain',
    hint: `Use one of: ${domains.map((candidate) => candidate.id).join(', ')}.`,
  })
}
