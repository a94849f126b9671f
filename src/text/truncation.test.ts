import { expect, test } from 'vitest'
import { wordPieceTokenizer } from './tokenizer.ts'
import { describeTruncation, truncationOf } from './truncation.ts'

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'clear'], { contextLength: 5 })
const words = (count: number): string => Array.from({ length: count }, () => 'clear').join(' ')

test('counts texts that lose their tail, and tokens lost', () => {
  const found = truncationOf([words(1), words(3), words(4), words(8)], tokenizer)
  // Lengths 3, 5, 6, 10 with [CLS] and [SEP]; the context is 5.
  expect(found).toEqual({
    texts: 4,
    cut: 2,
    rate: 0.5,
    lost: 6 / 24,
    contextLength: 5,
    median: 6,
    p95: 10,
    longest: 10,
  })
  expect(describeTruncation(found)).toBe(
    '50.0 % of 4 texts are longer than 5 tokens (median 6, 95 % up to 10, longest 10); 25.0 % of all tokens are cut.',
  )
  expect(tokenizer.encodeBatch([words(1), words(3), words(4), words(8)]).truncated).toHaveLength(found.cut)
  expect(truncationOf([], tokenizer)).toMatchObject({ rate: 0, lost: 0, longest: 0 })
})
