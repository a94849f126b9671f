import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { objectives } from '../src/pretrain/objectives.ts'

it('docs/FEATURES.md is what the declarations say', () => {
  const tool = fileURLToPath(new URL('../tools/features.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [tool, '--check'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})

it('no two objectives share an id, and each id is kebab-case', () => {
  const ids = objectives.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
})
