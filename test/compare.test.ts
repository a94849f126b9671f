/** @file `compare` as a user has it: end to end, killed and continued, extended, refused. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../src/core/random.ts'
import { readSafetensors } from '../src/models/checkpoints/safetensors.ts'
import { start, tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-compare-'))
const at = (...names: string[]): string => join(room, ...names)
const [data, config] = [at('data'), at('config.json')]
const line = (out: string, seeds: number, objectives = 'clip,convirt'): string[] => [
  ...['compare', '--objectives', objectives, '--data', data, '--steps', '6', '--seeds', String(seeds)],
  ...['--config', config, '--tasks', 'ZSC,ITR', '--out', at(out)],
]

interface Metric {
  mean: number
  sd: number
  interval: [number, number]
  vsClip: { difference: number; interval: [number, number] }
}
interface Document {
  version: number
  steps: number
  seeds: number
  systems: { id: string; metrics: Record<string, Metric>; cost: Record<string, number> }[]
}

beforeAll(async () => {
  await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '100', '--size', '48', '--seed', '4'])
  const train = { ...tinyRun.train, steps: undefined, checkpointEvery: 2, validateEvery: 6 }
  const systems = { convirt: { train: { weightDecay: 0 } } }
  writeFileSync(config, JSON.stringify({ ...tinyRun, train, systems }))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

describe('a comparison', () => {
  let whole: Document

  it('trains all systems with all seeds and says what the contract says', async () => {
    whole = await vesaliusJson<Document>(line('whole', 3))
    expect(Object.keys(whole)).toEqual(['version', 'steps', 'seeds', 'systems'])
    expect([whole.version, whole.steps, whole.seeds]).toEqual([1, 6, 3])
    expect(whole.systems.map(({ id }) => id)).toEqual(['clip', 'convirt'])
    for (const { metrics, cost } of whole.systems) {
      expect(Object.keys(metrics)).toContain('ZSC.macroAuroc')
      expect(Object.keys(metrics)).toContain('ITR.imageToTextR5')
      for (const metric of Object.values(metrics)) {
        expect(Object.keys(metric)).toEqual(['mean', 'sd', 'interval', 'vsClip'])
        expect(metric.interval[0]).toBeLessThanOrEqual(metric.interval[1])
      }
      expect(Object.keys(cost)).toEqual(['stepSeconds', 'peakMemory', 'parameters'])
      for (const value of Object.values(cost)) expect(value).toBeGreaterThan(0)
    }
    const [clip, convirt] = whole.systems as [Document['systems'][0], Document['systems'][0]]
    const name = 'ITR.imageToTextR10'
    expect(convirt.metrics[name]!.vsClip.difference).toBeCloseTo(
      convirt.metrics[name]!.mean - clip.metrics[name]!.mean,
      10,
    )
    expect(clip.metrics[name]!.vsClip).toEqual({ difference: 0, interval: [0, 0] })
    // The heads of ConVIRT have two layers.
    expect(convirt.cost.parameters).toBeGreaterThan(clip.cost.parameters!)
  }, 240_000)

  it('starts all systems of a seed from the same towers, those of two seeds from different ones', async () => {
    const read = async (run: string): Promise<Float32Array> => {
      const { tensors } = await readSafetensors(at('whole', 'runs', run, 'model', 'model.safetensors'))
      return tensors.get('text_model.embeddings.word_embeddings.weight')!.data as Float32Array
    }
    const furthest = (x: Float32Array, y: Float32Array) =>
      x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0)
    const [clip, convirt, other] = [await read('clip-1'), await read('convirt-1'), await read('clip-2')]
    // Adam moves a weight by about the rate a step: six steps of 1e-3 either way, and a little decay.
    expect(furthest(clip, convirt)).toBeLessThan(2 * 6 * 1.2e-3)
    expect(furthest(clip, other)).toBeGreaterThan(0.1)
  })

  it('killed and begun again ends with the same numbers; more seeds may be added to what is there', async () => {
    const stream = random(7, 'kills')
    for (const run of ['clip-1', 'convirt-1']) {
      const { child, end } = start(line('killed', 1))
      let over = false
      void end.then(() => {
        over = true
      })
      while (!existsSync(at('killed', 'runs', run, 'metrics.jsonl')) && !over) await setTimeout(10)
      await setTimeout(stream.uniform(0, 300))
      child.kill('SIGKILL')
      await end
    }
    expect((await vesaliusJson<Document>(line('killed', 2))).seeds).toBe(2)
    for (const run of ['clip-1', 'convirt-1', 'clip-2', 'convirt-2']) {
      const measured = (out: string): unknown => {
        const { protocols } = JSON.parse(readFileSync(at(out, 'runs', run, 'result.json'), 'utf8')) as {
          protocols: unknown
        }
        return protocols
      }
      expect(measured('killed')).toEqual(measured('whole'))
    }
  }, 240_000)

  it('writes a page that is complete, sorts, and asks no network', () => {
    const page = readFileSync(at('whole', 'comparison.html'), 'utf8')
    expect(page).toMatch(/<table class="sortable">.*ZSC\.macroAuroc/s)
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'[^"]*script-src 'sha256-/)
    expect(page.match(/(?:src|href)="(?!data:|#)/g)).toBeNull()
  })

  it('refuses to go on with other settings, unknown objectives and an objective named twice', async () => {
    const changed = await vesalius([...line('whole', 3), '--batch', '8'])
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringContaining('holds another comparison: base differ'),
    ])
    const unknown = await vesalius(line('other', 1, 'clip,nonsense'))
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('no pre-training objective "nonsense"')])
    const twice = await vesalius(line('other', 1, 'clip,clip'))
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('"clip" is named twice')])
  })
})
