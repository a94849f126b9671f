/** @file Runs protocols on a model: skips what the data do not allow, puts intervals on what they do. */

import { withIntervals } from './case-measures.ts'
import type { BootstrapRun } from './metrics/bootstrap.ts'
import type { Measure } from './metrics/measure.ts'
import type { Protocol, ProtocolContext, ProtocolId, ProtocolResult } from './protocol.ts'
import { protocols } from './protocols/index.ts'
import type { ReportSection } from './report/html.ts'

/** What became of a protocol. */
export type ProtocolOutcome =
  | { protocol: Protocol; skipped: string }
  | {
      protocol: Protocol
      skipped?: undefined
      result: ProtocolResult
      /** All measures with intervals over patients. */
      metrics: Record<string, Measure>
      /** One a set of cases. */
      bootstrap: BootstrapRun[]
      /** Parts of the report, if they were asked for. */
      sections: readonly ReportSection[]
    }

/** The protocols asked for, in order; all if undefined. */
export function chosenProtocols(ids: readonly ProtocolId[] | undefined): readonly Protocol[] {
  return ids === undefined ? protocols : protocols.filter(({ id }) => ids.includes(id))
}

/** Runs protocols one after the other. */
export async function runProtocols(
  context: ProtocolContext,
  ids?: readonly ProtocolId[],
  { resamples = 1000, draw = false }: { resamples?: number; draw?: boolean } = {},
): Promise<ProtocolOutcome[]> {
  const outcomes: ProtocolOutcome[] = []
  for (const protocol of chosenProtocols(ids)) {
    const skipped = protocol.lacks(context.data)
    if (skipped !== undefined) {
      outcomes.push({ protocol, skipped })
      continue
    }
    const result = await protocol.run(context)
    const found = result.measured.map((measured) => withIntervals(measured, { resamples }))
    const metrics = Object.assign({}, ...found.map(({ values }) => values)) as Record<string, Measure>
    const sections = draw ? ((await result.sections?.()) ?? []) : []
    outcomes.push({ protocol, result, metrics, bootstrap: found.map(({ bootstrap }) => bootstrap), sections })
  }
  return outcomes
}

/** Outcomes as JSON: by protocol, either why it was skipped or its metrics, the resampling and details. */
export function outcomesDocument(outcomes: readonly ProtocolOutcome[]): Record<string, unknown> {
  const entries = outcomes.map((outcome): [string, unknown] => {
    const { id, name, measures } = outcome.protocol
    if (outcome.skipped !== undefined) return [id, { name, skipped: outcome.skipped }]
    const { result, metrics, bootstrap } = outcome
    return [id, { name, measures, metrics, bootstrap, ...(result.details ? { details: result.details } : {}) }]
  })
  return Object.fromEntries(entries)
}
