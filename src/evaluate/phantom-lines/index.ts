/** @file Reference lines of a phantom domain, with the hashes of what they depend on. Resumable: finished parts are kept. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMissingFile, VesaliusError } from '../../core/errors.ts'
import { readJson, sha256 } from '../../core/files.ts'
import { domainOf, fingerprint, generate, type ReferenceLines } from '../../phantoms/index.ts'
import { classificationLines, type LinesContext } from './classification.ts'
import { type Recipe, standardRecipe } from './recipe.ts'
import { segmentationLines } from './segmentation.ts'

export { type Recipe, standardRecipe } from './recipe.ts'

/** Where results are committed: beside the sources; absent from the installed package. */
const results = new URL('../../../bench/results/phantoms/', import.meta.url)

/** The committed result of a domain, and whether it was measured on what the domain draws now; undefined if there is none. */
export async function committedLines(domain: string): Promise<{ lines: ReferenceLines; stale: boolean } | undefined> {
  const file = fileURLToPath(new URL(`${domain}.json`, results))
  if (!existsSync(file)) return undefined
  const lines = (await readJson(file)) as ReferenceLines
  const { data, recipe } = await linesHashes(domain)
  return { lines, stale: lines.hashes.data !== data || lines.hashes.recipe !== recipe }
}

/** Hashes that a result of this domain depends on now. */
export async function linesHashes(domain: string, recipe = standardRecipe): Promise<ReferenceLines['hashes']> {
  return { data: await fingerprint(domain), recipe: sha256(JSON.stringify(recipe)) }
}

/** Draws the studies into `work` unless they are there, trains and measures. */
export async function referenceLines(
  domain: string,
  work: string,
  { recipe = standardRecipe, ...watch }: Partial<Pick<LinesContext, 'recipe'>> & Omit<LinesContext, 'recipe'>,
): Promise<ReferenceLines<Recipe>> {
  const context: LinesContext = { recipe, ...watch }
  const began = performance.now()
  const { findings, smallFindings, size } = domainOf(domain)
  const hashes = await linesHashes(domain, recipe)
  const classify = findings.length > 0
  const side = Math.min(size.most, Math.max(size.least, recipe.size))
  const splits = classify ? recipe.splits : { ...recipe.segmentation, validate: 0 }
  const folder = join(work, `${domain}-${sha256(JSON.stringify(hashes)).slice(0, 12)}`)
  const total = splits.train + splits.test + splits.validate
  const whole = await readJson(join(folder, 'data', 'phantom.json')).then(
    () => true,
    (error: unknown) => {
      if (isMissingFile(error) || (error instanceof VesaliusError && error.code === 'FILE_MISSING')) return false
      throw error
    },
  )
  if (!whole) {
    await generate(domain, {
      out: join(folder, 'data'),
      splits: { train: splits.train, validate: splits.validate, test: splits.test },
      seed: recipe.seed,
      size: side,
      masks: !classify,
      workers: 2,
      progress: context.progress('Drawing', total, 'studies'),
      ...(context.signal ? { signal: context.signal } : {}),
    })
  }
  const lines = classify
    ? await classificationLines(folder, findings, smallFindings, context)
    : await segmentationLines(folder, context)
  const seconds = Math.round((performance.now() - began) / 1000)
  return { version: 1, domain, hashes, recipe, lines, seconds, node: process.version }
}
