/** @file The likeliest texts of a model that tells them word by word: beam search, which with one beam is greedy. */

/** Scores of the next word (any real numbers, softmax gives probabilities) for several texts so far, one row [V] each. */
export type NextWord = (prefixes: readonly (readonly number[])[], items: readonly number[]) => Promise<Float32Array>

export interface BeamOptions {
  /** Texts kept an item; 1 is greedy. */
  beams: number
  /** Token that every text begins with. */
  start: number
  /** Token that ends a text. */
  end: number
  /** Longest text, first and last token counted. */
  longest: number
  /** Tokens that are never said. */
  never?: readonly number[]
}

interface Beam {
  tokens: number[]
  /** Sum of log probabilities. */
  score: number
  done: boolean
}

/**
 * One text an item, without its first and last token. Texts are ranked by log probability a token (Wu et al. 2016 with an
 * exponent of 1), so that short ones have no advantage. Ties go to the lower token.
 * @param items number of items; `next` is told which item each prefix belongs to
 */
export async function beamSearch(items: number, next: NextWord, options: BeamOptions): Promise<number[][]> {
  const { beams, start, end, longest, never = [] } = options
  let open: Beam[][] = Array.from({ length: items }, () => [{ tokens: [start], score: 0, done: false }])
  for (let length = 1; length < longest; length++) {
    const rows = open.flatMap((list, item) => list.flatMap((beam) => (beam.done ? [] : [{ beam, item }])))
    if (rows.length === 0) break
    const scores = await next(
      rows.map(({ beam }) => beam.tokens),
      rows.map(({ item }) => item),
    )
    const width = scores.length / rows.length
    const grown: Beam[][] = open.map((list) => list.filter(({ done }) => done))
    rows.forEach(({ beam, item }, r) => {
      const logs = logProbabilities(scores.subarray(r * width, (r + 1) * width), never)
      for (const token of best(logs, beams)) {
        const one = { tokens: [...beam.tokens, token], score: beam.score + logs[token]!, done: token === end }
        grown[item]!.push(one)
      }
    })
    open = grown.map((list) => list.sort((a, b) => rated(b) - rated(a)).slice(0, beams))
  }
  return open.map((list) => list[0]!.tokens.slice(1).filter((token) => token !== end))
}

const rated = ({ tokens, score }: Beam): number => score / (tokens.length - 1)

function logProbabilities(scores: Float32Array, never: readonly number[]): Float64Array {
  const logs = Float64Array.from(scores)
  for (const token of never) logs[token] = Number.NEGATIVE_INFINITY
  const top = logs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const total = logs.reduce((sum, value) => sum + Math.exp(value - top), 0)
  return logs.map((value) => value - top - Math.log(total))
}

/** Places of the largest values, largest first. */
function best(values: Float64Array, count: number): number[] {
  const found: number[] = []
  for (let i = 0; i < values.length; i++) {
    const last = found.at(-1)
    if (found.length === count && values[i]! <= values[last!]!) continue
    const at = found.findIndex((one) => values[i]! > values[one]!)
    found.splice(at < 0 ? found.length : at, 0, i)
    if (found.length > count) found.pop()
  }
  return found
}
