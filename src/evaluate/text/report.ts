/** @file Text towers side by side: numbers, and the distributions of the survey's Fig. 16, one panel a tower. */

import { withIntervals } from '../case-measures.ts'
import type { Measure } from '../metrics/measure.ts'
import { renderReport, table } from '../report/html.ts'
import { intervalPlot, linePlot } from '../report/plots.ts'
import { diseases } from './diseases.ts'
import { overlapOf, similarityGrid, type TextQuality } from './quality.ts'

export interface TowerQuality {
  name: string
  quality: TextQuality
  metrics: Record<string, Measure>
}

/** A tower's measures with intervals; diseases are what is drawn anew. */
export function towerQuality(name: string, quality: TextQuality): TowerQuality {
  const metrics = Object.assign({}, ...quality.measured.map((set) => withIntervals(set).values)) as Record<
    string,
    Measure
  >
  return { name, quality, metrics }
}

/** Overlap of the distributions within organs of every two towers. */
function overlaps(towers: readonly TowerQuality[]): Record<string, number> {
  return Object.fromEntries(
    towers.flatMap((a, i) =>
      towers.slice(i + 1).map((b) => [`${a.name} | ${b.name}`, overlapOf(a.quality.within, b.quality.within)]),
    ),
  )
}

/** The document of `--json`: everything but the raw densities of single organs. */
export function towersDocument(towers: readonly TowerQuality[]): Record<string, unknown> {
  return {
    towers: towers.map(({ name, quality: { measured: _, organs, within, between, ...rest }, metrics }) => ({
      name,
      metrics,
      ...rest,
      within: bare(within),
      between: bare(between),
      organs: Object.fromEntries(Object.entries(organs).map(([organ, one]) => [organ, bare(one)])),
    })),
    overlapOfTowers: overlaps(towers),
  }
}

function bare({ density: _, ...numbers }: TextQuality['within']): Omit<TextQuality['within'], 'density'> {
  return numbers
}

const headings = [
  'tower',
  'synonyms',
  'denials',
  'entailment',
  'organ purity',
  'within organs',
  'between',
  'overlap',
  'paraphrase gap',
  'rank',
]

/** Rows of the table for terminal and page. */
export function towerRows(towers: readonly TowerQuality[]): { headings: string[]; rows: (string | number | null)[][] } {
  const rows = towers.map(({ name, quality, metrics }) => [
    name,
    ...['synonymAuroc', 'negationAuroc', 'entailment', 'organPurity'].map((key) => metrics[key]?.value ?? null),
    quality.within.mean,
    quality.between.mean,
    quality.overlap,
    quality.paraphraseGap,
    quality.effectiveRank,
  ])
  return { headings, rows }
}

/** One page, one panel a tower, shared axes. */
export function towersReport(towers: readonly TowerQuality[]): string {
  const { rows } = towerRows(towers)
  const measures = {
    synonymAuroc: 'synonyms (AUROC)',
    negationAuroc: 'denials (AUROC)',
    entailment: 'entailment',
    organPurity: 'organ purity',
  }
  return renderReport({
    title: 'Text towers',
    subtitle: `${towers.map(({ name }) => name).join(', ')}: ${Object.values(diseases).flat().length} diseases of ${Object.keys(diseases).length} organs`,
    sections: [
      {
        heading: 'How well they tell diseases apart',
        text: 'Synonyms: pairs of names of one disease against pairs of different ones. Denials: statements of one polarity against opposite ones. Entailment: what follows lies nearer than what contradicts. Purity: the nearest other disease is of the same organ. Similarities by themselves say little: a tower of noise has low ones too.',
        plot: intervalPlot(
          { title: 'Measures with 95 % intervals over diseases', x: 'value' },
          towers.map(({ name, metrics }) => ({
            name,
            rows: Object.entries(measures).map(([key, label]) => ({
              name: label,
              value: metrics[key]?.value ?? Number.NaN,
              low: metrics[key]?.interval?.[0] ?? Number.NaN,
              high: metrics[key]?.interval?.[1] ?? Number.NaN,
            })),
          })),
          { references: [{ name: 'chance', value: 0.5 }] },
        ),
        table: table(headings, rows),
      },
      {
        heading: 'Similarity of different diseases of an organ (survey Fig. 16)',
        plot: towers.map(({ name, quality }) =>
          linePlot(
            {
              title: name,
              x: 'cosine',
              y: 'density',
              caption: `Mean within organs ${quality.within.mean.toFixed(3)}, between ${quality.between.mean.toFixed(3)}, overlap ${quality.overlap.toFixed(2)}.`,
            },
            Object.entries(quality.organs).map(([organ, { density }]) => ({
              name: organ,
              x: similarityGrid,
              y: density,
            })),
            { height: 260 },
          ),
        ),
      },
    ],
    footer: 'Vesalius. For research and engineering, never for decisions about patients.',
  })
}
