/** @file Protocol ITR: image-text retrieval among the cases, both ways, ties by mid-rank. */

import type { Model } from '../../apply/model.ts'
import { normalizeRows, products } from '../../apply/vectors.ts'
import { identicalGroups, type Retrieval, retrieval } from '../metrics/retrieval.ts'
import { type Cases, textsOf } from '../studies.ts'

export interface Recalls {
  r1: number
  r5: number
  r10: number
  medianRank: number
}

export interface RetrievalResult {
  candidates: number
  imageToText: Recalls
  textToImage: Recalls
  /** The same, where any report with the same words is a hit. */
  identicalAsHits: { imageToText: Recalls; textToImage: Recalls }
  /** Candidates whose report another candidate shares word for word. */
  repeated: number
  chance: { r1: number; r5: number; r10: number }
}

/** Retrieval among all cases, each with its report. */
export async function retrievalOf(model: Model, cases: Cases): Promise<RetrievalResult> {
  const width = model.config.joint
  const texts = textsOf(cases.studies)
  const rows = normalizeRows(await model.embedTexts(texts), width, (n) => `the report of study ${cases.studies[n]?.id}`)
  const similarity = products(cases.images, rows, width)
  const groups = identicalGroups(texts)
  const counts = new Map<number, number>()
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1)
  const own = retrieval(similarity, texts.length)
  const shared = retrieval(similarity, texts.length, { groups, identicalAsHits: true })
  return {
    candidates: texts.length,
    ...recallsOf(own),
    identicalAsHits: recallsOf(shared),
    repeated: groups.filter((group) => (counts.get(group) as number) > 1).length,
    chance: { r1: own.chance[1]!, r5: own.chance[5]!, r10: own.chance[10]! },
  }
}

function recallsOf({ imageToText, textToImage }: Retrieval): { imageToText: Recalls; textToImage: Recalls } {
  const recalls = ({ recall, medianRank }: Retrieval['imageToText']): Recalls => ({
    r1: recall[1]!,
    r5: recall[5]!,
    r10: recall[10]!,
    medianRank,
  })
  return { imageToText: recalls(imageToText), textToImage: recalls(textToImage) }
}
