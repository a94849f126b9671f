import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { estimateMemory } from '../../engine/index.ts'
import { syntheticStep, traceSynthetic } from '../synthetic.ts'
import { gloria } from './gloria.ts'

type Golden = Record<string, Values> & { aggregate: 'sum' | 'mean'; lengths: number[]; local: number; global: number }
const { cases } = JSON.parse(
  readFileSync(new URL('../../../test/golden/multi-scale/gloria.json', import.meta.url), 'utf8'),
) as { cases: Golden[] }

const maskOf = (lengths: readonly number[], w: number) =>
  ints(
    [lengths.length, w],
    lengths.flatMap((n) => Array.from({ length: w }, (_, i) => (i < n ? 1 : 0))),
  )
const [b, p, w, d] = [4, 9, 5, 6]
const lengths = [5, 3, 1, 4]
const given = {
  'image.regions': noise([b, p, d], 'v'),
  'text.words': noise([b, w, d], 't'),
  'text.wordMask': maskOf(lengths, w),
  'image.global': noise([b, d], 'vg'),
  'text.global': noise([b, d], 'tg'),
}

describe('GLoRIA', () => {
  it.each(cases)("is the authors' loss with its gradients, words added by $aggregate", (golden) => {
    const names = ['image.regions', 'text.words', 'image.global', 'text.global'] as const
    const values = Object.fromEntries(names.map((name) => [name, golden[name] as Values]))
    const mask = maskOf(golden.lengths, (golden['text.words'] as Values).shape[1] as number)
    for (const chunk of [1, 3, 8]) {
      const { losses, gradients } = lossOf(gloria, {
        given: { ...values, 'text.wordMask': mask },
        config: { aggregate: golden.aggregate, chunk },
      })
      expectNear('losses', [losses.local!, losses.global!], [golden.local, golden.global], 1e-9)
      for (const name of names) expectNear(name, gradients[name]!, (golden[`d ${name}`] as Values).data, 1e-9)
    }
  })

  it('is 2 ln N in both parts where nothing tells the pairs apart', () => {
    const same = (x: Values): Values => reordered(x, [0, 0, 0, 0])
    const { losses } = lossOf(gloria, {
      given: {
        'image.regions': same(given['image.regions']),
        'text.words': same(given['text.words']),
        'text.wordMask': maskOf([3, 3, 3, 3], w),
        'image.global': same(given['image.global']),
        'text.global': same(given['text.global']),
      },
    })
    expectNear('losses', [losses.local!, losses.global!], [2 * Math.log(4), 2 * Math.log(4)], 1e-9)
  })

  it('does not change with padding, nor when studies are reordered together', () => {
    const { losses } = lossOf(gloria, { given })
    const wide = Array.from({ length: b }, (_, i) => [
      ...Array.from(given['text.words'].data).slice(i * w * d, (i + 1) * w * d),
      ...Array.from(noise([2, d], 'padding', i).data),
    ]).flat()
    const padded = lossOf(gloria, {
      given: { ...given, 'text.words': { shape: [b, w + 2, d], data: wide }, 'text.wordMask': maskOf(lengths, w + 2) },
    })
    const order = [2, 0, 3, 1]
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, order)]))
    for (const other of [padded, lossOf(gloria, { given: moved })])
      expectNear('losses', Object.values(other.losses), Object.values(losses), 1e-9)
  })

  it.each([{ attention: 'double' }, { attention: 'single', tau1: 0.7 }, { aggregate: 'max' }])(
    'has the gradient of its values: %j',
    (config) => {
      expect(gradientError(gloria, { given, config })).toBeLessThan(1e-6)
    },
  )

  it('refuses a batch of one', () => expect(gloria.refuse?.(1)).toContain('no negatives'))

  it('its local part does not reach the last stage, the global part does', () => {
    const { local, global } = reachedBy('gloria')
    const stage = (names: ReadonlySet<string>, part: string) =>
      [...names].filter((name) => name.startsWith(part)).length
    expect([stage(local!, 'vision_model.layer4.'), stage(local!, 'visual_projection')]).toEqual([0, 0])
    expect(stage(local!, 'vision_model.layer3.')).toBeGreaterThan(0)
    expect(stage(global!, 'vision_model.layer4.')).toBeGreaterThan(0)
    expect(stage(global!, 'objective.local')).toBe(0)
  })

  it('in chunks holds memory that grows linearly with the batch, whole with its square', () => {
    const bytes = (batch: number, chunk: number) => {
      const made = syntheticStep({ objective: 'gloria', size: 32, batch, tokens: 24, vocabulary: 50, joint: 32 })
      const step = { ...made.step, config: { ...(made.step.config as object), chunk } }
      const { outputs } = traceSynthetic({ ...made, step })
      const { outputs: towers } = traceSynthetic(
        syntheticStep({ objective: 'clip', size: 32, batch, tokens: 24, vocabulary: 50, joint: 32 }),
      )
      const held = (all: typeof outputs) => estimateMemory([all], { length: 0, vectors: 0 }).values
      return held(outputs) - held(towers)
    }
    expect(bytes(32, 4) / bytes(16, 4)).toBeLessThan(2.3)
    expect(bytes(32, 32) / bytes(16, 16)).toBeGreaterThan(3)
  })
})
