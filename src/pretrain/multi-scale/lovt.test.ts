import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { add, div, gradients, input, interpret, mul, type Tensor } from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { sharedCrossAttention } from '../parts/cross-attention.ts'
import { localContrast, nearCells } from '../parts/local-contrast.ts'
import { lovt } from './lovt.ts'

interface Golden
  extends Record<'zs' | 'zr' | 'gs' | 'gr' | 'ws' | 'wr' | 'attended regions' | 'attended sentences', Values> {
  grid: [number, number]
  mask: number[][]
  attention: Record<string, Values>
  'd attention': Record<string, Values>
  total: number
  regionsToReport: number
  reportToRegions: number
  sentencesToImage: number
  imageToSentences: number
  imageToText: number
  textToImage: number
}

const [b, p, s, d] = [4, 6, 3, 8]
const given = {
  'image.local': noise([b, p, d], 'zs'),
  'image.global': noise([b, d], 'gs'),
  'image.weights': { shape: [b, p], data: Array.from({ length: b * p }, (_, i) => 0.1 + (i % 5) / 10) },
  'image.grid': [2, 3],
  'text.local': noise([b, s, d], 'zr'),
  'text.global': noise([b, d], 'gr'),
  'text.weights': { shape: [b, s], data: Array.from({ length: b * s }, (_, i) => 0.2 + (i % 4) / 10) },
  'text.mask': ints([b, s], [1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1]),
}

describe('LoVT', () => {
  it("attention and losses are the authors' with all gradients (heads and normalisation aside)", () => {
    const golden = goldenOf<Golden>('lovt')
    const names = ['zs', 'zr', 'gs', 'gr', 'ws', 'wr'] as const
    const [zs, zr, gs, gr, ws, wr] = names.map((name) => input(name, golden[name].shape)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const mask = input('mask', [golden.mask.length, golden.mask[0]!.length], 'int32')
    const traced = trace((scope) => sharedCrossAttention(scope, zs, zr, mask), { training: true })
    const seen = traced.outputs
    const regions = localContrast(zs, seen.a, { temperature: 0.3, positives: nearCells(golden.grid, 0.5), weights: ws })
    const sentences = localContrast(zr, seen.b, { temperature: 0.3, weights: wr, mask })
    const global = contrastive(div(cosineMatrix(gs, gr), 0.1), { imageToText: 0.75 })
    const four = [regions.forward, regions.backward, sentences.forward, sentences.backward].map((x) =>
      add(x.alignment, x.prior),
    )
    const total = four.reduce((sum, x) => add(sum, mul(x, 0.375)), global)
    const feeds = new Map<string, Float64Array>(names.map((name) => [name, Float64Array.from(golden[name].data)]))
    feeds.set('mask', Float64Array.from(golden.mask.flat()))
    for (const [name, { data }] of Object.entries(golden.attention)) feeds.set(name, Float64Array.from(data))
    const parameters = Object.keys(golden.attention).map((name) => traced.tensors.get(name) as Tensor)
    const slopes = gradients(total, [zs, zr, gs, gr, ...parameters])
    const found = interpret([total, ...four, seen.a, seen.b, ...slopes], feeds).map((x) => Array.from(x))
    expectNear('total', found[0]!, [golden.total], 1e-6)
    const wanted = [golden.regionsToReport, golden.reportToRegions, golden.sentencesToImage, golden.imageToSentences]
    expectNear('four terms', found.slice(1, 5).flat(), wanted, 1e-6)
    expectNear(
      'attended',
      [...found[5]!, ...found[6]!],
      [...Array.from(golden['attended regions'].data), ...Array.from(golden['attended sentences'].data)],
      1e-6,
    )
    const record = golden as unknown as Record<string, Values>
    for (const [i, name] of ['zs', 'zr', 'gs', 'gr'].entries())
      expectNear(name, found[7 + i]!, record[`d ${name}`]!.data, 1e-6)
    Object.keys(golden.attention).forEach((name, i) => {
      expectNear(name, found[11 + i]!, golden['d attention'][name]!.data, 1e-6)
    })
  })

  it('positives fall with the distance: 22 of 49 cells for a corner, all for the middle, nearly even weights', () => {
    const [values] = interpret([nearCells([7, 7], 0.5)], new Map())
    const row = (k: number) => [...values!.subarray(k * 49, (k + 1) * 49)]
    expect([row(0), row(24)].map((weights) => weights.filter((v) => v > 0).length)).toEqual([22, 49])
    const total = row(24).reduce((sum, v) => sum + v)
    const entropy = -row(24).reduce((sum, v) => sum + (v / total) * Math.log(v / total), 0)
    expect(entropy).toBeCloseTo(3.887, 3)
  })

  it('its local losses give the pooling no gradient, though its weights change them', () => {
    const local = lovt.losses.filter((name) => name !== 'global')
    const before = lossOf(lovt, { given }, local)
    for (const name of ['image.weights', 'text.weights'])
      expect([...before.gradients[name]!].every((v) => v === 0)).toBe(true)
    const changed = {
      ...given,
      'image.weights': { shape: [b, p], data: Array.from({ length: b * p }, (_, i) => 1 + (i % 6)) },
    }
    expect(lossOf(lovt, { given: changed }).losses.regionsToReport).not.toBeCloseTo(before.losses.regionsToReport!, 4)
  })

  it('a report of one sentence has no local loss; padding has no gradient', () => {
    const one = {
      ...given,
      'text.mask': ints(
        [b, s],
        Array.from({ length: b * s }, (_, i) => (i % s === 0 ? 1 : 0)),
      ),
    }
    const { losses } = lossOf(lovt, { given: one })
    expect(losses.sentencesToImage).toBeCloseTo(0, 12)
    expect(losses.imageToSentences).toBeCloseTo(0, 12)
    const { gradients: slopes } = lossOf(lovt, { given })
    Array.from(given['text.mask'].data).forEach((v, k) => {
      if (v === 0) expect([...slopes['text.local']!.subarray(k * d, (k + 1) * d)].every((x) => x === 0)).toBe(true)
    })
  })

  it('does not change when studies are reordered together, and has the gradient of its values', () => {
    const order = [2, 3, 1, 0]
    const moved = Object.fromEntries(
      Object.entries(given).map(([name, x]) => [name, Array.isArray(x) ? x : reordered(x as Values, order)]),
    )
    expectNear(
      'losses',
      Object.values(lossOf(lovt, { given: moved }).losses),
      Object.values(lossOf(lovt, { given }).losses),
      1e-6,
    )
    // The weights have no gradient on purpose.
    const { 'image.weights': _, 'text.weights': __, ...rest } = given
    const fixed = { ...rest, 'image.weights': undefined, 'text.weights': undefined }
    expect(gradientError(lovt, { given: fixed, config: { weighted: false, width: 8, hidden: 8 } })).toBeLessThan(1e-5)
  })

  it('heads of each modality, and refusal of one study', () => {
    const { global, regionsToReport } = reachedBy('lovt')
    const has = (names: ReadonlySet<string>, part: string) => [...names].some((name) => name.startsWith(part))
    expect(has(global!, 'objective.alignment')).toBe(false)
    expect(has(regionsToReport!, 'objective.image.local')).toBe(true)
    expect(has(regionsToReport!, 'objective.image.global')).toBe(false)
    expect(lovt.refuse?.(1)).toContain('no negatives')
  })
})
