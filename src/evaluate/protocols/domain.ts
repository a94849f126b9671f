/**
 * @file Domain identification (survey Fig. 4): exclusive classes by prompts, equation (4), pooled over held-out folds.
 * Truth is an attribute of the studies. Beside it stands the pixel baseline, fitted on the training part of each fold.
 */

import { classMatrix, score } from '../../apply/classify/zero-shot.ts'
import type { Model } from '../../apply/model.ts'
import type { Study } from '../../data/study.ts'
import type { FilledPrompts } from '../../text/index.ts'
import { fitPixelBaseline, predictPixelBaseline } from '../baselines/pixel.ts'
import { argmaxRows, confusionMatrix } from '../metrics/confusion.ts'
import { meanWithInterval } from '../metrics/intervals.ts'
import type { Cases } from '../studies.ts'

/** Predictions for the held-out studies of one fold. */
export interface DomainFold {
  truth: number[]
  predicted: number[]
  /** Predictions of the linear model on 16 x 16 pixels. */
  pixels: number[]
}

export interface DomainResult {
  accuracy: number
  interval: [number, number]
  n: number
  folds: number
  /** Accuracy of each fold. */
  perFold: number[]
  classes: readonly string[]
  /** Truth in rows. */
  confusion: number[][]
  pixelBaseline: { accuracy: number; interval: [number, number] }
}

/** Which attribute, and which of its values is which class. */
export interface DomainTruth {
  attribute: string
  values: Readonly<Record<string, string>>
}

/** VQA-RAD states the organ of each image. */
export const vqaRadOrgan: DomainTruth = { attribute: 'organ', values: { CHEST: 'chest', ABD: 'abdomen', HEAD: 'head' } }

/** Place of each study's class among the names; -1 where the attribute says nothing. */
export function domainTruth(
  studies: readonly Study[],
  { attribute, values }: DomainTruth,
  names: readonly string[],
): number[] {
  return studies.map((study) => names.indexOf(values[String(study.attributes[attribute])] ?? ''))
}

/** One fold: the model and the pixel baseline on its held-out cases. */
export async function domainFold(
  model: Model,
  held: Cases,
  training: Cases,
  prompts: FilledPrompts,
  truth: DomainTruth,
): Promise<DomainFold> {
  const matrix = await classMatrix(model, prompts)
  const width = model.config.joint
  const rows = score(held.images, matrix, { scale: model.scale, width, nameOf: (n) => `study ${held.studies[n]?.id}` })
  const classes = prompts.names.length
  const known = domainTruth(training.studies, truth, prompts.names)
  const oneHot = Int8Array.from(known.flatMap((k) => Array.from({ length: classes }, (_, c) => (c === k ? 1 : 0))))
  const baseline = fitPixelBaseline(training.pooled, oneHot, {
    mode: 'exclusive',
    width: training.pooled.length / training.studies.length,
  })
  return {
    truth: domainTruth(held.studies, truth, prompts.names),
    predicted: rows.map(({ probabilities }) => probabilities.indexOf(Math.max(...probabilities))),
    pixels: [...argmaxRows(predictPixelBaseline(baseline, held.pooled), classes)],
  }
}

/** All folds together. */
export function summarizeDomain(folds: readonly DomainFold[], classes: readonly string[]): DomainResult {
  const correct = (key: 'predicted' | 'pixels') =>
    folds.map((fold) => fold[key].map((p, i) => (p === fold.truth[i] ? 1 : 0)))
  const own = correct('predicted')
  const all = meanWithInterval(own.flat())
  const pixels = meanWithInterval(correct('pixels').flat())
  const matrix = confusionMatrix(
    folds.flatMap(({ truth }) => truth),
    folds.flatMap(({ predicted }) => predicted),
    classes.length,
  )
  return {
    accuracy: all.value,
    interval: [all.low, all.high],
    n: own.flat().length,
    folds: folds.length,
    perFold: own.map((hits) => hits.reduce((a: number, b) => a + b, 0) / hits.length),
    classes,
    confusion: matrix.map((row) => [...row]),
    pixelBaseline: { accuracy: pixels.value, interval: [pixels.low, pixels.high] },
  }
}
