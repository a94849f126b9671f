/** @file Several ranks as a user starts them: mpirun and its children. */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type MpiLauncher, type MpiName, mpiLauncher } from './peers.ts'
import { follow, type Started } from './vesalius.ts'

/** The MPIs that tests run on, with the launchers of those that are installed. */
export const mpis: [MpiName, MpiLauncher | undefined][] = (['Open MPI', 'MPICH'] as const).map((name) => [
  name,
  mpiLauncher(name),
])

/** Starts `node ...line` on n ranks. */
export function startRanks(
  { command, before, env }: MpiLauncher,
  n: number,
  line: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Started {
  return follow(
    spawn(command, [...before, String(n), process.execPath, ...line], {
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

/** The built engine, for scripts of ranks. */
export const engine = new URL('../dist/engine/index.js', import.meta.url).href

/** Starts a script on n ranks with the engine as `e` and its communicator as `ranks`; `say` prints a value as JSON. */
export function startScript(launcher: MpiLauncher, n: number, script: string, more?: NodeJS.ProcessEnv): Started {
  const whole = `
    const e = await import(${JSON.stringify(engine)})
    const ranks = await e.openCommunicator()
    const say = (value) => process.stdout.write(JSON.stringify([ranks.rank, value]) + '\\n')
    ${script}
    await ranks.finalize()`
  return startRanks(launcher, n, ['--input-type=module', '-e', whole], more)
}

/** Runs a script to its end and returns what the ranks said, in their order. */
export async function onRanks(launcher: MpiLauncher, n: number, script: string): Promise<unknown[]> {
  const { code, stdout, stderr } = await startScript(launcher, n, script).end
  if (code !== 0) throw new Error(`The ranks ended with ${code}: ${stdout}${stderr}`)
  const said = stdout.trim().split('\n')
  const pairs = said.filter((text) => text !== '').map((text) => JSON.parse(text) as [number, unknown])
  return pairs.toSorted(([a], [b]) => a - b).map(([, value]) => value)
}

/** Waits until processes are gone, zombies included; returns those that are still there after `patience` ms. */
export async function remaining(pids: readonly number[], patience = 5000): Promise<number[]> {
  const there = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  const until = performance.now() + patience
  while (pids.some(there) && performance.now() < until) await setTimeout(20)
  return pids.filter(there)
}

/** The Node processes that a launcher has started, itself or through its daemons, in the order of their numbers (Linux). */
export function childrenOf(launcher: number): number[] {
  const found: number[] = []
  const visit = (parent: number): void => {
    for (const task of existsSync(`/proc/${parent}/task`) ? readdirSync(`/proc/${parent}/task`) : []) {
      for (const pid of textOf(`/proc/${parent}/task/${task}/children`).trim().split(' ').map(Number)) {
        if (textOf(`/proc/${pid}/cmdline`).startsWith(process.execPath)) found.push(pid)
        else if (pid > 0) visit(pid)
      }
    }
  }
  visit(launcher)
  return found.sort((a, b) => a - b)
}

/** A file's text, '' when it is gone: threads and processes end while one looks. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
