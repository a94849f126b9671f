/** @file What a command of the command line is. */

import type { Progress } from '../core/progress.ts'

/** One option; on the line as `--name value`, or `--name` for a boolean. */
export interface OptionSpec {
  type: 'string' | 'boolean' | 'integer' | 'number'
  help: string
  short?: string
  /** May be given several times; the value is then a list. */
  multiple?: boolean
  default?: string | number | boolean
  choices?: readonly string[]
  /** What stands for the value in help: DIR, N ... */
  value?: string
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

type ScalarOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'string'
    ? string
    : number
type ValueOf<S extends OptionSpec> = S['multiple'] extends true
  ? ScalarOf<S>[]
  : S['default'] extends string | number | boolean
    ? ScalarOf<S>
    : ScalarOf<S> | undefined

export interface Arguments<Specs extends OptionSpecs> {
  positionals: string[]
  options: { [Name in keyof Specs]: ValueOf<Specs[Name]> }
}

/** What a command gets from the frame. */
export interface Context {
  json: boolean
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal
  /** Prints for people; nothing under `--json`. */
  print(text: string): void
  /** Progress on stderr; silent under `--json` unless a terminal watches. */
  progress(label: string, total: number, unit: string): Progress
}

export interface Command<Specs extends OptionSpecs = OptionSpecs> {
  name: string
  summary: string
  /** Forms of the command, without the program's name: "phantoms DOMAIN --out DIR". */
  usage: readonly string[]
  options: Specs
  /** Least and largest number of positional arguments. */
  positionals?: { least: number; most: number }
  examples: readonly { text: string; command: string }[]
  /**
   * Does the work, prints for people, and returns the JSON document (the frame adds `version`). An `exitCode` in it is
   * not printed but becomes the exit code: for checks that found something. With `silent: true` no document is printed:
   * another rank of the same run prints it.
   */
  run(args: Arguments<Specs>, context: Context): Promise<Record<string, unknown>>
}

/** Declares a command; the types of its options follow from their specifications. */
export function command<const Specs extends OptionSpecs>(declaration: Command<Specs>): Command<Specs> {
  return declaration
}
