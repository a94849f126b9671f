/** @file Peers a test may need and a plain checkout may lack. A test without its peer skips by name, or fails in CI. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The path of a set in `../shared/data`, or undefined when it is not there. With `REQUIRE_ALL=1` a missing one throws.
 *
 * @example
 * const merges = sharedData('clip-bpe')
 * describe.skipIf(merges === undefined)('CLIP vocabulary (needs ../shared/data/clip-bpe)', () => { ... })
 */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../shared/data/${name}`, import.meta.url))
  if (existsSync(path)) return path
  if (process.env.REQUIRE_ALL === '1') throw new Error(`REQUIRE_ALL=1, but ../shared/data/${name} is missing.`)
  return undefined
}
