/** @file The two passes of every objective that does not say otherwise: one image and one text a study. */

import type { ImageFeatures, TextFeatures } from '../models/features.ts'
import type { PassContext } from './objective.ts'
import { mergeWords, poolSentences } from './parts/pooling.ts'

/** The image as it is; stages of residual nets are left out, as they do not go through a whole batch by name. */
function image({ batch, encodeImage }: PassContext<unknown>): ImageFeatures {
  const { stages: _, ...features } = encodeImage(batch.pixels)
  return features
}

/** The text with its words, and with its sentences where the objective asked for them. */
function text({ batch, encodeText }: PassContext<unknown>): TextFeatures {
  const features = encodeText(batch.ids, batch.mask)
  const words = mergeWords(features.tokens, batch.wordIndex, 'sum')
  if (!('sentenceIndex' in batch)) return { ...features, ...words }
  const most = batch.sentenceMask.shape[1] as number
  return { ...features, ...words, ...poolSentences(features.tokens, batch.sentenceIndex, most, 'mean') }
}

export const plainPasses = { image, text }
