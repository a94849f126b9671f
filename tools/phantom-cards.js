/**
 * @file Writes docs/phantoms: a card and a contact sheet for every phantom domain, and the page that shows all.
 * `npm run phantom-cards` writes all cards, and the sheets that are missing; `-- DOMAIN ...` draws their sheets anew;
 * `node tools/phantom-cards.js --check` (after a build) says what has drifted and ends with 1.
 */

import { access, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '../dist/core/files.js'
import { committedLines } from '../dist/evaluate/phantom-lines/index.js'
import { cardIndex, cardOf, contactSheet, listDomains } from '../dist/phantoms/index.js'

const folder = fileURLToPath(new URL('../docs/phantoms/', import.meta.url))
const check = process.argv.includes('--check')
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const most = 300_000
const drifted = []

/** The largest page of pictures that stays below the limit. */
async function sheetOf({ id, size }) {
  for (const [limit, tile] of [
    [24, 160],
    [24, 128],
    [18, 128],
    [12, 128],
    [12, 96],
  ]) {
    // Volumes have small sizes of their own; drawn as large as a tile they would take minutes.
    const volume = size.default < 96 ? { size: size.default } : {}
    const page = await contactSheet(id, { limit, tile, columns: 6, ...volume })
    if (page.length <= most) return page
  }
  throw new Error(`The contact sheet of ${id} does not fit into ${most} bytes.`)
}

async function put(name, text) {
  const path = join(folder, name)
  if (!check) return writeFileAtomic(path, text)
  const old = await readFile(path, 'utf8').catch(() => '')
  if (old !== text) drifted.push(name)
}

await mkdir(folder, { recursive: true })
const domains = listDomains()
const measured = new Map()
for (const domain of domains) {
  const { id } = domain
  const lines = await committedLines(id)
  if (lines) measured.set(id, lines)
  await put(`${id}.md`, cardOf(domain, { sheet: `${id}.png`, ...lines }))
  const sheet = join(folder, `${id}.png`)
  const there = await access(sheet).then(
    () => true,
    () => false,
  )
  if (check && !there) drifted.push(`${id}.png`)
  if (!check && (!there || wanted.includes(id))) await writeFileAtomic(sheet, await sheetOf(domain))
}
await put('README.md', cardIndex(domains, measured))
if (drifted.length > 0) {
  console.error(`Out of date in docs/phantoms: ${drifted.join(', ')}. Run: npm run phantom-cards`)
  process.exit(1)
}
