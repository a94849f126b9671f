/** @file Public face of the layers. */

export { attend } from './attention.ts'
export { conv2d } from './conv.ts'
export { dropout, dropPath } from './dropout.ts'
export { embedding, type LinearOptions, linear } from './linear.ts'
export { causalMask, paddingMask } from './masks.ts'
export { batchNorm2d, layerNorm } from './norm.ts'
export { type TracedPass, tracePass } from './pass.ts'
export { type Scope, type Trace, trace } from './scope.ts'
export { openTraining, type Step, type StepResult, type Training, type TrainingState } from './training.ts'
