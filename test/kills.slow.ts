/** @file SIGKILL at 20 moments, every second one in the middle of checkpoint writing: `npm run test:slow`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { random } from '../src/core/random.ts'
import { outcome, trainWithKills } from './interruption.ts'
import { tinyRun, vesaliusJson } from './vesalius.ts'

it('a run killed 20 times ends with the same weights, bit for bit', async () => {
  const room = mkdtempSync(join(tmpdir(), 'vesalius-kills-'))
  try {
    const [data, config] = [join(room, 'data'), join(room, 'config.json')]
    await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '200', '--size', '48', '--seed', '4'])
    writeFileSync(config, JSON.stringify({ ...tinyRun, train: { ...tinyRun.train, steps: 600, checkpointEvery: 5 } }))
    await vesaliusJson(['pretrain', '--data', data, '--out', join(room, 'whole'), '--config', config])
    const hits = await trainWithKills({ data, config, run: join(room, 'killed') }, 20, random(20, 'kills'))
    expect(hits).toBe(20)
    const [killed, whole] = [outcome(join(room, 'killed')), outcome(join(room, 'whole'))]
    expect(killed.weights.equals(whole.weights)).toBe(true)
    expect(killed.log).toEqual(whole.log)
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
})
