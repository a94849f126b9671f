/** @file The runner of reference lines on tiny recipes: `npm run test:slow`. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { silent } from '../../core/progress.ts'
import { generate, listDomains } from '../../phantoms/index.ts'
import { recipeOf, referenceLines } from './index.ts'
import { segmentationLines } from './segmentation.ts'

const work = mkdtempSync(join(tmpdir(), 'lines-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const watch = { progress: () => silent, threads: 2 }
const tiny = {
  splits: { train: 48, test: 24 },
  supervised: { epochs: 1, batch: 8, rate: 1e-3, weightDecay: 0.02 },
  pairs: { steps: 10, batch: 16, rate: 2e-3, width: 16, leastUse: 2 },
}

it.each(listDomains().map(({ id }) => id))('%s: measured, with hashes, and the same when asked again', async (id) => {
  const whole = recipeOf(id)
  const recipe = { ...whole, ...tiny, size: 48 }
  delete recipe.segmentation
  const first = await referenceLines(id, work, { ...watch, recipe })
  const { supervised, pixelBaseline, shuffled, paired, leaks } = first.lines
  for (const line of [supervised, pixelBaseline, leaks.file, leaks.grain, leaks.noise]) {
    expect(Object.keys(line.perFinding).length).toBeGreaterThanOrEqual(4)
    expect(line.macro).toBeGreaterThan(0.2)
    expect(line.macro).toBeLessThanOrEqual(1)
  }
  expect(shuffled.candidates).toBe(paired.candidates)
  expect(shuffled.candidates).toBeGreaterThanOrEqual(24)
  const again = await referenceLines(id, work, { ...watch, recipe })
  expect({ ...again, seconds: 0 }).toEqual({ ...first, seconds: 0 })
  expect(first.hashes.data).toMatch(/^[0-9a-f]{64}$/)
})

it('a small U-Net finds lungs and heart, the mean mask knows where they usually are', async () => {
  const out = join(work, 'masks')
  await generate('chest-xray', {
    out,
    splits: { train: 48, test: 16 },
    size: 64,
    masks: true,
    dials: { normals: 1, uncertaintyRate: 0, nuisance: 2 },
  })
  const labels = ['Heart', 'Left Lung', 'Right Lung']
  const recipe = { labels, train: 48, test: 16, epochs: 24, batch: 8, base: 8, depth: 4, rate: 4e-3 }
  const context = { ...watch, recipe: recipeOf('chest-xray') }
  const { supervised, meanMask } = await segmentationLines(out, 64, recipe, context)
  expect(Object.keys(supervised.perLabel)).toEqual(labels)
  expect(meanMask.mean).toBeGreaterThan(0.5)
  expect(supervised.perLabel['Left Lung']).toBeGreaterThan(meanMask.perLabel['Left Lung'] as number)
  expect(supervised.mean).toBeGreaterThan(0.8)
})
