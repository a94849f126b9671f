/** @file Runs that are killed and continued: shared by the quick and the long test. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Random } from '../src/core/random.ts'
import { start, vesalius } from './vesalius.ts'

/** Either a fresh start or a continuation, whatever the folder holds. */
function lineFor(data: string, config: string, run: string): string[] {
  return existsSync(join(run, 'config.json'))
    ? ['pretrain', '--resume', run]
    : ['pretrain', '--data', data, '--out', run, '--config', config]
}

function checkpointing(run: string): boolean {
  try {
    return readdirSync(join(run, 'checkpoints')).some((name) => name.endsWith('.part'))
  } catch {
    return false
  }
}

/**
 * Trains with SIGKILLs: every second one at the moment a checkpoint is being written, the others after a random time.
 * Returns how many kills hit a living process.
 */
export async function trainWithKills(
  { data, config, run }: { data: string; config: string; run: string },
  kills: number,
  stream: Random,
): Promise<number> {
  let hit = 0
  for (let k = 0; k < kills; k++) {
    const { child, end } = start(lineFor(data, config, run))
    let over = false
    void end.then(() => {
      over = true
    })
    if (k % 2 === 0) while (!over && !checkpointing(run)) await setImmediate()
    else await setTimeout(stream.uniform(200, 1500))
    if (!over) hit++
    child.kill('SIGKILL')
    await end
  }
  const last = await vesalius(lineFor(data, config, run))
  if (last.code !== 0) throw new Error(`The run did not end after the kills: ${last.stderr}`)
  return hit
}

/** What two equal runs share: the bytes of the model, and the log without its clocks. */
export function outcome(run: string): { weights: Buffer; log: unknown[] } {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n')
  return {
    weights: readFileSync(join(run, 'model', 'model.safetensors')),
    log: lines.map((line) => {
      const { seconds: _s, pairsPerSecond: _p, dataWait: _d, ...rest } = JSON.parse(line) as Record<string, unknown>
      return rest
    }),
  }
}
