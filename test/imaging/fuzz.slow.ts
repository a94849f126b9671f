import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type FuzzResult, fuzz, fuzzTargets } from './fuzz-targets.ts'

/** Mutations a reader: FUZZ=100000 for the long run. */
const count = Number(process.env.FUZZ ?? 100_000)
const targets = await fuzzTargets()
const results: FuzzResult[] = []

describe(`${count} damaged files a reader`, () => {
  it.each(targets)('$name', async (target) => {
    const before = process.memoryUsage().rss
    const result = await fuzz(target, count)
    results.push(result)
    expect(result.failures).toEqual([])
    expect(process.memoryUsage().rss - before).toBeLessThan(2e9)
  })

  it('writes what was found', () => {
    const machine = `${cpus()[0]?.model ?? ''}, ${availableParallelism()} threads`
    const path = new URL('./fuzz-results.json', import.meta.url)
    writeFileSync(path, `${JSON.stringify({ machine, node: process.version, results }, null, 2)}\n`)
  })
})
