/** @file Data: studies on disk, their splits, dataset readers, checks; pictures and words in batches. */

export { checkStudies, type DataCheck } from './check.ts'
export {
  type BuildOptions,
  type BuildResult,
  buildDataset,
  type DatasetContent,
  type DatasetReader,
  datasets,
  findDataset,
} from './datasets/index.ts'
export { foldOf, type SplitShares, splitOf } from './folds.ts'
export { type Loader, type LoaderOptions, openLoader } from './loader.ts'
export { type QuestionCaption, questionCaption } from './question-caption.ts'
export { orderOf, type Sampler, sampler } from './sampler.ts'
export { readStudies, studiesFile, studiesPath, writeStudies } from './studies.ts'
export { labelsSchema, type Split, type Study, type StudyInput, studySchema, wholeStudy } from './study.ts'
export { dropWords, swapSides, type TextMode, textModes, textOf } from './text-of.ts'
