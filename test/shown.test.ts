/** @file What a trained system itself shows: maps of its words and sentences, pictures it rebuilds, in the report of its run. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStudies } from '../src/data/studies.ts'
import type { Study } from '../src/data/study.ts'
import { averaged, ownSimilarity, sharedOut } from '../src/evaluate/own-similarity.ts'
import { openShowing, type Showing } from '../src/evaluate/shown.ts'
import { vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-shown-'))
const [data, config] = [join(room, 'data'), join(room, 'config.json')]
let studies: Study[]
beforeAll(async () => {
  const size = ['--count', '160', '--size', '64', '--seed', '4', '--dial', 'views=PA+lateral']
  await vesaliusJson(['phantoms', 'chest-xray', '--out', data, ...size])
  writeFileSync(config, JSON.stringify({ tokenizer: { vocabulary: 300 }, train: { batch: 4, steps: 2, rate: 1e-3 } }))
  studies = (await readStudies(data)).filter(({ boxes }) => boxes.some(({ image }) => image === 0))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

const phraseOf = (study: number): string =>
  studies[study]!.boxes.find(({ image, phrase }) => image === 0 && phrase !== undefined)!.phrase!

async function shown(objective: string, look: (showing: Showing, report: string) => Promise<void>): Promise<void> {
  const run = join(room, objective)
  const recipe = objective === 'clip' ? [] : ['--recipe', 'tiny']
  const line = ['pretrain', '--data', data, '--out', run, '--objective', objective, '--channels', '1', ...recipe]
  if (!existsSync(run)) await vesaliusJson([...line, '--config', config])
  const showing = await openShowing(run, data, studies, { threads: 1 })
  try {
    await look(showing, readFileSync(join(run, 'report.html'), 'utf8'))
  } finally {
    await showing.close()
  }
}

describe('how a trained system compares', () => {
  it('prior: every study with every text by its pooled prototypes, whatever the batch', async () => {
    await shown('prior', async () => {
      const model = { folder: join(room, 'prior', 'model') }
      const texts = [phraseOf(0), 'No pneumothorax.', 'The heart is enlarged. No effusion.']
      const some = studies.slice(0, 4)
      const all = (await ownSimilarity(model, data, some, texts, 'retrieval'))!
      expect(all.length).toBe(12)
      for (const [i, j] of [
        [0, 0],
        [3, 1],
        [2, 2],
      ] as const) {
        const [alone] = (await ownSimilarity(model, data, [some[i]!], [texts[j]!], 'retrieval'))!
        expect(alone).toBeCloseTo(all[i * 3 + j]!, 4)
      }
      expect(new Set(all).size).toBe(12)
      expect(all.every((value) => Math.abs(value) <= 1 + 1e-6)).toBe(true)
      expect(await ownSimilarity({ folder: data }, data, some, texts, 'retrieval')).toBeUndefined()
      // Classes by their prompts: shares 1 and 1/2 of softmaxes over the texts, so each image gives away 1.5 in all.
      const told = (await ownSimilarity(model, data, some, texts, 'zero-shot'))!
      for (let i = 0; i < 4; i++) expect(told[i * 3]! + told[i * 3 + 1]! + told[i * 3 + 2]!).toBeCloseTo(1.5, 5)
      const fewer = (await ownSimilarity(model, data, [some[3]!], texts, 'zero-shot'))!
      for (let j = 0; j < 3; j++) expect(fewer[j]).toBeCloseTo(told[9 + j]!, 4)
      const { protocols } = await vesaliusJson<{ protocols: Record<string, { metrics: Record<string, unknown> }> }>([
        ...['evaluate', join(room, 'prior'), '--data', data, '--tasks', 'ZSC,ITR'],
      ])
      expect(Object.keys(protocols.ZSC!.metrics)).toContain('macroAurocOwn')
      expect(Object.keys(protocols.ITR!.metrics)).toContain('imageToTextR5Own')
    })
  }, 90_000)

  it('several scores come to one scale for each text', () => {
    const [a, b] = [Float64Array.of(1, 5, 3, 5, 5, 5), Float64Array.of(0, 0, 0, 100, 0, 200)]
    const deviation = Math.sqrt(8 / 3)
    const mean = averaged([a, b], 3, 2)
    expect([...mean].filter((_, i) => i % 2 === 0)).toEqual(
      [-1 / deviation, 0, 1 / deviation].map((v) => expect.closeTo(v, 12)),
    )
    const shares = sharedOut({ a, b: b.map((value) => value / 100) }, { a: 1, b: 0.5 }, 3, 2)
    const first = 1 / (1 + Math.exp(4))
    expect(shares[0]).toBeCloseTo(first + 0.25, 12)
    expect(shares[1]).toBeCloseTo(1 - first + 0.25, 12)
    const spread = Math.sqrt(20000 / 3)
    expect([...mean].filter((_, i) => i % 2 === 1)).toEqual(
      [-50 / spread, 0, 50 / spread].map((v) => expect.closeTo(v, 12)),
    )
  })
})

describe('what a trained system shows', () => {
  it.each([
    ['gloria', 'the words that name a finding'],
    ['tcsa', 'the words that name a finding'],
    ['lovt', 'a sentence'],
  ])(
    '%s: attention of %s over the regions, on its own picture',
    async (objective, whose) => {
      await shown(objective, async (showing, report) => {
        const maps = (await showing.maps([
          { study: 0, phrase: phraseOf(0) },
          { study: 1, phrase: phraseOf(0) },
          { study: 0, phrase: 'No pneumothorax.' },
        ]))!
        for (const { map, rows, columns } of maps) {
          expect(map.length).toBe(rows * columns)
          expect(map.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 4)
        }
        const [own, elsewhere, other] = maps.map(({ map }) => [...map])
        expect(elsewhere).not.toEqual(own)
        expect(other).not.toEqual(own)
        expect(await showing.rebuilt([0])).toBeUndefined()
        expect(report).toContain(`attention of ${whose} over the regions`)
        expect(report).not.toContain('Pictures rebuilt')
      })
    },
    60_000,
  )

  it('mrm: hidden patches as it predicts them, the others as they are', async () => {
    await shown('mrm', async (showing, report) => {
      expect(await showing.maps([{ study: 0, phrase: phraseOf(0) }])).toBeUndefined()
      const [first, second] = (await showing.rebuilt([0, 1]))!
      const { drawn, seen, side } = first!
      expect(side).toBe(96) // twice the tower's
      const truth = await showing.pixels(0, side)
      const patch = (values: Float32Array, p: number): number[] => {
        const [rows, width] = [Math.floor(p / 6) * 16, (p % 6) * 16]
        return Array.from({ length: 256 }, (_, i) => values[(rows + (i >> 4)) * side + width + (i & 15)]!)
      }
      const patches = Array.from({ length: 36 }, (_, p) => p)
      const hidden = patches.filter((p) => patch(seen!, p).every((value) => value === 0))
      expect(hidden.length).toBe(27) // three quarters of 36
      for (const p of patches) {
        if (hidden.includes(p)) expect(patch(drawn, p)).not.toEqual(patch(truth, p))
        else {
          expect(patch(seen!, p)).toEqual(patch(truth, p))
          expect(patch(drawn, p)).toEqual(patch(truth, p))
        }
      }
      expect(second!.drawn).not.toEqual(drawn)
      expect(report).toContain('Pictures rebuilt')
    })
  }, 60_000)

  it('prior: both', async () => {
    await shown('prior', async (showing, report) => {
      expect([...showing.names].sort()).toEqual(['rebuilt', 'sentences'])
      const [{ drawn, seen, side }] = (await showing.rebuilt([0]))! as [
        { drawn: Float32Array; seen: unknown; side: number },
      ]
      expect([side, drawn.length, seen]).toEqual([64, 64 * 64, undefined])
      expect(drawn.every(Number.isFinite)).toBe(true)
      expect(report).toContain('Where its words look')
      expect(report).toContain('Pictures rebuilt')
    })
  }, 60_000)

  it('clip: nothing of its own, and a folder without a run is refused', async () => {
    await shown('clip', async (showing, report) => {
      expect(showing.names).toEqual([])
      expect(report).not.toContain('Where its words look')
    })
    await expect(openShowing(data, data, studies)).rejects.toThrow('is not the folder of a run')
  }, 60_000)
})
