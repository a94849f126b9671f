/**
 * @file Vesalius as a library: open a model, classify, evaluate, train. The parts it is made of have their own entries:
 * `vesalius/engine`, `/nn`, `/text`, `/imaging`, `/data`, `/phantoms`, `/pretrain`, `/evaluate`.
 *
 * @example
 * import { classMatrix, exclusivePrompts, openModel, score } from 'vesalius'
 *
 * const model = await openModel('run')
 * const matrix = await classMatrix(model, exclusivePrompts(['chest X-ray', 'head CT']))
 * const { pixels } = await model.readPicture('image.dcm')
 * const settings = { scale: model.scale, width: model.config.joint, nameOf: () => 'image.dcm' }
 * console.log(score(await model.embedPixels(pixels), matrix, settings)[0].probabilities)
 * await model.close()
 */

export { type ClassMatrix, classMatrix, score, type ZeroShotScore } from './apply/classify/zero-shot.ts'
export { toJsonl, toNpy, toParquet, type VectorFormat, type Vectors, writeVectors } from './apply/export-vectors.ts'
export { type Model, openModel } from './apply/model.ts'
export { exclusivePrompts, labelList, pairPrompts } from './apply/prompts.ts'
export { type ErrorCode, errorCodes, VesaliusError } from './core/errors.ts'
export { type Progress, silent } from './core/progress.ts'
export { type Evaluation, evaluate } from './evaluate/evaluate.ts'
export { type ModelConfig, modelSchema } from './models/config.ts'
export { readWeights } from './models/folder.ts'
export { createRun, type RunConfig, type RunRequest, resolveRun, train } from './pretrain/index.ts'
