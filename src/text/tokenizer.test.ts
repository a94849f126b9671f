import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../test/peers.ts'
import { sha256 } from '../core/files.ts'
import { loadTokenizer } from './load-tokenizer.ts'
import { clipTokenizer, type Tokenizer, tokenizerFromJson, wordPieceTokenizer } from './tokenizer.ts'

const golden = new URL('../../test/golden/tokenizers/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, golden), 'utf8')
const { texts, ids } = JSON.parse(read('ids.json')) as { texts: string[]; ids: Record<string, number[][]> }
const merges = read('merges-500.txt')
const bertVocab = Object.entries(
  (JSON.parse(read('bert-small/tokenizer.json')) as { model: { vocab: Record<string, number> } }).model.vocab,
)
  .sort(([, a], [, b]) => a - b)
  .map(([token]) => token)
const clipBpe = sharedData('clip-bpe')

/** One text at a time, so that a difference names its text. */
function expectIds(tokenizer: Tokenizer, key: string): void {
  for (const [i, text] of texts.entries())
    expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids: ids[key]?.[i] })
}

test('the mark of a metaspace step is text, not a pattern', () => {
  const model = { type: 'Unigram', unk_id: 0, vocab: [['?', 0], ['[a-b', -1], ['[a-', -2], ['b', -3]] } // biome-ignore format: one line
  const json = {
    model,
    added_tokens: [],
    pre_tokenizer: { type: 'Metaspace', replacement: '[a-', prepend_scheme: 'always' },
  }
  const tokenizer = tokenizerFromJson(JSON.parse(JSON.stringify(json)), {}, 'tokenizer.json', { contextLength: 8 })
  expect(tokenizer.encode('b')).toEqual([1])
})

describe('ids equal to Python tokenizers', () => {
  test('CLIP with 500 merges, 77 and 16 tokens', () => {
    expectIds(clipTokenizer(merges), 'clip-small')
    expectIds(clipTokenizer(merges, { contextLength: 16 }), 'clip-small-16')
  })

  test('BERT lower-cased, 128 and 16 tokens, and cased', () => {
    expectIds(wordPieceTokenizer(bertVocab, { contextLength: 128 }), 'bert-small')
    expectIds(wordPieceTokenizer(bertVocab, { contextLength: 16 }), 'bert-small-16')
    const cased = read('vocab-cased.txt').trimEnd().split('\n')
    expectIds(wordPieceTokenizer(cased, { contextLength: 128, lowercase: false }), 'bert-cased')
  })

  test('folders saved by transformers', async () => {
    const clip = await loadTokenizer(new URL('clip-small', golden).pathname)
    const bert = await loadTokenizer(new URL('bert-small', golden).pathname)
    expect([clip.kind, clip.contextLength, clip.vocabSize, clip.bosId, clip.eosId, clip.padId, clip.maskId]).toEqual([
      'clip-bpe',
      77,
      1014,
      1012,
      1013,
      1013,
      undefined,
    ])
    expect([bert.kind, bert.contextLength, bert.bosId, bert.eosId, bert.padId, bert.unkId, bert.maskId]).toEqual([
      'wordpiece',
      128,
      2,
      3,
      0,
      1,
      4,
    ])
    expectIds(clip, 'clip-small')
    expectIds(bert, 'bert-small')
  })

  describe.skipIf(clipBpe === undefined)("CLIP's own vocabulary (needs ../shared/data/clip-bpe)", () => {
    test('49,408 ids, loaded with under one second of work, equal on every text', async () => {
      const start = process.cpuUsage()
      const clip = await loadTokenizer(clipBpe ?? '')
      // Work done, not time passed: other tests share the machine.
      expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1)
      expect([clip.vocabSize, clip.bosId, clip.eosId, clip.padId]).toEqual([49408, 49406, 49407, 49407])
      expect(clip.encode('a photo of a cat')).toEqual([49406, 320, 1125, 539, 320, 2368, 49407])
      expectIds(clip, 'clip')
    })
  })
})

describe('files', () => {
  test('tokenizer.json is the one transformers writes', () => {
    const of = (tokenizer: Tokenizer): unknown => JSON.parse(tokenizer.toFiles()['tokenizer.json'] ?? '')
    expect(of(clipTokenizer(merges))).toEqual(JSON.parse(read('clip-small/tokenizer.json')))
    expect(of(wordPieceTokenizer(bertVocab))).toEqual(JSON.parse(read('bert-small/tokenizer.json')))
  })

  test('are byte for byte those that Python was seen to load with equal ids', () => {
    const { files } = JSON.parse(read('vesalius.json')) as { files: Record<string, string> }
    const ours = {
      'clip-small': clipTokenizer(merges).toFiles(),
      'bert-small': wordPieceTokenizer(bertVocab, { contextLength: 128 }).toFiles(),
    }
    const hashes = Object.entries(ours).flatMap(([folder, made]) =>
      Object.entries(made).map(([name, content]) => [`${folder}/${name}`, sha256(content)]),
    )
    expect(Object.fromEntries(hashes)).toEqual(files)
  })
})

describe('batches', () => {
  const clip = clipTokenizer(merges, { contextLength: 12 })
  const bert = wordPieceTokenizer(bertVocab, { contextLength: 12 })

  test('pad with the padding id, tell it apart by the mask, keep the end token, name empty and cut rows', () => {
    const long = 'the lungs are clear and the heart is normal in size and shape'
    const batch = clip.encodeBatch(['', 'of the', long], 6)
    const rows = [0, 1, 2].map((row) => Array.from(batch.ids.subarray(row * 6, row * 6 + 6)))
    expect(rows[0]).toEqual([1012, 1013, 1013, 1013, 1013, 1013])
    expect(rows[2]).toEqual([...clip.encode(long).slice(0, 5), 1013])
    expect(Array.from(batch.mask)).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1])
    expect([batch.length, batch.empty, batch.truncated]).toEqual([6, [0], [2]])
    expect(bert.encodeBatch(['no']).ids).toHaveLength(12)
    expect(bert.encodeBatch(['no']).ids.at(-1)).toBe(0)
    expect(clip.encodeBatch([]).ids).toHaveLength(0)
  })

  test('refuse a length that holds no text or is longer than the model', () => {
    for (const length of [2, 0, -1, 2.5, 13, Number.NaN]) {
      expect(() => clip.encodeBatch(['a'], length)).toThrowError(/text length/)
    }
    expect(() => clipTokenizer(merges, { contextLength: 2 })).toThrowError(/text length of 2/)
  })

  test('word indices join sub-words and leave special tokens out', () => {
    const of = (t: Tokenizer, text: string): [string, number][] => {
      const tokens = t.tokens(text)
      return Array.from(t.wordIds(t.encode(text)), (word, i) => [tokens[i] ?? '', word])
    }
    expect(of(bert, 'no Pneumothoraxes ☃.')).toEqual([
      ['[CLS]', -1],
      ['no', 0],
      ['pneumothorax', 1],
      ['##e', 1],
      ['##s', 1],
      ['[UNK]', 2],
      ['.', 3],
      ['[SEP]', -1],
    ])
    const words = of(clip, 'of lungs.')
    expect(words[0]).toEqual(['<|startoftext|>', -1])
    expect(words.at(-1)).toEqual(['<|endoftext|>', -1])
    expect(
      words
        .slice(1, -1)
        .map(([token]) => token)
        .join(''),
    ).toBe('of</w>lungs</w>.</w>')
    for (const [i, [token]] of words.slice(1, -2).entries()) {
      expect((words[i + 2]?.[1] ?? 0) - (words[i + 1]?.[1] ?? 0)).toBe(token.endsWith('</w>') ? 1 : 0)
    }
  })

  test('decode gives the text back', () => {
    expect(bert.decode(bert.encode('No nodule'))).toBe('no nodule')
    expect(clip.decode(clip.encode('The LUNGS are'))).toBe('the lungs are')
    expect(clip.decode([])).toBe('')
  })
})

describe('any string', () => {
  for (const tokenizer of [
    clipTokenizer(merges, { contextLength: 20 }),
    wordPieceTokenizer(bertVocab, { contextLength: 20 }),
    wordPieceTokenizer(bertVocab, { contextLength: 20, lowercase: false }),
  ]) {
    test(`${tokenizer.kind}: ids in range, at most the context, start first, end last, tokens one for one`, () => {
      const strings = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(...texts),
      )
      fc.assert(
        fc.property(strings, fc.integer({ min: 0, max: 0xffff }), (text, unit) => {
          const odd = text + String.fromCharCode(unit)
          const out = tokenizer.encode(odd)
          expect(out.length).toBeLessThanOrEqual(20)
          expect(out.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)).toBe(true)
          expect([out[0], out.at(-1)]).toEqual([tokenizer.bosId, tokenizer.eosId])
          expect(tokenizer.tokens(odd)).toHaveLength(out.length)
        }),
        { numRuns: 300 },
      )
    })
  }

  test('words of a vocabulary that collide with object properties', () => {
    const odd = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '__proto__', 'constructor', '_', 'toString'], {
      lowercase: false,
    })
    expect(odd.encode('constructor toString hasOwnProperty')).toEqual([2, 5, 7, 1, 3])
    expect(odd.vocabSize).toBe(8)
  })
})
