/** @file The house keeps its order: imports point one way, files stay short, the generated index is up to date. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const tool = (...line: string[]) => execFileSync(process.execPath, line, { cwd: root, encoding: 'utf8' })

it('imports point one way and files are at most 400 lines', () => {
  tool('tools/check-imports.js')
})

it('the list of objectives is generated from the folders', () => {
  tool('tools/generate-index.js', '--check')
})

it('everything package.json exports is built', () => {
  const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
    exports: Record<string, { types: string; default: string }>
  }
  const missing = Object.values(exports).flatMap(({ types, default: js }) =>
    [types, js].filter((path) => !existsSync(`${root}/${path}`)),
  )
  expect(missing).toEqual([])
})

it('README stays under 250 lines', () => {
  expect(readFileSync(`${root}/README.md`, 'utf8').split('\n').length).toBeLessThan(250)
})
