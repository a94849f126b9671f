/**
 * @file The long run: 100,000 damaged files a reader (`FUZZ=n`), all readers by turns, in steps. After each step the results
 * are written, and a run that was stopped goes on there, unless the sources have changed since. WebAssembly codecs, which
 * run in threads that can be given up, get a tenth.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { sha256, writeJsonAtomic } from '../../src/core/files.ts'
import { type FuzzCounts, type FuzzTarget, fuzz, fuzzSeed, noFuzz } from './run.ts'
import { allTargets } from './targets.ts'

type Result = FuzzCounts & { name: string; room: FuzzTarget['room']; sources: string }

const most = Number(process.env.FUZZ ?? 100_000)
const step = 5000
const resultsPath = fileURLToPath(new URL('../../bench/results/fuzz.json', import.meta.url))

/** Hash of all that the readers of a room are made of, tests left out. */
function sourcesOf(room: FuzzTarget['room']): string {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const folders = { imaging: ['src/core', 'src/imaging'], text: ['src/core', 'src/text', 'src/data', 'src/models'] }[
    room
  ]
  const files = [...folders, 'test/fuzz'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts')),
  )
  return sha256(
    files
      .sort()
      .map((path) => `${path}\n${readFileSync(root + path, 'utf8')}`)
      .join('\n'),
  ).slice(0, 16)
}

function earlier(): Result[] {
  try {
    return (JSON.parse(readFileSync(resultsPath, 'utf8')) as { results: Result[] }).results
  } catch {
    return []
  }
}

const { targets, room } = await allTargets()
afterAll(() => rm(room, { recursive: true }))
const sources = { imaging: sourcesOf('imaging'), text: sourcesOf('text') }
const before = earlier()
const results = targets.map(({ name, room }): Result => {
  const found = before.find((each) => each.name === name && each.sources === sources[room] && each.mutations <= most)
  return found ?? { name, room, sources: sources[room], ...noFuzz() }
})

async function write(): Promise<void> {
  await writeJsonAtomic(resultsPath, {
    version: 1,
    what: 'damaged files a reader: read as something, refused with a sentence; failures are crashes and whatever takes 2 s',
    seed: fuzzSeed,
    machine: `${cpus()[0]?.model ?? ''}, ${availableParallelism()} threads`,
    node: process.version,
    results: results.map(({ name, room, ...counts }) => ({ name, room, ...counts })),
  })
}

const steps = Array.from({ length: Math.ceil(most / step) }, (_, i) => Math.min(most, (i + 1) * step))
describe.each(steps)('up to %i damaged files a reader', (goal) => {
  it.each(targets.map((target, i) => ({ name: target.name, target, result: results[i]! })))(
    '$name',
    async ({ target, result }) => {
      const own = Math.ceil(goal * (target.share ?? 1))
      if (result.mutations >= own) return
      await fuzz(target, result, own)
      await write()
      expect(result.failures).toEqual([])
      expect(result.peakMegabytes).toBeLessThan(2000)
    },
  )
})
