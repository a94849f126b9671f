/** @file Where medical image files of packages lie: npm packages, and what tools/corpus.sh has unpacked. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The folder tools/corpus.sh fills, or undefined when it has not run. With `REQUIRE_ALL=1` its absence throws. */
export function corpusFolder(): string | undefined {
  const path = join(root, '.corpus')
  if (existsSync(join(path, 'done'))) return path
  if (process.env.REQUIRE_ALL === '1') throw new Error('REQUIRE_ALL=1, but .corpus is missing: sh tools/corpus.sh')
  return undefined
}

/** The path of a file of the corpus, as goldens name it: `usr/...` and `wheel/...` lie in .corpus, the rest in node_modules. */
export function corpusPath(name: string): string {
  return join(root, /^(?:usr|wheel)\//.test(name) ? '.corpus' : 'node_modules', name)
}

/** True when a file of the corpus is there, or must be. */
export function inCorpus(name: string): boolean {
  return !/^(?:usr|wheel)\//.test(name) || corpusFolder() !== undefined
}

/** All files below a folder of the corpus, by name. */
export function corpusFiles(folder: string, accept: (name: string) => boolean): string[] {
  return readdirSync(corpusPath(folder), { recursive: true, encoding: 'utf8' })
    .filter(accept)
    .map((name) => join(folder, name))
    .sort()
}
