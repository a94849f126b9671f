/** @file Evaluation: metrics with intervals, baselines, reports. */

export * from './baselines/pixel.ts'
export * from './metrics/auprc.ts'
export * from './metrics/auroc.ts'
export * from './metrics/bootstrap.ts'
export * from './metrics/calibration.ts'
export * from './metrics/confusion.ts'
export * from './metrics/intervals.ts'
export * from './metrics/ranked.ts'
export * from './metrics/retrieval.ts'
export * from './metrics/threshold.ts'
export * from './report/html.ts'
export * from './report/plots.ts'
