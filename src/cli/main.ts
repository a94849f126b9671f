/**
 * @file The command line's frame: finds the command, runs it, prints one document or one error, sets the exit code.
 * Nothing heavy is imported here: `--help` must be as quick as Node itself.
 */

import { VesaliusError } from '../core/errors.ts'
import { progress, silent } from '../core/progress.ts'
import { commands } from './commands/index.ts'

const format = 1

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  return [
    'vesalius: CLIP for medical imaging',
    '',
    'Usage: vesalius COMMAND [options]     (vesalius COMMAND --help for each)',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Every command takes --json and then prints exactly one JSON document on stdout.',
    'Exit codes: 0 done, 1 the work failed, 2 the arguments are wrong, 130 interrupted.',
    '',
    'Start with: vesalius demo',
    '',
  ].join('\n')
}

/** Undefined values (NaN, infinities) are null in JSON. */
function printJson(document: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ version: format, ...document })}\n`)
}

function fail(error: unknown, json: boolean, debug: boolean): number {
  const known = error instanceof VesaliusError
  const message = error instanceof Error ? error.message : String(error)
  const shown:
    | ReturnType<VesaliusError['toJSON']>
    | { code: 'UNEXPECTED'; message: string; where?: string; hint: string } = known
    ? error.toJSON()
    : {
        code: 'UNEXPECTED',
        message: `Unexpected error: ${message}`,
        hint: 'Please report it, with the output of --debug.',
      }
  if (json) printJson({ error: shown })
  else {
    const where = shown.where === undefined || shown.message.includes(shown.where) ? [] : [`  at ${shown.where}`]
    const hint = shown.hint === undefined ? [] : [`  ${shown.hint}`]
    process.stderr.write(`${[`vesalius: ${shown.message}`, ...where, ...hint].join('\n')}\n`)
  }
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return known ? error.exitCode : 1
}

/**
 * The first Ctrl-C or SIGTERM asks the work to stop at the next safe moment; a second one of the same kind stops at once. A
 * launcher of several processes may send one of each.
 */
function interruptible(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    let asked = false
    process.on(name, () => {
      if (asked) process.exit(130)
      asked = true
      controller.abort()
    })
  }
  return controller.signal
}

async function runCommand(name: string, line: readonly string[], json: boolean): Promise<number> {
  const entry = commands.find((candidate) => candidate.name === name)
  const { helpOf, nearest, parseArguments } = await import('./args.ts')
  if (entry === undefined) {
    const near = nearest(
      name,
      commands.map((candidate) => candidate.name),
    )
    const hint = near === undefined ? 'See: vesalius --help' : `Did you mean "${near}"?`
    throw new VesaliusError('USAGE', `There is no command "${name}".`, { hint })
  }
  const { command } = await entry.load()
  if (line.includes('--help') || line.includes('-h')) {
    process.stdout.write(helpOf(command))
    return 0
  }
  const signal = interruptible()
  const {
    exitCode = 0,
    silent: untold = false,
    ...document
  } = await command.run(parseArguments(command, line), {
    json,
    signal,
    print: (text) => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    progress: (label, total, unit) => (json && process.stderr.isTTY !== true ? silent : progress(label, total, unit)),
  })
  if (json && untold !== true) printJson(document)
  return Number(exitCode)
}

async function main(line: readonly string[]): Promise<number> {
  const [name] = line
  const json = line.includes('--json')
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      process.stdout.write(help())
      return name === undefined ? 2 : 0
    }
    if (name === '--version' || name === '-v') {
      process.stdout.write(`${await version()}\n`)
      return 0
    }
    return await runCommand(name, line.slice(1), json)
  } catch (error) {
    return fail(error, json, line.includes('--debug'))
  }
}

// A reader that goes away (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await main(process.argv.slice(2))
