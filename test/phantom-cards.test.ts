/** @file The pages in docs/phantoms are what the declarations say; sheets are there and small. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { committedLines } from '../src/evaluate/phantom-lines/index.ts'
import { cardIndex, cardOf, dialRows, listDomains } from '../src/phantoms/index.ts'

const folder = join(import.meta.dirname, '../docs/phantoms')
const again = 'Run: npm run phantom-cards'

// A domain just added has no card until the tool has run; `node tools/phantom-cards.js --check` lists it.
const carded = listDomains().filter(({ id }) => existsSync(join(folder, `${id}.md`)))

it.each(carded.map((domain) => [domain.id, domain] as const))('card of %s', async (id, domain) => {
  const card = cardOf(domain, { sheet: `${id}.png`, ...(await committedLines(id)) })
  expect(readFileSync(join(folder, `${id}.md`), 'utf8'), again).toBe(card)
  expect(statSync(join(folder, `${id}.png`)).size, again).toBeLessThanOrEqual(300_000)
  for (const [dial, range, , what] of dialRows(domain)) {
    expect(range, dial).not.toBe('')
    expect(what, dial).not.toBe('')
  }
})

it('the page that shows all', () => {
  expect(readFileSync(join(folder, 'README.md'), 'utf8'), again).toBe(cardIndex(carded))
})

it('a card marks lines that were measured on other drawings', () => {
  const [domain] = listDomains()
  if (!domain) throw new Error('no domain')
  const line = { macro: 0.9, interval: [0.88, 0.92] as [number, number], perFinding: { Nodule: 0.8 } }
  const lines = {
    version: 1 as const,
    domain: domain.id,
    hashes: { data: '', recipe: '' },
    recipe: {},
    seconds: 1,
    node: 'v20',
    lines: {
      kind: 'classification' as const,
      supervised: line,
      pixelBaseline: { ...line, macro: 0.7, smallFindings: 0.6 },
      shuffled: { r10: 0.01, chance: 0.01, medianRank: 500, candidates: 1000 },
      leaks: { file: line, noise: line },
    },
  }
  expect(cardOf(domain, { lines })).not.toContain('Stale')
  expect(cardOf(domain, { lines, stale: true })).toContain('**Stale')
  expect(cardOf(domain, { lines })).toContain('| **macro** | **0.700** | **0.900** (0.880 to 0.920) |')
  expect(cardOf(domain)).toContain('Not measured yet')
})
