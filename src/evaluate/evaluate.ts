/** @file Evaluation of a run or a model on a data folder: which tasks the data allow, on which studies, with which prompts. */

import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Model, openModel } from '../apply/model.ts'
import { VesaliusError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { readStudies } from '../data/studies.ts'
import type { Split, Study } from '../data/study.ts'
import { splitStudies } from '../pretrain/prepare.ts'
import { readRunConfig } from '../pretrain/run-folder.ts'
import { type FilledPrompts, fillPrompts, loadPromptSet } from '../text/index.ts'
import { openContext } from './context.ts'
import { type EvaluationData, type ProtocolContext, type ProtocolId, protocolIds, type TaskName } from './protocol.ts'
import {
  type DomainFold,
  type DomainResult,
  domainFold,
  domainTruth,
  summarizeDomain,
  vqaRadOrgan,
} from './protocols/domain.ts'
import type { FindingScores } from './protocols/findings.ts'
import type { RetrievalResult } from './protocols/retrieval.ts'
import type { ZscDetails } from './protocols/zsc.ts'
import { pixelLine, supervisedLine } from './reference.ts'
import { type ProtocolOutcome, runProtocols } from './run-protocols.ts'
import { embedStudies } from './studies.ts'

export interface EvaluateOptions {
  /** Run folder, folder of runs fold-0, fold-1 ..., or model folder. */
  run: string
  /** Data folder; the one the run was trained on if absent. */
  data?: string | undefined
  /** All that the data allow if absent. */
  tasks?: readonly TaskName[] | undefined
  /** Steps of each trained head; 300 if absent. */
  headSteps?: number | undefined
  /** Of heads, subsets and controls; 1 if absent. */
  seed?: number | undefined
  /** Prompt set for zero-shot findings: a built-in name or a file. */
  prompts?: string | undefined
  /** Prompt set for domain identification. */
  domainPrompts?: string | undefined
  split?: Split | undefined
  /** Run of the objective `supervised`, for its reference line. */
  supervised?: string | undefined
  /** Run trained on shuffled pairs, for the control. */
  shuffled?: string | undefined
  /** Where the models run; the CPU if absent. */
  device?: string | undefined
  progress: (label: string, total: number, unit: string) => Progress
}

export interface Evaluation {
  /** What became of every protocol asked for. */
  outcomes: ProtocolOutcome[]
  /** ZSC in full. */
  zeroShot?: ZscDetails | undefined
  /** ITR in full. */
  retrieval?: RetrievalResult | undefined
  domain?: DomainResult & { prompts: string }
  reference?: { pixelBaseline: FindingScores; supervised?: FindingScores; shuffled?: FindingScores }
}

/** The folds of a run: the folder itself, or its fold-K subfolders. */
async function foldsOf(run: string): Promise<string[]> {
  const isRun = await access(join(run, 'config.json')).then(
    () => true,
    () => false,
  )
  if (isRun) return [run]
  const names = await readdir(run).catch(() => [])
  const folds = names.filter((name) => /^fold-\d+$/.test(name)).sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
  if (folds.length === 0) {
    throw new VesaliusError('FILE_MISSING', `There is no run and no model in ${run}.`, {
      where: run,
      hint: 'Give the folder that `vesalius pretrain` wrote, or a model folder.',
    })
  }
  return folds.map((name) => join(run, name))
}

/** Runs every task asked for. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const folds = await foldsOf(options.run)
  const result: Evaluation = { outcomes: [] }
  const domain: DomainFold[] = []
  let classes: readonly string[] = []
  let prompts = ''
  for (const fold of folds) {
    const data = await dataOf(fold, options)
    const tasks = options.tasks ?? tasksFor(data.test, folds.length)
    const model = await openModel(fold, options)
    try {
      if (tasks.includes('domain')) {
        const filled = fillPrompts(await loadPromptSet(options.domainPrompts ?? 'vqa-rad-organs'))
        checkDomain(data.test, filled)
        ;({ names: classes, key: prompts } = filled)
        const cases = await embedStudies(model, data.folder, data.test, {
          progress: options.progress('Embedding', data.test.length, 'studies'),
        })
        const training = await embedStudies(model, data.folder, data.train, {
          embed: false,
          progress: options.progress('Pixel baseline', data.train.length, 'studies'),
        })
        domain.push(await domainFold(model, cases, training, filled, vqaRadOrgan))
      }
      if (folds.length === 1) await runAll(result, model, data, tasks, options)
    } finally {
      await model.close()
    }
  }
  if (domain.length > 0) result.domain = { ...summarizeDomain(domain, classes), prompts }
  return result
}

async function runAll(
  result: Evaluation,
  model: Model,
  data: EvaluationData,
  tasks: readonly TaskName[],
  options: EvaluateOptions,
): Promise<void> {
  const settings = { prompts: options.prompts, seed: options.seed ?? 1, headSteps: options.headSteps ?? 300 }
  const context = openContext({ model, data, settings, progress: options.progress })
  const ids = tasks.filter((task) => task !== 'domain')
  result.outcomes = await runProtocols(context, ids, { draw: true })
  for (const { protocol, skipped } of result.outcomes) {
    // A protocol that was asked for by name must not be passed over in silence.
    if (skipped !== undefined && options.tasks?.length === 1) {
      throw new VesaliusError('DATA_LACKS_FIELD', `${protocol.name} cannot be measured here: ${skipped}.`, {
        where: data.folder,
      })
    }
  }
  result.zeroShot = detailsOf<ZscDetails>(result.outcomes, 'ZSC')
  result.retrieval = detailsOf<RetrievalResult>(result.outcomes, 'ITR')
  if (result.zeroShot !== undefined) {
    result.reference = await referenceLines(context, result.zeroShot.findings, options)
  }
}

/** Details of a protocol that ran; the caller knows the type that this protocol gives. */
function detailsOf<Details extends object>(outcomes: readonly ProtocolOutcome[], id: ProtocolId): Details | undefined {
  const outcome = outcomes.find(({ protocol }) => protocol.id === id)
  return outcome === undefined || outcome.skipped !== undefined ? undefined : (outcome.result.details as Details)
}

/** Pixels, and the runs given for comparison, on the same findings. */
async function referenceLines(
  context: ProtocolContext,
  findings: readonly string[],
  options: EvaluateOptions,
): Promise<NonNullable<Evaluation['reference']>> {
  const { data } = context
  const train = { studies: data.train, pooled: await context.pooled('train') }
  const test = { studies: data.test, pooled: await context.pooled('test') }
  const reference: NonNullable<Evaluation['reference']> = { pixelBaseline: pixelLine(findings, train, test) }
  const { supervised, shuffled } = options
  if (supervised !== undefined) {
    const progress = options.progress('Supervised line', data.test.length, 'studies')
    reference.supervised = await supervisedLine(supervised, findings, data.folder, data.test, {
      progress,
      device: options.device,
    })
  }
  if (shuffled !== undefined) {
    const model = await openModel(shuffled, options)
    try {
      const { settings, progress } = context
      const control = await runProtocols(openContext({ model, data, settings, progress }), ['ZSC'])
      const found = detailsOf<ZscDetails>(control, 'ZSC')
      if (found !== undefined) reference.shuffled = found
    } finally {
      await model.close()
    }
  }
  return reference
}

/** The studies to evaluate on (as `test`), and those the run was trained and validated on. */
async function dataOf(run: string, { data, split = 'test' }: EvaluateOptions): Promise<EvaluationData> {
  const config = await readRunConfig(run).catch(() => undefined)
  const folder = data ?? config?.data.folder
  if (folder === undefined) {
    throw new VesaliusError('USAGE', `${run} does not say which data it was trained on.`, {
      where: run,
      hint: 'Give --data.',
    })
  }
  const { train, validate, ...splits } = splitStudies(await readStudies(folder), config?.data ?? FREE)
  const test = { train, validate, ...splits }[split]
  if (test.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `There is no study in the split "${split}" of ${folder}.`, {
      where: folder,
      hint: 'Choose another one with --split.',
    })
  }
  return { folder, train, validate, test }
}

const FREE = { folds: undefined, fold: undefined }

function tasksFor(studies: readonly Study[], folds: number): TaskName[] {
  const organs = studies.some((study) => String(study.attributes[vqaRadOrgan.attribute]) in vqaRadOrgan.values)
  return [...(organs ? (['domain'] as const) : []), ...(folds === 1 ? protocolIds : [])]
}

function checkDomain(studies: readonly Study[], { kind, names }: FilledPrompts): void {
  if (kind !== 'exclusive') {
    throw new VesaliusError('USAGE', 'Domain identification needs a prompt set with exclusive classes.', {
      where: '--domain-prompts',
    })
  }
  const unknown = domainTruth(studies, vqaRadOrgan, names).indexOf(-1)
  if (unknown >= 0) {
    throw new VesaliusError(
      'DATA_LACKS_FIELD',
      `The study ${studies[unknown]?.id} does not state its organ (chest, abdomen or head).`,
      {
        hint: 'Domain identification compares with the attribute "organ" of each study.',
      },
    )
  }
}
