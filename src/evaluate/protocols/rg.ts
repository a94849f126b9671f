/**
 * RG: a report for each test picture, by retrieval: the training report whose embedding is nearest to the picture's. Scores
 * of words against the picture's own report, and of what is said: the labels of the training study that the report was
 * taken from against the true labels. Beside it stands a training report drawn at random.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { ciderD } from '../metrics/cider.ts'
import { meteor } from '../metrics/meteor.ts'
import { rougeL } from '../metrics/rouge.ts'
import { textCases } from '../metrics/tokens.ts'
import { labelledFindings } from '../prompts.ts'
import type { Protocol } from '../protocol.ts'
import { labelsOf, patientsOf, textsOf, withWords } from '../studies.ts'

export const rg: Protocol = {
  id: 'RG',
  name: 'Report generation by retrieval',
  measures:
    'How near the nearest training report comes to the own report of each test picture, in words and in findings.',
  lacks: ({ train, test }) =>
    train.some(withWords) && test.some(withWords) ? undefined : 'training and test studies do not both have reports',
  async run({ model, data, settings, features }) {
    const width = model.config.joint
    const known = data.train.filter(withWords)
    const places = [...data.test.keys()].filter((n) => withWords(data.test[n]!))
    const tests = places.map((n) => data.test[n]!)
    const words = textsOf(known)
    const texts = normalizeRows(await model.embedTexts(words), width, (i) => `the report of study ${known[i]?.id}`)
    const images = (await features('test', 'global')).values
    const stream = random('random reports', settings.seed)
    // The direction alone decides which text is nearest: the picture's length does not matter.
    const nearest = places.map((n) => {
      let [best, most] = [0, Number.NEGATIVE_INFINITY]
      for (let t = 0; t < known.length; t++) {
        let dot = 0
        for (let d = 0; d < width; d++) dot += images[n * width + d]! * texts[t * width + d]!
        if (dot > most) [best, most] = [t, dot]
      }
      return best
    })
    const anyone = places.map(() => stream.int(known.length))
    const references = textsOf(tests)
    const measures: Record<string, CaseMeasure> = {}
    for (const [kind, chosen] of [
      ['', nearest],
      ['Random', anyone],
    ] as const) {
      const cases = textCases(
        chosen.map((t) => words[t]!),
        references,
      )
      measures[`ciderD${kind}`] = { kind: 'mean', values: ciderD(cases) }
      measures[`bleu4${kind}`] = { kind: 'bleu', cases, n: 4 }
      measures[`rougeL${kind}`] = { kind: 'mean', values: rougeL(cases) }
      measures[`meteor${kind}`] = { kind: 'mean', values: meteor(cases) }
      const { top, bottom } = labelF1(known, tests, chosen)
      measures[`findingsF1${kind}`] = { kind: 'ratio', top, bottom }
    }
    const examples = places.slice(0, 5).map((_, i) => ({
      study: tests[i]!.id,
      own: references[i],
      from: known[nearest[i]!]!.id,
      nearest: words[nearest[i]!],
    }))
    return {
      measured: [{ units: patientsOf(tests), measures }],
      details: { candidates: known.length, examples },
    }
  },
}

/** Twice the true positives, and all called and all true, case by case: their sums make the micro F1 of findings. */
function labelF1(
  known: Parameters<typeof labelsOf>[0],
  tests: Parameters<typeof labelsOf>[0],
  chosen: readonly number[],
): { top: Float64Array; bottom: Float64Array } {
  const [top, bottom] = [new Float64Array(tests.length), new Float64Array(tests.length)]
  for (const name of labelledFindings(tests)) {
    const [said, truth] = [labelsOf(known, name), labelsOf(tests, name)]
    chosen.forEach((t, i) => {
      if (truth[i] === -1) return
      const [called, there] = [said[t] === 1, truth[i] === 1]
      top[i]! += called && there ? 2 : 0
      bottom[i]! += (called ? 1 : 0) + (there ? 1 : 0)
    })
  }
  return { top, bottom }
}
