/** @file The pages in docs/phantoms are what the declarations say; sheets are there and small. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { committedLines } from '../src/evaluate/phantom-lines/index.ts'
import { cardIndex, cardOf, dialRows, listDomains, misses, type ReferenceLines } from '../src/phantoms/index.ts'

const folder = join(import.meta.dirname, '../docs/phantoms')
const again = 'Run: npm run phantom-cards'

// A domain just added has no card until the tool has run; `node tools/phantom-cards.js --check` lists it.
const carded = listDomains().filter(({ id }) => existsSync(join(folder, `${id}.md`)))
const measured = new Map<string, { lines: ReferenceLines; stale: boolean }>()
for (const { id } of carded) {
  const lines = await committedLines(id)
  if (lines) measured.set(id, lines)
}

it.each(carded.map((domain) => [domain.id, domain] as const))('card of %s', (id, domain) => {
  const card = cardOf(domain, { sheet: `${id}.png`, ...measured.get(id) })
  expect(readFileSync(join(folder, `${id}.md`), 'utf8'), again).toBe(card)
  expect(statSync(join(folder, `${id}.png`)).size, again).toBeLessThanOrEqual(300_000)
  for (const [dial, range, , what] of dialRows(domain)) {
    expect(range, dial).not.toBe('')
    expect(what, dial).not.toBe('')
  }
})

it('the page that shows all', () => {
  expect(readFileSync(join(folder, 'README.md'), 'utf8'), again).toBe(cardIndex(carded, measured))
})

it('a card marks lines that were measured on other drawings', () => {
  const [domain] = listDomains()
  if (!domain) throw new Error('no domain')
  const line = { macro: 0.9, interval: [0.88, 0.92] as [number, number], perFinding: { Nodule: 0.8 } }
  const lines = {
    version: 2 as const,
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
      paired: { r10: 0.2, chance: 0.01, medianRank: 60, candidates: 1000 },
      leaks: { file: line, grain: line, noise: line },
    },
  }
  expect(cardOf(domain, { lines })).not.toContain('Stale')
  expect(cardOf(domain, { lines, stale: true })).toContain('**Stale')
  expect(cardOf(domain, { lines })).toContain('| **macro** | **0.700** | **0.900** (0.880 to 0.920) |')
  expect(cardOf(domain)).toContain('Not measured yet')
})

it('bars that lines miss are named, and none where all are met', () => {
  const line = (macro: number, one = macro) => ({ macro, interval: null, perFinding: { Nodule: one } })
  const chance = { r10: 0.01, chance: 0.01, medianRank: 500, candidates: 1000 }
  const good = {
    kind: 'classification' as const,
    supervised: line(0.9),
    pixelBaseline: { ...line(0.85), smallFindings: 0.75 },
    shuffled: chance,
    paired: { ...chance, r10: 0.2 },
    leaks: { file: line(0.5), grain: line(0.9), noise: line(0.6) },
  }
  const missed = (change: Partial<typeof good>): string[] =>
    misses({
      version: 2,
      domain: '',
      hashes: { data: '', recipe: '' },
      recipe: {},
      seconds: 1,
      node: '',
      lines: { ...good, ...change },
    })
  expect(missed({})).toEqual([])
  expect(missed({ supervised: line(0.899) })).toEqual(['supervised'])
  expect(missed({ pixelBaseline: { ...line(0.851), smallFindings: 0.751 } })).toEqual([
    'pixel baseline',
    'pixel baseline of small findings',
  ])
  expect(missed({ shuffled: { ...chance, r10: 0.02 } })).toEqual(['shuffled pairs'])
  expect(missed({ leaks: { ...good.leaks, file: line(0.61), noise: line(0.55, 0.71) } })).toEqual([
    'file facts',
    'noise facts tell Nodule',
  ])
  const noise = line(0.65, 0.75)
  const noiseless = (macro: number, one: number) =>
    missed({ leaks: { ...good.leaks, noise, noiseless: line(macro, one) } as typeof good.leaks })
  expect(noiseless(0.66, 0.76)).toEqual([])
  expect(noiseless(0.64, 0.76)).toEqual(['noise facts'])
  expect(noiseless(0.66, 0.74)).toEqual(['noise facts tell Nodule'])
})
