/** @file The runner of reference lines on tiny recipes: `npm run test:slow`. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { silent } from '../../core/progress.ts'
import { generate } from '../../phantoms/index.ts'
import { referenceLines, standardRecipe } from './index.ts'
import { segmentationLines } from './segmentation.ts'

const work = mkdtempSync(join(tmpdir(), 'lines-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const recipe = {
  ...standardRecipe,
  size: 64,
  splits: { train: 64, validate: 16, test: 32 },
  supervised: { epochs: 1, rate: 1e-3 },
  segmentation: { train: 48, test: 16, epochs: 24, batch: 8, base: 8, depth: 4, rate: 4e-3 },
}

it('reference lines of a domain: measured, with hashes, and the same when asked again', async () => {
  const context = { recipe, progress: () => silent }
  const first = await referenceLines('chest-xray', work, context)
  if (first.lines.kind !== 'classification') throw new Error('the chest has findings')
  const { supervised, pixelBaseline, shuffled, leaks } = first.lines
  for (const line of [supervised, pixelBaseline, leaks.file, leaks.noise]) {
    expect(Object.keys(line.perFinding).length).toBeGreaterThanOrEqual(14)
    expect(line.macro).toBeGreaterThan(0.2)
    expect(line.macro).toBeLessThan(1)
  }
  expect(shuffled.candidates).toBe(32)
  const again = await referenceLines('chest-xray', work, context)
  expect({ ...again, seconds: 0 }).toEqual({ ...first, seconds: 0 })
  expect(first.hashes.data).toMatch(/^[0-9a-f]{64}$/)
})

it('a small U-Net finds lungs and heart, the mean mask knows where they usually are', async () => {
  const out = join(work, 'masks', 'data')
  await generate('chest-xray', {
    out,
    splits: { train: 48, test: 16 },
    size: 64,
    masks: true,
    dials: { normals: 1, uncertaintyRate: 0, nuisance: 2 },
  })
  const { supervised, meanMask } = await segmentationLines(join(work, 'masks'), { recipe, progress: () => silent })
  expect(Object.keys(supervised.perLabel)).toEqual(['Heart', 'Left Lung', 'Right Lung'])
  expect(meanMask.mean).toBeGreaterThan(0.5)
  expect(supervised.perLabel['Left Lung']).toBeGreaterThan(meanMask.perLabel['Left Lung'] as number)
  expect(supervised.mean).toBeGreaterThan(0.8)
})
