/** @file `vesalius pretrain`: train, or continue a run. */

import { join, resolve } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readJson } from '../../core/files.ts'
import { imagePresetNames, textPresetNames } from '../../models/presets.ts'
import { type RunConfig, resolveRun } from '../../pretrain/config.ts'
import { createRun, type RunFolder, readRunConfig, runFolder } from '../../pretrain/run-folder.ts'
import { train } from '../../pretrain/train.ts'
import { type Arguments, type Context, command } from '../command.ts'

const options = {
  data: { type: 'string', value: 'DIR', help: 'folder with studies.jsonl' },
  out: { type: 'string', value: 'RUN', help: 'folder of the run to write' },
  resume: { type: 'string', value: 'RUN', help: 'continue this run from its newest checkpoint' },
  config: { type: 'string', value: 'FILE', help: 'JSON with a part of a run configuration; options given here win' },
  objective: { type: 'string', default: 'clip', help: 'what is learned, see: vesalius methods' },
  image: { type: 'string', default: 'resnet-tiny', help: `image tower: ${imagePresetNames.join(', ')}` },
  text: { type: 'string', default: 'bert-tiny', help: `text tower: ${textPresetNames.join(', ')}` },
  size: { type: 'integer', default: 96, help: 'side of the pictures in pixels' },
  channels: { type: 'integer', default: 3, help: '1 for greys, 3 as public models' },
  from: { type: 'string', value: 'MODEL', help: 'model folder to start from' },
  tokenizer: {
    type: 'string',
    value: 'DIR',
    help: 'folder with tokenizer files; without it a WordPiece vocabulary is trained',
  },
  words: {
    type: 'string',
    choices: ['report', 'findings', 'impression', 'sections', 'mixed', 'sentence', 'caption'],
    help: 'which words go with an image',
  },
  'drop-words': { type: 'string', value: 'A,B', help: 'words removed from all texts (control)' },
  'shuffle-pairs': { type: 'boolean', help: 'give every image the words of another (control)' },
  folds: { type: 'integer', help: 'train this many runs, each with a part of the images held out by hash of the name' },
  fold: { type: 'integer', help: 'only this one of the folds, 0 ...' },
  epochs: { type: 'number', help: 'passes over the training studies' },
  steps: { type: 'integer', help: 'steps, instead of epochs' },
  batch: { type: 'integer', help: 'pairs a step' },
  rate: { type: 'number', help: 'peak learning rate' },
  seed: { type: 'integer', help: 'seed of everything random' },
  threads: { type: 'integer', help: 'threads of one operator' },
  'force-memory': { type: 'boolean', help: 'go on although the run seems not to fit into memory' },
} as const

/** A record without its undefined values, so that a file's values are not overwritten by options that were not given. */
function given(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

async function configOf({ options: o }: Arguments<typeof options>, fold: number | undefined): Promise<RunConfig> {
  const file = o.config === undefined ? {} : asRecord(await readJson(o.config))
  const part = (name: string): Record<string, unknown> => asRecord(file[name])
  const folder = o.data ?? part('data').folder
  if (typeof folder !== 'string')
    throw new VesaliusError('USAGE', 'pretrain needs a data folder.', { hint: 'Add: --data DIR' })
  const overrides = {
    ...file,
    data: given({
      ...part('data'),
      ...given({
        text: o.words,
        dropWords: o['drop-words']?.split(',').map((word) => word.trim()),
        shufflePairs: o['shuffle-pairs'] || undefined,
        folds: o.folds,
        fold,
      }),
      folder: resolve(folder),
    }),
    model: given({ ...part('model'), from: o.from === undefined ? undefined : resolve(o.from) }),
    tokenizer: given({ ...part('tokenizer'), folder: o.tokenizer === undefined ? undefined : resolve(o.tokenizer) }),
    train: given({
      ...part('train'),
      ...given({ epochs: o.epochs, steps: o.steps, batch: o.batch, rate: o.rate, seed: o.seed }),
    }),
    ...given({ threads: o.threads }),
  }
  const request = {
    data: resolve(folder),
    objective: o.objective,
    image: o.image,
    text: o.text,
    size: o.size,
    channels: o.channels,
  }
  return resolveRun({ ...request, overrides }, o.config ?? 'The run configuration')
}

/** Trains one run and writes its report. */
async function trainOne(
  config: RunConfig,
  folder: RunFolder,
  context: Context,
  { label, forceMemory }: { label: string; forceMemory: boolean },
): Promise<Record<string, unknown>> {
  const { writeRunReport } = await import('../../evaluate/report/run-report.ts')
  const progress = (total: number) => context.progress(label, total, 'steps')
  try {
    const summary = await train({ config, folder, progress, signal: context.signal, forceMemory })
    return { ...summary, run: folder.path, report: await writeRunReport(folder) }
  } catch (error) {
    if (error instanceof VesaliusError && error.code === 'INTERRUPTED') await writeRunReport(folder)
    throw error
  }
}

export const pretrain = command({
  name: 'pretrain',
  summary: 'train an image-text model, or continue a run',
  usage: ['pretrain --data DIR --out RUN [options]', 'pretrain --resume RUN'],
  options,
  examples: [
    { text: 'CLIP with the smallest towers', command: 'pretrain --data phantoms --out run --epochs 4' },
    { text: 'Five folds of a small set', command: 'pretrain --data vqa --out vqa-run --folds 5 --epochs 40' },
  ],
  async run(args, context) {
    const { resume, out, folds, fold } = args.options
    const training = { label: 'Training', forceMemory: args.options['force-memory'] === true }
    if (resume !== undefined) {
      const config = await readRunConfig(resume)
      if (config === undefined) {
        throw new VesaliusError('FILE_MISSING', `There is no run in ${resume}.`, {
          where: resume,
          hint: 'Start one with --data and --out.',
        })
      }
      return finish([await trainOne(config, runFolder(resume), context, training)], context)
    }
    if (out === undefined)
      throw new VesaliusError('USAGE', 'pretrain needs a folder for the run.', { hint: 'Add: --out RUN' })
    if (folds === undefined || fold !== undefined) {
      const config = await configOf(args, fold)
      return finish([await trainOne(config, await createRun(out, config), context, training)], context)
    }
    const runs: Record<string, unknown>[] = []
    for (let k = 0; k < folds; k++) {
      const path = join(out, `fold-${k}`)
      const config = await configOf(args, k)
      // A run of folds that was interrupted goes on with the fold it was in.
      const folder = (await readRunConfig(path)) === undefined ? await createRun(path, config) : runFolder(path)
      runs.push(
        await trainOne((await readRunConfig(path)) ?? config, folder, context, {
          ...training,
          label: `Fold ${k + 1} of ${folds}`,
        }),
      )
    }
    return finish(runs, context)
  },
})

function finish(runs: Record<string, unknown>[], { print }: Context): Record<string, unknown> {
  for (const { model, report } of runs) print(`Model: ${model}\nReport: ${report}`)
  if (runs.length === 1) print(`Next: vesalius evaluate ${runs[0]!.run}`)
  return runs.length === 1 ? runs[0]! : { runs }
}

export { pretrain as command }
