/** @file Effects of a family from claims to page, at the smallest: run, resumed, extended. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { EffectsOptions, runEffects as Run } from '../src/evaluate/effects/run.ts'
import { readWeights } from '../src/models/folder.ts'
import { expectNear } from './near.ts'
import { tinyRun } from './vesalius.ts'

// The built one: its runs are child processes.
const { runEffects }: { runEffects: typeof Run } = await import(
  new URL('../dist/evaluate/effects/run.js', import.meta.url).href
)

const root = mkdtempSync(join(tmpdir(), 'vesalius-effects-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const mueller = { width: 32, hidden: 64, heads: 2, most: 6 }
const image = {
  ...{ kind: 'resnet', block: 'basic', layers: [1, 1, 1, 1], widths: [4, 8, 16, 32], size: 64, channels: 1 },
  ...{ stem: { kernel: 3, stride: 2, pool: false }, readOut: 'mean' },
}
const family = {
  version: 1,
  family: 'tiny',
  title: 'Effects at the smallest',
  seeds: 1,
  data: {
    chest: { domain: 'chest-xray', splits: { train: 64, validate: 8, test: 40 }, seed: 5, size: 64 },
    frame: { of: 'chest', frame: { kinds: 16, strength: 1 } },
  },
  steps: 12,
  headSteps: 5,
  tasks: ['ZSC', 'CLS'],
  base: {
    size: 64,
    channels: 1,
    joint: 16,
    ...{ model: { ...tinyRun.model, image }, tokenizer: tinyRun.tokenizer, train: { batch: 16, rate: 3e-3 } },
  },
  arms: [
    {
      id: 'global',
      objective: 'mueller-2022a',
      data: 'chest',
      settings: { objectiveConfig: { ...mueller, prior: 'none' } },
    },
    {
      id: 'uniform',
      objective: 'mueller-2022a',
      data: 'chest',
      settings: { objectiveConfig: { ...mueller, priorWeight: 5 } },
    },
    { id: 'framed', objective: 'clip', data: 'frame', settings: { train: { steps: 2 } } },
    { id: 'further', objective: 'clip', data: 'chest', from: 'framed', settings: { train: { steps: 1, rate: 1e-12 } } },
  ],
  claims: [
    {
      id: 'spread',
      claim: 'Regions of one image are less alike than under the global loss alone.',
      metric: 'REG.cosine',
      baseline: 'global',
      system: 'uniform',
      direction: 'lower',
      margin: 0,
    },
    {
      id: 'framed',
      claim: 'For the test: of an arm that is run later.',
      metric: 'CLS.probe100',
      baseline: 'global',
      system: 'framed',
      direction: 'higher',
      margin: 0,
    },
  ],
  notes: [],
}
const nothing = { update() {}, say() {}, end() {} }
const options = (arms?: readonly string[]): EffectsOptions => ({
  work: join(root, 'work'),
  threads: 1,
  jobs: 2,
  arms,
  progress: () => nothing,
  signal: new AbortController().signal,
  root,
})

it('runs arms, keeps what has run, says what is reproduced and what has not run', async () => {
  mkdirSync(join(root, 'bench/effects'), { recursive: true })
  writeFileSync(join(root, 'bench/effects/tiny.json'), JSON.stringify(family))
  const first = await runEffects('tiny', options(['global', 'uniform']))
  const [spread, framed] = first.effects as [(typeof first.effects)[0], (typeof first.effects)[0]]
  expect(spread.reproduced).toBe(spread.interval![1] < 0)
  expect(spread.difference).toBeCloseTo(spread.seeds[0]!.system! - spread.seeds[0]!.baseline!, 10)
  expect(spread.interval![0]).toBeLessThanOrEqual(spread.difference!)
  expect(spread.interval![1]).toBeGreaterThanOrEqual(spread.difference!)
  expect([framed.reproduced, framed.difference, framed.notRun]).toEqual([null, null, 'missing: framed-1'])
  expect(JSON.parse(readFileSync(join(root, 'bench/results/effects-tiny.json'), 'utf8'))).toEqual(first)
  const page = readFileSync(join(root, 'docs/effects-tiny.md'), 'utf8')
  expect(page).toContain(`${spread.reproduced ? 1 : 0} of 1 claims that have run were reproduced; 1 have not run yet.`)

  const result = join(root, 'work')
  const before = statSync(result).mtimeMs
  const second = await runEffects('tiny', options())
  expect(statSync(result).mtimeMs).toBe(before)
  expect(second.effects[0]).toEqual(spread)
  expect(second.effects[1]!.reproduced).not.toBeNull()
  expect(second.table.map(({ id, seeds }) => [id, seeds])).toEqual([
    ['global', 1],
    ['uniform', 1],
    ['framed', 1],
    ['further', 1],
  ])
  // An arm that starts from another one has its model: a step of no length leaves it there.
  const runs = join(root, 'work', readdirSync(join(root, 'work')).find((name) => name.startsWith('tiny-'))!, 'runs')
  const [framedModel, further] = await Promise.all(
    ['framed-1', 'further-1'].map((run) => readWeights(join(runs, run, 'model'))),
  )
  const weight = further!.layout.byName.get('vision_model.conv1.weight')!
  const values = ({ flat }: typeof further & object) => flat.slice(weight.offset, weight.offset + weight.size)
  expectNear('weights', values(further!), values(framedModel!), 1e-6)

  // Another claim is another row: what ran under the old one is not passed off as its result.
  writeFileSync(
    join(root, 'bench/effects/tiny.json'),
    JSON.stringify({ ...family, claims: family.claims.map((claim) => ({ ...claim, margin: -2 })) }),
  )
  const third = await runEffects('tiny', { ...options(), reportOnly: true })
  expect(third.effects.map(({ reproduced }) => reproduced)).toEqual([false, true])
  expect(third.effects[0]!.hash).not.toBe(spread.hash)
}, 120_000)
