/** @file All readers that are fuzzed. */

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imagingTargets } from '../imaging/fuzz-targets.ts'
import { objectTargets } from './object-targets.ts'
import type { FuzzTarget } from './run.ts'
import { textTargets } from './text-targets.ts'

/** The readers, and the folder that some of them read from: remove it afterwards. */
export async function allTargets(): Promise<{ targets: FuzzTarget[]; room: string }> {
  const room = await mkdtemp(join(tmpdir(), 'vesalius-fuzz-'))
  return { room, targets: [...(await imagingTargets()), ...(await objectTargets(room)), ...textTargets(room)] }
}
