/** @file Reference lines of a domain with findings: chance, pixel baseline, supervised bound, shuffled pairs, leaks. */

import { join } from 'node:path'
import sharp from 'sharp'
import { openModel } from '../../apply/model.ts'
import { normalizeRows, products } from '../../apply/vectors.ts'
import { VesaliusError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import { readStudies } from '../../data/studies.ts'
import type { ClassificationLines, Line } from '../../phantoms/index.ts'
import { resolveRun } from '../../pretrain/config.ts'
import { splitStudies } from '../../pretrain/prepare.ts'
import { createRun, readRunConfig, runFolder } from '../../pretrain/run-folder.ts'
import { train } from '../../pretrain/train.ts'
import { retrieval } from '../metrics/retrieval.ts'
import { meanAuroc, pixelLine, supervisedLine } from '../reference.ts'
import { embedStudies, textsOf } from '../studies.ts'
import { fileFacts, leakLine, noiseFacts } from './leaks.ts'
import { lineOf, type Recipe, rounded } from './recipe.ts'

export interface LinesContext {
  progress: (label: string, total: number, unit: string) => Progress
  signal?: AbortSignal | undefined
  recipe: Recipe
}

/** Trains what is missing in `work` (data are there already) and measures all lines on the test studies. */
export async function classificationLines(
  work: string,
  findings: readonly string[],
  smallFindings: readonly string[],
  { progress, signal, recipe }: LinesContext,
): Promise<ClassificationLines> {
  const data = join(work, 'data')
  const splits = splitStudies(await readStudies(data), { folds: undefined, fold: undefined })
  const first = splits.train[0]?.images[0]?.path
  if (first === undefined || !/\.png$/.test(first)) {
    throw new VesaliusError('DATA_LACKS_FIELD', `Reference lines need a PNG as first image, not ${first ?? 'none'}.`, {
      where: data,
    })
  }
  const text = splits.train.some(({ report }) => report !== null) ? 'mixed' : 'caption'
  const channels = (await sharp(join(data, first)).metadata()).channels === 3 ? 3 : 1
  const run = async (name: string, objective: string, more: Record<string, unknown>): Promise<string> => {
    const path = join(work, name)
    const { data: words = {}, train: rates, ...rest } = more
    const overrides = {
      data: { text, ...(words as object) },
      train: { ...recipe.train, ...(rates as object) },
      ...rest,
    }
    const config = resolveRun({ data, objective, image: recipe.image, size: recipe.size, channels, overrides }, name)
    const folder = (await readRunConfig(path)) === undefined ? await createRun(path, config) : runFolder(path)
    await train({ config, folder, progress: (steps) => progress(name, steps, 'steps'), ...(signal ? { signal } : {}) })
    if (signal?.aborted) throw new VesaliusError('INTERRUPTED', 'Measuring was interrupted.', { where: path })
    return path
  }
  const supervised = await run('supervised', 'supervised', {
    objectiveConfig: { findings, from: 'truth' },
    train: recipe.supervised,
  })
  const shuffled = await run('shuffled', 'clip', { data: { shufflePairs: true }, train: recipe.shuffled })

  const bound = await supervisedLine(supervised, findings, data, splits.test, {
    progress: progress('Supervised line', splits.test.length, 'studies'),
  })
  const control = await openModel(shuffled)
  try {
    const cases = await embedStudies(control, data, splits.test)
    const training = await embedStudies(control, data, splits.train, { embed: false })
    const pixels = pixelLine(findings, training, cases)
    const width = control.config.joint
    const texts = normalizeRows(await control.embedTexts(textsOf(splits.test)), width, (n) => `report ${n}`)
    const { imageToText, chance } = retrieval(products(cases.images, texts, width), splits.test.length)
    const leak = async (facts: typeof fileFacts): Promise<Line> =>
      lineOf(
        leakLine(
          findings,
          { studies: splits.train, facts: await facts(data, splits.train) },
          cases,
          await facts(data, splits.test),
        ),
      )
    return {
      kind: 'classification',
      supervised: lineOf(bound),
      pixelBaseline: { ...lineOf(pixels), smallFindings: rounded(meanAuroc(pixels, smallFindings)) },
      shuffled: {
        r10: rounded(imageToText.recall[10]!),
        chance: rounded(chance[10]!),
        medianRank: imageToText.medianRank,
        candidates: splits.test.length,
      },
      leaks: { file: await leak(fileFacts), noise: await leak(noiseFacts) },
    }
  } finally {
    await control.close()
  }
}
