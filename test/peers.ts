/** @file Peers a test may need and a plain checkout may lack. A test without its peer skips by name, or fails in CI. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

function missing(what: string): undefined {
  if (process.env.REQUIRE_ALL === '1') throw new Error(`REQUIRE_ALL=1, but ${what} is missing.`)
  return undefined
}

/**
 * The path of a set in `../shared/data`, or undefined when it is not there. With `REQUIRE_ALL=1` a missing one throws.
 *
 * @example
 * const merges = sharedData('clip-bpe')
 * describe.skipIf(merges === undefined)('CLIP vocabulary (needs ../shared/data/clip-bpe)', () => { ... })
 */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../shared/data/${name}`, import.meta.url))
  return existsSync(path) ? path : missing(`../shared/data/${name}`)
}

/** How to start several ranks: the command and what stands before the number of ranks. */
export interface MpiLauncher {
  command: string
  before: readonly string[]
  env: NodeJS.ProcessEnv
}

const mpi = {
  'Open MPI': {
    commands: ['mpirun.openmpi', 'mpirun'],
    says: /Open MPI|OpenRTE/,
    before: ['--oversubscribe', '--bind-to', 'none', '-n'],
    package: 'openmpi-bin',
  },
  MPICH: {
    commands: ['mpirun.mpich', 'mpiexec.hydra', 'mpirun'],
    says: /HYDRA/,
    before: ['-n'],
    package: 'mpich',
  },
} as const

export type MpiName = keyof typeof mpi

/** mpirun of one MPI (Debian packages openmpi-bin and mpich), or undefined when it is not installed; as sharedData. */
export function mpiLauncher(name: MpiName): MpiLauncher | undefined {
  const { commands, says, before, package: debian } = mpi[name]
  const command = commands.find((each) => says.test(spawnSync(each, ['--version'], { encoding: 'utf8' }).stdout ?? ''))
  if (command === undefined) return missing(`${name} (Debian: ${debian})`)
  // Open MPI refuses to start as root, as containers do, unless it is told twice.
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
  return { command, before, env }
}
