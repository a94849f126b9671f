/**
 * @file The control of pairs: linear projections of the supervised features and of counted words, trained by CLIP's loss
 * on pairs put together at random, and on the right ones. If the first finds the words of unseen pictures, something leaks
 * beside the pairing; that the second does shows that the control could have.
 */

import { products } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import { input, mul, type Tensor } from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import type { PairsLine } from '../../phantoms/index.ts'
import { contrastive, cosineMatrix } from '../../pretrain/parts/contrast.ts'
import { moments, rowsFeed, standardised, trainHead } from '../heads.ts'
import { retrieval } from '../metrics/retrieval.ts'
import { textsOf } from '../studies.ts'
import type { LineCases } from './cases.ts'
import type { Learnt, NetworkContext } from './network.ts'
import { rounded } from './recipe.ts'

/** Retrieval of the report of each test case among all, after training on these pairs. */
export async function pairsLine(
  training: LineCases,
  test: LineCases,
  learnt: Learnt,
  shuffled: boolean,
  { recipe, threads }: NetworkContext,
): Promise<PairsLine> {
  const { steps, batch, rate, width, leastUse } = recipe.pairs
  const words = textsOf(training.studies).map(wordsOf)
  const vocabulary = vocabularyOf(words, leastUse)
  const order = [...words.keys()]
  const partner = shuffled ? random(recipe.seed, 'shuffled pairs').shuffle(order) : order
  const ofImages = moments(learnt.training, learnt.width)
  const images = standardised(learnt.training, ofImages)
  const counts = counted(words, vocabulary)
  const ofTexts = moments(counts, vocabulary.size)
  const texts = standardised(counts, ofTexts)
  const project = (scope: Scope, rows: number): { v: Tensor; t: Tensor } => ({
    v: linear(scope.in('image'), input('images', [rows, learnt.width]), width, { bias: false }),
    t: linear(scope.in('text'), input('texts', [rows, vocabulary.size]), width, { bias: false }),
  })
  const head = await trainHead({
    rows: order.length,
    batch,
    steps,
    rate,
    weightDecay: 0.1,
    threads,
    seed: recipe.seed,
    feeds: (rows) => ({
      images: rowsFeed(images, [learnt.width], rows),
      texts: rowsFeed(
        texts,
        [vocabulary.size],
        rows.map((n) => partner[n] as number),
      ),
    }),
    loss: (scope, rows) => {
      const { v, t } = project(scope, rows)
      return contrastive(mul(cosineMatrix(v, t), 1 / temperature))
    },
  })
  try {
    const candidates = test.studies.length
    const unseen = standardised(learnt.test, ofImages)
    const said = standardised(counted(textsOf(test.studies).map(wordsOf), vocabulary), ofTexts)
    const { v, t } = await head.predict(
      candidates,
      (rows) => ({
        images: rowsFeed(unseen, [learnt.width], rows),
        texts: rowsFeed(said, [vocabulary.size], rows),
      }),
      project,
    )
    const similar = products(unit(v as Float32Array, width), unit(t as Float32Array, width), width)
    const { imageToText, chance } = retrieval(similar, candidates)
    return {
      r10: rounded(imageToText.recall[10] as number),
      chance: rounded(chance[10] as number),
      medianRank: imageToText.medianRank,
      candidates,
    }
  } finally {
    await head.close()
  }
}

const temperature = 0.1

/** Words of a text, lower case, each once. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))
}

/** Words that enough training texts use, by column. */
function vocabularyOf(texts: readonly ReadonlySet<string>[], least: number): Map<string, number> {
  const uses = new Map<string, number>()
  for (const words of texts) for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1)
  const kept = [...uses].filter(([, count]) => count >= least).map(([word]) => word)
  return new Map(kept.sort().map((word, i) => [word, i]))
}

/** Whether each text [N] uses each word: [N, W]. */
function counted(texts: readonly ReadonlySet<string>[], vocabulary: ReadonlyMap<string, number>): Float32Array {
  const table = new Float32Array(texts.length * vocabulary.size)
  texts.forEach((words, n) => {
    for (const word of words) {
      const column = vocabulary.get(word)
      if (column !== undefined) table[n * vocabulary.size + column] = 1
    }
  })
  return table
}

/** Rows of length 1; a row of zeros (a text without a known word) stays one, and is as near to all. */
function unit(rows: Float32Array, width: number): Float32Array {
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width)
    const norm = Math.hypot(...row)
    if (norm > 0) row.set(row.map((value) => value / norm))
  }
  return rows
}
