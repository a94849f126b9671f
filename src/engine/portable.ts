/**
 * @file The engine as far as it runs anywhere, in Node and in browsers: tracing, derivatives, lowering, the interpreter.
 * Nothing reached from here may import a module of Node; the bundle of test/browser.test.ts fails if one does.
 */

export { linearAssignment } from './assignment.ts'
export { type AverageConfig, averageDecay, averageSchema, averageSweep, meanSweeps } from './averages.ts'
export { gradients, weightedGradients } from './gradients.ts'
export {
  type HostData,
  type HostResult,
  type HostRule,
  type HostSite,
  type HostState,
  type HostValue,
  hostNode,
} from './host.ts'
export { type KMeansOptions, kMeans } from './hosts/k-means.ts'
export { matching } from './hosts/matching.ts'
export { type MemoryBank, memoryBank } from './hosts/memory-bank.ts'
export { tap } from './hosts/tap.ts'
export type { Initializer } from './initial-values.ts'
export { estimateMemory, type MemoryEstimate } from './inspect/memory.ts'
export {
  isProduct,
  type KernelCall,
  kernelSeconds,
  type Profile,
  parseProfile,
  peakInUse,
  providers,
  timeBy,
  timeByModule,
  withoutWarmUp,
} from './inspect/profile.ts'
export { type GraphSummary, summarize } from './inspect/summary.ts'
export { interpret, interpretAsync, type Values } from './interpreter.ts'
export {
  type LoweredModel,
  lowerServing,
  lowerTraining,
  lowerVectors,
  type Outputs,
  type RandomInput,
} from './onnx/lower.ts'
export { type Target, targetOf } from './onnx/webgpu.ts'
export * from './ops.ts'
export { type Method, type Moment, methodOf, type OptimizerConfig, optimizerSchema, type Sweep } from './optimizers.ts'
export {
  activeGroups,
  type Declaration,
  type Entry,
  flatten,
  type Group,
  initialValues,
  type Layout,
  layOut,
  type Treatment,
  valuesByName,
} from './parameters.ts'
export { compileProgram, type Program, type ProgramReport, type ProgramResult } from './program.ts'
export { pushSlices } from './push-slices.ts'
export { type Distribution, type DrawKey, drawRandom } from './random-leaves.ts'
export { recomputed } from './recompute.ts'
export { type Device, deviceNames, deviceOf } from './runtime/devices.ts'
export type { BufferView, Feed, Inline, SweepRange } from './runtime/protocol.ts'
export type { Runtime, RuntimeOptions, Session, Sweeper } from './runtime/runtime.ts'
export { type ScheduleConfig, scheduleFactor, scheduleSchema } from './schedules.ts'
export {
  type DType,
  type Node,
  type Primitives,
  type Shape,
  shapeError,
  sizeOf,
  type Tensor,
  type TensorData,
  topological,
} from './tensor.ts'
