/** @file The card of a domain as Markdown, from its declaration and, where they were measured, its reference lines. */

import { z } from 'zod'
import type { PhantomDomain } from './domain.ts'
import { bars, type ClassificationLines, misses, type ReferenceLines, type SegmentationLines } from './lines.ts'

export interface CardOptions {
  /** Address of the contact sheet, as seen from the card. */
  sheet?: string
  lines?: ReferenceLines | undefined
  /** The lines were measured on other drawings or with another recipe. */
  stale?: boolean
}

/** The card of a domain. */
export function cardOf(domain: PhantomDomain, options: CardOptions = {}): string {
  const { id, name, card, findings, smallFindings, voices, size, dicom = false } = domain
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n')
  const facts = [
    ['make them', `\`vesalius phantoms ${id} --count 1000 --out DIR\``],
    ['sizes', `${size.least} to ${size.most} pixels a side, ${size.default} if not said`],
    ...(dicom ? [['files', `${id === 'ecg' ? 'WFDB' : 'PNG'}, or DICOM with \`--dicom\``]] : []),
    ['voices', voices.join(', ')],
    ['findings', findings.length === 0 ? 'none: masks are what there is to learn' : findings.join(', ')],
    ...(smallFindings.length === 0 ? [] : [['small ones', smallFindings.join(', ')]]),
  ]
  const parts = [
    `# Card: ${name} phantoms`,
    'Generated from the declaration of the domain; data to test methods with, nothing about patients.',
    card.scene,
    ...(options.sheet === undefined ? [] : [`![Phantoms of this domain with what is in them](${options.sheet})`]),
    table([' ', ' '], facts),
    '## What is hard',
    list(card.hard),
    '## Truth that comes with a study',
    list(card.truth),
    'As everywhere: labels in the words and in the picture, sentences linked to labels and boxes, the report as a graph, questions with answers; where studies of a patient show the same thing, its course since the study before.',
    '## Dials',
    'Turn them with `--dial NAME=VALUE`.',
    table(['dial', 'range', 'default', 'what it does', 'measured effect'], dialRows(domain)),
    '## Reference lines',
    linesText(domain, options),
    '## Systems of the survey that need it',
    list(card.systems),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Name, range, default, meaning and effect of every dial. */
export function dialRows({ dials, effects = {} }: PhantomDomain): string[][] {
  const { properties = {} } = z.toJSONSchema(dials, { io: 'input' })
  return Object.entries(properties).map(([name, property]) => {
    if (typeof property === 'boolean') return [name, '', '', '', '']
    const { enum: values, minimum, maximum, type, description = '', default: fallback } = property
    const range = values ? values.join(', ') : minimum === undefined ? String(type) : `${minimum} to ${maximum}`
    const effect = effects[name]
    const measured = effect ? `${effect.what} grows over ${effect.values.join(', ')}` : ''
    return [name, range, fallback === undefined ? '' : String(fallback), description, measured]
  })
}

function linesText(domain: PhantomDomain, { lines, stale = false }: CardOptions): string {
  if (lines === undefined) return `Not measured yet: \`npm run reference-lines -- ${domain.id}\`.`
  const mark = stale
    ? `**Stale: measured on other drawings or with another recipe.** Again: \`npm run reference-lines -- ${domain.id}\`.\n\n`
    : ''
  const masks = lines.masks === undefined ? '' : `\n\n${segmentation(lines.masks)}`
  const text = `${classification(lines.lines, domain)}${masks}`
  return `${mark}${text}\n\nMeasured by \`npm run reference-lines -- ${domain.id}\` in ${lines.seconds} s with Node ${lines.node}.`
}

function classification(lines: ClassificationLines, { findings, smallFindings }: PhantomDomain): string {
  const { supervised, pixelBaseline, shuffled, paired, leaks } = lines
  const rows = findings.map((name) => [
    name,
    number(pixelBaseline.perFinding[name]),
    number(supervised.perFinding[name]),
  ])
  const known = smallFindings.flatMap((name) => supervised.perFinding[name] ?? [])
  const small = known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length
  const interval = supervised.interval ? ` (${supervised.interval.map((v) => v.toFixed(3)).join(' to ')})` : ''
  return [
    'AUROC on test studies against what was drawn: a linear model on 16 x 16 pixels, and the image tower trained on the true labels.',
    table(
      ['finding', 'pixel baseline', 'supervised'],
      [
        ...rows,
        ['**macro**', `**${number(pixelBaseline.macro)}**`, `**${number(supervised.macro)}**${interval}`],
        ...(small === null ? [] : [['macro of the small ones', number(pixelBaseline.smallFindings), number(small)]]),
      ],
    ),
    [
      `- Shuffled pairs: the report is among the first ten of ${shuffled.candidates} for ${number(shuffled.r10)}, chance ${number(shuffled.chance)}; trained on the right pairs ${number(paired.r10)}.`,
      `- Macro AUROC from file name, place, size and patient alone: ${number(leaks.file.macro)}; from noise at equal intensity: ${number(leaks.noise.macro)}${leaks.noiseless === undefined ? '' : ` (the same scenes without noise, whose fine structure is all that can tell: ${number(leaks.noiseless.macro)})`}; from grain, fine structure included: ${number(leaks.grain.macro)}.`,
    ].join('\n'),
  ].join('\n\n')
}

function segmentation({ supervised, meanMask }: SegmentationLines): string {
  const rows = Object.keys(supervised.perLabel).map((label) => [
    label,
    number(meanMask.perLabel[label]),
    number(supervised.perLabel[label]),
  ])
  return [
    'Dice over test pixels: the mean mask of the training studies, and a small U-Net.',
    table(['label', 'mean mask', 'U-Net'], [...rows, ['**mean**', number(meanMask.mean), number(supervised.mean)]]),
  ].join('\n\n')
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(3)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The page that shows all domains; `measured` by id. */
export function cardIndex(domains: readonly PhantomDomain[], measured: Measured = new Map()): string {
  const parts = [
    '# Phantoms',
    'Procedural images with words and known truth, one domain a kind of image. They are for comparing methods under known truth and for tests, never for clinical claims.',
    table(
      ['domain', 'what is drawn', 'findings', 'voices'],
      domains.map(({ id, name, card, findings, voices }) => [
        `[${name}](${id}.md)`,
        card.scene,
        String(findings.length),
        voices.join(', '),
      ]),
    ),
    '## Reference lines',
    `Macro AUROC on test cases against what was drawn. *Supervised*: the small image tower trained on the true labels, at least ${bars.supervised} (or Dice of a small U-Net, at least ${bars.dice}). *Pixels*: a linear model on 16 x 16 pixels, at most ${bars.pixels} over all findings and ${bars.smallPixels} over the small ones. *Shuffled*: recall at 10 of the right report after training on pairs put together at random, over chance; 1 is chance, and beside it stands what the right pairs give. *File*, *noise*: what place, name, size and patient tell, and the noise at equal intensity; at most ${bars.leak}, and no finding above ${bars.leakOfOne}, unless the same scenes drawn without noise tell as much (in brackets): then it is fine structure that does.`,
    table(
      ['domain', 'supervised', 'Dice', 'pixels', 'small', 'shuffled', 'paired', 'file', 'noise', 'missed'],
      domains.map((domain) => linesRow(domain, measured.get(domain.id))),
    ),
    ...domains.flatMap(({ id, name }) => [`## ${name}`, `[![${name}](${id}.png)](${id}.md)`]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Committed lines by domain, and whether they are stale. */
export type Measured = ReadonlyMap<string, { lines: ReferenceLines; stale: boolean }>

function linesRow({ id, name }: PhantomDomain, found: { lines: ReferenceLines; stale: boolean } | undefined): string[] {
  const link = `[${name}](${id}.md)`
  if (found === undefined) return [link, ...Array<string>(8).fill(''), 'not measured']
  const { lines, stale } = found
  const { supervised, pixelBaseline, shuffled, paired, leaks } = lines.lines
  const missed = misses(lines)
  return [
    link,
    number(supervised.macro),
    lines.masks === undefined ? '' : number(lines.masks.supervised.mean),
    number(pixelBaseline.macro),
    number(pixelBaseline.smallFindings),
    (shuffled.r10 / shuffled.chance).toFixed(1),
    (paired.r10 / paired.chance).toFixed(1),
    number(leaks.file.macro),
    number(leaks.noise.macro) + (leaks.noiseless === undefined ? '' : ` (${number(leaks.noiseless.macro)})`),
    [...(missed.length > 0 ? [`**${missed.join('; ')}**`] : []), ...(stale ? ['stale'] : [])].join(', ') || 'none',
  ]
}
