import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import { loadTokenizer, saveTokenizer } from './load-tokenizer.ts'
import { clipTokenizer, wordPieceTokenizer } from './tokenizer.ts'

const merges = '#version: 0.2\nt h\nth e</w>\na n\n'
const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'lung', '##s', 'Lung', 'clear', 'é', 'e']
const text = 'The lungs THE an é'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(folder, name), content)
const putJson = (name: string, value: unknown): Promise<void> => put(name, JSON.stringify(value))

describe('folders', () => {
  test('saved and loaded again: the same ids, kind and context', async () => {
    for (const tokenizer of [
      clipTokenizer(merges, { contextLength: 33 }),
      wordPieceTokenizer(vocab, { contextLength: 44, lowercase: false }),
    ]) {
      await saveTokenizer(tokenizer, folder)
      const back = await loadTokenizer(folder)
      expect([back.kind, back.contextLength, back.padId, back.vocabSize]).toEqual([
        tokenizer.kind,
        tokenizer.contextLength,
        tokenizer.padId,
        tokenizer.vocabSize,
      ])
      expect(back.encode(text)).toEqual(tokenizer.encode(text))
      expect(back.toFiles()).toEqual(tokenizer.toFiles())
      expect((await loadTokenizer(folder, { contextLength: 5 })).encode(text)).toHaveLength(5)
    }
  })

  test('vocabulary files alone give the same ids as tokenizer.json', async () => {
    const clip = clipTokenizer(merges)
    await saveTokenizer(clip, folder)
    await rm(join(folder, 'tokenizer.json'))
    expect((await loadTokenizer(folder)).encode(text)).toEqual(clip.encode(text))
    await rm(join(folder, 'vocab.json'))
    expect((await loadTokenizer(folder)).encode(text)).toEqual(clip.encode(text))
    await rm(join(folder, 'merges.txt'))
    await put('bpe_simple_vocab_16e6.txt.gz', gzipSync(`"bpe_simple_vocab_16e6.txt${merges}`))
    expect((await loadTokenizer(folder)).encode(text)).toEqual(clip.encode(text))
  })

  test('vocab.txt is lower-cased unless tokenizer_config.json says otherwise', async () => {
    await put('vocab.txt', `${vocab.join('\r\n')}\r\n`)
    expect((await loadTokenizer(folder)).encode('Lungs é')).toEqual([2, 5, 6, 10, 3])
    expect((await loadTokenizer(folder)).contextLength).toBe(512)
    await putJson('tokenizer_config.json', { do_lower_case: false, model_max_length: 256 })
    const cased = await loadTokenizer(folder)
    expect(cased.encode('Lungs é')).toEqual([2, 7, 6, 9, 3])
    expect(cased.contextLength).toBe(256)
  })

  test('the padding token of the configuration is used; a huge model_max_length means not known', async () => {
    await saveTokenizer(clipTokenizer(merges), folder)
    await putJson('tokenizer_config.json', { pad_token: { content: '!' }, model_max_length: 1e30 })
    const clip = await loadTokenizer(folder)
    expect([clip.padId, clip.contextLength]).toEqual([0, 77])
    expect(Array.from(clip.encodeBatch(['a'], 5).ids.subarray(3))).toEqual([0, 0])
  })
})

describe('damage is one sentence that names the file', () => {
  const json = async (change: (json: Record<string, never>) => unknown): Promise<void> => {
    await saveTokenizer(wordPieceTokenizer(vocab), folder)
    await putJson('tokenizer.json', change(JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8'))))
  }
  const clipVocab = JSON.parse(clipTokenizer(merges).toFiles()['vocab.json'] ?? '') as Record<string, number>
  test.each<[string, () => Promise<void>, string, RegExp]>([
    ['nothing in the folder', async () => {}, 'FILE_MISSING', /holds no tokenizer/],
    ['tokenizer.json is not JSON', () => put('tokenizer.json', '{"model":'), 'FILE_DAMAGED', /tokenizer\.json/],
    ['tokenizer.json without a model', () => putJson('tokenizer.json', {}), 'MODEL_INVALID', /model: /],
    ['no vocabulary', () => json((j) => ({ ...j, model: { type: 'WordPiece' } })), 'MODEL_INVALID', /vocab is missing/],
    [
      'an id twice',
      () => json((j) => ({ ...j, model: { type: 'WordPiece', vocab: { a: 1, b: 1 } } })),
      'MODEL_INVALID',
      /id 1 is used twice/,
    ],
    [
      'an id that is no number',
      () => json((j) => ({ ...j, model: { type: 'WordPiece', vocab: { a: '1' } } })),
      'MODEL_INVALID',
      /not a whole number/,
    ],
    [
      'no unknown token',
      () => json((j) => ({ ...j, added_tokens: [], model: { type: 'WordPiece', unk_token: '?', vocab: { a: 0 } } })),
      'MODEL_INVALID',
      /\? has no id/,
    ],
    [
      'an unknown model',
      () => json((j) => ({ ...j, model: { type: 'Magic', vocab: { a: 0 } } })),
      'FORMAT_UNSUPPORTED',
      /type Magic/,
    ],
    [
      'merges that are no list',
      () => json((j) => ({ ...j, model: { type: 'BPE', vocab: { a: 0 }, merges: { a: 'b' } } })),
      'MODEL_INVALID',
      /its merges are not a list/,
    ],
    ['an unknown step', () => json((j) => ({ ...j, normalizer: { type: 'Magic' } })), 'FORMAT_UNSUPPORTED', /Magic/],
    [
      'special tokens that are not in the vocabulary',
      () => json((j) => ({ ...j, added_tokens: [], model: { type: 'WordPiece', unk_token: 'a', vocab: { a: 0 } } })),
      'MODEL_INVALID',
      /special tokens around a text/,
    ],
    [
      'vocab.txt with a token twice',
      () => put('vocab.txt', [...vocab, 'e'].join('\n')),
      'FILE_DAMAGED',
      /line 12 repeats/,
    ],
    ['vocab.txt of something else', () => put('vocab.txt', 'a\nb\n'), 'FILE_DAMAGED', /lacks the token \[PAD\]/],
    ['an empty vocab.txt', () => put('vocab.txt', '\n'), 'FILE_EMPTY', /no tokens/],
    [
      'merges with three columns',
      () => put('merges.txt', `${merges}a b c\n`),
      'FILE_DAMAGED',
      /line 5 is not two tokens/,
    ],
    ['no merges', () => put('merges.txt', '#version: 0.2\n'), 'FILE_EMPTY', /no merges/],
    [
      'a packed file that is not',
      () => put('bpe_simple_vocab_16e6.txt.gz', 'no'),
      'FILE_DAMAGED',
      /could not be unpacked/,
    ],
    [
      'vocab.json of another model than the merges',
      async () => {
        await putJson('vocab.json', clipVocab)
        await put('merges.txt', `${merges}q q\n`)
      },
      'FILE_DAMAGED',
      /lacks the token qq/,
    ],
    [
      "a vocab.json that is not CLIP's",
      async () => {
        await putJson('vocab.json', { '<s>': 0, th: 1, 'the</w>': 2, an: 3 })
        await put('merges.txt', merges)
      },
      'FILE_DAMAGED',
      /lacks the token <\|startoftext\|>/,
    ],
  ])('%s', async (_, prepare, code, message) => {
    await prepare()
    const error = await loadTokenizer(folder).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(VesaliusError)
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      where: expect.stringContaining(folder),
    })
  })

  test('a folder that is not there', async () => {
    await expect(loadTokenizer(join(folder, 'none'))).rejects.toMatchObject({ code: 'FILE_MISSING' })
  })
})
