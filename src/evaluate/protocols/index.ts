/** @file The protocols, in the order of reports. */

import type { Protocol } from '../protocol.ts'
import { cal } from './cal.ts'
import { cls } from './cls.ts'
import { det } from './det.ts'
import { grp } from './grp.ts'
import { itc } from './itc.ts'
import { itr } from './itr.ts'
import { leak } from './leak.ts'
import { pg } from './pg.ts'
import { pgt } from './pgt.ts'
import { rg } from './rg.ts'
import { rob } from './rob.ts'
import { seg } from './seg.ts'
import { sp } from './sp.ts'
import { txt } from './txt.ts'
import { vqa } from './vqa.ts'
import { zsc } from './zsc.ts'

export const protocols: readonly Protocol[] = [
  cls,
  zsc,
  itr,
  itc,
  pg,
  seg,
  det,
  vqa,
  rg,
  sp,
  txt,
  rob,
  grp,
  pgt,
  cal,
  leak,
]
