/**
 * @file F1 of entities and relations between a generated and a real report (RadGraph F1, Yu et al. 2023, rules of the
 * authors' CXR-Report-Metric). The graphs come from the caller; name the extractor beside the number.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type Prepared, prepareMean } from './measure.ts'

/** What a report states: entities with their kind, such as `OBS-DP`, and typed relations between them. */
export interface ReportGraph {
  entities: readonly { tokens: string; label: string }[]
  /** Places of both entities in the list, and `modify`, `located_at` or `suggestive_of`. */
  relations: readonly { from: number; to: number; type: string }[]
}

/** F1 of the sets of one report pair, each in 0..1. */
export interface GraphScore {
  entity: number
  relation: number
  /** Mean of the two. */
  combined: number
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0
  for (const item of a) if (b.has(item)) both++
  return both === 0 ? 0 : (2 * both) / (a.size + b.size)
}

/**
 * Compares two graphs as sets; equal entities count once. Two empty sets give 0, as in the authors' code. A report that was
 * not generated (null) gives 0. `exact` compares tokens and labels, `tokens` the words only.
 */
export function graphScore(
  generated: ReportGraph | null,
  real: ReportGraph,
  match: 'exact' | 'tokens' = 'exact',
): GraphScore {
  if (generated === null) return { entity: 0, relation: 0, combined: 0 }
  const [g, r] = [generated, real].map((graph) => setsOf(graph, match))
  const entity = overlap(g!.entities, r!.entities)
  const relation = overlap(g!.relations, r!.relations)
  return { entity, relation, combined: (entity + relation) / 2 }
}

function setsOf({ entities, relations }: ReportGraph, match: 'exact' | 'tokens') {
  const key = ({ tokens, label }: ReportGraph['entities'][number]) =>
    JSON.stringify(match === 'exact' ? [tokens, label] : [tokens])
  const keyAt = (at: number): string => {
    const entity = entities[at]
    if (entity !== undefined) return key(entity)
    throw new VesaliusError('DATA_INVALID', `A relation names entity ${at} of ${entities.length}.`, {
      hint: 'Relations refer to entities by their place in the list, from 0.',
    })
  }
  return {
    entities: new Set(entities.map(key)),
    relations: new Set(relations.map(({ from, to, type }) => JSON.stringify([keyAt(from), keyAt(to), type]))),
  }
}

/**
 * Means over reports of the F1 of entities, of relations, and of both.
 * @param extractor name of what made the graphs, for the variant, such as `RadGraph` or `grammar`
 */
export function prepareGraphScores(
  generated: readonly (ReportGraph | null)[],
  real: readonly ReportGraph[],
  extractor: string,
  match: 'exact' | 'tokens' = 'exact',
): Record<keyof GraphScore, Prepared> {
  if (generated.length !== real.length) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${generated.length} generated graphs but ${real.length} real ones.`,
      {
        hint: 'Give one for each report; null where none was generated.',
      },
    )
  }
  const each = real.map((graph, i) => graphScore(generated[i] ?? null, graph, match))
  const mean = (part: keyof GraphScore) =>
    prepareMean(
      each.map((score) => score[part]),
      { variant: `${part}-F1-${match}-${extractor}`, rule: 'undefined without reports' },
    )
  return { entity: mean('entity'), relation: mean('relation'), combined: mean('combined') }
}
