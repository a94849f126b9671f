/**
 * @file The contract of a protocol: one thing that a model is tested for (Table 2 of the survey names them by codes). A
 * protocol says what it needs of the data; on data that lack it, it is skipped and says why.
 */

import type { ImageOutput, Model, Rows } from '../apply/model.ts'
import type { Progress } from '../core/progress.ts'
import type { Split, Study } from '../data/study.ts'
import type { CaseMeasures } from './case-measures.ts'
import type { ReportSection } from './report/html.ts'

/** Codes of the survey's Table 2 where it has one. */
export const protocolIds = [
  'CLS',
  'ZSC',
  'ITR',
  'ITC',
  'PG',
  'SEG',
  'DET',
  'VQA',
  'RG',
  'SP',
  'TXT',
  'ROB',
  'GRP',
  'PGT',
  'CAL',
  'LEAK',
] as const
export type ProtocolId = (typeof protocolIds)[number]

/** What `evaluate` can be asked for: protocols by code, and domain identification over folds. */
export const taskNames = [...protocolIds, 'domain'] as const
export type TaskName = (typeof taskNames)[number]

/** The studies of a data folder by split; the test part is the one evaluated on. */
export interface EvaluationData {
  folder: string
  train: readonly Study[]
  validate: readonly Study[]
  test: readonly Study[]
}

/** Choices that go for all protocols. */
export interface ProtocolSettings {
  /** Prompt set for findings: a built-in name or a file. Absent: the one for the data. */
  prompts?: string | undefined
  /** Of everything random: heads, subsets, shuffled controls. */
  seed: number
  /** Optimizer steps of each trained head. */
  headSteps: number
  /** Whether CLS also trains the whole image tower, at three shares of labels: most of its time. Default true. */
  fineTune?: boolean | undefined
}

/** What a protocol works with. Features are computed once and shared. */
export interface ProtocolContext {
  model: Model
  data: EvaluationData
  settings: ProtocolSettings
  /** Features of the first picture of each study of a split, in its order; `global` and `regions` not normalised. */
  features(split: Split, name: ImageOutput): Promise<Rows>
  /** First channel of each picture averaged to 16 x 16, [N, 256]. */
  pooled(split: Split): Promise<Float32Array>
  progress(label: string, total: number, unit: string): Progress
}

/** What a protocol found. */
export interface ProtocolResult {
  /** Measures by name; the first is the one to compare systems by. Most protocols have one set of cases. */
  measured: readonly CaseMeasures[]
  /** Whatever else belongs into the JSON document. */
  details?: object
  /** Parts of the HTML report beside the table of measures, drawn when a report is asked for. */
  sections?: () => Promise<readonly ReportSection[]>
}

export interface Protocol {
  id: ProtocolId
  name: string
  /** One sentence: what is measured, on what. */
  measures: string
  /** Measures where less is better, by name. */
  lower?: readonly string[]
  /** Value of a system that knows nothing, by name of the measure, where it is a constant. */
  chance?: Readonly<Record<string, number>>
  /** What the data lack, as a sentence that completes "is skipped: "; undefined if nothing. */
  lacks(data: EvaluationData): string | undefined
  run(context: ProtocolContext): Promise<ProtocolResult>
}
