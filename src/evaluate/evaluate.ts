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
import { type FilledPrompts, fillPrompts, loadPromptSet, selectPrompts } from '../text/index.ts'
import {
  type DomainFold,
  type DomainResult,
  domainFold,
  domainTruth,
  summarizeDomain,
  vqaRadOrgan,
} from './protocols/domain.ts'
import { type FindingScores, zeroShotFindings } from './protocols/findings.ts'
import { type RetrievalResult, retrievalOf } from './protocols/retrieval.ts'
import { pixelLine, supervisedLine } from './reference.ts'
import { type Cases, embedStudies } from './studies.ts'

export const taskNames = ['zero-shot', 'retrieval', 'domain'] as const
export type TaskName = (typeof taskNames)[number]

export interface EvaluateOptions {
  /** Run folder, folder of runs fold-0, fold-1 ..., or model folder. */
  run: string
  /** Data folder; the one the run was trained on if absent. */
  data?: string | undefined
  /** All that the data allow if absent. */
  tasks?: readonly TaskName[] | undefined
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
  zeroShot?: FindingScores & { prompts: string }
  retrieval?: RetrievalResult
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
  const result: Evaluation = {}
  const domain: DomainFold[] = []
  let classes: readonly string[] = []
  let prompts = ''
  for (const fold of folds) {
    const { folder, studies, training } = await studiesOf(fold, options)
    const tasks = options.tasks ?? tasksFor(studies, folds.length)
    const model = await openModel(fold, options)
    try {
      const cases = await embedStudies(model, folder, studies, {
        progress: options.progress('Embedding', studies.length, 'studies'),
      })
      const pooled = async (): Promise<Cases> =>
        embedStudies(model, folder, training, {
          embed: false,
          progress: options.progress('Pixel baseline', training.length, 'studies'),
        })
      if (tasks.includes('domain')) {
        const filled = fillPrompts(await loadPromptSet(options.domainPrompts ?? 'vqa-rad-organs'))
        checkDomain(studies, filled)
        ;({ names: classes, key: prompts } = filled)
        domain.push(await domainFold(model, cases, await pooled(), filled, vqaRadOrgan))
      }
      if (folds.length > 1) continue
      if (tasks.includes('zero-shot')) await evaluateFindings(result, model, cases, await pooled(), folder, options)
      if (tasks.includes('retrieval')) result.retrieval = await retrievalOf(model, cases)
    } finally {
      await model.close()
    }
  }
  if (domain.length > 0) result.domain = { ...summarizeDomain(domain, classes), prompts }
  return result
}

async function evaluateFindings(
  result: Evaluation,
  model: Model,
  cases: Cases,
  training: Cases,
  folder: string,
  options: EvaluateOptions,
): Promise<void> {
  const filled = await findingPrompts(cases.studies, options)
  result.zeroShot = { ...(await zeroShotFindings(model, cases, filled)), prompts: filled.key }
  const reference: NonNullable<Evaluation['reference']> = { pixelBaseline: pixelLine(filled.names, training, cases) }
  const { supervised, shuffled } = options
  if (supervised !== undefined) {
    const progress = options.progress('Supervised line', cases.studies.length, 'studies')
    reference.supervised = await supervisedLine(supervised, filled.names, folder, cases.studies, {
      progress,
      device: options.device,
    })
  }
  if (shuffled !== undefined) {
    const control = await openModel(shuffled, options)
    try {
      const progress = options.progress('Shuffled control', cases.studies.length, 'studies')
      reference.shuffled = await zeroShotFindings(
        control,
        await embedStudies(control, folder, cases.studies, { progress }),
        filled,
      )
    } finally {
      await control.close()
    }
  }
  result.reference = reference
}

/** The prompt pairs of the findings that the studies are labelled with. */
async function findingPrompts(studies: readonly Study[], { prompts }: EvaluateOptions): Promise<FilledPrompts> {
  const labelled = new Set(studies.flatMap((study) => Object.keys(study.truth?.labels ?? study.labels)))
  const phantom = studies.some((study) => study.truth !== undefined)
  const set = await loadPromptSet(prompts ?? (phantom ? 'chest-phantom' : 'chexzero'))
  if (set.kind !== 'pairs') {
    throw new VesaliusError('USAGE', `The prompt set ${set.name} has exclusive classes; findings need prompt pairs.`, {
      where: '--prompts',
    })
  }
  const names = set.findings.map(({ name }) => name).filter((name) => labelled.has(name))
  if (names.length === 0) {
    throw new VesaliusError('DATA_LACKS_FIELD', `No study carries a label of the prompt set ${set.name}.`, {
      hint: 'Choose another set with --prompts, or leave out the task zero-shot.',
    })
  }
  return fillPrompts(selectPrompts(set, names))
}

/** The studies to evaluate on, and those the run was trained on. */
async function studiesOf(
  run: string,
  { data, split = 'test' }: EvaluateOptions,
): Promise<{ folder: string; studies: Study[]; training: Study[] }> {
  const config = await readRunConfig(run).catch(() => undefined)
  const folder = data ?? config?.data.folder
  if (folder === undefined) {
    throw new VesaliusError('USAGE', `${run} does not say which data it was trained on.`, {
      where: run,
      hint: 'Give --data.',
    })
  }
  const splits = splitStudies(await readStudies(folder), config?.data ?? FREE)
  const studies = splits[split]
  if (studies.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `There is no study in the split "${split}" of ${folder}.`, {
      where: folder,
      hint: 'Choose another one with --split.',
    })
  }
  return { folder, studies, training: splits.train }
}

const FREE = { folds: undefined, fold: undefined }

function tasksFor(studies: readonly Study[], folds: number): TaskName[] {
  const organs = studies.some((study) => String(study.attributes[vqaRadOrgan.attribute]) in vqaRadOrgan.values)
  if (organs) return ['domain', ...(folds === 1 ? (['retrieval'] as const) : [])]
  const labelled = studies.some((study) => Object.keys(study.truth?.labels ?? study.labels).length > 0)
  return labelled ? ['zero-shot', 'retrieval'] : ['retrieval']
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
