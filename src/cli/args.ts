/** @file Parsing of a command's arguments, with errors that say what was meant. */

import { parseArgs } from 'node:util'
import { messageOf, VesaliusError } from '../core/errors.ts'
import type { Arguments, Command, OptionSpec, OptionSpecs } from './command.ts'

/** Options that every command has. */
export const commonOptions = {
  json: { type: 'boolean', help: 'print exactly one JSON document on stdout' },
  debug: { type: 'boolean', help: 'print the stack of an error' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
} as const satisfies OptionSpecs

/** Number of single-letter edits between two words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

/** The known word nearest to what was typed, if it is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = [...known].map((name) => ({ name, d: editDistance(word, name) })).sort((a, b) => a.d - b.d)
  return best !== undefined && best.d <= Math.max(2, word.length / 3) ? best.name : undefined
}

function usage(problem: string, name: string, hint?: string): VesaliusError {
  return new VesaliusError('USAGE', problem, { hint: hint ?? `See: vesalius ${name} --help` })
}

function convert(value: string | boolean, name: string, spec: OptionSpec, command: string): string | number | boolean {
  if (spec.type === 'boolean' || typeof value === 'boolean') return value
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw usage(`--${name} is "${value}", which is not one of ${spec.choices.join(', ')}.`, command)
  }
  if (spec.type === 'string') return value
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (!Number.isFinite(number) || (spec.type === 'integer' && !Number.isInteger(number))) {
    throw usage(
      `--${name} is "${value}", which is not ${spec.type === 'integer' ? 'a whole number' : 'a number'}.`,
      command,
    )
  }
  return number
}

/** The arguments of a command. Throws USAGE errors (exit code 2). */
export function parseArguments<Specs extends OptionSpecs>(
  command: Command<Specs>,
  line: readonly string[],
): Arguments<Specs> {
  const specs: OptionSpecs = { ...command.options, ...commonOptions }
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short, multiple }]) => [
      name,
      {
        type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
        ...(short ? { short } : {}),
        multiple: multiple ?? false,
      },
    ]),
  )
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...line], options, allowPositionals: true })
  } catch (error) {
    const unknown = /Unknown option '(-+)([^']+)'/.exec(messageOf(error))
    if (unknown === null) throw usage(`${messageOf(error).split('. ')[0]}.`, command.name)
    const near = nearest(unknown[2]!, Object.keys(specs))
    throw usage(
      `There is no option ${unknown[1]}${unknown[2]} of ${command.name}.`,
      command.name,
      near && `Did you mean --${near}?`,
    )
  }
  const { least, most } = command.positionals ?? { least: 0, most: 0 }
  const given = parsed.positionals.length
  if (given < least)
    throw usage(
      `${command.name} needs ${least === 1 ? 'an argument' : `${least} arguments`}: ${command.usage[0]}.`,
      command.name,
    )
  if (given > most)
    throw usage(`"${parsed.positionals[most]}" is one argument too many for ${command.name}.`, command.name)

  const values: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const value = parsed.values[name]
    if (Array.isArray(value))
      values[name] = value.map((item: string | boolean) => convert(item, name, spec, command.name))
    else if (typeof value === 'string' || typeof value === 'boolean')
      values[name] = convert(value, name, spec, command.name)
    else values[name] = spec.multiple ? [] : (spec.default ?? (spec.type === 'boolean' ? false : undefined))
  }
  return { positionals: parsed.positionals, options: values as Arguments<Specs>['options'] }
}

/** Help of one command. */
export function helpOf({ name, summary, usage, options, examples }: Command): string {
  const all: [string, OptionSpec][] = [...Object.entries(options), ...Object.entries(commonOptions)]
  const left = all.map(([option, { type, short, value }]) => {
    const shown = type === 'boolean' ? '' : ` ${value ?? (type === 'string' ? 'TEXT' : 'N')}`
    return `${short ? `-${short}, ` : ''}--${option}${shown}`
  })
  const width = Math.max(...left.map((text) => text.length)) + 2
  const lines = all.map(([, spec], i) => {
    const notes = [
      spec.choices && `one of ${spec.choices.join(', ')}`,
      spec.multiple && 'may be repeated',
      spec.default !== undefined && spec.default !== false && `default ${spec.default}`,
    ].filter((note) => typeof note === 'string')
    return `  ${left[i]!.padEnd(width)}${spec.help}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
  })
  return [
    `vesalius ${name}: ${summary}`,
    '',
    'Usage:',
    ...usage.map((form) => `  vesalius ${form}`),
    '',
    'Options:',
    ...lines,
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.flatMap(({ text, command }) => [`  ${text}`, `    vesalius ${command}`]),
    '',
  ].join('\n')
}
