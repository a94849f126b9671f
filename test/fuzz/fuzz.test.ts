import { rm } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { fuzz, noFuzz } from './run.ts'
import { allTargets } from './targets.ts'

const { targets, room } = await allTargets()
afterAll(() => rm(room, { recursive: true }))

/** A thousand each; fuzz.slow.ts does the long run. */
describe('damaged files give a result or a sentence, in time', () => {
  it.each(targets)('$name', async (target) => {
    // The limit is generous: this machine may be busy. A hang is seen all the same.
    const { failures } = await fuzz(target, noFuzz(), Math.ceil(1000 * (target.share ?? 1)), 10_000)
    expect(failures).toEqual([])
  })
})
