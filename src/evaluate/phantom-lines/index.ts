/** @file Reference lines of a phantom domain, with the hashes of what they depend on. Resumable: drawn studies are kept. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson, sha256 } from '../../core/files.ts'
import { domainOf, fingerprint, generate, type ReferenceLines, tellsTooMuch } from '../../phantoms/index.ts'
import { classificationLines, noiselessLine } from './classification.ts'
import type { NetworkContext } from './network.ts'
import { type Recipe, recipeOf } from './recipe.ts'
import { segmentationLines } from './segmentation.ts'

export { type Recipe, recipeOf } from './recipe.ts'

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
export async function linesHashes(domain: string, recipe = recipeOf(domain)): Promise<ReferenceLines['hashes']> {
  return { data: await fingerprint(domain), recipe: sha256(JSON.stringify(recipe)) }
}

/** Draws the studies into `work` unless they are there, trains and measures. */
export async function referenceLines(
  domain: string,
  work: string,
  { recipe = recipeOf(domain), ...watch }: Partial<NetworkContext> & Omit<NetworkContext, 'recipe'>,
): Promise<ReferenceLines<Recipe>> {
  const context: NetworkContext = { recipe, ...watch }
  const began = performance.now()
  const { findings, smallFindings, size } = domainOf(domain)
  const hashes = await linesHashes(domain, recipe)
  const side = Math.min(size.most, Math.max(size.least, recipe.size))
  const { splits, segmentation } = recipe
  const drawn = sha256(JSON.stringify([hashes.data, recipe.seed, side, splits, segmentation !== undefined]))
  const out = join(work, `${domain}-${drawn.slice(0, 12)}`)
  const draw = async (folder: string, dials: Record<string, number>): Promise<void> => {
    if (existsSync(join(folder, 'studies.jsonl'))) return
    await generate(domain, {
      out: folder,
      splits,
      seed: recipe.seed,
      size: side,
      dials,
      masks: segmentation !== undefined,
      workers: context.threads,
      progress: context.progress('Drawing', splits.train + splits.test, 'studies'),
      ...(context.signal ? { signal: context.signal } : {}),
    })
  }
  await draw(out, {})
  const lines = await classificationLines(out, side, findings, smallFindings, context)
  if (tellsTooMuch(lines.leaks.noise)) {
    await draw(`${out}-noiseless`, { noise: 0 })
    lines.leaks.noiseless = await noiselessLine(`${out}-noiseless`, side, findings, context)
  }
  const masks = segmentation && (await segmentationLines(out, side, segmentation, context))
  const seconds = Math.round((performance.now() - began) / 1000)
  return { version: 2, domain, hashes, recipe, lines, ...(masks && { masks }), seconds, node: process.version }
}
