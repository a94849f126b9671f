import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered } from '../../../test/objective-loss.ts'
import { seibold2022 } from './seibold-2022.ts'

const [b, s, d] = [3, 3, 4]
const mask = [1, 1, 1, 1, 1, 0, 1, 0, 0]
// Sentence 0 of study 1 says what study 0 says in sentence 2.
const keys = [10, 11, 12, 12, 13, 0, 14, 0, 0]
const given = {
  'image.global': noise([b, d], 'i'),
  'sentences.each': noise([b, s, d], 's'),
  'sentences.report': noise([b, d], 'r'),
  'sentences.mask': ints([b, s], mask),
  'sentences.keys': ints([b, s], keys),
}
const scale = 3

/** The definition, with sums. */
function defined(maskSame: boolean): { imageToSentence: number; sentenceToImage: number } {
  const row = (values: ArrayLike<number>, i: number) => Array.from(values).slice(i * d, (i + 1) * d)
  const cosine = (x: number[], y: number[]) =>
    x.reduce((sum, v, i) => sum + v * (y[i] as number), 0) / (Math.hypot(...x) * Math.hypot(...y))
  const e = (i: number, k: number) =>
    Math.exp(scale * cosine(row(given['image.global'].data, i), row(given['sentences.each'].data, k)))
  const real = mask.flatMap((v, k) => (v === 1 ? [k] : []))
  const owner = (k: number) => Math.floor(k / s)
  const says = (i: number, k: number) => maskSame && real.some((m) => owner(m) === i && keys[m] === keys[k])
  let [imageToSentence, sentenceToImage] = [0, 0]
  for (let i = 0; i < b; i++) {
    const own = real.filter((k) => owner(k) === i)
    const others = real.filter((k) => owner(k) !== i && !says(i, k))
    for (const k of own) {
      const rest = others.reduce((sum, m) => sum + e(i, m), 0)
      imageToSentence -= Math.log(e(i, k) / (e(i, k) + rest)) / own.length / b
    }
  }
  for (const k of real) {
    const rivals = Array.from({ length: b }, (_, j) => j).filter((j) => j === owner(k) || !says(j, k))
    sentenceToImage -= Math.log(e(owner(k), k) / rivals.reduce((sum, j) => sum + e(j, k), 0)) / real.length
  }
  return { imageToSentence, sentenceToImage }
}

describe('Seibold 2022', () => {
  it.each([true, false])('follows the definition written out with sums; same sentences masked: %s', (maskSame) => {
    const { losses } = lossOf(seibold2022, { given, config: { maskSame }, scale })
    const wanted = defined(maskSame)
    expectNear('i->s', [losses.imageToSentence!], [wanted.imageToSentence], 1e-6)
    expectNear('s->i', [losses.sentenceToImage!], [wanted.sentenceToImage], 1e-6)
  })

  it('does not change with the order of sentences, of studies, nor with padding', () => {
    const value = (x: Record<string, unknown>) => Object.values(lossOf(seibold2022, { given: x, scale }).losses)
    const wanted = value(given)
    const order = [2, 0, 1]
    const studies = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, order)]))
    expectNear('studies', value(studies), wanted, 1e-6)
    const inside = (x: { shape: readonly number[]; data: ArrayLike<number> }, width: number) =>
      Array.from({ length: b }, (_, i) =>
        [1, 2, 0].flatMap((k) => Array.from(x.data).slice((i * s + k) * width, (i * s + k + 1) * width)),
      ).flat()
    const shuffled = {
      ...given,
      'sentences.each': { shape: [b, s, d], data: inside(given['sentences.each'], d) },
      'sentences.mask': ints([b, s], inside(given['sentences.mask'], 1)),
      'sentences.keys': ints([b, s], inside(given['sentences.keys'], 1)),
    }
    expectNear('sentences', value(shuffled), wanted, 1e-6)
    const noiseInPadding = Array.from(given['sentences.each'].data, (v, at) =>
      mask[Math.floor(at / d)] === 1 ? v : 7 - v,
    )
    expectNear(
      'padding',
      value({ ...given, 'sentences.each': { shape: [b, s, d], data: noiseInPadding } }),
      wanted,
      1e-6,
    )
  })

  it('siblings are never negatives: with one study alone against none the local loss is 0', () => {
    const alone = { ...given, 'sentences.mask': ints([b, s], [1, 1, 1, 0, 0, 0, 0, 0, 0]) }
    expect(lossOf(seibold2022, { given: alone, scale }).losses.imageToSentence).toBeCloseTo(0, 12)
  })

  it('has the gradient of its values, none at padding, and refuses one study', () => {
    expect(gradientError(seibold2022, { given, scale })).toBeLessThan(1e-6)
    const { gradients } = lossOf(seibold2022, { given, scale })
    mask.forEach((v, k) => {
      if (v === 0) expect([...gradients['sentences.each']!.subarray(k * d, (k + 1) * d)]).toEqual([0, 0, 0, 0])
    })
    expect(seibold2022.refuse?.(1)).toContain('no negatives')
  })
})
