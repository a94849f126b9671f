import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { gradients, input, interpret, swapAxes, type Tensor } from '../../engine/index.ts'
import { clip } from '../global/clip.ts'
import { similarityEntropy } from '../parts/similarity-entropy.ts'
import { tier } from './tier.ts'

const entropyOf = (values: number[], n: number, m: number, columns?: number[]): number => {
  const scores = input('c', [1, n, m])
  const mask = columns && input('m', [1, m], 'int32')
  const feeds = new Map([['c', Float64Array.from(values)]])
  if (columns !== undefined) feeds.set('m', Float64Array.from(columns))
  return interpret([similarityEntropy(scores, undefined, mask)], feeds)[0]![0] as number
}

describe('TIER', () => {
  const golden = goldenOf<{ similar: Values } & Record<'token' | 'patch', { loss: number; gradient: Values }>>('tier')
  it.each(['token', 'patch'] as const)("the %s entropy is the authors' with its gradient", (axis) => {
    const c = input('c', golden.similar.shape)
    const entropy = similarityEntropy(axis === 'token' ? c : swapAxes(c, 1, 2), undefined, undefined)
    const feeds = new Map([['c', Float64Array.from(golden.similar.data)]])
    const [value, slope] = interpret([entropy, gradients(entropy, [c])[0] as Tensor], feeds)
    expectNear('loss', value!, [golden[axis].loss], 1e-6)
    expectNear('gradient', slope!, golden[axis].gradient.data, 1e-6)
  })

  it('cosines cannot bring the entropy of 49 patches below 3.417, reached with ten of them', () => {
    const with1 = (k: number) =>
      entropyOf(
        Array.from({ length: 49 }, (_, i) => (i < k ? 1 : -1)),
        1,
        49,
      )
    const all = Array.from({ length: 48 }, (_, k) => with1(k + 1))
    expect(Math.min(...all)).toBeCloseTo(3.417, 3)
    expect(all.indexOf(Math.min(...all)) + 1).toBe(10)
    expect(all[0]).toBeCloseTo(3.748, 3)
    expect(entropyOf(new Array(49).fill(0.3), 1, 49)).toBeCloseTo(Math.log(49), 4)
  })

  it('one patch or one real token has no entropy', () => {
    expect(entropyOf([0.2, 0.9], 2, 1)).toBeCloseTo(0, 5)
    expect(entropyOf([0.2, 0.9, -1], 1, 3, [0, 1, 0])).toBeCloseTo(0, 6)
  })

  const [b, t, p, d] = [3, 4, 5, 6]
  const given = {
    'image.global': noise([b, d], 'vg'),
    'image.regions': noise([b, p, d], 'v'),
    'text.global': noise([b, d], 'tg'),
    'text.tokens': noise([b, t, d], 't'),
    'text.tokenMask': ints([b, t], [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0]),
  }
  it('without weights is CLIP; padding and the order of studies change nothing', () => {
    expect(tier.weights?.(tier.config.parse({ tokenWeight: 0, patchWeight: 0 }), 0)).toEqual({
      contrastive: 1,
      tokenEntropy: 0,
      patchEntropy: 0,
    })
    const { losses, gradients: slopes } = lossOf(tier, { given })
    const { 'image.global': image, 'text.global': text } = given
    expect(losses.contrastive).toBeCloseTo(
      lossOf(clip, { given: { 'image.global': image, 'text.global': text } }).losses.contrastive!,
      12,
    )
    Array.from(given['text.tokenMask'].data).forEach((v, i) => {
      if (v === 0) expect([...slopes['text.tokens']!.subarray(i * d, (i + 1) * d)].every((x) => x === 0)).toBe(true)
    })
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [1, 2, 0])]))
    expectNear('losses', Object.values(lossOf(tier, { given: moved }).losses), Object.values(losses), 1e-9)
  })
  it('has the gradient of its values and refuses one pair', () => {
    expect(gradientError(tier, { given })).toBeLessThan(1e-6)
    expect(tier.refuse?.(1)).toContain('no negatives')
  })
})
