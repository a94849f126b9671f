import { describe, expect, it } from 'vitest'
import { fuzz, fuzzTargets } from './fuzz-targets.ts'

const targets = await fuzzTargets()

/** A thousand each; fuzz.slow.ts does the long run. */
describe('damaged files give a picture or a sentence, in time', () => {
  it.each(targets)('$name', async (target) => {
    // The limit is generous: this machine may be busy. A hang is seen all the same.
    expect((await fuzz(target, 1000, 10_000)).failures).toEqual([])
  })
})
