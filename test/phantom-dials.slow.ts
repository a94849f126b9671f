/** @file Every dial of every phantom domain does what its card says, and workers do not change bytes: `npm run test:slow`. */

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { firstStudies, generate, listDomains } from '../src/phantoms/index.ts'

/** Dials that have no number in the record or the picture; the domains' own tests look at their scenes. */
const untold = ['shortcut', 'shortcutFinding', 'cooccurrence', 'form']

const root = mkdtempSync(join(tmpdir(), 'dials-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

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
    })

    it('every dial has an effect', () => {
      const missing = Object.keys(dials.shape).filter((dial) => !(dial in effects) && !untold.includes(dial))
      expect(missing).toEqual([])
    })

    it.each(Object.keys(effects))('the dial %s does what its card says', async (dial) => {
      const effect = effects[dial]
      if (!effect) throw new Error(`${dial} has no effect`)
      const sets = []
      for (const value of effect.values) {
        const settings = { ...effect.dials, [dial]: value }
        sets.push(
          await firstStudies(id, effect.studies ?? 60, { seed: 3, size: effect.size ?? size.least, dials: settings }),
        )
      }
      const measures = []
      for (const made of sets) measures.push(await effect.measure(made, sets[0] ?? []))
      for (let i = 1; i < measures.length; i++) {
        expect(measures[i], `${effect.what}: ${measures}`).toBeGreaterThan(measures[i - 1] as number)
      }
    })
  },
)
