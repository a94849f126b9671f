/** @file The graph of every system is what it was: a refactoring that changes one is seen here. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type GraphPrint, graphChange, graphPrint } from '../src/engine/inspect/canonical.ts'
import { presetSteps, syntheticStep, traceSynthetic } from '../src/pretrain/synthetic.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/graph-hashes.json', import.meta.url), 'utf8')) as Record<
  string,
  GraphPrint
>
const steps = presetSteps()
const advice = 'If that is meant, run: npm run hashes'

it('every preset of a tower has a golden graph under every objective, and there are no others', () => {
  expect(Object.keys(golden).sort(), `The list of graphs changed. ${advice}`).toEqual([...steps.keys()].sort())
})

it.each([...steps])('%s', (name, options) => {
  const before = golden[name]
  if (before === undefined) expect.fail(`"${name}" has no golden hash. Run: npm run hashes`)
  const change = graphChange(before, graphPrint(traceSynthetic(syntheticStep(options)).outputs))
  if (change !== undefined) expect.fail(`The graph of "${name}" changed: ${change}. ${advice}`)
})
