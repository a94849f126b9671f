/** @file A comparison for people: one table for the terminal, one page with a table that can be sorted. */

import { bytesInWords } from '../../core/memory.ts'
import { type Cell, textTable } from '../../core/table.ts'
import { protocols } from '../protocols/index.ts'
import { type ReportSection, renderReport } from '../report/html.ts'
import { intervalPlot, linePlot } from '../report/plots.ts'
import { sortableTable, sortScript } from '../report/sortable.ts'
import type { DetailedMetric } from './combine.ts'
import type { ComparedSystem, Comparison } from './compare.ts'

const number = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
const interval = (pair: readonly [number, number] | null): string =>
  pair === null ? '' : `${pair[0].toFixed(3)} to ${pair[1].toFixed(3)}`

/** Whether less of a metric is better. */
function lowerIsBetter(name: string): boolean {
  const [id, metric] = name.split('.') as [string, string]
  return protocols.find((protocol) => protocol.id === id)?.lower?.includes(metric) === true
}

function metricNames({ systems }: Comparison): string[] {
  return [...new Set(systems.flatMap(({ metrics }) => Object.keys(metrics)))]
}

const columns = ['metric', 'system', 'mean', 'sd', '95 % interval', 'vs CLIP', '95 % of difference', 'n']

function rowOf(name: string, id: string, metric: DetailedMetric): Cell[] {
  const { mean, sd, vsClip, n } = metric
  const versus = id === 'clip' || vsClip === null ? ['', ''] : [number(vsClip.difference), interval(vsClip.interval)]
  return [
    lowerIsBetter(name) ? `${name} (less is better)` : name,
    id,
    mean,
    number(sd),
    interval(metric.interval),
    ...versus,
    n,
  ]
}

function rowsOf(comparison: Comparison, names = metricNames(comparison)): Cell[][] {
  return names.flatMap((name) =>
    comparison.systems.flatMap(({ id, metrics }) => {
      const metric = metrics[name]
      return metric === undefined ? [] : [rowOf(name, id, metric)]
    }),
  )
}

const costColumns = ['system', 'seconds a step', 'peak memory', 'trained parameters']
const costRow = ({ id, cost: { stepSeconds, peakMemory, parameters } }: ComparedSystem): Cell[] => [
  id,
  stepSeconds === null ? '–' : stepSeconds.toFixed(4),
  bytesInWords(peakMemory),
  parameters,
]

/** Tables for the terminal. */
export function comparisonTables(comparison: Comparison): string {
  const { steps, seeds, systems, skipped } = comparison
  const passed = Object.entries(skipped).map(([id, reason]) => `  ${id}: ${reason}`)
  return [
    `${systems.length} systems, ${steps} steps, ${seeds} seeds. Intervals and differences: bootstrap over seeds and patients.`,
    textTable(columns, rowsOf(comparison)),
    '',
    textTable(costColumns, systems.map(costRow)),
    '',
    ...(passed.length === 0 ? [] : ['Not measured on these data:', ...passed, '']),
  ].join('\n')
}

/** The first metric of each protocol, by which systems are ranked at a glance. */
function headlines(comparison: Comparison): string[] {
  const seen = new Set<string>()
  return metricNames(comparison).filter((name) => {
    const id = name.split('.')[0]!
    return !seen.has(id) && seen.add(id)
  })
}

function overview(comparison: Comparison): ReportSection {
  const names = headlines(comparison)
  const rows = comparison.systems.map((system) => [
    { text: system.id },
    ...names.map((name) => {
      const metric = system.metrics[name]
      if (metric === undefined) return { text: '–' }
      const spread = metric.sd === null ? '' : ` ± ${metric.sd.toFixed(3)}`
      return { text: `${number(metric.mean)}${spread}`, value: metric.mean ?? undefined }
    }),
    { text: system.cost.stepSeconds?.toFixed(4) ?? '–', value: system.cost.stepSeconds ?? undefined },
    { text: bytesInWords(system.cost.peakMemory), value: system.cost.peakMemory },
    { text: String(system.cost.parameters), value: system.cost.parameters },
  ])
  return {
    heading: 'At a glance',
    text: `Mean and standard deviation over ${comparison.seeds} seeds of one number a protocol. A click on a column's head sorts.`,
    table: sortableTable(
      [
        'system',
        ...names.map((name) => (lowerIsBetter(name) ? `${name} ↓` : name)),
        's a step',
        'peak memory',
        'parameters',
      ],
      rows,
    ),
  }
}

function curves({ systems }: Comparison): ReportSection {
  return {
    heading: 'Training',
    text: 'Mean over seeds. Losses of different objectives are different numbers: the course can be compared, the height cannot.',
    plot: linePlot(
      { title: 'Loss by step', x: 'step', y: 'loss' },
      systems.map(({ id, curve }) => ({ name: id, x: curve.steps, y: curve.losses })),
    ),
  }
}

function protocolSection(comparison: Comparison, id: string): ReportSection {
  const protocol = protocols.find((candidate) => candidate.id === id)
  const names = metricNames(comparison).filter((name) => name.startsWith(`${id}.`))
  const unit = names.filter((name) => !/MedianRank|contrast/.test(name))
  const plotted = unit.length > 0 ? unit : names
  const rows = (pick: (metric: DetailedMetric) => { value: number | null; pair: [number, number] | null }) =>
    comparison.systems.map((system) => ({
      name: system.id,
      rows: plotted.flatMap((name) => {
        const metric = system.metrics[name]
        if (metric === undefined) return []
        const { value, pair } = pick(metric)
        const [low, high] = pair ?? [Number.NaN, Number.NaN]
        return [{ name: name.slice(id.length + 1), value: value ?? Number.NaN, low, high }]
      }),
    }))
  const differences = rows(({ vsClip }) => ({ value: vsClip?.difference ?? null, pair: vsClip?.interval ?? null }))
  const others = differences.filter(({ name }) => name !== 'clip')
  const plots = [
    intervalPlot(
      { title: `${id}: mean and 95 % interval`, x: 'value' },
      rows(({ mean, interval: pair }) => ({ value: mean, pair })),
    ),
    ...(comparison.systems.some((system) => system.id === 'clip') && others.length > 0
      ? [
          intervalPlot({ title: `${id}: paired difference to CLIP`, x: 'difference' }, others, {
            references: [{ name: 'no difference', value: 0 }],
          }),
        ]
      : []),
  ]
  return {
    heading: protocol === undefined ? id : `${id}: ${protocol.name}`,
    text: protocol?.measures ?? '',
    plot: plots,
    table: sortableTable(
      columns,
      rowsOf(comparison, names).map((row) =>
        row.map((cell, c) => {
          if (typeof cell === 'number') return { text: c === 2 ? cell.toFixed(3) : String(cell), value: cell }
          const value = Number.parseFloat(String(cell))
          return { text: cell === null ? '–' : String(cell), ...(Number.isNaN(value) || c < 2 ? {} : { value }) }
        }),
      ),
    ),
  }
}

/** The whole comparison as one page without network. */
export function comparisonReport(comparison: Comparison, subtitle: string): string {
  const ids = [...new Set(metricNames(comparison).map((name) => name.split('.')[0]!))]
  const passed = Object.entries(comparison.skipped)
  return renderReport({
    title: `Comparison: ${comparison.systems.map(({ id }) => id).join(', ')}`,
    subtitle: `${subtitle}, ${comparison.steps} steps, ${comparison.seeds} seeds`,
    script: sortScript,
    sections: [
      overview(comparison),
      ...ids.map((id) => protocolSection(comparison, id)),
      curves(comparison),
      ...(passed.length === 0
        ? []
        : [{ heading: 'Not measured', text: passed.map(([id, reason]) => `${id}: ${reason}.`) }]),
    ],
    footer:
      'Vesalius. All systems of a seed start from the same towers and see the same batches. Intervals: percentile bootstrap over seeds and patients together. For research and engineering, never for decisions about patients.',
  })
}
