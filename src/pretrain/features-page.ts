/** @file docs/FEATURES.md: every objective with what is there of it, read from its declaration, its file and its test. */

import { objectives } from './objectives.ts'

/** Texts of an objective's own files. */
export interface ObjectiveSources {
  /** The file that declares it. */
  source: string
  /** Its test; empty if there is none. */
  test: string
}

/** Losses after a few steps of the tiny recipe. */
export interface TinyResult {
  first: number
  last: number
  steps: number
}

/** What `bench/objectives.js` measured: bench/results/objectives.json. */
export interface Costs {
  /** Seconds a step over those of CLIP; bytes of values that it holds, over those of CLIP. */
  steps: readonly { id: string; ratio: number; memoryRatio: number }[]
  /** Bytes that a step of GLoRIA holds, by batch. */
  gloria: readonly { batch: number; chunked: number; whole: number }[]
  /** Steps of Pan et al. 2023 by image tower. */
  encoders: readonly { image: string; seconds: number; trained: number; megabytes: number }[]
}

/** The page, from the sources and tiny results of each objective by id, and what steps cost. */
export function featuresPage(
  sources: Readonly<Record<string, ObjectiveSources>>,
  results: Readonly<Record<string, TinyResult>>,
  costs: Costs,
): string {
  const rows = objectives.map(({ id, survey, losses, tiny, published }) => {
    const { source, test } = sources[id] ?? { source: '', test: '' }
    const result = results[id]
    const cost = costs.steps.find((row) => row.id === id)
    return [
      `\`${id}\``,
      survey.name,
      survey.table === 0 ? '-' : String(survey.table),
      survey.paper,
      partsOf(source).join(', ') || '-',
      losses.join(', '),
      evidenceOf(test),
      [tiny && 'tiny', published && 'published'].filter((name) => name !== undefined).join(', ') || '-',
      result === undefined ? '-' : `${result.first.toFixed(3)} to ${result.last.toFixed(3)} in ${result.steps} steps`,
      cost === undefined ? '-' : cost.ratio.toFixed(2),
      cost === undefined ? '-' : cost.memoryRatio.toFixed(2),
    ]
  })
  const header = [
    'id',
    'system',
    'table',
    'paper',
    'parts',
    'losses',
    'tested by',
    'recipes',
    'tiny result',
    'time',
    'memory',
  ]
  const deviations = objectives.map(({ id, survey }) => {
    return `- **${survey.name}** (\`${id}\`): ${deviationOf(sources[id]?.source ?? '')}`
  })
  return `# Features

Written by \`npm run features\` from the declarations, their files and their tests; \`npm test\` says when it is out of date.

## Pre-training objectives

Tiny results are the loss on one made-up batch, at the first step and the last: they say that every part trains, not how
well a system learns. Time and memory of a step are those of the same batch and towers, over CLIP's (vision transformer and
BERT, two threads, the two taking turns): \`node bench/objectives.js\`.

${markdownTable([header, ...rows])}

Memory that a step of GLoRIA holds by batch, its attention of all words to all regions in chunks of eight reports and whole
(\`node bench/objectives.js --gloria\`):

${markdownTable([
  ['batch', 'in chunks', 'whole'],
  ...costs.gloria.map(({ batch, chunked, whole }) => [String(batch), megabytes(chunked), megabytes(whole)]),
])}

Steps of Pan et al. 2023 by image tower, 16 pictures of 64 pixels (\`node bench/objectives.js --encoders\`):

${markdownTable([
  ['image tower', 'ms a step', 'trained values', 'memory'],
  ...costs.encoders.map(({ image, seconds, trained, megabytes: size }) => [
    image,
    (1000 * seconds).toFixed(0),
    `${(trained / 1e6).toFixed(1)} M`,
    `${size.toFixed(0)} MB`,
  ]),
])}

## Where they differ from their papers

${deviations.join('\n')}
`
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`

/** Names of the shared parts that a file uses. */
function partsOf(source: string): string[] {
  return [...source.matchAll(/from '\.\.\/parts\/([\w-]+)\.ts'/g)].map(([, name]) => name as string)
}

/** What the test of an objective asks for. */
function evidenceOf(test: string): string {
  const found = [
    /goldenOf|golden\//.test(test) ? "authors' or reference code" : undefined,
    /gradientError|differences|gradients\(/.test(test) ? 'gradient' : undefined,
    /reordered|order/.test(test) ? 'order' : undefined,
    /padding|padded/i.test(test) ? 'padding' : undefined,
    /Math\.log\(/.test(test) ? 'ln N' : undefined,
  ].filter((name) => name !== undefined)
  return found.join(', ') || '-'
}

/** The sentences of a file's header that say how it differs from the paper. */
function deviationOf(source: string): string {
  const header = source.slice(0, source.indexOf('*/')).replace(/\n \* ?/g, '\n')
  const at = header.search(/Differs from|Reconstruction/)
  const said =
    at < 0
      ? ''
      : header
          .slice(at)
          .split(/\n\s*\n/)[0]
          ?.replace(/\s+/g, ' ')
          .trim()
  return said || 'nothing is said.'
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = (cells[0] as string[]).map((_, i) => Math.max(...cells.map((row) => (row[i] as string).length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`
  const [head, ...body] = cells as [string[], ...string[][]]
  return [line(head), `| ${widths.map((n) => '-'.repeat(n)).join(' | ')} |`, ...body.map(line)].join('\n')
}
