import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { beamSearch, type NextWord } from './beam-search.ts'

/** A language of 5 words (0 start, 4 end): the scores of the next word depend on the last two and the item. */
function language(seed: number): NextWord {
  return async (prefixes, items) =>
    Float32Array.from(
      prefixes.flatMap((tokens, i) => {
        const stream = random('language', seed, items[i]!, tokens.at(-1)!, tokens.at(-2) ?? 9)
        return Array.from({ length: 5 }, () => stream.normal(0, 2))
      }),
    )
}

/** The best of all texts, by looking at each. */
async function exhaustive(next: NextWord, item: number, longest: number): Promise<number[]> {
  let best = { score: Number.NEGATIVE_INFINITY, tokens: [] as number[] }
  const grow = async (tokens: number[], sum: number): Promise<void> => {
    if (tokens.at(-1) === 4 || tokens.length === longest) {
      const score = sum / (tokens.length - 1)
      if (score > best.score) best = { score, tokens }
      return
    }
    const scores = Array.from(await next([tokens], [item]))
    scores[0] = Number.NEGATIVE_INFINITY
    const total = Math.log(scores.reduce((all, value) => all + Math.exp(value), 0))
    for (let token = 1; token < 5; token++) await grow([...tokens, token], sum + scores[token]! - total)
  }
  await grow([0], 0)
  return best.tokens.slice(1).filter((token) => token !== 4)
}

const options = { start: 0, end: 4, longest: 5, never: [0] }

describe('beam search', () => {
  it('with as many beams as there are texts finds the best of all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const next = language(seed)
        const found = await beamSearch(2, next, { ...options, beams: 500 })
        expect(found).toEqual([await exhaustive(next, 0, 5), await exhaustive(next, 1, 5)])
      }),
      { numRuns: 20 },
    )
  })

  it('with one beam takes the likeliest word each time, and stops at the end or at the longest', async () => {
    const table = [
      [9, 0, 5, 0, 1],
      [0, 0, 0, 0, 9],
      [0, 3, 0, 2, 1],
      [0, 0, 0, 0, 9],
    ]
    const next: NextWord = async (prefixes) => Float32Array.from(prefixes.flatMap((tokens) => table[tokens.at(-1)!]!))
    expect(await beamSearch(1, next, { ...options, beams: 1 })).toEqual([[2, 1]])
    expect(await beamSearch(1, next, { ...options, beams: 1, longest: 2 })).toEqual([[2]])
    expect(await beamSearch(0, next, { ...options, beams: 1 })).toEqual([])
  })
})
