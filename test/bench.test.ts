/** @file `vesalius bench step` as a user runs it. */

import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { vesalius, vesaliusJson } from './vesalius.ts'

const tiny = ['--image', 'vit-tiny', '--size', '32', '--batch', '4', '--tokens', '8', '--vocabulary', '50']
const profiles = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('vesalius-profile-'))

interface Bench {
  step: number
  pass: number
  optimizer: number
  all: number[]
  pairsPerSecond: number
  peakBytes: number
  overhead: { step: number; pass: number }
  graph: { hash: string; nodes: number }
  profile: {
    step: number
    pass: number
    kernels: { products: number; all: number }
    operators: { key: string; seconds: number }[]
    modules: { module: string; forward: number; backward: number }[]
    devices: { provider: string; nodes: number }[]
  }
}

it('times a step and profiles it, and leaves no file behind', async () => {
  const before = profiles()
  const found = await vesaliusJson<Bench>(['bench', 'step', ...tiny, '--steps', '3', '--profile'])
  expect(found.all).toHaveLength(3)
  expect(found.step).toBeGreaterThanOrEqual(found.pass)
  expect(found.pairsPerSecond).toBeCloseTo(4 / found.step, 6)
  expect(found.peakBytes).toBeGreaterThan(50e6)
  const { kernels, operators, modules, devices } = found.profile
  const total = operators.reduce((sum, { seconds }) => sum + seconds, 0)
  expect(total).toBeCloseTo(kernels.all, 9)
  expect(modules.reduce((sum, { forward, backward }) => sum + forward + backward, 0)).toBeCloseTo(total, 9)
  expect(kernels.products).toBeGreaterThan(0)
  expect(kernels.products).toBeLessThan(kernels.all)
  // Step, pass and kernels are times of the same steps, so each holds the next, whatever else the machine does.
  const { step, pass } = found.profile
  expect(step).toBeGreaterThan(pass)
  expect(pass).toBeGreaterThan(0.99 * kernels.all)
  expect(found.overhead.step * kernels.products).toBeCloseTo(step, 9)
  expect(found.overhead.pass * kernels.products).toBeCloseTo(pass, 9)
  expect(found.overhead.pass).toBeGreaterThan(1)
  expect(modules.map(({ module }) => module)).toEqual(
    expect.arrayContaining(['vision_model.encoder', 'text_model.encoder', 'visual_projection', 'text_projection']),
  )
  expect(devices.map(({ provider }) => provider)).toEqual(['CPUExecutionProvider'])
  expect(profiles()).toEqual(before)
})

it('says what a graph is made of without running it', async () => {
  const { graph, summary } = await vesaliusJson<{
    graph: { hash: string; nodes: number }
    summary: { nodes: number; parameters: number; modules: { parameters: number }[] }
  }>(['bench', 'step', ...tiny, '--summary'])
  expect(graph.hash).toMatch(/^[0-9a-f]{16}$/)
  expect(summary.nodes).toBe(graph.nodes)
  expect(summary.modules.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(summary.parameters)
})

it('prints tables for people', async () => {
  const { code, stdout } = await vesalius(['bench', 'step', ...tiny, '--steps', '1', '--warm-up', '0', '--profile'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/Step of 4 pairs, \d+ threads/)
  expect(stdout).toContain('MB written')
  expect(stdout).toContain('CPUExecutionProvider')
})

it.each([
  [['bench', 'walk'], 'There is no bench "walk".'],
  [['bench', 'step', '--image', 'vit-huge'], 'There is no image tower called "vit-huge".'],
  [['bench', 'step', '--batch', '0'], '--batch is 0, which is below 1.'],
  [['bench', 'step', '--tokens', '900'], '900 tokens are more than'],
])('%s is refused', async (line, message) => {
  const { code, stderr } = await vesalius(line)
  expect(stderr).toContain(message)
  expect([1, 2]).toContain(code)
})

it('benches and tools import nothing that is not there', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = ['bench', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(root, folder, name)),
  )
  const missing: string[] = []
  for (const file of files) {
    for (const [, names, from] of readFileSync(file, 'utf8').matchAll(/import \{([^}]*)\} from '(\.[^']*)'/g)) {
      const target = join(dirname(file), from!)
      // What was built is loaded; scripts run when they are loaded, so they are read.
      const built = target.includes('/dist/') ? Object.keys((await import(target)) as object) : undefined
      const text = built === undefined ? readFileSync(target, 'utf8') : ''
      for (const name of names!.split(',').map((part) => part.trim().split(' as ')[0]!)) {
        const there =
          built?.includes(name) ?? new RegExp(`export (const|let|(async )?function\\*?|class) ${name}\\b`).test(text)
        if (name !== '' && !there) missing.push(`${file}: ${name} of ${from}`)
      }
    }
  }
  expect(files.length).toBeGreaterThan(20)
  expect(missing).toEqual([])
})
