/** @file The summary of image-text retrieval, both ways. */

import type { Retrieval } from '../metrics/retrieval.ts'

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

/** The numbers of both countings: each its own report only (`own`), any report with the same words (`shared`). */
export function retrievalSummary(own: Retrieval, shared: Retrieval, groups: ArrayLike<number>): RetrievalResult {
  const counts = new Map<number, number>()
  const list = Array.from(groups)
  for (const group of list) counts.set(group, (counts.get(group) ?? 0) + 1)
  return {
    candidates: own.count,
    ...recallsOf(own),
    identicalAsHits: recallsOf(shared),
    repeated: list.filter((group) => (counts.get(group) as number) > 1).length,
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
