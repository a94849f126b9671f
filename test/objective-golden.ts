/** @file Goldens of the authors' own loss code (tools/reference/multi_scale.py). */

import { readFileSync } from 'node:fs'

/** The golden of a system, as written. */
export function goldenOf<Golden>(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`./golden/multi-scale/${name}.json`, import.meta.url), 'utf8')) as Golden
}
