/**
 * ITC: image-text classification: which of several reports belongs to the picture. The wrong ones are drawn from the other
 * test reports that differ in words. Harder: the own report against itself with every statement turned round.
 */

import { normalizeRows } from '../../apply/vectors.ts'
import { random } from '../../core/random.ts'
import type { CaseMeasure } from '../case-measures.ts'
import type { Protocol } from '../protocol.ts'
import { patientsOf, textsOf, withWords } from '../studies.ts'

const candidates = 5

export const itc: Protocol = {
  id: 'ITC',
  name: 'Choice of the right report',
  measures: `Share of test pictures for which the own report wins against ${candidates - 1} others, and against its own denial.`,
  chance: { accuracy: 1 / candidates, accuracyDenial: 0.5 },
  lacks: ({ test }) =>
    new Set(textsOf(test.filter(withWords))).size <= candidates
      ? `fewer than ${candidates + 1} different reports`
      : undefined,
  async run({ model, data, settings, features }) {
    const width = model.config.joint
    const places = [...data.test.keys()].filter((n) => withWords(data.test[n]!))
    const studies = places.map((n) => data.test[n]!)
    const words = textsOf(studies)
    const turned = words.map(denied)
    const rows = normalizeRows(await model.embedTexts([...words, ...turned]), width, (i) => `report ${i}`)
    const images = (await features('test', 'global')).values
    const dot = (image: number, text: number): number => {
      let sum = 0
      for (let d = 0; d < width; d++) sum += images[places[image]! * width + d]! * rows[text * width + d]!
      return sum
    }
    /** 1 for a win, equal shares for ties. */
    const won = (own: number, others: readonly number[]): number => {
      if (others.some((value) => value > own)) return 0
      return 1 / (1 + others.filter((value) => value === own).length)
    }
    const accuracy = Float64Array.from(words, (text, i) => {
      const stream = random('candidates', settings.seed, studies[i]!.id)
      const others = stream.shuffle([...words.keys()].filter((j) => words[j] !== text)).slice(0, candidates - 1)
      return won(
        dot(i, i),
        others.map((j) => dot(i, j)),
      )
    })
    const denial = Float64Array.from(words, (text, i) =>
      turned[i] === text ? Number.NaN : won(dot(i, i), [dot(i, words.length + i)]),
    )
    const measures: Record<string, CaseMeasure> = {
      accuracy: { kind: 'mean', values: accuracy },
      accuracyDenial: { kind: 'mean', values: denial },
    }
    return { measured: [{ units: patientsOf(studies), measures }], details: { candidates } }
  },
}

/** A report with its statements turned round: denials lose their "no", statements of a finding get one. */
export function denied(text: string): string {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => {
      if (/\bno\b/i.test(sentence)) return capital(sentence.replace(/\bno (?:evidence of )?/i, ''))
      if (/\bthere is an? /i.test(sentence))
        return sentence.replace(/\bthere is an? /i, (found) => found.replace(/an? $/, 'no '))
      if (/\b(?:is|are) seen\b/i.test(sentence)) return sentence.replace(/\b(is|are) seen\b/i, '$1 not seen')
      if (/\bis normal\b/i.test(sentence)) return sentence.replace(/\bis normal\b/i, 'is not normal')
      if (/\bare clear\b/i.test(sentence)) return sentence.replace(/\bare clear\b/i, 'are not clear')
      return sentence
    })
    .join(' ')
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
