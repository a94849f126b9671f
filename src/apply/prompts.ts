/** @file Prompts for labels typed by a user. */

import { VesaliusError } from '../core/errors.ts'
import { type FilledPrompts, fillPrompts, parsePromptSet } from '../text/index.ts'

/** "chest X-ray, abdominal CT" as a list; empty and repeated labels are refused. */
export function labelList(text: string): string[] {
  const labels = text.split(',').map((label) => label.trim())
  const empty = labels.indexOf('')
  if (empty >= 0) {
    throw new VesaliusError('LABELS_INVALID', `Label ${empty + 1} of "${text}" is empty.`, {
      where: '--labels',
      hint: 'Separate labels by single commas.',
    })
  }
  const lower = labels.map((label) => label.toLowerCase())
  const twice = labels.find((label, i) => lower.indexOf(label.toLowerCase()) !== i)
  if (twice !== undefined)
    throw new VesaliusError('LABELS_INVALID', `The label "${twice}" is given twice.`, { where: '--labels' })
  return labels
}

/** Templates for exclusive labels: the bare label first, because that is what captions say. */
const templates = ['{}', '{a}', 'an image of {a}', 'this is {a}']

/** Exclusive classes: exactly one of the labels holds. At least two. */
export function exclusivePrompts(labels: readonly string[]): FilledPrompts {
  if (labels.length < 2) {
    throw new VesaliusError('LABELS_INVALID', 'With one label every image would get probability 1.', {
      where: '--labels',
      hint: 'Give at least two labels of which one holds, or add --multi to ask about each finding by itself.',
    })
  }
  const classes = labels.map((name) => ({ name }))
  return fillPrompts(
    parsePromptSet(
      { kind: 'exclusive', name: 'typed-labels', version: 1, source: 'the command line', templates, classes },
      '--labels',
    ),
  )
}

/** Findings that can coexist: each label against its denial. */
export function pairPrompts(labels: readonly string[]): FilledPrompts {
  const set = {
    kind: 'pairs',
    name: 'typed-labels',
    version: 1,
    source: 'the command line',
    positive: ['{}', 'there is {a}'],
    negative: ['no {}', 'there is no {}'],
    findings: labels.map((name) => ({ name })),
  }
  return fillPrompts(parsePromptSet(set, '--labels'))
}
