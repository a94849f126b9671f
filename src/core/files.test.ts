/** @file Files written at once by several hands. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeFileAtomic } from './files.ts'

it('a file that many write in the same moment is one of theirs, whole, and nothing is left beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vesalius-files-'))
  try {
    const texts = Array.from({ length: 40 }, (_, i) => `${i} `.repeat(2000))
    await Promise.all(texts.map((text) => writeFileAtomic(join(folder, 'result.json'), text)))
    expect(texts).toContain(await readFile(join(folder, 'result.json'), 'utf8'))
    expect(await readdir(folder)).toEqual(['result.json'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
