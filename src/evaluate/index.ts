/** @file Evaluation: metrics with intervals, baselines, reports. */

export * from './baselines/pixel.ts'
// Places: masks, boxes, maps, points.
export * from './metrics/anomaly.ts'
// Metrics: classification and its calibration.
export * from './metrics/auprc.ts'
export * from './metrics/auroc.ts'
// Texts: overlap of words, clinical efficacy, answers.
export * from './metrics/bleu.ts'
// Intervals and comparisons, for all of them.
export * from './metrics/bootstrap.ts'
export * from './metrics/boxes.ts'
export * from './metrics/calibration.ts'
export * from './metrics/cider.ts'
export * from './metrics/classification.ts'
export * from './metrics/clinical.ts'
// Prediction sets.
export * from './metrics/conformal.ts'
export * from './metrics/confusion.ts'
export * from './metrics/detection.ts'
export * from './metrics/entity-relation.ts'
export * from './metrics/froc.ts'
export * from './metrics/grounding.ts'
export * from './metrics/intervals.ts'
export * from './metrics/key-points.ts'
export * from './metrics/masks.ts'
export * from './metrics/measure.ts'
export * from './metrics/meteor.ts'
export { porterStem } from './metrics/porter.ts'
export * from './metrics/ranked.ts'
// Retrieval.
export * from './metrics/relevance.ts'
export * from './metrics/retrieval.ts'
export * from './metrics/rouge.ts'
export * from './metrics/scaling.ts'
export * from './metrics/surface.ts'
export { surfaceDiceByArea } from './metrics/surface-area.ts'
export * from './metrics/threshold.ts'
export * from './metrics/tokens.ts'
export * from './metrics/vqa.ts'
export { escapeHtml } from './report/escape.ts'
export * from './report/html.ts'
export * from './report/plots.ts'
