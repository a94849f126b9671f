/** @file Public face of the layers. */

export { type AttentionOptions, attend, attention } from './attention.ts'
export { type BatchStatistics, type CachingOptions, cachedGraphs, needsCaching, type Split } from './caching.ts'
export { wholeStep } from './caching-graphs.ts'
export { type ConvLayerOptions, type ConvTransposeLayerOptions, conv, convTranspose } from './conv.ts'
export { dropout, dropPath } from './dropout.ts'
export {
  denseGraphAttention,
  denseGraphConv,
  type Edges,
  type GraphAttentionOptions,
  type GraphConvOptions,
  graphAttention,
  graphConv,
  withLoops,
} from './graph.ts'
export {
  type Fans,
  fans,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  type Nonlinearity,
  truncatedNormal,
  uniformByFanIn,
  xavierNormal,
  xavierUniform,
} from './initializers.ts'
export { embedding, type LinearOptions, linear, linears } from './linear.ts'
export { causalMask, paddingMask } from './masks.ts'
export { type Activation, type GatedMlpOptions, gatedMlp, type MlpOptions, mlp } from './mlp.ts'
export { attentionPool, type MultiHeadOptions, multiHeadAttention, queryPool } from './multi-head.ts'
export { batchNorm, channelNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from './norm.ts'
export { type TracedPass, tracePass } from './pass.ts'
export {
  fromPatches,
  gridOf,
  type Kept,
  keepTokens,
  type PatchOptions,
  patchEmbedding,
  randomKeep,
  restoreTokens,
  toPatches,
} from './patches.ts'
export { type ResizeOptions, resizePositions, sinCosGridPositions, sinCosPositions } from './positions.ts'
export { gru, lstm, type Recurrent, type RecurrentOptions } from './recurrent.ts'
export {
  type CompGcnOptions,
  type Composition,
  circularCorrelation,
  compGcn,
  type RelationalGcnOptions,
  relationalGcn,
  type TypedEdges,
} from './relational-graph.ts'
export { type BucketOptions, distanceBias, windowBias } from './relative-position.ts'
export { basicBlock, bottleneckBlock, preActivationBlock, type ResidualOptions, squeezeExcitation } from './residual.ts'
export { type Recompute, type Scope, type Trace, trace } from './scope.ts'
export {
  type LazyOptimizer,
  type LazyRows,
  lookUps,
  openLazyRows,
  type RowGradients,
  rowGradients,
} from './sparse.ts'
export {
  type MicroBatch,
  NotFiniteError,
  openTraining,
  type Step,
  type StepResult,
  type Training,
  type TrainingOptions,
  type TrainingState,
} from './training.ts'
export { type BlockOptions, type DecoderOptions, decoder, decoderBlock, encoder, encoderBlock } from './transformer.ts'
export { doubleConv, type UnetOptions, type UnetPartOptions, unet, unetDown, unetUp } from './unet.ts'
export { fromWindows, patchMerging, swinBlock, toWindows, type WindowedOptions, windowedAttention } from './windowed.ts'
