/** @file Parts of benches that measure memory: work in child processes, medians, results as JSON. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const mark = '--measure-here='

/**
 * Gives `work` a way to run in a process of its own: `work.inChild(options)` returns its result. In that process this
 * call does the work and ends it. Call it at the top of a bench, once.
 */
export async function inChild(work) {
  const asked = process.argv.find((argument) => argument.startsWith(mark))
  if (asked !== undefined) {
    const result = await work(JSON.parse(asked.slice(mark.length)))
    process.stdout.write(`${JSON.stringify(result)}\n`)
    process.exit(0)
  }
  work.inChild = (options) => {
    const child = spawnSync(process.execPath, [process.argv[1], mark + JSON.stringify(options)], { encoding: 'utf8' })
    if (child.status !== 0) throw new Error(`A measurement failed:\n${child.stderr}`)
    return JSON.parse(child.stdout.trim().split('\n').at(-1))
  }
}

/** The middle value. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Prints a result and keeps it in bench/results/NAME.json. */
export function writeResult(name, result) {
  const whole = { machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }, ...result }
  const folder = fileURLToPath(new URL('results', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify(whole, null, 2)}\n`)
  process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`)
}
