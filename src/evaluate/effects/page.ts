/** @file The page of a family's effects: claims and what came of them, controls, the table of all systems. */

import { bytesInWords } from '../../core/memory.ts'
import { armOf, type Family } from './family.ts'
import type { EffectsDocument } from './run.ts'
import { type ArmRow, columns } from './table.ts'
import type { Effect } from './verdicts.ts'

const digits = (value: number | null | undefined, places = 3): string => (value == null ? '–' : value.toFixed(places))
const signed = (value: number | null): string => (value === null ? '–' : `${value >= 0 ? '+' : ''}${value.toFixed(3)}`)
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** The page as Markdown. `stale` are the claims whose row was measured on something else than is there now. */
export function effectsPage(family: Family, document: EffectsDocument, stale: ReadonlySet<string>): string {
  const { effects, table: arms, controls } = document
  const run = effects.filter(({ reproduced }) => reproduced !== null)
  const held = run.filter(({ reproduced }) => reproduced)
  const command = `npm run effects -- --family ${family.family}`
  return `# ${family.title}

Written by \`${command}\` from \`bench/results/effects-${family.family}.json\`. Claims, margins and seeds stand in
\`bench/effects/${family.family}.json\` and were written before the first run.

${held.length} of ${run.length} claims that have run were reproduced; ${effects.length - run.length} have not run yet.
A claim is reproduced if the whole 95 % interval of its difference (bootstrap over seeds and patients together) lies
beyond its margin; a system that does not show its effect here may show it in larger models, on more data.

${setting(family)}

## Claims

${table(
  [
    'claim',
    'metric',
    'system vs baseline',
    'margin',
    'difference',
    '95 % interval',
    'by seed (baseline, system)',
    'reproduced',
  ],
  effects.map((effect) => effectCells(effect, stale.has(effect.id))),
)}

${family.claims.map(({ id, claim }) => `- \`${id}\`: ${claim}`).join('\n')}

## All systems

Means over the seeds that have run. CLS: linear probe, AUROC. ZSC: AUROC. ITR: image to report among ${testCount(family)}, recall at
5. PG: rank AUC of the maps that a system itself shows against the boxes (patch cosine where it shows none), of a map of the
middle, and of the map of another phrase. SEG: Dice, DET: AP at IoU 0.4 to 0.75, both on frozen regions. ZSC and ITR are by the
system's own comparison where that is more than the cosine of its towers (GLoRIA, LoVT, Müller, PRIOR, REFERS); MRM has none
and is at chance there by design.

${table(
  ['system', 'seeds', ...columns.map(([head]) => head), 's a step', 'of CLIP', 'memory', 'parameters'],
  arms.map((arm) => armCells(arm, arms)),
)}

${notesOfArms(family)}

## Controls

${controlLines(document)}
${controls === null ? 'Not measured yet.\n' : ''}${family.notes.map(({ date, text }) => `\n- ${date}: ${text}`).join('')}
`.replace(/\n{3,}/g, '\n\n')
}

function testCount({ data, arms }: Family): number {
  const spec = data[arms[0]?.data ?? '']
  return spec !== undefined && 'splits' in spec ? spec.splits.test : 0
}

function setting({ data, steps, base, seeds }: Family): string {
  const drawn = Object.entries(data).map(([id, spec]) =>
    'of' in spec
      ? `\`${id}\` is \`${spec.of}\` with a frame of one of ${spec.frame.kinds} kinds around each picture, strength ${spec.frame.strength}, named in its report`
      : `\`${id}\`: ${spec.splits.train} training, ${spec.splits.validate} validation and ${spec.splits.test} test studies of ${spec.domain} at ${spec.size} px (seed ${spec.seed})`,
  )
  const { batch } = (base.train ?? {}) as { batch?: number }
  return `Every arm is trained for ${steps} steps of ${batch} studies with ${seeds} seeds: the same towers, initial weights, order of studies and
augmentation for all arms of a seed, whatever differs is in the file. Data: ${drawn.join('; ')}.`
}

function effectCells(effect: Effect, stale: boolean): string[] {
  const { id, metric, system, baseline, direction, margin, difference, interval, seeds, reproduced, notRun } = effect
  const verdict = reproduced === null ? 'not run' : reproduced ? 'yes' : 'no'
  return [
    `\`${id}\``,
    metric,
    `${system} vs ${baseline}`,
    `${direction === 'higher' ? 'above' : 'below'} ${margin}`,
    signed(difference),
    interval === null ? (notRun ?? '–') : `${signed(interval[0])} to ${signed(interval[1])}`,
    seeds.map((seed) => `${digits(seed.baseline)}, ${digits(seed.system)}`).join('; '),
    stale ? `${verdict} (stale)` : verdict,
  ]
}

function armCells(arm: ArmRow, arms: readonly ArmRow[]): string[] {
  const clip = arms.find(({ id }) => id === 'clip')?.stepSeconds
  const ratio = clip && arm.stepSeconds ? (arm.stepSeconds / clip).toFixed(2) : '–'
  return [
    `\`${arm.id}\``,
    arm.missing ?? (arm.seeds === 0 ? 'not run' : `${arm.seeds}`),
    ...columns.map(([, metric]) => digits(arm.values[metric])),
    digits(arm.stepSeconds),
    ratio,
    arm.peakMemory === null ? '–' : bytesInWords(arm.peakMemory),
    arm.parameters === null ? '–' : `${(arm.parameters / 1e6).toFixed(2)} M`,
  ]
}

function notesOfArms(family: Family): string {
  return family.arms
    .flatMap(({ id }) => {
      const { note, data } = armOf(family, id)
      return note === undefined ? [] : [`- \`${id}\` (${data}): ${note}.`]
    })
    .join('\n')
}

function controlLines({ controls }: EffectsDocument): string {
  if (controls === null) return ''
  const { shuffled, pixels, words } = controls
  const said = shuffled?.interval
    ? `${digits(shuffled.macroAuroc)} (${digits(shuffled.interval[0])} to ${digits(shuffled.interval[1])})`
    : 'not run'
  const shares = ['1', '10', '100']
  return `CLIP on shuffled pairs, zero-shot AUROC (chance is 0.5): ${said}.

${table(
  ['AUROC with labels', ...shares.map((share) => `${share} %`)],
  [
    ['16 x 16 pixels alone', ...shares.map((share) => digits(pixels[share]))],
    ['words before the picture alone (indication, comparison)', ...shares.map((share) => digits(words[share]))],
  ],
)}
`
}
