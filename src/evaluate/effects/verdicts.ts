/** @file From finished runs to rows: differences of two arms with an interval over seeds and cases, and whether a claim held. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Study } from '../../data/study.ts'
import { domainOf } from '../../phantoms/index.ts'
import { splitSentences } from '../../text/index.ts'
import { type CaseMeasure, type CaseMeasures, measuresFromJson } from '../case-measures.ts'
import { combine } from '../compare/combine.ts'
import { resultOf } from '../compare/compare.ts'
import { armOf, type Claim, drawnOf, type Family, hashOf } from './family.ts'

/** A row of bench/results/effects-FAMILY.json. */
export interface Effect {
  id: string
  claim: string
  metric: string
  baseline: string
  system: string
  direction: Claim['direction']
  margin: number
  /** System minus baseline, mean over seeds; null where it was not run. */
  difference: number | null
  /** 95 %, by a bootstrap over seeds and patients together. */
  interval: [number, number] | null
  seeds: { seed: number; baseline: number | null; system: number | null }[]
  /** Computed from interval, direction and margin; null where it was not run. */
  reproduced: boolean | null
  /** Why there is no number yet. */
  notRun?: string
  /** Hash of what the row depends on. */
  hash: string
}

/** Where the run of an arm with a seed lies. */
export function runPath(work: string, arm: string, seed: number): string {
  return join(work, 'runs', `${arm}-${seed}`)
}

/** Measures of a finished run by protocol; undefined if it is not finished. */
export async function measuresOf(path: string): Promise<Record<string, CaseMeasures[]> | undefined> {
  if (!existsSync(join(path, 'result.json'))) return undefined
  const { protocols } = await resultOf(path)
  const found = Object.entries(protocols).flatMap(([id, entry]) =>
    'skipped' in entry ? [] : [[id, entry.measured.map(measuresFromJson)] as const],
  )
  return Object.fromEntries(found)
}

/** The row of a claim. `test` are the studies that both arms were measured on, in their order. */
export async function effectOf(family: Family, claim: Claim, work: string, test: readonly Study[]): Promise<Effect> {
  const { id, metric, baseline, system, direction, margin } = claim
  const qualified = [
    metric,
    ...(claim.findings === 'small' ? ['of small findings'] : []),
    ...(claim.cases === 'one-of-five' ? ['of reports of five sentences and more'] : []),
  ].join(' ')
  const row = { id, claim: claim.claim, metric: qualified, baseline, system, direction, margin }
  const hash = await hashOf(family, claim)
  const seeds = Array.from({ length: family.seeds }, (_, s) => s + 1)
  const small = domainOf(drawnOf(family, armOf(family, system).data).domain).smallFindings
  const load = async (arm: string) => {
    const found = await Promise.all(seeds.map((seed) => measuresOf(runPath(work, arm, seed))))
    return found.map((measures) => measures && only(measures, claim, small, test))
  }
  const [base, own] = [await load(baseline), await load(system)]
  const lacking = seeds.flatMap((seed, s) => [
    ...(base[s] === undefined ? [`${baseline}-${seed}`] : []),
    ...(own[s] === undefined ? [`${system}-${seed}`] : []),
  ])
  if (lacking.length > 0) {
    const notRun = `missing: ${lacking.join(', ')}`
    return { ...row, difference: null, interval: null, seeds: [], reproduced: null, notRun, hash }
  }
  const tables = combine(
    [
      { id: 'baseline', runs: base as Record<string, CaseMeasures[]>[] },
      { id: 'system', runs: own as Record<string, CaseMeasures[]>[] },
    ],
    { baseline: 'baseline' },
  )
  const [before, after] = tables.map(({ metrics }) => Object.values(metrics)[0]) as [
    ReturnType<typeof combine>[0]['metrics'][string],
    ReturnType<typeof combine>[0]['metrics'][string],
  ]
  const { difference, interval } = after.vsClip ?? { difference: null, interval: null }
  return {
    ...row,
    difference,
    interval,
    seeds: seeds.map((seed, s) => ({
      seed,
      baseline: before.perSeed[s] as number | null,
      system: after.perSeed[s] as number | null,
    })),
    reproduced: interval === null ? false : holds(interval, direction, margin),
    hash,
  }
}

/** Whether the whole interval of a difference lies beyond the margin. */
export function holds([low, high]: readonly [number, number], direction: Claim['direction'], margin: number): boolean {
  return direction === 'higher' ? low > margin : high < margin
}

/** The one measure of a claim, on the findings and cases that it is about. */
function only(
  measures: Record<string, CaseMeasures[]>,
  { metric, findings, cases }: Claim,
  small: readonly string[],
  test: readonly Study[],
): Record<string, CaseMeasures[]> {
  const [protocol, name] = metric.split('.') as [string, string]
  const set = measures[protocol]?.find((candidate) => name in candidate.measures)
  if (set === undefined) throw new RangeError(`effects: no run measured ${metric}`)
  const measure = set.measures[name] as CaseMeasure
  return {
    [protocol]: [{ units: set.units, measures: { [name]: narrowed(measure, { findings, cases, small, test }) } }],
  }
}

function narrowed(
  measure: CaseMeasure,
  {
    findings,
    cases,
    small,
    test,
  }: Pick<Claim, 'findings' | 'cases'> & { small: readonly string[]; test: readonly Study[] },
): CaseMeasure {
  if (measure.kind !== 'auroc' || (findings === 'all' && cases === 'all')) return measure
  const long = test.map(({ report }) => splitSentences(report?.findings ?? '').length >= 5)
  const kept = measure.findings.filter(({ name }) => findings === 'all' || small.includes(name))
  return {
    kind: 'auroc',
    // Reports name a finding in one sentence of their findings: those of at least five make it one of five.
    findings: kept.map(({ labels, ...finding }) => ({
      ...finding,
      labels:
        cases === 'all'
          ? labels
          : Int8Array.from(labels, (label, i) => (label === 1 && !(long[i] as boolean) ? -1 : label)),
    })),
  }
}
