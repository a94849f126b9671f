/**
 * @file Every dial of every phantom domain does what its card says, and workers do not change bytes: `npm run test:slow`.
 * What was measured is written to bench/results/phantom-dials.json.
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { firstStudies, generate, listDomains } from '../src/phantoms/index.ts'

const root = mkdtempSync(join(tmpdir(), 'dials-'))

/** What was measured, by domain and dial; `bytes` is the hash of the nine studies that 1, 2 and 4 workers made alike. */
interface Measured {
  bytes?: string
  dials: Record<string, { what: string; values: readonly unknown[]; measures: number[] }>
}
const file = join(import.meta.dirname, '../bench/results/phantom-dials.json')
const results: Record<string, Measured> = {}

/** Domains can be measured one by one (`-t knee`): what was measured now takes the place of what was there. */
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
  const old = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { domains: typeof results }).domains : {}
  const order = listDomains().map(({ id }) => id)
  const all = { ...old, ...results }
  const domains = Object.fromEntries(order.flatMap((id) => (all[id] ? [[id, all[id]]] : [])))
  writeFileSync(file, `${JSON.stringify({ version: 1, node: process.version, domains }, null, 2)}\n`)
})

const measuredOf = (id: string): Measured => {
  const of = results[id] ?? { dials: {} }
  results[id] = of
  return of
}

const hashOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'phantom.json')
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map((path) => `${path.slice(folder.length)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)

describe.each(listDomains().map((domain) => [domain.id, domain] as const))(
  '%s',
  (id, { dials, effects = {}, size }) => {
    it('is the same bytes on 1, 2 and 4 workers', async () => {
      const made: string[][] = []
      for (const workers of [1, 2, 4]) {
        const out = join(root, `${id}-${workers}`)
        await generate(id, { out, count: 9, seed: 5, size: size.least, masks: true, workers })
        made.push(hashOf(out))
      }
      expect(made[0]?.length).toBeGreaterThan(9)
      expect(made[1]).toEqual(made[0])
      expect(made[2]).toEqual(made[0])
      const of = measuredOf(id)
      of.bytes = createHash('sha256')
        .update((made[0] as string[]).join('\n'))
        .digest('hex')
    })

    it('every dial has an effect', () => {
      const missing = Object.keys(dials.shape).filter((dial) => !(dial in effects))
      expect(missing).toEqual([])
    })

    it.each(Object.keys(effects))('the dial %s does what its card says', async (dial) => {
      const effect = effects[dial]
      if (!effect) throw new Error(`${dial} has no effect`)
      const sets = []
      for (const value of effect.values) {
        const settings = { ...effect.dials, [dial]: value }
        sets.push(
          await firstStudies(id, effect.studies ?? 60, {
            seed: 3,
            size: effect.size ?? size.least,
            dials: settings,
            pictures: !effect.records,
          }),
        )
      }
      const measures = []
      for (const made of sets) measures.push(await effect.measure(made, sets[0] ?? []))
      const { what, values } = effect
      const of = measuredOf(id)
      of.dials[dial] = { what, values, measures: measures.map((v) => Math.round(v * 1e5) / 1e5) }
      for (let i = 1; i < measures.length; i++) {
        expect(measures[i], `${effect.what}: ${measures}`).toBeGreaterThan(measures[i - 1] as number)
      }
    })
  },
)
