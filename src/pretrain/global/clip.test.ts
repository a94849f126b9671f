import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { input, interpret, scalar, type Tensor } from '../../engine/index.ts'
import type { LossContext } from '../objective.ts'
import { clip } from './clip.ts'

const [n, d] = [5, 4]

/** The loss of given embeddings at scale 1/tau, on the float64 interpreter. */
function lossOf(images: number[], texts: number[], scale = 10): number {
  const [image, text] = [input('image', [n, d]), input('text', [n, d])]
  const context = { image: { global: image }, text: { global: text }, scale: scalar(scale), config: {} }
  const { contrastive } = clip.loss(context as unknown as LossContext<Record<string, never>>)
  const feeds = new Map([
    ['image', Float64Array.from(images)],
    ['text', Float64Array.from(texts)],
  ])
  const [value] = interpret([contrastive as Tensor], feeds)
  return value![0] as number
}

const rows = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n * d, maxLength: n * d })
const usable = rows.filter((v) =>
  Array.from({ length: n }, (_, i) => Math.hypot(...v.slice(i * d, (i + 1) * d))).every((norm) => norm > 0.1),
)
const permuted = (v: number[], order: number[]) => order.flatMap((i) => v.slice(i * d, (i + 1) * d))

describe('CLIP, equations (1) to (3)', () => {
  it('is ln N where all embeddings are the same', () => {
    const same = Array.from({ length: n }, () => [1, 2, 3, 4]).flat()
    expect(lossOf(same, same)).toBeCloseTo(Math.log(n), 6)
  })

  it('follows the definition written out with sums', () => {
    fc.assert(
      fc.property(usable, usable, (images, texts) => {
        const unit = (v: number[], i: number) => {
          const row = v.slice(i * d, (i + 1) * d)
          return row.map((x) => x / Math.hypot(...row))
        }
        const phi = (i: number, j: number) => unit(images, i).reduce((s, x, k) => s + x * unit(texts, j)[k]!, 0)
        const all = Array.from({ length: n }, (_, i) => i)
        const row = (i: number) => Math.log(all.reduce((s, j) => s + Math.exp(10 * phi(i, j)), 0)) - 10 * phi(i, i)
        const column = (i: number) => Math.log(all.reduce((s, j) => s + Math.exp(10 * phi(j, i)), 0)) - 10 * phi(i, i)
        const wanted = all.reduce((s, i) => s + row(i) + column(i), 0) / (2 * n)
        expect(lossOf(images, texts)).toBeCloseTo(wanted, 5)
      }),
      { numRuns: 50 },
    )
  })

  it('does not change when the pairs are reordered together, nor when images and texts change roles', () => {
    fc.assert(
      fc.property(usable, usable, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: n }), (images, texts, order) => {
        const loss = lossOf(images, texts)
        expect(lossOf(permuted(images, order), permuted(texts, order))).toBeCloseTo(loss, 6)
        expect(lossOf(texts, images)).toBeCloseTo(loss, 6)
      }),
      { numRuns: 50 },
    )
  })

  it('falls when a pair is brought together', () => {
    const eye = Array.from({ length: n * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0.1))
    expect(lossOf(eye, eye)).toBeLessThan(lossOf(eye, permuted(eye, [1, 0, 2, 3, 4])))
  })

  it('refuses a batch of one', () => {
    expect(clip.refuse?.(1)).toContain('no negatives')
    expect(clip.refuse?.(2)).toBeUndefined()
  })
})
