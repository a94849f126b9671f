import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import { studySchema } from '../data/study.ts'
import { wordPieceTokenizer } from '../text/index.ts'
import type { SentenceChoice } from './objective.ts'
import { openTexts, textFeeds } from './texts.ts'

const words = ['the', 'left', 'right', 'lung', 'is', 'clear', 'heart', 'normal', 'no', 'nod', '##ule', '.', 'seen']
const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words], { contextLength: 24 })
const sentences = ['The left lung is clear.', 'Heart normal.', 'No nodule is seen.', 'The right lung is clear.']
const study = studySchema.parse({
  id: 's1',
  patient: 'p1',
  split: 'train',
  domain: 'chest-xray',
  images: [],
  report: { findings: sentences.slice(0, 3).join(' '), impression: sentences[3] },
})
const joint: SentenceChoice = { encode: 'joint', most: 8, leastWords: 3, order: 'stated' }
const read = (choice: SentenceChoice | undefined, seed = 0, flipped = false) =>
  openTexts({ tokenizer, mode: 'report', dropWords: [], choice })(study, random(seed), flipped)
const shape = { batch: 1, tokens: 24, sentences: 4 }
const data = (feeds: ReturnType<typeof textFeeds>, name: string): number[] => {
  const feed = feeds[name]
  if (feed === undefined || !('data' in feed)) throw new Error(`There is no feed ${name}.`)
  return Array.from(feed.data)
}

describe('sentences of a report', () => {
  it('as one text, of which each token knows its word and its sentence; short ones left out', () => {
    const { text } = read(joint)
    expect(tokenizer.decode(text.ids)).toBe('the left lung is clear. no nodule is seen. the right lung is clear.')
    expect(text.sentences).toEqual([-1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, -1])
    // The pieces of "nodule" are one word, the words of later sentences count on.
    expect(Array.from(text.words).slice(7, 14)).toEqual([6, 7, 7, 8, 9, 10, 11])
  })

  it('each as a text of its own', () => {
    const feeds = textFeeds(
      [read({ ...joint, encode: 'apart' })],
      { ...shape, tokens: 8 },
      { ...joint, encode: 'apart' },
      0,
    )
    expect(data(feeds, 'sentenceMask')).toEqual([1, 1, 1, 0])
    expect(data(feeds, 'sentenceTokenMask').slice(0, 8)).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
    expect(data(feeds, 'sentenceTokenMask').slice(24)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(feeds.ids).toBeUndefined()
  })

  it('are not real where the text was cut before them', () => {
    const long = { ...study, report: { language: 'en', findings: `${sentences[0]} `.repeat(6) } }
    const text = openTexts({ tokenizer, mode: 'report', dropWords: [], choice: joint })(long, random(0), false)
    const feeds = textFeeds([text], { ...shape, sentences: 6 }, joint, 0)
    expect(data(feeds, 'sentenceMask')).toEqual([1, 1, 1, 1, 0, 0])
    expect(data(feeds, 'sentenceIndex').slice(-3)).toEqual([3, 3, -1])
  })

  it('keep their order, or are shuffled, or swapped; the key of the report is the same in any order', () => {
    const keyOf = (order: SentenceChoice['order'], seed: number) => {
      const choice = { ...joint, leastWords: 1, order }
      const text = read(choice, seed)
      return { order: text.keys.join(), key: data(textFeeds([text], shape, choice, 0), 'textKey')[0] }
    }
    const stated = keyOf('stated', 0)
    for (const order of ['stated', 'shuffle', 'swap'] as const) {
      const seen = Array.from({ length: 40 }, (_, seed) => keyOf(order, seed))
      expect(new Set(seen.map(({ key }) => key))).toEqual(new Set([stated.key]))
      expect(new Set(seen.map((one) => one.order)).size > 1).toBe(order !== 'stated')
    }
  })

  it('never more than asked for, every one with the same chance', () => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 600; seed++) {
      const { keys } = read({ ...joint, leastWords: 1, most: 2 }, seed)
      expect(keys).toHaveLength(2)
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(counts.size).toBe(4)
    for (const count of counts.values()) expect(Math.abs(count - 300)).toBeLessThan(60)
  })

  it('swap left and right with the coin of the picture', () => {
    expect(tokenizer.decode(read(joint, 0, true).text.ids)).toBe(
      'the right lung is clear. no nodule is seen. the left lung is clear.',
    )
  })

  it('padding and room for more sentences add nothing real', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 24 }), fc.integer({ min: 3, max: 9 }), (tokens, room) => {
        const feeds = textFeeds([read(joint)], { batch: 1, tokens, sentences: room }, joint, 0)
        const real = (name: string, filler: number) => data(feeds, name).filter((v) => v !== filler)
        expect(real('mask', 0)).toHaveLength(20)
        expect(real('sentenceIndex', -1)).toHaveLength(18)
        expect(real('sentenceMask', 0)).toHaveLength(3)
      }),
    )
  })
})
