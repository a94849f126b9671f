/** @file How the reports of a data folder are read for clinical efficacy: which labels, by which names, and how well. */

import type { Study } from '../../data/study.ts'
import { chestLabels, chexpertLabels, type LabelSet, labelReport, namesLexicon, reportGraph } from '../../text/index.ts'
import { labelerScore, type ObservationStates } from '../metrics/clinical.ts'
import type { ReportGraph } from '../metrics/entity-relation.ts'
import { labelledFindings } from '../prompts.ts'

/** Reports of one kind for every test picture. */
export interface Told {
  name: string
  /** End of the names of its measures. */
  suffix: '' | 'Nearest' | 'Frequent' | 'Random'
  reports: readonly string[]
}

/** Reads reports of one kind of data. */
export interface ReportReader {
  /** Name of the labeler and its vocabulary, to stand beside every number. */
  name: string
  labels: readonly string[]
  states(text: string): ObservationStates
  /** Entities and relations; undefined where the names of this organ are not known. */
  graph?: (text: string) => ReportGraph
}

/**
 * The reader for the reports of these studies: the chest ontology for chest X-rays, the names of the labels themselves for
 * other organs. Undefined where there is nothing to look for, or the reports are not in English.
 */
export function reportReader(studies: readonly Study[]): ReportReader | undefined {
  if (studies.some(({ report }) => report !== null && report.language !== 'en')) return undefined
  const names = [...labelledFindings(studies)].sort()
  if (studies.every(({ domain }) => domain === 'chest-xray')) {
    const named = chestLabels(names)
    const labels = Object.keys(named).length > 0 ? named : chexpertLabels()
    return {
      name: 'rules over the chest ontology',
      labels: Object.keys(labels),
      states: (text) => labelReport(text, labels),
      graph: reportGraph,
    }
  }
  if (names.length === 0) return undefined
  const labels: LabelSet = Object.fromEntries(names.map((name) => [name, [name]]))
  const lexicon = namesLexicon(names)
  return { name: 'rules over the label names', labels: names, states: (text) => labelReport(text, labels, lexicon) }
}

const codes = { positive: 1, negative: 0, uncertain: -1 } as const

/** How well a reader finds in the studies' own reports what their labels say: F1 of mentions and of positives, pooled. */
export function readerAccuracy(
  reader: ReportReader,
  studies: readonly Study[],
  texts: readonly string[],
): { reports: number; mentionF1: number; positiveF1: number } {
  const pooled = (state: 'mention' | 'positive'): number => {
    let [both, all] = [0, 0]
    for (const label of reader.labels) {
      const score = labelerScore(found, byHand, label, state)
      both += score.both
      all += score.found + score.count
    }
    return all === 0 ? 0 : (2 * both) / all
  }
  const found = texts.map(reader.states)
  const names = Object.fromEntries(Object.entries(codes).map(([state, code]) => [code, state as keyof typeof codes]))
  const byHand = studies.map(
    ({ labels }): ObservationStates =>
      Object.fromEntries(Object.entries(labels).map(([label, code]) => [label, names[code]!])),
  )
  return { reports: texts.length, mentionF1: pooled('mention'), positiveF1: pooled('positive') }
}
