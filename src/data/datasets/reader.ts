/** @file What a dataset reader is: a source as published, told as studies. */

import type { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import type { SplitShares } from '../folds.ts'
import type { StudyInput } from '../study.ts'

/** What a reader found. */
export interface DatasetContent {
  /** Studies whose image (and mask) paths are still absolute paths into the source. */
  studies: StudyInput[]
  /** What a user must know: rows merged or left out, conflicts in the source, how it was split. */
  notes: string[]
}

/** A reader without its options' type, as the list of all readers holds it. */
export interface DatasetReader {
  id: string
  name: string
  /** One sentence: what the source looks like. */
  describe: string
  licence: string
  /** Schema of the options; every option has a default or says that it is needed. */
  options: z.ZodType
  /** Reads `src` and writes nothing. Options are checked here (`CONFIG_INVALID`). */
  read(src: string, options: unknown): Promise<DatasetContent>
}

/** Makes a reader whose `read` receives options checked against its own schema. */
export function datasetReader<T extends z.ZodType>(definition: {
  id: string
  name: string
  describe: string
  licence: string
  options: T
  read(src: string, options: z.output<T>): Promise<DatasetContent>
}): DatasetReader {
  return {
    ...definition,
    read: async (src, options) =>
      definition.read(src, parseWith(definition.options, options ?? {}, `Options of the dataset ${definition.id}`)),
  }
}

/** 80 % of patients to train, 10 % to validate, 10 % to test. */
export const usualShares: SplitShares = [0.8, 0.1, 0.1]

/** "12 images", "1 image". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`
}
