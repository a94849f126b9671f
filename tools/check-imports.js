/**
 * @file Imports point one way (DESIGN section 1). Prints every import that does not, and fails. Also refuses imports
 * between `pretrain` and `apply`, and files over 400 lines or without a reason to be.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = new URL('../src/', import.meta.url).pathname
/** Height of each room; a file may import from its own room and from lower ones. */
const height = {
  core: 0,
  engine: 1,
  nn: 2,
  models: 3,
  text: 4,
  knowledge: 4,
  imaging: 4,
  data: 4,
  phantoms: 4,
  pretrain: 5,
  apply: 5,
  evaluate: 6,
  retrieve: 6,
  serve: 7,
  cli: 7,
}
const maximalLines = 400
const problems = []

for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
  const path = join(entry.parentPath ?? entry.path, entry.name)
  const name = relative(root, path)
  const room = name.split('/')[0]
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n').length
  if (lines > maximalLines && !name.endsWith('.test.ts'))
    problems.push(`${name}: ${lines} lines; one file, one purpose, at most ${maximalLines}`)
  if (!(room in height)) continue
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const other = relative(root, join(dirname(path), target)).split('/')[0]
    if (!(other in height) || other === room) continue
    const test = name.endsWith('.test.ts') || name.endsWith('.slow.ts')
    const sideways = (room === 'pretrain' && other === 'apply') || (room === 'apply' && other === 'pretrain')
    if (!test && (height[other] > height[room] || sideways))
      problems.push(`${name} imports from ${other}, which lies above ${room}`)
  }
}

for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)
