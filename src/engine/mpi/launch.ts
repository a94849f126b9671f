/** @file Whether this process is one of several that mpirun or srun started: read from the environment, nothing loaded. */

import { VesaliusError } from '../../core/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the launcher says of this process. */
export interface Launch {
  /** `openmpi`: mpirun of Open MPI. `pmi`: MPICH, Intel MPI, `srun --mpi=pmi2`. `pmix`: `srun --mpi=pmix`, any library. */
  by: 'openmpi' | 'pmi' | 'pmix'
  rank: number
  /** Undefined where the launcher does not say (PMIx outside Slurm). */
  size: number | undefined
  /** Ranks on this machine, 1 where the launcher does not say. */
  localSize: number
}

/** The launcher of this process, or undefined when there is none or only one process was started. */
export function launchOf(environment: Environment): Launch | undefined {
  const number = (...names: string[]): number | undefined => {
    const text = names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
    return text === undefined || !/^\d+/.test(text) ? undefined : Number.parseInt(text, 10)
  }
  const slurmSize = number('SLURM_STEP_NUM_TASKS')
  const found: [Launch['by'], number | undefined, number | undefined][] = [
    ['openmpi', number('OMPI_COMM_WORLD_RANK'), number('OMPI_COMM_WORLD_SIZE')],
    ['pmi', number('PMI_RANK'), number('PMI_SIZE') ?? slurmSize],
    ['pmix', number('PMIX_RANK'), slurmSize],
  ]
  const [by, rank, size] = found.find(([, known]) => known !== undefined) ?? []
  if (by === undefined || rank === undefined) {
    // Without a process manager every task would train the whole run by itself, all into one folder.
    if (slurmSize !== undefined && slurmSize > 1) {
      throw new VesaliusError(
        'MPI_FAILED',
        `srun started ${slurmSize} tasks, but gave them no way to find each other.`,
        {
          hint: 'Use srun --mpi=pmix (Open MPI) or srun --mpi=pmi2 (MPICH, Intel MPI), or mpirun.',
        },
      )
    }
    return undefined
  }
  if (size === 1) return undefined
  // "4(x2),3": Slurm's count of tasks on each node; the first stands for all.
  const localSize = number('OMPI_COMM_WORLD_LOCAL_SIZE', 'MPI_LOCALNRANKS', 'SLURM_STEP_TASKS_PER_NODE') ?? 1
  return { by, rank, size, localSize }
}

/**
 * Threads of one operator for each rank: the cores of the machine shared among its ranks, or all cores this process is
 * bound to where the launcher has bound it (`allowed` is below `cores` then).
 */
export function threadsPerRank({
  cores,
  allowed,
  localSize,
}: {
  cores: number
  allowed: number
  localSize: number
}): number {
  return allowed < cores ? allowed : Math.max(1, Math.floor(cores / localSize))
}
