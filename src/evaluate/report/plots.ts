/** @file The plots of a report. Each returns an HTML `<figure>` with an SVG inside; NaN points are left out. */

import * as Plot from '@observablehq/plot'
import type { ReliabilityBin } from '../metrics/calibration.ts'
import { type FigureText, figure, type LegendEntry } from './figure.ts'
import { seriesColour, seriesDash } from './palette.ts'

/** A named line. */
export interface Series {
  name: string
  x: ArrayLike<number>
  y: ArrayLike<number>
}

const plotWidth = 640
const faint = 'var(--faint, #8886)'

function points({ x, y }: Series): [number, number][] {
  return Array.from({ length: Math.min(x.length, y.length) }, (_, i): [number, number] => [x[i]!, y[i]!]).filter(
    ([a, b]) => Number.isFinite(a) && Number.isFinite(b),
  )
}

function lineLegend(names: readonly string[]): LegendEntry[] {
  return names.map((name, k) => ({ name, colour: seriesColour(k), mark: 'line', dash: seriesDash(k) }))
}

function lineMarks(series: readonly Series[], width = 1.8) {
  return series.flatMap((one, k) => {
    const data = points(one)
    const stroke = seriesColour(k)
    // One point makes no line.
    if (data.length === 1) return [Plot.dot(data, { fill: stroke, r: 3 })]
    const dash = seriesDash(k)
    return [Plot.line(data, { stroke, strokeWidth: width, ...(dash === '' ? {} : { strokeDasharray: dash }) })]
  })
}

/** A tick such as 0.05, 20 or 1e-5. */
function shortNumber(value: number): string {
  return value >= 0.01 && value < 10_000
    ? String(Number(value.toPrecision(3)))
    : String(Number(value.toPrecision(1)).toExponential())
}

/** Lines over a common axis, such as losses over steps. `log` draws the y axis logarithmically (positive values only). */
export function linePlot(
  text: FigureText & { x: string; y: string },
  series: readonly Series[],
  options: { log?: boolean; height?: number } = {},
): string {
  const shown = options.log
    ? series.map((one) => ({ ...one, y: Array.from(one.y, (value) => (value > 0 ? value : Number.NaN)) }))
    : series
  return figure(
    text,
    {
      width: plotWidth,
      height: options.height ?? 320,
      marginLeft: 56,
      marginTop: 30,
      marginBottom: 40,
      x: { label: text.x, labelArrow: 'none', labelAnchor: 'center', nice: true },
      y: {
        label: text.y,
        labelArrow: 'none',
        grid: true,
        ...(options.log ? { type: 'log', ticks: 4, tickFormat: shortNumber } : { nice: true }),
      },
      marks: lineMarks(shown),
    },
    series.length > 1 ? lineLegend(series.map(({ name }) => name)) : [],
  )
}

/** ROC curves on a square, with the diagonal of chance. Rates as `rocCurve` gives them. */
export function rocPlot(
  text: FigureText,
  curves: readonly {
    name: string
    falsePositiveRate: ArrayLike<number>
    truePositiveRate: ArrayLike<number>
  }[],
): string {
  const series = curves.map((c) => ({ name: c.name, x: c.falsePositiveRate, y: c.truePositiveRate }))
  const axis = { domain: [0, 1], ticks: 5, labelArrow: 'none' as const, grid: true }
  return figure(
    text,
    {
      width: 420,
      height: 430,
      marginLeft: 56,
      marginTop: 30,
      marginBottom: 44,
      x: { ...axis, label: 'false positive rate (1 - specificity)', labelAnchor: 'center' },
      y: { ...axis, label: 'true positive rate (sensitivity)' },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: 'currentColor', strokeOpacity: 0.5, strokeDasharray: '3 3' },
        ),
        ...lineMarks(series, 2),
      ],
    },
    lineLegend(curves.map(({ name }) => name)),
  )
}

/** One row of an interval chart. */
export interface IntervalRow {
  name: string
  value: number
  low: number
  high: number
}

/** A vertical line such as chance, the pixel baseline, the supervised bound. */
export interface ReferenceLine {
  name: string
  value: number
}

/**
 * One system or several: a dot with its interval for each row name, and reference lines. Rows keep their order; rows
 * without a value keep their place and say so.
 */
export function intervalPlot(
  text: FigureText & { x: string },
  systems: readonly { name: string; rows: readonly IntervalRow[] }[],
  options: { references?: readonly ReferenceLine[]; domain?: [number, number] } = {},
): string {
  const names = [...new Set(systems.flatMap(({ rows }) => rows.map(({ name }) => name)))]
  const unknown = names.filter((name) =>
    systems.every(({ rows }) => rows.every((row) => row.name !== name || !Number.isFinite(row.value))),
  )
  const references = (options.references ?? []).filter(({ value }) => Number.isFinite(value))
  const step = 12 + 12 * systems.length
  const longest = Math.max(0, ...names.map((name) => name.length))
  const entries: LegendEntry[] = [
    ...(systems.length > 1
      ? systems.map(({ name }, k): LegendEntry => ({ name, colour: seriesColour(k), mark: 'dot' }))
      : []),
    ...references.map(({ name }, r): LegendEntry => ({ name, colour: 'currentColor', mark: 'line', dash: dashOf(r) })),
  ]
  return figure(
    text,
    {
      width: plotWidth,
      height: 56 + step * names.length,
      marginLeft: Math.min(230, 24 + 6.8 * longest),
      marginBottom: 40,
      marginRight: 24,
      x: {
        label: text.x,
        labelArrow: 'none',
        labelAnchor: 'center',
        grid: true,
        ...(options.domain === undefined ? { nice: true } : { domain: options.domain, clamp: true }),
      },
      y: { domain: names, label: null, padding: 0.3, tickSize: 0 },
      marks: [
        ...references.map(({ value }, r) =>
          Plot.ruleX([value], { stroke: 'currentColor', strokeOpacity: 0.7, strokeDasharray: dashOf(r) }),
        ),
        ...systems.flatMap(({ rows }, k) => {
          const dy = (k - (systems.length - 1) / 2) * 11
          const known = rows.filter(({ value }) => Number.isFinite(value))
          const ranged = known.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high))
          const stroke = seriesColour(k)
          return [
            Plot.link(ranged, { x1: 'low', x2: 'high', y: 'name', dy, stroke, strokeWidth: 2.5, strokeOpacity: 0.55 }),
            Plot.dot(known, { x: 'value', y: 'name', dy, fill: stroke, r: 4 }),
          ]
        }),
        Plot.text(unknown, {
          frameAnchor: 'left',
          y: (name: string) => name,
          dx: 6,
          text: () => 'undefined',
          fillOpacity: 0.6,
        }),
      ],
    },
    entries,
  )
}

function dashOf(reference: number): string {
  return ['2 3', '6 3', '10 3 2 3'][reference % 3]!
}

/** Confusion matrix with truth in rows: colour is the share of the row, the number is the count. */
export function confusionPlot(
  text: FigureText,
  names: readonly string[],
  matrix: readonly (readonly number[])[],
): string {
  const cells = matrix.flatMap((row, t) => {
    const total = row.reduce((sum, value) => sum + value, 0)
    return row.map((count, p) => ({ truth: t, predicted: p, count, share: total === 0 ? 0 : count / total }))
  })
  const longest = Math.max(0, ...names.map((name) => name.length))
  const left = Math.min(190, 40 + 6.8 * longest)
  const top = longest > 7 ? Math.min(120, 34 + 4.8 * longest) : 48
  const side = Math.max(28, Math.min(64, (plotWidth - left - 20) / Math.max(1, names.length)))
  const domain = names.map((_, k) => k)
  const tickFormat = (k: number) => names[k] ?? ''
  return figure(text, {
    width: left + 20 + side * names.length,
    height: top + 12 + side * names.length,
    marginLeft: left,
    marginTop: top,
    marginRight: 20,
    marginBottom: 12,
    x: {
      domain,
      tickFormat,
      axis: 'top',
      label: 'predicted',
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: top - 10,
      tickSize: 0,
      padding: 0.04,
      ...(longest > 7 ? { tickRotate: -38 } : {}),
    },
    y: {
      domain,
      tickFormat,
      label: 'truth',
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: left - 8,
      tickSize: 0,
      padding: 0.04,
    },
    marks: [
      // The ground shows where a cell is, also when it is empty.
      Plot.cell(cells, { x: 'predicted', y: 'truth', fill: faint, fillOpacity: 0.25 }),
      Plot.cell(cells, {
        x: 'predicted',
        y: 'truth',
        fill: seriesColour(0),
        fillOpacity: (d: { share: number }) => d.share,
      }),
      Plot.text(cells, {
        x: 'predicted',
        y: 'truth',
        text: (d: { count: number }) => String(d.count),
        fill: (d: { share: number }) => (d.share > 0.8 ? 'var(--on-series, #fff)' : 'currentColor'),
        fontSize: side < 36 ? 10 : 13,
      }),
    ],
    color: { type: 'identity' },
    opacity: { type: 'identity' },
  })
}

/** Histograms of one or several groups of values over common bins. */
export function histogramPlot(
  text: FigureText & { x: string },
  groups: readonly { name: string; values: ArrayLike<number> }[],
  options: { bins?: number; domain?: [number, number] } = {},
): string {
  const { bins = 30 } = options
  const finite = groups.map(({ values }) => Array.from(values).filter(Number.isFinite))
  let [low, high] = options.domain ?? [0, 1]
  if (options.domain === undefined && finite.some((values) => values.length > 0)) {
    low = finite.reduce((least, values) => values.reduce((a, b) => Math.min(a, b), least), Number.POSITIVE_INFINITY)
    high = finite.reduce((most, values) => values.reduce((a, b) => Math.max(a, b), most), Number.NEGATIVE_INFINITY)
  }
  if (low === high) {
    low -= 0.5
    high += 0.5
  }
  const width = (high - low) / bins
  const bars = finite.map((values) => {
    const counts = new Array<number>(bins).fill(0)
    for (const value of values) {
      if (value < low || value > high) continue
      counts[Math.min(bins - 1, Math.floor((value - low) / width))]!++
    }
    // Shares, so that groups of different size can be compared.
    return counts.map((n, b) => ({ from: low + b * width, to: low + (b + 1) * width, share: n / (values.length || 1) }))
  })
  const fillOpacity = groups.length > 1 ? 0.45 : 0.75
  return figure(
    text,
    {
      width: plotWidth,
      height: 260,
      marginLeft: 56,
      marginTop: 30,
      marginBottom: 40,
      x: { label: text.x, labelArrow: 'none', labelAnchor: 'center', domain: [low, high] },
      y: { label: 'share of items (%)', labelArrow: 'none', grid: true, percent: true, nice: true },
      marks: [
        ...bars.map((data, k) =>
          Plot.rectY(data, { x1: 'from', x2: 'to', y: 'share', fill: seriesColour(k), fillOpacity }),
        ),
        Plot.ruleY([0], { stroke: 'currentColor' }),
      ],
    },
    groups.length > 1 ? groups.map(({ name }, k): LegendEntry => ({ name, colour: seriesColour(k), mark: 'dot' })) : [],
  )
}

/** Reliability diagram: accuracy against confidence; the area of a dot grows with the count of its bin. */
export function reliabilityPlot(text: FigureText, bins: readonly ReliabilityBin[]): string {
  const filled = bins.filter(({ count }) => count > 0)
  const axis = { domain: [0, 1], ticks: 5, labelArrow: 'none' as const, grid: true }
  const diagonal = [
    [0, 0],
    [1, 1],
  ]
  return figure(text, {
    width: 420,
    height: 430,
    marginLeft: 56,
    marginTop: 30,
    marginBottom: 44,
    x: { ...axis, label: 'predicted probability', labelAnchor: 'center' },
    y: { ...axis, label: 'observed frequency' },
    r: { range: [2.5, 11] },
    marks: [
      Plot.line(diagonal, { stroke: 'currentColor', strokeOpacity: 0.5, strokeDasharray: '3 3' }),
      Plot.line(filled, { x: 'confidence', y: 'accuracy', stroke: seriesColour(0), strokeWidth: 1.8 }),
      Plot.dot(filled, { x: 'confidence', y: 'accuracy', r: 'count', fill: seriesColour(0), fillOpacity: 0.7 }),
    ],
  })
}
