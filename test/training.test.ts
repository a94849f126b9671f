/** @file A run from data to model as a user has it: killed, interrupted, continued, evaluated, used. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../src/core/random.ts'
import { outcome, trainWithKills } from './interruption.ts'
import { optimisations } from './optimisations.ts'
import { start, tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-training-'))
const at = (name: string): string => join(room, name)
const [data, config, whole] = [at('data'), at('config.json'), at('whole')]

beforeAll(async () => {
  await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '120', '--size', '48', '--seed', '3'])
  writeFileSync(config, JSON.stringify(tinyRun))
  await vesaliusJson(['pretrain', '--data', data, '--out', whole, '--config', config])
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

describe('a run', () => {
  it('learns: the loss of the last ten steps is below that of the first ten', () => {
    const losses = outcome(whole).log.flatMap((line) => {
      const { kind, loss } = line as { kind: string; loss: number }
      return kind === 'train' ? [loss] : []
    })
    const mean = (some: number[]) => some.reduce((a, b) => a + b) / some.length
    expect(losses).toHaveLength(40)
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) - 0.05)
  })

  it('killed three times, in checkpoint writing too, ends with the same weights and log, bit for bit', async () => {
    const run = at('killed')
    const hits = await trainWithKills({ data, config, run }, 3, random(11, 'kills'))
    expect(hits).toBeGreaterThanOrEqual(2)
    const [killed, undisturbed] = [outcome(run), outcome(whole)]
    expect(killed.log).toEqual(undisturbed.log)
    expect(killed.weights.equals(undisturbed.weights)).toBe(true)
    expect(readdirSync(join(run, 'checkpoints')).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('stops at Ctrl-C with everything saved, exit code 130, and goes on to the same end', async () => {
    const run = at('interrupted')
    const { child, end } = start(['pretrain', '--data', data, '--out', run, '--config', config])
    while (statSync(join(run, 'metrics.jsonl'), { throwIfNoEntry: false })?.size === undefined) await setTimeout(5)
    while (statSync(join(run, 'metrics.jsonl')).size === 0) await setTimeout(2)
    child.kill('SIGINT')
    const { code, stderr } = await end
    expect([code, stderr]).toEqual([130, expect.stringMatching(/Interrupted after step \d+ of 40.*\n.*--resume/s)])
    expect((await vesalius(['pretrain', '--resume', run])).code).toBe(0)
    expect(outcome(run).weights.equals(outcome(whole).weights)).toBe(true)
  })

  it.each(['adamw, with everything', 'lamb, with everything', 'sgd'])(
    'killed twice ends with the same bits: %s',
    async (name) => {
      const [file, whole, killed] = [at(`${name}.json`), at(`${name} whole`), at(`${name} killed`)]
      const train = { ...tinyRun.train, steps: 24, validateEvery: 6, ...optimisations[name] }
      writeFileSync(file, JSON.stringify({ ...tinyRun, train }))
      await vesaliusJson(['pretrain', '--data', data, '--out', whole, '--config', file])
      expect(await trainWithKills({ data, config: file, run: killed }, 2, random(12, name))).toBeGreaterThanOrEqual(1)
      expect(outcome(killed).log).toEqual(outcome(whole).log)
      expect(outcome(killed).weights.equals(outcome(whole).weights)).toBe(true)
    },
    240_000, // five processes
  )

  it('stops at SIGTERM and at a deadline as at Ctrl-C, and goes on to the same end', async () => {
    const run = at('terminated')
    const { child, end } = start(['pretrain', '--data', data, '--out', run, '--config', config])
    while (statSync(join(run, 'metrics.jsonl'), { throwIfNoEntry: false })?.size === undefined) await setTimeout(5)
    while (statSync(join(run, 'metrics.jsonl')).size === 0) await setTimeout(2)
    child.kill('SIGTERM')
    const { code, signal, stderr } = await end
    expect([code, signal, stderr]).toEqual([130, null, expect.stringMatching(/Interrupted after step \d+ of 40/)])
    const late = await vesalius(['pretrain', '--resume', run, '--deadline', '0.0001'])
    expect([late.code, late.stderr]).toEqual([
      130,
      expect.stringMatching(/Stopped by the deadline after step \d+ of 40/),
    ])
    expect((await vesalius(['pretrain', '--resume', run])).code).toBe(0)
    expect(outcome(run).weights.equals(outcome(whole).weights)).toBe(true)
  })

  it('that meets NaN stops within the step, and writes down which studies it was', async () => {
    const run = at('nan')
    const line = ['pretrain', '--data', data, '--out', run, '--config', config, '--rate', '1e30', '--warmup', '0']
    const { code, stdout, stderr } = await vesalius(line)
    expect(code).toBe(1)
    expect(stderr).toMatch(/not a finite number at step \d+\.\n.*nan-batch\.json\n.*studies of the batch/s)
    const report = JSON.parse(readFileSync(join(run, 'nan-batch.json'), 'utf8')) as {
      step: number
      seed: number
      losses: (number | string)[]
      batches: { epoch: number; studies: string[] }[]
    }
    expect([report.seed, report.losses.length, report.batches.length]).toEqual([1, 1, 1])
    const { studies } = report.batches[0]!
    expect(new Set(studies).size).toBe(16)
    const known = readFileSync(join(data, 'studies.jsonl'), 'utf8').trim().split('\n')
    const ids = known.map((text) => (JSON.parse(text) as { id: string }).id)
    for (const id of studies) expect(ids).toContain(id)
    const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    for (const id of ids) for (const text of [stdout, stderr, lines]) expect(text).not.toContain(id)
    expect(lines.trim().split('\n')).toHaveLength(report.step - 1)
  })

  it('descends as the command line says, and says what it cannot do', async () => {
    const run = at('options')
    const line = [
      'pretrain',
      '--data',
      data,
      '--config',
      config,
      '--steps',
      '4',
      '--optimizer',
      'lion',
      '--rate',
      '1e-4',
    ]
    const more = ['--ema', '0.9', '--accumulate', '2', '--freeze', 'text_model.*', '--rate-of', 'logit_scale=0.1']
    await vesaliusJson([...line, ...more, '--batch', '8', '--schedule', 'linear', '--clip-norm', '0', '--out', run])
    const { train } = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as { train: Record<string, unknown> }
    expect(train).toMatchObject({
      optimizer: { kind: 'lion', beta2: 0.99 },
      schedule: { kind: 'linear' },
      average: { decay: 0.9, warmup: true },
      accumulate: 2,
      clipNorm: null,
      parameters: [
        { match: 'logit_scale', rate: 0.1 },
        { match: 'text_model.*', freeze: true },
      ],
    })
    const wrong = await vesalius([...line, '--out', at('wrong'), '--freeze', 'text.*'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('No parameter is called "text.*"')])
    const rate = await vesalius([...line, '--out', at('wrong too'), '--rate-of', 'text_model.*'])
    expect([rate.code, rate.stderr]).toEqual([2, expect.stringContaining('PATTERN=FACTOR')])
  })

  it('passes over a damaged newest checkpoint', async () => {
    const run = at('damaged')
    await vesaliusJson(['pretrain', '--data', data, '--out', run, '--config', config])
    const newest = readdirSync(join(run, 'checkpoints'))
      .filter((name) => name.startsWith('step-'))
      .sort()
      .at(-1)!
    const file = join(run, 'checkpoints', newest, 'state.safetensors')
    const bytes = readFileSync(file)
    for (let i = 2048; i < bytes.length; i += 997) bytes[i]! ^= 1
    writeFileSync(file, bytes)
    expect((await vesalius(['pretrain', '--resume', run])).code).toBe(0)
    expect(outcome(run).weights.equals(outcome(whole).weights)).toBe(true)
  })

  it('is never written over', async () => {
    const { code, stderr } = await vesalius(['pretrain', '--data', data, '--out', whole, '--config', config])
    expect([code, stderr]).toEqual([2, expect.stringContaining('already holds a run')])
  })

  it('writes a report for people', () => {
    expect(readFileSync(join(whole, 'report.html'), 'utf8')).toContain('<svg')
  })
})

describe('a trained model', () => {
  it('is evaluated: findings with intervals, retrieval both ways, the pixel baseline', async () => {
    const { zeroShot, retrieval, reference } = await vesaliusJson<{
      zeroShot: { macroAuroc: number; interval: [number, number]; perClass: Record<string, unknown> }
      retrieval: { candidates: number; imageToText: { r10: number; medianRank: number }; chance: { r10: number } }
      reference: { pixelBaseline: { macroAuroc: number } }
    }>(['evaluate', whole])
    expect(zeroShot.interval[0]).toBeLessThan(zeroShot.macroAuroc)
    expect(zeroShot.interval[1]).toBeGreaterThan(zeroShot.macroAuroc)
    expect(Object.keys(zeroShot.perClass).length).toBeGreaterThanOrEqual(10)
    expect(retrieval.chance.r10).toBeCloseTo(10 / retrieval.candidates, 10)
    expect(retrieval.imageToText.medianRank).toBeLessThanOrEqual(retrieval.candidates)
    expect(reference.pixelBaseline.macroAuroc).toBeGreaterThan(0.5)
  })

  it('classifies, with probabilities that sum to one and the cosine of every prompt', async () => {
    const { results } = await vesaliusJson<{
      results: { scores: { label: string; probability: number }[]; perPrompt: { text: string; cosine: number }[] }[]
    }>(['classify', '--model', whole, '--labels', 'edema,normal chest', '--per-prompt', firstImage()])
    const [{ scores, perPrompt }] = results as [(typeof results)[0]]
    expect(scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6)
    expect(perPrompt.map(({ text }) => text)).toContain('this is an edema')
    for (const { cosine } of perPrompt) expect(Math.abs(cosine)).toBeLessThanOrEqual(1 + 1e-6)
  })

  it('embeds images to NPY with unit rows, and texts to JSONL', async () => {
    const npy = at('images.npy')
    await vesaliusJson(['embed', '--model', whole, '--out', npy, firstImage(), firstImage()])
    const bytes = readFileSync(npy)
    const values = new Float32Array(Uint8Array.from(bytes.subarray(-2 * 16 * 4)).buffer)
    expect(bytes.subarray(0, 6).toString('latin1')).toBe('\x93NUMPY')
    expect(Math.hypot(...values.subarray(0, 16))).toBeCloseTo(1, 5)
    expect(values.subarray(0, 16)).toEqual(values.subarray(16))
    const jsonl = at('texts.jsonl')
    await vesaliusJson(['embed', '--model', whole, '--out', jsonl, '--text', 'no edema', '--text', 'edema'])
    const rows = readFileSync(jsonl, 'utf8').trim().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { vector: number[] }).vector.length)).toEqual([16, 16])
  })
})

function firstImage(): string {
  const [line = ''] = readFileSync(join(data, 'studies.jsonl'), 'utf8').split('\n')
  return join(data, (JSON.parse(line) as { images: { path: string }[] }).images[0]!.path)
}
