import type { ChildProcess } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { engine, mpis, onRanks, remaining, startRanks, startScript } from '../../../test/ranks.ts'
import { alone, openCommunicator } from './communicator.ts'
import { launchOf, threadsPerRank } from './launch.ts'
import { libraryNames } from './library.ts'

describe('launcher', () => {
  it('is read from the environment of each kind', () => {
    expect(launchOf({})).toBeUndefined()
    expect(launchOf({ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_LOCAL_SIZE: '2' })).toEqual(
      {
        by: 'openmpi',
        rank: 1,
        size: 4,
        localSize: 2,
      },
    )
    expect(launchOf({ PMI_RANK: '3', PMI_SIZE: '4', MPI_LOCALNRANKS: '4' })).toEqual({
      by: 'pmi',
      rank: 3,
      size: 4,
      localSize: 4,
    })
    const slurm = { SLURM_STEP_NUM_TASKS: '8', SLURM_STEP_TASKS_PER_NODE: '4(x2)' }
    expect(launchOf({ ...slurm, PMIX_RANK: '5' })).toEqual({ by: 'pmix', rank: 5, size: 8, localSize: 4 })
    expect(launchOf({ ...slurm, PMI_RANK: '5' })).toEqual({ by: 'pmi', rank: 5, size: 8, localSize: 4 })
    // Open MPI's mpirun in a job of Slurm sets its own names and PMIx's.
    expect(launchOf({ ...slurm, PMIX_RANK: '0', OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' })?.by).toBe(
      'openmpi',
    )
  })

  it('one process is no run of several', () => {
    expect(launchOf({ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' })).toBeUndefined()
    expect(launchOf({ SLURM_STEP_NUM_TASKS: '1' })).toBeUndefined()
    expect(launchOf({ SLURM_NTASKS: '8' })).toBeUndefined() // the batch script itself
  })

  it('tasks of srun that cannot find each other are refused', () => {
    expect(() => launchOf({ SLURM_STEP_NUM_TASKS: '8', SLURM_PROCID: '3' })).toThrow(/srun started 8 tasks/)
  })

  it('shares the cores, or takes those it is bound to', () => {
    expect(threadsPerRank({ cores: 16, allowed: 16, localSize: 4 })).toBe(4)
    expect(threadsPerRank({ cores: 16, allowed: 3, localSize: 4 })).toBe(3)
    expect(threadsPerRank({ cores: 2, allowed: 2, localSize: 5 })).toBe(1)
  })

  it('decides which library is looked for, unless one is named', () => {
    expect(libraryNames('openmpi', undefined)[0]).toBe('libmpi.so.40')
    expect(libraryNames('pmi', undefined)).toEqual(expect.arrayContaining(['libmpich.so.12', 'libmpi.so.12']))
    expect(libraryNames('pmix', undefined)).toEqual(expect.arrayContaining(['libmpi.so.40', 'libmpich.so.12']))
    expect(libraryNames('pmi', '/opt/libmpi.so')).toEqual(['/opt/libmpi.so'])
  })

  it('a library that is not there', async () => {
    const launched = { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' }
    const failed = openCommunicator({ ...launched, VESALIUS_MPI: 'libnowhere.so' })
    await expect(failed).rejects.toMatchObject({
      code: 'MPI_FAILED',
      where: 'libnowhere.so',
      hint: expect.stringContaining('Install libopenmpi3'),
    })
  })
})

describe('one process', () => {
  it('has the same interface, and its own values', async () => {
    const ranks = await openCommunicator({})
    expect([ranks.rank, ranks.size, ranks.library]).toEqual([0, 1, undefined])
    const values = Float32Array.of(1, 2)
    await ranks.allReduce(values)
    await ranks.broadcast(values)
    expect([...values]).toEqual([1, 2])
    expect(await alone().allGather(values)).toEqual(values)
    expect(await alone().reduceScatter(values)).toEqual(values)
  })
})

describe.each(mpis)('%s', (name, launcher) => {
  it.skipIf(launcher === undefined)('gathers, reduces, scatters and broadcasts on 3 ranks', async () => {
    const said = await onRanks(
      launcher!,
      3,
      `
      const r = ranks.rank
      const sum = Float32Array.of(r, 10 * r)
      const low = Int32Array.of(5 - r), high = Float64Array.of(r / 3)
      const root = Uint8Array.of(r, r)
      // Asked for at once: they are carried out in this order.
      const [gathered, mine] = await Promise.all([
        ranks.allGather(Float32Array.of(r, -r)),
        ranks.reduceScatter(Float32Array.of(1, 2, 3, 4, 5, 6 + r)),
        ranks.allReduce(sum),
        ranks.allReduce(low, 'min'),
        ranks.allReduce(high, 'max'),
        ranks.broadcast(root, 2),
        ranks.barrier(),
      ])
      const lists = [gathered, mine, sum, low, high, root, await ranks.allGather(new Float32Array(0))]
      say([ranks.size, ...lists.map((list) => [...list])])`,
    )
    const shared = [[0, 3 + 0], [3], [2 / 3], [2, 2], []]
    const of = (mine: number[]) => [3, [0, 0, 1, -1, 2, -2], mine, [3, 30], ...shared.slice(1)]
    expect(said.map((each) => JSON.parse(JSON.stringify(each)))).toEqual([of([3, 6]), of([9, 12]), of([15, 21])])
  })

  it.skipIf(launcher === undefined)('sums a buffer of the worker where it lies, in several buckets', async () => {
    const said = await onRanks(
      launcher!,
      2,
      `
      const n = 2 ** 24 + 5
      const runtime = e.openRuntime({ threads: 1 })
      await runtime.allocate('gradients', n)
      await runtime.write('gradients', 0, new Float32Array(n).fill(1 + ranks.rank))
      const address = await runtime.address('gradients')
      await ranks.allReduce({ address, length: n - 1 })
      const { length } = (await runtime.read('gradients', 0, n)).filter((v) => v === 3)
      say([length, ...(await runtime.read('gradients', n - 2, 2))])
      await runtime.close()`,
    )
    expect(said).toEqual([
      [2 ** 24 + 4, 3, 1],
      [2 ** 24 + 4, 3, 2],
    ])
  })

  const wrong = name === 'Open MPI' ? 'libmpich.so.12' : 'libmpi.so.40'
  const both = mpis.every(([, each]) => each !== undefined)
  it.skipIf(!both)("refuses the other one's library (needs both)", async () => {
    const { code, stderr } = await startScript(launcher!, 2, '', { VESALIUS_MPI: wrong }).end
    expect(code).not.toBe(0)
    expect(stderr).toMatch(new RegExp(`mpirun started this process, but ${wrong} is `))
  })

  it.skipIf(launcher === undefined)('refuses a launcher that counts other ranks than the library', async () => {
    const script = `
      const { openCommunicator } = await import(${JSON.stringify(engine)})
      await openCommunicator({ ...process.env, OMPI_COMM_WORLD_SIZE: '3', PMI_SIZE: '3' })`
    const { code, stderr } = await startRanks(launcher!, 2, ['--input-type=module', '-e', script]).end
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/The launcher says rank [01] of 3, .* says rank [01] of 2\./)
  })

  /** Two ranks that say their process and wait for each other in a call; rank 1 ends as told. */
  const dying = async (ending: string, act: (pids: number[], child: ChildProcess) => void) => {
    const script = `
      process.stdout.write(process.pid + '\\n')
      await ranks.barrier()
      if (ranks.rank === 1) { ${ending} }
      await ranks.allReduce(new Float32Array(1000))`
    const { child, end } = startScript(launcher!, 2, script)
    const pids: number[] = []
    let held = ''
    child.stdout!.on('data', (part: Buffer) => {
      held += part.toString()
      if (pids.length > 0) return
      const lines = held.split('\n').slice(0, -1)
      if (lines.length === 2) {
        pids.push(...lines.map(Number))
        act(pids, child)
      }
    })
    const ended = await end
    return { ...ended, pids, left: await remaining(pids) }
  }

  it.skipIf(launcher === undefined)('a rank that aborts ends all, says why and gives the exit code', async () => {
    const { code, stderr, pids, left } = await dying('await ranks.abort(7, "the disk is full")', () => {})
    expect(pids).toHaveLength(2)
    expect([code, left]).toEqual([7, []])
    expect(stderr).toContain('vesalius: rank 1 of 2: the disk is full')
  })

  it.skipIf(launcher === undefined)('a rank that is killed ends all', async () => {
    const { code, pids, left } = await dying('await new Promise(() => setInterval(() => {}, 1e6))', ([, pid]) =>
      process.kill(pid!, 'SIGKILL'),
    )
    expect(pids).toHaveLength(2)
    expect(code).not.toBe(0)
    expect(left).toEqual([])
  })

  it.skipIf(launcher === undefined)('a rank that fails without a word ends all', async () => {
    const { code, pids, left, stderr } = await dying('throw new Error("unforeseen")', () => {})
    expect(pids).toHaveLength(2)
    expect(code).not.toBe(0)
    expect(stderr).toContain('unforeseen')
    expect(left).toEqual([])
  })

  it.skipIf(launcher === undefined)('Ctrl-C on mpirun ends all', async () => {
    const { pids, left } = await dying('await new Promise(() => setInterval(() => {}, 1e6))', (_pids, child) =>
      child.kill('SIGINT'),
    )
    expect(pids).toHaveLength(2)
    expect(left).toEqual([])
  })
})
