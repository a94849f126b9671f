/** @file The protocols, in the order of reports. */

import type { Protocol } from '../protocol.ts'
import { itr } from './itr.ts'
import { zsc } from './zsc.ts'

export const protocols: readonly Protocol[] = [zsc, itr]
