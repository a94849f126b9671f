/** @file `vesalius pretrain`: train, or continue a run. */

import { join, resolve } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readJson } from '../../core/files.ts'
import { silent } from '../../core/progress.ts'
import { textModes } from '../../data/text-of.ts'
import { type Communicator, deviceOf, openCommunicator } from '../../engine/index.ts'
import { imagePresetNames, textPresetNames } from '../../models/presets.ts'
import { type RunConfig, recipeNameOf, recipeNames, resolveRun } from '../../pretrain/config.ts'
import { endRanks, exitCodeOf, onRoot } from '../../pretrain/ranks.ts'
import { createRun, type RunFolder, readRunConfig, runFolder } from '../../pretrain/run-folder.ts'
import { train } from '../../pretrain/train.ts'
import { type Arguments, type Context, command } from '../command.ts'
import { deviceOption } from '../device.ts'
import { optimisationOf, optimisationOptions } from '../optimisation-options.ts'

const options = {
  data: { type: 'string', value: 'DIR', help: 'folder with studies.jsonl' },
  out: { type: 'string', value: 'RUN', help: 'folder of the run to write' },
  resume: { type: 'string', value: 'RUN', help: 'continue this run from its newest checkpoint' },
  config: { type: 'string', value: 'FILE', help: 'JSON with a part of a run configuration; options given here win' },
  objective: { type: 'string', help: 'what is learned, clip if not said, see: vesalius methods' },
  recipe: {
    type: 'string',
    choices: recipeNames,
    help: "towers, sizes and training of the objective's paper, or the smallest that hold every part of it",
  },
  image: { type: 'string', help: `image tower, resnet-tiny if no recipe says: ${imagePresetNames.join(', ')}` },
  text: { type: 'string', help: `text tower, bert-tiny if no recipe says: ${textPresetNames.join(', ')}` },
  size: { type: 'integer', help: 'side of the pictures in pixels, 96 if no recipe says' },
  channels: { type: 'integer', default: 3, help: '1 for greys, 3 as public models' },
  from: { type: 'string', value: 'MODEL', help: 'model folder to start from' },
  tokenizer: {
    type: 'string',
    value: 'DIR',
    help: 'folder with tokenizer files; without it a WordPiece vocabulary is trained',
  },
  words: {
    type: 'string',
    choices: textModes,
    help: 'which words go with an image',
  },
  'drop-words': { type: 'string', value: 'A,B', help: 'words removed from all texts (control)' },
  'shuffle-pairs': { type: 'boolean', help: 'give every image the words of another (control)' },
  folds: { type: 'integer', help: 'train this many runs, each with a part of the images held out by hash of the name' },
  fold: { type: 'integer', help: 'only this one of the folds, 0 ...' },
  epochs: { type: 'number', help: 'passes over the training studies' },
  steps: { type: 'integer', help: 'steps, instead of epochs' },
  batch: { type: 'integer', help: 'pairs a step' },
  ...optimisationOptions,
  chunk: {
    type: 'integer',
    help: 'pairs that the towers take at once; the result is that of the whole batch, in the memory of a chunk',
  },
  seed: { type: 'integer', help: 'seed of everything random' },
  deadline: {
    type: 'number',
    value: 'MINUTES',
    help: 'stop in time, everything saved, as at Ctrl-C (Slurm time limits)',
  },
  threads: { type: 'integer', help: 'threads of one operator' },
  'force-memory': { type: 'boolean', help: 'go on although the run seems not to fit into memory' },
  device: deviceOption,
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
    ...given({ objective: o.objective }),
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
      ...given({ epochs: o.epochs, steps: o.steps, batch: o.batch, chunk: o.chunk, seed: o.seed, device: o.device }),
      ...optimisationOf(o, part('train')),
    }),
    ...given({ threads: o.threads }),
  }
  const request = {
    data: resolve(folder),
    recipe: o.recipe === undefined ? undefined : recipeNameOf(o.recipe),
    image: o.image,
    text: o.text,
    size: o.size,
    channels: o.channels,
  }
  return resolveRun({ ...request, overrides }, o.config ?? 'The run configuration')
}

/** Trains one run and writes its report. */
async function trainOne(
  { config, folder }: { config: RunConfig; folder: RunFolder },
  context: Context,
  ranks: Communicator,
  { label, forceMemory }: { label: string; forceMemory: boolean },
): Promise<Record<string, unknown>> {
  const { writeRunReport } = await import('../../evaluate/report/run-report.ts')
  const progress = (total: number) => context.progress(label, total, 'steps')
  try {
    const summary = await train({
      config,
      folder,
      progress,
      note: context.print,
      signal: context.signal,
      forceMemory,
      ranks,
    })
    return { ...summary, run: folder.path, report: await onRoot(ranks, () => writeRunReport(folder)) }
  } catch (error) {
    const interrupted = error instanceof VesaliusError && error.code === 'INTERRUPTED'
    if (interrupted && ranks.rank === 0) await writeRunReport(folder)
    throw error
  }
}

/** Stops at the deadline too, in minutes since the command was started. A rank other than 0 says nothing. */
function contextOf(context: Context, rank: number, deadline: number | undefined): Context {
  if (deadline !== undefined && deadline <= 0)
    throw new VesaliusError('USAGE', `--deadline is ${deadline}: it must be minutes above 0.`)
  const longest = 2 ** 31 - 1 // of Node's timers, 25 days
  const left = Math.min(Math.max(0, (deadline ?? 0) * 60_000 - performance.now()), longest)
  const signal = deadline === undefined ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(left)])
  return rank === 0 ? { ...context, signal } : { ...context, signal, print() {}, progress: () => silent }
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
    const ranks = await openCommunicator()
    try {
      const document = await runAll(args, contextOf(context, ranks.rank, args.options.deadline), ranks)
      await ranks.finalize()
      return ranks.rank === 0 ? document : { silent: true }
    } catch (error) {
      const told = await endRanks(ranks, error)
      if (told !== undefined) throw told
      return { silent: true, exitCode: exitCodeOf(error) }
    }
  },
})

async function runAll(
  args: Arguments<typeof options>,
  context: Context,
  ranks: Communicator,
): Promise<Record<string, unknown>> {
  const { resume, out, folds, fold } = args.options
  const training = { label: 'Training', forceMemory: args.options['force-memory'] === true }
  if (resume !== undefined) {
    const start = await onRoot(ranks, async () => {
      const old = await resumed(resume)
      const { device } = args.options
      if (device !== undefined) old.config.train.device = deviceOf(device)
      return old
    })
    return finish([await trainOne(start, context, ranks, training)], context)
  }
  if (folds === undefined || fold !== undefined) {
    const start = await onRoot(ranks, async () => created(outOf(out), await configOf(args, fold)))
    return finish([await trainOne(start, context, ranks, training)], context)
  }
  const runs: Record<string, unknown>[] = []
  for (let k = 0; k < folds; k++) {
    const start = await onRoot(ranks, async () => {
      const path = join(outOf(out), `fold-${k}`)
      // A run of folds that was interrupted goes on with the fold it was in.
      return (await readRunConfig(path)) === undefined ? created(path, await configOf(args, k)) : resumed(path)
    })
    runs.push(await trainOne(start, context, ranks, { ...training, label: `Fold ${k + 1} of ${folds}` }))
  }
  return finish(runs, context)
}

interface Start {
  config: RunConfig
  folder: RunFolder
}

function outOf(out: string | undefined): string {
  if (out !== undefined) return out
  throw new VesaliusError('USAGE', 'pretrain needs a folder for the run.', { hint: 'Add: --out RUN' })
}

async function created(path: string, config: RunConfig): Promise<Start> {
  return { config, folder: await createRun(path, config) }
}

async function resumed(path: string): Promise<Start> {
  const config = await readRunConfig(path)
  if (config !== undefined) return { config, folder: runFolder(path) }
  throw new VesaliusError('FILE_MISSING', `There is no run in ${path}.`, {
    where: path,
    hint: 'Start one with --data and --out.',
  })
}

function finish(runs: Record<string, unknown>[], { print }: Context): Record<string, unknown> {
  for (const { model, report } of runs) print(`Model: ${model}\nReport: ${report}`)
  if (runs.length === 1) print(`Next: vesalius evaluate ${runs[0]!.run}`)
  return runs.length === 1 ? runs[0]! : { runs }
}

export { pretrain as command }
