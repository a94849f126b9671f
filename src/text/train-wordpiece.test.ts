import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wordPieceTokenizer } from './tokenizer.ts'
import { trainWordPiece } from './train-wordpiece.ts'

interface Settled {
  size: number
  frequency: number
  lowercase?: boolean
  vocab: string[]
}
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/tokenizers/training.json', import.meta.url), 'utf8'),
) as { texts: string[]; settled: Settled[]; mixed: Settled; free: Settled & { always: string[] } }
const { texts: mixedTexts } = JSON.parse(
  readFileSync(new URL('../../test/golden/tokenizers/ids.json', import.meta.url), 'utf8'),
) as { texts: string[] }

describe("equal to Python's WordPieceTrainer", () => {
  test.each(golden.settled)(
    'report texts, $size tokens, pairs seen $frequency times: same tokens, same order',
    (run) => {
      const ours = trainWordPiece(golden.texts, {
        vocabSize: run.size,
        minFrequency: run.frequency,
        lowercase: run.lowercase,
      })
      expect(ours).toEqual(run.vocab)
    },
  )

  test('texts of many scripts', () => {
    expect(trainWordPiece(mixedTexts, { vocabSize: golden.mixed.size, minFrequency: 1 })).toEqual(golden.mixed.vocab)
  })

  test('holds every token that all of its unsettled runs agree on', () => {
    const ours = new Set(trainWordPiece(golden.texts, { vocabSize: golden.free.size }))
    expect(golden.free.always.filter((token) => !ours.has(token))).toEqual([])
  })
})

test('5,000 short reports take under two seconds of work', () => {
  const reports = Array.from({ length: 5000 }, (_, i) => {
    const part = golden.texts[i % golden.texts.length] ?? ''
    return `${part} Series ${(i * 7919) % 4999}, accession word${(i * 31) % 2003}x.`
  })
  const start = process.cpuUsage()
  const vocab = trainWordPiece(reports, { vocabSize: 3000 })
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2)
  expect(vocab.length).toBeGreaterThan(1000)
})

test('what was trained tokenises its own texts without unknown words', () => {
  const tokenizer = wordPieceTokenizer(trainWordPiece(golden.texts, { vocabSize: 400 }), { contextLength: 200 })
  for (const text of golden.texts) expect(tokenizer.encode(text)).not.toContain(tokenizer.unkId)
})

test('rare letters beyond the limit become unknown, and ties go by code point', () => {
  const vocab = trainWordPiece(['aaaa bbbb cc dd'], { vocabSize: 12, limitAlphabet: 3, minFrequency: 9 })
  expect(vocab).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', '##a', '##b', '##c'])
})

test('refuses texts without words, sizes below the letters, and senseless settings', () => {
  expect(() => trainWordPiece(['', ' \n'], { vocabSize: 100 })).toThrowError(/hold no words/)
  expect(() => trainWordPiece(['abcdef'], { vocabSize: 10 })).toThrowError(/letters alone are 16/)
  expect(() => trainWordPiece(['a'], { vocabSize: 0 })).toThrowError(/vocabSize is 0/)
  expect(() => trainWordPiece(['a'], { vocabSize: 100, minFrequency: Number.NaN })).toThrowError(/minFrequency/)
})

test('any texts: no token twice, never more than asked, independent of nothing but counts', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'aab bc.') }), { minLength: 1 }), (texts) => {
      fc.pre(texts.some((text) => text.trim() !== ''))
      const vocab = trainWordPiece(texts, { vocabSize: 30, minFrequency: 1 })
      expect(new Set(vocab).size).toBe(vocab.length)
      expect(vocab.length).toBeLessThanOrEqual(30)
      expect(trainWordPiece([...texts].reverse(), { vocabSize: 30, minFrequency: 1 })).toEqual(vocab)
    }),
  )
})
