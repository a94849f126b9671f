/**
 * ITR: image-text retrieval among all test studies, both ways, ties by mid-rank. Reports that are the same word for word
 * are counted both ways: as wrong answers, and as hits.
 */

import { normalizeRows, products } from '../../apply/vectors.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { identicalGroups, retrieval } from '../metrics/retrieval.ts'
import { ownSimilarity } from '../own-similarity.ts'
import type { Protocol } from '../protocol.ts'
import { retrievalSection } from '../report/zero-shot.ts'
import { patientsOf, textsOf, withWords } from '../studies.ts'
import { retrievalSummary } from './retrieval.ts'

const at = [1, 5, 10] as const

export const itr: Protocol = {
  id: 'ITR',
  name: 'Image-text retrieval',
  measures:
    'Share of test pictures whose own report is among the first K by cosine, and the other way round; Own is by the comparison of the system itself.',
  lower: ['imageToTextMedianRank', 'textToImageMedianRank'],
  lacks: ({ test }) =>
    test.filter(withWords).length < 2 ? 'fewer than two studies have a report or a caption' : undefined,
  async run({ model, data, features }) {
    const places = [...data.test.keys()].filter((n) => withWords(data.test[n]!))
    const studies = places.map((n) => data.test[n]!)
    const width = model.config.joint
    const all = (await features('test', 'global')).values
    const images = new Float32Array(studies.length * width)
    places.forEach((n, i) => {
      images.set(all.subarray(n * width, (n + 1) * width), i * width)
    })
    normalizeRows(images, width, (i) => `the image of study ${studies[i]?.id}`)
    const words = textsOf(studies)
    const texts = normalizeRows(await model.embedTexts(words), width, (i) => `the report of study ${studies[i]?.id}`)
    const similarity = products(images, texts, width)
    const asTrained = await ownSimilarity(model, data.folder, studies, words, 'retrieval')
    const groups = identicalGroups(words)
    const own = retrieval(similarity, studies.length)
    const shared = retrieval(similarity, studies.length, { groups, identicalAsHits: true })
    const measures: Record<string, CaseMeasure> = {}
    for (const way of ['imageToText', 'textToImage'] as const) {
      const hits = (ranks: Float64Array, k: number): CaseMeasure => ({
        kind: 'mean',
        values: ranks.map((rank) => (rank <= k ? 1 : 0)),
      })
      for (const k of at) measures[`${way}R${k}`] = hits(own[way].ranks, k)
      if (asTrained !== undefined) measures[`${way}R5Own`] = hits(retrieval(asTrained, studies.length)[way].ranks, 5)
      measures[`${way}MedianRank`] = { kind: 'median', values: own[way].ranks }
      measures[`${way}R5Identical`] = hits(shared[way].ranks, 5)
    }
    return {
      measured: [{ units: patientsOf(studies), measures }],
      details: { ...retrievalSummary(own, shared, groups) },
      sections: async () => [await retrievalSection(model, data, places, words, similarity, own.imageToText.ranks)],
    }
  },
}
