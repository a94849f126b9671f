/** @file What a report shows of survival prediction: the curves of both halves of risk, and their table. */

import * as Plot from '@observablehq/plot'
import type { KaplanMeier, LogRank } from '../metrics/survival.ts'
import { type FigureText, figure, type LegendEntry } from './figure.ts'
import { type ReportSection, table } from './html.ts'
import { seriesColour, seriesDash } from './palette.ts'

/** A group of patients with its curve. */
export interface SurvivalGroup {
  name: string
  cases: number
  events: number
  /** Month at which at most half survive; null when more do to the end. */
  median: number | null
  curve: KaplanMeier
}

/** Kaplan-Meier curves as steps with their pointwise bounds, from 1 at the start. */
export function survivalPlot(text: FigureText & { x: string }, groups: readonly SurvivalGroup[]): string {
  const last = groups.reduce((most, { curve }) => Math.max(most, curve.time.at(-1) ?? 0), 0)
  const rows = groups.map(({ curve: { time, survival, low, high } }) =>
    time.map((at, i) => ({ time: at, survival: survival[i]!, low: low[i]!, high: high[i]! })),
  )
  return figure(
    text,
    {
      width: 640,
      height: 340,
      marginLeft: 56,
      marginTop: 30,
      marginBottom: 40,
      x: { label: text.x, labelArrow: 'none', labelAnchor: 'center', domain: [0, last || 1], nice: true },
      y: { label: 'surviving', labelArrow: 'none', grid: true, domain: [0, 1] },
      marks: rows.flatMap((data, k) => {
        const known = data.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high))
        const dash = seriesDash(k)
        return [
          Plot.areaY(known, {
            x: 'time',
            y1: 'low',
            y2: 'high',
            curve: 'step-after',
            fill: seriesColour(k),
            fillOpacity: 0.15,
          }),
          Plot.line(data, {
            x: 'time',
            y: 'survival',
            curve: 'step-after',
            stroke: seriesColour(k),
            strokeWidth: 1.8,
            ...(dash === '' ? {} : { strokeDasharray: dash }),
          }),
        ]
      }),
    },
    groups.map(({ name }, k): LegendEntry => ({ name, colour: seriesColour(k), mark: 'line', dash: seriesDash(k) })),
  )
}

/** Curves of both halves of risk, the log-rank test between them, and who stands behind them. */
export function survivalSection(groups: readonly SurvivalGroup[], test: LogRank): ReportSection {
  const cases = groups.reduce((sum, group) => sum + group.cases, 0)
  const verdict =
    test.p === null
      ? 'The log-rank test is undefined: both groups need patients at risk at an event.'
      : `Log-rank test: chi-square ${test.statistic.toFixed(2)} with ${test.degrees} degree of freedom, p ${test.p < 0.001 ? '< 0.001' : `= ${test.p.toFixed(3)}`}.`
  return {
    heading: 'Survival by predicted risk',
    text: [
      `${cases} test studies, cut at the median of the predicted risk. Kaplan-Meier estimates with pointwise 95 % bounds.`,
      verdict,
    ],
    plot: survivalPlot({ title: 'Kaplan-Meier curves', x: 'months' }, groups),
    table: table(
      ['group', 'studies', 'events', 'median months'],
      groups.map(({ name, cases, events, median }) => [name, cases, events, median]),
    ),
  }
}
