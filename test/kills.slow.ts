/** @file SIGKILL at many moments, every second one in the middle of checkpoint writing: `npm run test:slow`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { random } from '../src/core/random.ts'
import { outcome, trainWithKills } from './interruption.ts'
import { optimisations } from './optimisations.ts'
import { tinyRun, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-kills-'))
const data = join(room, 'data')
beforeAll(() =>
  vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '200', '--size', '48', '--seed', '4']),
)
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** Trains undisturbed and with kills; both must end with the same bits. Returns how many kills hit. */
async function compare(name: string, train: Record<string, unknown>, kills: number): Promise<number> {
  const at = (part: string): string => join(room, `${name} ${part}`)
  const config = at('config.json')
  writeFileSync(config, JSON.stringify({ ...tinyRun, train: { ...tinyRun.train, ...train } }))
  await vesaliusJson(['pretrain', '--data', data, '--out', at('whole'), '--config', config])
  const hits = await trainWithKills({ data, config, run: at('killed') }, kills, random(20, 'kills', name))
  const [killed, whole] = [outcome(at('killed')), outcome(at('whole'))]
  expect(killed.weights.equals(whole.weights)).toBe(true)
  expect(killed.log).toEqual(whole.log)
  return hits
}

it('a run killed 20 times ends with the same weights, bit for bit', async () => {
  expect(await compare('long', { steps: 600, checkpointEvery: 5 }, 20)).toBe(20)
})

it.each(Object.entries(optimisations))('so does one killed 6 times: %s', async (name, train) => {
  expect(
    await compare(name, { steps: 200, checkpointEvery: 5, validateEvery: 50, ...train }, 6),
  ).toBeGreaterThanOrEqual(5)
})
