/** @file Pre-training: objectives, the configuration of a run, the training loop. */

export { objectiveOf, type RunConfig, type RunConfigInput, type RunRequest, resolveRun, runSchema } from './config.ts'
export type { Need } from './needs.ts'
export {
  type BatchLabels,
  type LabelSource,
  type LossContext,
  type Losses,
  type Objective,
  objective,
} from './objective.ts'
export { objectives } from './objectives.ts'
export { cosineMatrix, diagonalCrossEntropy } from './parts/contrast.ts'
export { createRun, type MetricsLine, type RunFolder, readMetrics, readRunConfig, runFolder } from './run-folder.ts'
export { type TrainOptions, type TrainSummary, train } from './train.ts'
