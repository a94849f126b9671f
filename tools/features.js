/**
 * @file Writes docs/FEATURES.md. Tiny results come from bench/results/tiny-objectives.json, which `--measure` makes again.
 *
 *   node tools/features.js             writes the page
 *   node tools/features.js --check     says whether it is up to date
 *   node tools/features.js --measure   trains every tiny recipe for some steps first
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const [page, results] = [at('docs/FEATURES.md'), at('bench/results/tiny-objectives.json')]
const flag = process.argv[2]
const read = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Path of each objective's file, by id: the file is named after it. */
function sources() {
  const found = {}
  for (const entry of readdirSync(at('src/pretrain'), { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'parts') continue
    for (const file of readdirSync(at(`src/pretrain/${entry.name}`))) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
      const path = at(`src/pretrain/${entry.name}/${file}`)
      const test = path.replace(/\.ts$/, '.test.ts')
      found[file.replace(/\.ts$/, '')] = {
        source: readFileSync(path, 'utf8'),
        test: existsSync(test) ? readFileSync(test, 'utf8') : '',
      }
    }
  }
  return found
}

if (flag === '--measure') {
  const { tinyResults } = await import('../dist/pretrain/tiny-results.js')
  writeFileSync(results, `${JSON.stringify(await tinyResults(), null, 2)}\n`)
}
const built = at('dist/pretrain/features-page.js')
if (!existsSync(built)) {
  console.error('Run first: npm run build')
  process.exit(1)
}
const { featuresPage } = await import(built)
const text = featuresPage(sources(), read(results), read(at('bench/results/objectives.json')))
if (flag === '--check') {
  if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
    console.error('docs/FEATURES.md is out of date. Run: npm run features')
    process.exit(1)
  }
} else writeFileSync(page, text)
