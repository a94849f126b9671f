import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { add, exp, gradients, input, interpret, mul, neg, scalar, type Tensor, unsqueeze } from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { crossAttention } from '../parts/cross-attention.ts'
import { localContrast } from '../parts/local-contrast.ts'
import { siameseLoss } from '../parts/negative-free.ts'
import {
  bankLogits,
  bankPerplexity,
  bankVectors,
  maskedDistance,
  maskedDivergence,
  readBank,
} from '../parts/prototype-bank.ts'
import { matchedTo, toCount } from '../parts/set-matching.ts'
import { prior } from './prior.ts'

interface Golden
  extends Record<
    'v' | 'f' | 'r' | 'noise' | 'seen regions' | 'seen sentences' | 'prototypes' | 'd v' | 'd f' | 'd r' | 'd bank',
    Values
  > {
  weights: Record<string, Values>
  regions: number
  sentences: number
  distance: number
  divergence: number
}

describe('parts of PRIOR', () => {
  it("attention, both local losses and the bank are the authors' with their gradients", () => {
    const golden = goldenOf<Golden>('prior')
    const [v, f, r, chance] = (['v', 'f', 'r', 'noise'] as const).map((name) =>
      unsqueeze(input(name, golden[name].shape), 0),
    ) as [Tensor, Tensor, Tensor, Tensor]
    const [s, d] = golden.f.shape as [number, number]
    const mask = input('mask', [1, s], 'int32')
    const traced = trace(
      (scope) => {
        const seen = crossAttention(scope, v, f, mask, 'sigmoid')
        const regions = siameseLoss(scope.in('predictor'), v, seen.a)
        const { forward, backward } = localContrast(f, seen.b, { temperature: exp(neg(scalar(Math.log(7)))), mask })
        const sentences = mul([forward.alignment, forward.prior, backward.alignment, backward.prior].reduce(add), 0.5)
        const bank = bankVectors(scope.in('embed'), golden['d bank'].shape[0] as number, d)
        const logits = bankLogits(f, bank)
        const { prototypes } = readBank(logits, bank, { temperature: 0.9, noise: chance })
        const distance = maskedDistance(prototypes, f, mask)
        const divergence = maskedDivergence(logits, bankLogits(r, bank), mask)
        return { seen, regions, sentences, prototypes, distance, divergence }
      },
      { training: true },
    )
    const { seen, regions, sentences, prototypes, distance, divergence } = traced.outputs
    const feeds = new Map<string, Float64Array>([['mask', new Float64Array(s).fill(1)]])
    for (const name of ['v', 'f', 'r', 'noise'] as const) feeds.set(name, Float64Array.from(golden[name].data))
    const ours: Record<string, string> = {
      '0.weight': 'predictor.fc1.weight',
      '0.bias': 'predictor.fc1.bias',
      '2.weight': 'predictor.fc2.weight',
      '2.bias': 'predictor.fc2.bias',
    }
    for (const [name, { data }] of Object.entries(golden.weights))
      feeds.set(ours[name] ?? name, Float64Array.from(data))
    const total = [regions, sentences, distance, divergence].reduce(add)
    const slopes = gradients(total, [v, f, r, traced.tensors.get('embed.weight') as Tensor])
    const found = interpret([seen.a, seen.b, prototypes, regions, sentences, distance, divergence, ...slopes], feeds)
    const wanted = [
      golden['seen regions'].data,
      golden['seen sentences'].data,
      golden.prototypes.data,
      [golden.regions],
      [golden.sentences],
      [golden.distance],
      [golden.divergence],
      golden['d v'].data,
      golden['d f'].data,
      golden['d r'].data,
      golden['d bank'].data,
    ]
    wanted.forEach((values, i) => {
      expectNear(`value ${i}`, found[i]!, values, 1e-6)
    })
  })

  it('predictions come in the order of the targets, whatever the order of the targets', () => {
    const [targets, predictions] = [input('t', [1, 3, 2]), input('p', [1, 3, 2])]
    const found = (t: number[]) => {
      const [matched] = interpret(
        [matchedTo(targets, predictions)],
        new Map([
          ['t', Float64Array.from(t)],
          ['p', Float64Array.from([5, 5, 0, 0, 9, 9])],
        ]),
      )
      return [...matched!]
    }
    // A cycle of three: the inverse order would be another one.
    expect(found([0, 1, 9, 8, 5, 6])).toEqual([0, 0, 9, 9, 5, 5])
    expect(found([9, 8, 5, 6, 0, 1])).toEqual([9, 9, 5, 5, 0, 0])
    expect(
      interpret([toCount(input('t', [1, 3, 2]), 4)], new Map([['t', Float64Array.from([1, 2, 3, 4, 5, 6])]]))[0],
    ).toEqual(Float64Array.from([1, 2, 3, 4, 5, 6, 0, 0]))
  })

  it('the bank is used evenly at perplexity K, and not at all at 1', () => {
    const [weights, mask] = [input('w', [1, 3, 3]), input('m', [1, 3], 'int32')]
    const at = (w: number[], m: number[]) =>
      interpret(
        [bankPerplexity(weights, mask)],
        new Map([
          ['w', Float64Array.from(w)],
          ['m', Float64Array.from(m)],
        ]),
      )[0]![0]
    expect(at([1, 0, 0, 0, 1, 0, 0, 0, 1], [1, 1, 1])).toBeCloseTo(3, 5)
    expect(at([1, 0, 0, 1, 0, 0, 0, 0, 1], [1, 1, 0])).toBeCloseTo(1, 5)
  })
})

describe('PRIOR', () => {
  const [b, p, s, d, k] = [3, 4, 3, 8, 5]
  const config = { bank: k, heads: 2, queries: 4, decoderLayers: 1, decoderHeads: 2, decoderHidden: 8 }
  const model = { joint: d, image: { kind: 'resnet', size: 8, channels: 1 } }
  const given = {
    'image.global': noise([b, d], 'vg'),
    'image.regions': noise([b, p, d], 'v'),
    'image.dropped': noise([b, p, d], 'dropped'),
    'image.grid': [2, 2],
    'text.sentences': noise([b, s, d], 'f'),
    'text.prototypes': noise([b, s, d], 'q'),
    'text.logits': noise([b, s, k], 'logits'),
    'text.weights': { shape: [b, s, k], data: new Array(b * s * k).fill(1 / k) },
    'text.mask': ints([b, s], [1, 1, 1, 1, 1, 0, 1, 0, 0]),
    'batch.pixels': noise([b, 1, 8, 8], 'pixels'),
  }
  const request = (x: Record<string, unknown> = given) => ({ given: x, config, context: { model } })

  it('does not change when studies are reordered together; padding has no gradient', () => {
    const before = lossOf(prior, request())
    const moved = Object.fromEntries(
      Object.entries(given).map(([name, x]) => [name, Array.isArray(x) ? x : reordered(x as Values, [2, 0, 1])]),
    )
    expectNear('losses', Object.values(lossOf(prior, request(moved)).losses), Object.values(before.losses), 1e-6)
    Array.from(given['text.mask'].data).forEach((v, i) => {
      const slopes = ['text.sentences', 'text.prototypes'].flatMap((name) => [
        ...before.gradients[name]!.subarray(i * d, (i + 1) * d),
      ])
      expect(slopes.every((x) => x === 0)).toBe(v === 0)
    })
  })

  it('one sentence has no loss within its report; same reports are ln N apart', () => {
    const one = { ...given, 'text.mask': ints([b, s], [1, 0, 0, 1, 0, 0, 1, 0, 0]) }
    const { losses } = lossOf(prior, request(one))
    expectNear('L_s', [losses.sentences!, losses.sentenceSentences!], [0, 0], 1e-9)
    const same = (name: 'image.global' | 'text.prototypes') => reordered(given[name], [0, 0, 0])
    const collapsed = { ...one, 'image.global': same('image.global'), 'text.prototypes': same('text.prototypes') }
    expect(lossOf(prior, request(collapsed)).losses.global).toBeCloseTo(Math.log(b), 6)
  })

  it.each([
    [['global', 'sentenceGlobal', 'predictedGlobal'], 1e-5],
    [['sentences', 'sentenceSentences', 'divergence'], 1e-5],
    [['bank', 'prototypes', 'image'], 1e-4],
  ])('has the gradient of its values: %s', (names, tolerance) => {
    // L_v stops gradients on purpose.
    expect(gradientError({ ...prior, losses: names }, request(), 2)).toBeLessThan(tolerance)
  })

  it('goes through three stages', () => {
    const at = (step: number) =>
      Object.entries(prior.weights?.(prior.config.parse({}), step, 100) ?? {}).filter(([, w]) => w > 0)
    expect(at(0)).toEqual([
      ['sentenceGlobal', 1],
      ['sentenceRegions', 1],
      ['sentenceSentences', 1],
    ])
    expect(at(20)).toEqual([
      ['global', 1],
      ['regions', 1],
      ['sentences', 1],
      ['bank', 10],
    ])
    expect(Object.fromEntries(at(50))).toEqual({
      global: 10,
      regions: 1,
      sentences: 1,
      bank: 10,
      image: 1,
      prototypes: 10,
      divergence: 1,
      predictedGlobal: 1,
    })
  })

  it('the bank is no part of stage 1, the decoders of neither of the first two', () => {
    const reached = reachedBy('prior')
    const has = (name: string, part: string) =>
      [...reached[name]!].some((parameter) => parameter.startsWith(`objective.${part}`))
    for (const name of ['sentenceGlobal', 'sentenceRegions', 'sentenceSentences']) expect(has(name, 'bank')).toBe(false)
    for (const name of ['global', 'regions', 'sentences', 'bank']) {
      expect(has(name, 'bank')).toBe(true)
      expect([has(name, 'image_decoder'), has(name, 'sentence_decoder')]).toEqual([false, false])
    }
    expect([has('image', 'image_decoder'), has('prototypes', 'sentence_decoder')]).toEqual([true, true])
    expect(prior.refuse?.(1)).toContain('no negatives')
  })
})
