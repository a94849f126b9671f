/**
 * SP: survival prediction: Cox's proportional hazards with a ridge on frozen features, by Breslow's partial likelihood,
 * fitted to the end. Harrell's C on the test patients; Kaplan-Meier curves of the halves of lower and of higher risk, with a
 * log-rank test. Beside it stands the same model on 16 x 16 pixels.
 */

import type { Study } from '../../data/study.ts'
import { minimize } from '../baselines/minimize.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { moments, standardised } from '../heads.ts'
import { kaplanMeier, type LogRank, logRank, medianSurvival } from '../metrics/survival.ts'
import type { EvaluationData, Protocol } from '../protocol.ts'
import { type SurvivalGroup, survivalSection } from '../report/survival.ts'
import { patientsOf } from '../studies.ts'

/** Ridge on the standardised features: features are many, deaths few. */
const ridge = 1

const timed = (studies: readonly Study[]): number[] =>
  [...studies.keys()].filter((i) => studies[i]!.survival !== undefined)

export const sp: Protocol = {
  id: 'SP',
  name: 'Survival prediction',
  measures:
    "Harrell's C of Cox's model on frozen features: share of patient pairs whose risks are in the order of their times.",
  chance: { cIndex: 0.5 },
  lacks({ train, test }: EvaluationData) {
    const enough = (studies: readonly Study[]) => studies.filter(({ survival }) => survival?.event === true).length >= 2
    return enough(train) && enough(test)
      ? undefined
      : 'training and test studies do not both have survival times with events'
  },
  async run({ data, features, pooled }) {
    const [own, other] = [timed(data.train), timed(data.test)]
    const times = (studies: readonly Study[], rows: readonly number[]) => rows.map((i) => studies[i]!.survival!.months)
    const events = (studies: readonly Study[], rows: readonly number[]) =>
      rows.map((i) => (studies[i]!.survival!.event ? 1 : 0))
    const pick = (values: Float32Array, rows: readonly number[], width: number): Float32Array => {
      const out = new Float32Array(rows.length * width)
      rows.forEach((row, i) => {
        out.set(values.subarray(row * width, (row + 1) * width), i * width)
      })
      return out
    }
    const risks = (train: Float32Array, test: Float32Array, width: number): Float64Array => {
      const table = pick(train, own, width)
      const scale = moments(table, width)
      const weights = fitCox(standardised(table, scale), width, times(data.train, own), events(data.train, own))
      const rows = standardised(pick(test, other, width), scale)
      return Float64Array.from(other, (_, i) => weights.reduce((sum, w, d) => sum + w * rows[i * width + d]!, 0))
    }
    const { shape, values } = await features('train', 'globalRaw')
    const concordance = (risk: Float64Array): CaseMeasure => ({
      kind: 'concordance',
      times: times(data.test, other),
      events: events(data.test, other),
      risks: risk,
    })
    const risk = risks(values, (await features('test', 'globalRaw')).values, shape[0] as number)
    const measures = {
      cIndex: concordance(risk),
      cIndexPixels: concordance(risks(await pooled('train'), await pooled('test'), 256)),
    }
    const patients = patientsOf(data.test)
    const halves = riskHalves(risk, times(data.test, other), events(data.test, other))
    return {
      measured: [{ units: Int32Array.from(other, (i) => patients[i]!), measures }],
      details: { trainingEvents: events(data.train, own).filter((event) => event === 1).length, ...halves },
      sections: async () => [survivalSection(halves.groups, halves.logRank)],
    }
  },
}

/** The cases up to the median of their risk and those above it, with their curves and the log-rank test between them. */
export function riskHalves(
  risk: Float64Array,
  times: readonly number[],
  events: readonly number[],
): { groups: SurvivalGroup[]; logRank: LogRank } {
  const sorted = [...risk].sort((a, b) => a - b)
  const middle = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
  const names = Array.from(risk, (value) => (value <= middle ? 'lower risk' : 'higher risk'))
  const groups = ['lower risk', 'higher risk'].map((name): SurvivalGroup => {
    const own = [...names.keys()].filter((i) => names[i] === name)
    const seen = own.map((i) => events[i]!)
    const curve = kaplanMeier(
      own.map((i) => times[i]!),
      seen,
    )
    const dead = seen.reduce((sum, event) => sum + event, 0)
    return { name, cases: own.length, events: dead, median: medianSurvival(curve), curve }
  })
  return { groups, logRank: logRank(times, events, names) }
}

/** Weights [width] that minimise Breslow's negative log partial likelihood plus ridge / 2 |w|^2; rows [N, width]. */
export function fitCox(
  rows: Float32Array,
  width: number,
  times: readonly number[],
  events: readonly number[],
): Float64Array {
  // From the longest time down, everyone seen so far is at risk; equal times are at risk together.
  const order = [...times.keys()].sort((a, b) => times[b]! - times[a]!)
  const { x } = minimize(
    (w, gradient) => {
      gradient.set(w.map((value) => ridge * value))
      let loss = (ridge / 2) * w.reduce((sum, value) => sum + value * value, 0)
      const score = Float64Array.from(times, (_, i) =>
        w.reduce((sum, value, d) => sum + value * rows[i * width + d]!, 0),
      )
      const top = score.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
      let total = 0
      const mean = new Float64Array(width)
      for (let from = 0; from < order.length; ) {
        let end = from
        while (end < order.length && times[order[end]!] === times[order[from]!]) {
          const i = order[end]!
          const risk = Math.exp(score[i]! - top)
          total += risk
          for (let d = 0; d < width; d++) mean[d]! += risk * rows[i * width + d]!
          end++
        }
        for (; from < end; from++) {
          const i = order[from]!
          if (events[i] !== 1) continue
          loss += Math.log(total) + top - score[i]!
          for (let d = 0; d < width; d++) gradient[d]! += mean[d]! / total - rows[i * width + d]!
        }
      }
      return loss
    },
    new Float64Array(width),
    { tolerance: 1e-6 },
  )
  return x
}
