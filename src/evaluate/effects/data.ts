/** @file Data of effects: phantoms, and phantoms with a frame around each picture that its report names. */

import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { readJson, sha256 } from '../../core/files.ts'
import type { Progress } from '../../core/progress.ts'
import { random } from '../../core/random.ts'
import { readStudies, writeStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import { generate } from '../../phantoms/index.ts'
import type { Family } from './family.ts'

export interface DrawOptions {
  progress: (label: string, total: number, unit: string) => Progress
  signal: AbortSignal
  workers: number
}

/** Where the data of this id lie, drawn or not. */
export function dataFolder(family: Family, id: string, work: string): string {
  return join(work, 'data', `${id}-${sha256(JSON.stringify(chain(family, id))).slice(0, 8)}`)
}

/** Folder of the data of this id, drawn unless it is there. */
export async function drawnData(family: Family, id: string, work: string, options: DrawOptions): Promise<string> {
  const spec = family.data[id] as Family['data'][string]
  const folder = dataFolder(family, id, work)
  if (existsSync(join(folder, 'studies.jsonl'))) return folder
  if ('of' in spec) {
    await addFrames(await drawnData(family, spec.of, work, options), folder, spec.frame)
    return folder
  }
  const { domain, splits, seed, size, dials } = spec
  const total = splits.train + splits.validate + splits.test
  await generate(domain, {
    out: folder,
    splits,
    seed,
    size,
    dials,
    masks: true,
    overwrite: true,
    workers: options.workers,
    progress: options.progress(`Drawing ${id}`, total, 'studies'),
    signal: options.signal,
  })
  return folder
}

function chain(family: Family, id: string): unknown[] {
  const spec = family.data[id] as Family['data'][string]
  return 'of' in spec ? [spec, ...chain(family, spec.of)] : [spec]
}

const letters = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india', 'juliett']
const more = ['kilo', 'lima', 'mike', 'november', 'oscar', 'papa', 'quebec', 'romeo', 'sierra', 'tango']
const names = [...letters, ...more]

/**
 * Copies a data folder with a frame of one of several kinds around every picture, drawn at random for each study, and a
 * sentence that names it before the findings: a feature that tells studies apart and says nothing about them.
 */
async function addFrames(
  from: string,
  to: string,
  { kinds, strength }: { kinds: number; strength: number },
): Promise<void> {
  const making = `${to}.making`
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { recursive: true })
  await cp(join(from, 'masks'), join(making, 'masks'), { recursive: true })
  const framed: Study[] = []
  for (const study of await readStudies(from)) {
    const kind = random('frame', study.id).int(kinds)
    for (const { path } of study.images) {
      await mkdir(join(making, path, '..'), { recursive: true })
      await writeFile(join(making, path), await framedPicture(join(from, path), kind, strength))
    }
    const said = `Frame ${names[kind]}.`
    const report = study.report && { ...study.report, findings: `${said} ${study.report.findings ?? ''}`.trim() }
    framed.push({ ...study, report })
  }
  const phantom = await readJson(join(from, 'phantom.json'))
  await writeFile(join(making, 'phantom.json'), JSON.stringify(phantom))
  await writeStudies(making, framed)
  await rename(making, to)
}

/** Bars on all four sides: the bits of `kind` say which of them are bright, the others are dark. */
async function framedPicture(file: string, kind: number, strength: number): Promise<Buffer> {
  const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const thick = Math.max(2, Math.round(width / 24))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const side = y < thick ? 0 : x >= width - thick ? 1 : y >= height - thick ? 2 : x < thick ? 3 : undefined
      if (side === undefined) continue
      const bright = ((kind >> side) & 1) === 1 ? 1 : -1
      data[y * width + x] = Math.round(Math.min(255, Math.max(0, 127.5 + 127.5 * strength * bright)))
    }
  }
  return sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
}
