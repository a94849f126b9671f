import { describe, expect, it } from 'vitest'
import { input, interpret, type Tensor } from '../../engine/index.ts'
import { mergeWords, type Pooling, poolMasked, poolSentences } from './pooling.ts'

const tokens = input('x', [1, 5, 2])
const index = input('i', [1, 5], 'int32')
const run = (outputs: readonly Tensor[], at: readonly number[]) =>
  interpret(
    [...outputs],
    new Map([
      ['x', Float64Array.from([1, 2, -3, 4, 5, -6, 7, 8, 9, 10])],
      ['i', Float64Array.from(at)],
    ]),
  ).map((v) => Array.from(v))

describe('pooling of tokens', () => {
  it('words are sums of their pieces; special tokens and padding belong to none', () => {
    const { words, wordMask } = mergeWords(tokens, index, 'sum')
    const [pooled, mask] = run([words, wordMask], [-1, 0, 0, 1, -1])
    expect(pooled).toEqual([2, -2, 7, 8, 0, 0, 0, 0, 0, 0])
    expect(mask).toEqual([1, 1, 0, 0, 0])
  })
  it.each<[Pooling, number[]]>([
    ['sum', [2, -2, 16, 18]],
    ['mean', [1, -1, 8, 9]],
    ['max', [5, 4, 9, 10]],
  ])('sentences by %s; one without tokens is zero', (how, wanted) => {
    const { sentences, sentenceMask } = poolSentences(tokens, index, 3, how)
    expect(run([sentences, sentenceMask], [-1, 0, 0, 1, 1])).toEqual([
      [...wanted, 0, 0],
      [1, 1, 0],
    ])
  })
  it('under a mask, and of nothing', () => {
    expect(run([poolMasked(tokens, index, 'mean')], [1, 0, 0, 1, 0])).toEqual([[4, 5]])
    expect(run([poolMasked(tokens, index, 'max')], [0, 1, 1, 0, 0])).toEqual([[5, 4]])
    expect(run([poolMasked(tokens, index, 'max')], [0, 0, 0, 0, 0])).toEqual([[0, 0]])
  })
})
