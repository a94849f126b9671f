/** @file Peers a test may need and a plain checkout may lack. A test without its peer skips by name, or fails in CI. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { input, lowerTraining, neg, openRuntime } from '../src/engine/index.ts'

function missing(what: string): undefined {
  if (process.env.REQUIRE_ALL === '1') throw new Error(`REQUIRE_ALL=1, but ${what} is missing.`)
  return undefined
}

/**
 * The path of a set in `../shared/data`, or undefined when it is not there. With `REQUIRE_ALL=1` a missing one throws,
 * unless `WITHOUT_DATA=1` says that this machine cannot have them.
 *
 * @example
 * const merges = sharedData('clip-bpe')
 * describe.skipIf(merges === undefined)('CLIP vocabulary (needs ../shared/data/clip-bpe)', () => { ... })
 */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../shared/data/${name}`, import.meta.url))
  if (existsSync(path)) return path
  return process.env.WITHOUT_DATA === '1' ? undefined : missing(`../shared/data/${name}`)
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

/** Debian's Chromium; it also ships SwiftShader, a GPU emulated on the CPU. */
const chromium = '/usr/bin/chromium'
const softwareGpu = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** The path of a Chromium to drive, or undefined. `CHROMIUM` names another than Debian's. With `REQUIRE_ALL=1` a missing one throws. */
export function chromiumPath(): string | undefined {
  const path = process.env.CHROMIUM ?? chromium
  if (existsSync(path)) return path
  if (process.env.REQUIRE_ALL === '1')
    throw new Error('REQUIRE_ALL=1, but Chromium is missing: apt-get install chromium.')
  return undefined
}

/**
 * Whether WebGPU works in Node: on SwiftShader where Debian's Chromium is installed and no other driver was named, else
 * on the machine's own GPU. With `REQUIRE_ALL=1` its absence throws.
 */
export async function webgpuWorks(): Promise<boolean> {
  if (process.env.VK_ICD_FILENAMES === undefined && existsSync(softwareGpu)) {
    process.env.VK_ICD_FILENAMES = softwareGpu
    process.env.VK_DRIVER_FILES = softwareGpu
    process.env.XDG_RUNTIME_DIR ??= tmpdir()
  }
  const runtime = openRuntime({ threads: 1, device: 'webgpu' })
  try {
    await (await runtime.load(lowerTraining({ y: neg(input('x', [1])) }).bytes)).dispose()
    return true
  } catch (cause) {
    if (process.env.REQUIRE_ALL === '1')
      throw new Error('REQUIRE_ALL=1, but WebGPU does not work: apt-get install chromium libvulkan1.', { cause })
    return false
  } finally {
    await runtime.close()
  }
}

/**
 * pydicom's folder `data` with its test files (tools/corpus.sh, or Debian's python3-pydicom; `PYDICOM_DATA` names another),
 * or undefined; as sharedData.
 */
export function pydicomData(): string | undefined {
  const debian = 'usr/lib/python3/dist-packages/pydicom/data'
  const unpacked = fileURLToPath(new URL(`../.corpus/${debian}`, import.meta.url))
  const path = process.env.PYDICOM_DATA ?? (existsSync(unpacked) ? unpacked : `/${debian}`)
  return existsSync(path) ? path : missing("pydicom's test files (sh tools/corpus.sh)")
}
