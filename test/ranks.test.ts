/** @file Several ranks against one: the same gradients, the same run, and an end when any of them ends. */

import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outcome } from './interruption.ts'
import { childrenOf, mpis, onRanks, remaining, startRanks } from './ranks.ts'
import { bin, tinyRun, vesaliusJson } from './vesalius.ts'

const dist = (path: string): string => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href)

/**
 * A step on a batch of 8, shared by the ranks, and the same by rank 0 alone: for every parameter the largest difference of
 * the gradients, relative to the largest value of any; and both norms and losses.
 */
const comparison = (objective: string, config: string): string => `
  const { modelSchema } = await import(${dist('models/config.js')})
  const { openTraining } = await import(${dist('nn/index.js')})
  const { objectiveOf } = await import(${dist('pretrain/index.js')})
  const { buildStep, weightsAt } = await import(${dist('pretrain/step.js')})
  const [whole, tokens] = [8, 12]
  const model = modelSchema.parse({
    image: { kind: 'vit', size: 32, channels: 1, patch: 8, width: 32, layers: 2, heads: 2 },
    text: { kind: 'clip-text', vocabulary: 50, context: tokens, width: 32, layers: 2, heads: 2, bos: 1, eos: 2, pad: 2 },
    joint: 16,
    logitScale: 2,
  })
  const wave = (n, k) => Float32Array.from({ length: n }, (_, i) => Math.sin(k * (i + 1)))
  const all = {
    pixels: ['float32', [1, 32, 32], wave(whole * 1024, 0.37)],
    ids: ['int32', [tokens], Int32Array.from({ length: whole * tokens }, (_, i) => (i % tokens === 11 ? 2 : 3 + ((i * 7919) % 40)))],
    mask: ['int32', [tokens], Int32Array.from({ length: whole * tokens }, () => 1)],
  }
  const labels = { labels: wave(whole * 3, 1.7).map((v) => (v > 0 ? 1 : 0)), known: wave(whole * 3, 2.9).map((v) => (v > -0.4 ? 1 : 0)) }
  const stepOf = async (communicator) => {
    const batch = whole / communicator.size
    const options = { model, objective: objectiveOf('${objective}'), config: ${config}, ranks: communicator }
    const runtime = e.openRuntime({ threads: 1 })
    const training = await openTraining({
      runtime,
      build: (scope) => buildStep(scope, { batch, tokens }, options),
      first: {},
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 },
      seed: 1,
      ranks: { communicator, rows: batch },
    })
    const feeds = {}
    for (const [name, [dtype, rest, data]] of Object.entries(all)) {
      const own = data.length / communicator.size
      feeds[name] = { dtype, shape: [batch, ...rest], data: data.slice(communicator.rank * own, (communicator.rank + 1) * own) }
    }
    for (const [name, data] of Object.entries(labels)) feeds[name] = { dtype: 'float32', shape: [whole, 3], data: data.slice() }
    const weights = weightsAt(options, 0)
    feeds.weights = { dtype: 'float32', shape: [weights.length], data: weights }
    const { values, gradientNorm } = await training.step({}, feeds, 1e-3)
    const gradients = await runtime.read('gradients', 0, training.layout.trained)
    const parameters = await training.parameters()
    await training.dispose()
    await runtime.close()
    return { loss: values.loss, gradientNorm, gradients, parameters, entries: training.layout.entries }
  }
  const shared = await stepOf(ranks)
  const lone = await stepOf(e.alone())
  const scale = lone.gradients.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const worst = shared.gradients.reduce((most, v, i) => Math.max(most, Math.abs(v - lone.gradients[i])), 0) / scale
  const all4 = await ranks.allGather(shared.parameters)
  const same = all4.every((v, i) => v === shared.parameters[i % shared.parameters.length])
  say({ worst, norm: shared.gradientNorm / lone.gradientNorm - 1, loss: shared.loss / lone.loss - 1, same, size: lone.gradientNorm })`

interface Compared {
  worst: number
  norm: number
  loss: number
  same: boolean
  size: number
}

describe.each(mpis)('%s', (_, launcher) => {
  const cases = [
    ['clip', '{}', 2],
    ['clip', '{}', 4],
    ['supervised', "{ findings: ['a', 'b', 'c'], from: 'labels' }", 2],
  ] as const
  it.skipIf(launcher === undefined).each(cases)(
    '%s %s: %i ranks have the gradients of one with the whole batch',
    async (objective, config, n) => {
      const said = (await onRanks(launcher!, n, comparison(objective, config))) as Compared[]
      expect(said).toHaveLength(n)
      for (const { worst, norm, loss, same, size } of said) {
        expect(size).toBeGreaterThan(1e-3)
        expect(Math.abs(norm)).toBeLessThan(1e-6)
        expect(worst).toBeLessThan(1e-6)
        expect(Math.abs(loss)).toBeLessThan(1e-6)
        expect(same).toBe(true)
      }
    },
  )
})

describe.each(mpis)('pretrain on two ranks of %s', (mpi, launcher) => {
  const room = mkdtempSync(join(tmpdir(), 'vesalius-ranks-'))
  const at = (path: string): string => join(room, path)
  const [data, config] = [at('data'), at('config.json')]
  const line = (...words: string[]): string[] => [bin, 'pretrain', ...words]
  const fresh = (run: string): string[] => line('--data', data, '--out', at(run), '--config', config)
  const steps = (run: string): number => {
    const path = join(at(run), 'metrics.jsonl')
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
  }
  /** Waits until the run has logged so many steps, or has ended. */
  const reached = async (run: string, wanted: number, child: ChildProcess): Promise<void> => {
    while (steps(run) < wanted && child.exitCode === null && child.signalCode === null) await setTimeout(10)
  }
  const logged = (run: string): Record<string, number>[] => outcome(at(run)).log as Record<string, number>[]

  beforeAll(async () => {
    if (launcher === undefined) return
    await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '120', '--size', '48', '--seed', '3'])
    const train = { ...tinyRun.train, steps: 60, checkpointEvery: 5, validateEvery: 30 }
    writeFileSync(config, JSON.stringify({ ...tinyRun, threads: 1, train }))
    await vesaliusJson(['pretrain', '--data', data, '--out', at('one'), '--config', config])
  })
  afterAll(() => rmSync(room, { recursive: true, force: true }))

  it.skipIf(launcher === undefined)(
    'goes the way of one process with the same batch; one document, one log',
    async () => {
      const { code, stdout, stderr } = await startRanks(launcher!, 2, [...fresh('two'), '--json']).end
      expect([code, stderr]).toEqual([0, expect.any(String)])
      expect(JSON.parse(stdout)).toMatchObject({ steps: 60, run: at('two') })
      const [one, two] = [logged('one'), logged('two')]
      expect(two.map(({ kind, step }) => [kind, step])).toEqual(one.map(({ kind, step }) => [kind, step]))
      // Rounding differs (sums in another order), and grows with the steps.
      two.slice(0, 15).forEach((each, i) => {
        expect(each.loss! / one[i]!.loss! - 1).toBeCloseTo(0, 4)
      })
      expect(existsSync(join(at('two'), 'report.html'))).toBe(true)
    },
  )

  it.skipIf(launcher === undefined)('is resumed on all ranks after a rank was killed, to the same bits', async () => {
    const { child, end } = startRanks(launcher!, 2, fresh('killed'))
    await reached('killed', 5, child)
    const before = childrenOf(child.pid!)
    process.kill(before[1]!, 'SIGKILL')
    expect((await end).code).not.toBe(0)
    expect(await remaining(before)).toEqual([])
    expect((await startRanks(launcher!, 2, line('--resume', at('killed'))).end).code).toBe(0)
    expect(outcome(at('killed')).log).toEqual(outcome(at('two')).log)
    expect(outcome(at('killed')).weights.equals(outcome(at('two')).weights)).toBe(true)
  })

  it.skipIf(launcher === undefined)('ends with the sentence of the rank that failed', async () => {
    // The picture is read by one rank only, in the middle of the run.
    const broken = at('broken')
    cpSync(data, broken, { recursive: true })
    const text = readFileSync(join(broken, 'studies.jsonl'), 'utf8')
    const studies = text
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each) as { id: string; split: string; images: { path: string }[] })
    const victim = studies.filter(({ split }) => split === 'train')[40]!
    writeFileSync(join(broken, victim.images[0]!.path), 'no picture')
    const words = ['--data', broken, '--out', at('failed'), '--config', config]
    const { child, end } = startRanks(launcher!, 2, line(...words))
    await reached('failed', 1, child)
    const pids = childrenOf(child.pid!)
    const { code, stderr } = await end
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`vesalius: rank [01] of 2: The image of study ${victim.id} cannot be used`))
    expect(await remaining(pids)).toEqual([])
  })

  it.skipIf(launcher === undefined)('what is wrong from the start is said once, by rank 0', async () => {
    const { code, stderr } = await startRanks(launcher!, 2, [...fresh('odd'), '--batch', '15']).end
    expect(code).toBe(2)
    expect(stderr.match(/A batch of 15 pairs cannot be shared among 2 ranks/g)).toHaveLength(1)
    const again = await startRanks(launcher!, 2, fresh('one')).end
    expect(again.code).toBe(2)
    expect(again.stderr.match(/already holds a run/g)).toHaveLength(1)
  })

  it.skipIf(launcher === undefined)('stops at Ctrl-C, and nothing is left running', async () => {
    const { child, end } = startRanks(launcher!, 2, fresh('stopped'))
    await reached('stopped', 4, child)
    const pids = childrenOf(child.pid!)
    child.kill('SIGINT')
    const { code, signal, stderr } = await end
    // mpirun of MPICH says 130, as its ranks do, or now and then 0; that of Open MPI may kill its ranks before they say it.
    if (mpi === 'MPICH') expect(stderr).toMatch(/Interrupted after step \d+ of 60; everything is saved/)
    else expect([code, signal]).not.toEqual([0, null])
    expect(pids.length).toBeGreaterThanOrEqual(2)
    expect(await remaining(pids)).toEqual([])
    expect((await startRanks(launcher!, 2, line('--resume', at('stopped'))).end).code).toBe(0)
    expect(outcome(at('stopped')).weights.equals(outcome(at('two')).weights)).toBe(true)
  })
})
