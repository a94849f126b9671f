/** @file The fields of a study that follow from what is known of its findings: attributes, course, graph, questions. */

import type { Random } from '../core/random.ts'
import type { Study } from '../data/study.ts'
import { attributesOf, type Known } from './facts.ts'
import type { Sentence, Terms } from './grammar.ts'
import { graphOf } from './graph.ts'
import { englishNoun, englishQuestions, questionsOf } from './questions.ts'

/** What a domain knows of a study. */
export interface Particulars {
  /** "chest radiograph"; null where it makes no sense to call it normal. */
  examination: string | null
  /** Findings that are there in health too. */
  healthy?: ReadonlySet<string>
  /** Everything that can be drawn. */
  names: readonly string[]
  /** The names that words use for each label. */
  words: Readonly<Record<string, readonly Terms[]>>
  /** What is drawn. */
  known: readonly Known[]
  changes: Study['changes']
  sentences: readonly Sentence[]
  stream: Random
  /** Questions of the domain's own. */
  questions?: Study['questions']
}

/** Attributes of findings, their course, the report as a graph, questions with answers. */
export function particularsOf({
  examination,
  healthy = new Set(),
  names,
  words,
  known,
  changes,
  sentences,
  stream,
  questions = [],
}: Particulars): Pick<Study, 'attributes' | 'changes' | 'graph' | 'questions'> {
  const noun = (name: string) => {
    const terms = words[name]?.[0] as Terms
    return englishNoun(stream.weighted(terms.train), terms.mass)
  }
  return {
    attributes: attributesOf(known),
    changes,
    graph: graphOf(sentences, words, known),
    questions: questionsOf({
      known,
      absent: names.filter((name) => !known.some((finding) => finding.name === name)),
      noun,
      changes,
      words: englishQuestions(examination),
      healthy,
      stream,
      more: questions,
    }),
  }
}
