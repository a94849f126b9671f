/**
 * @file Random values that a graph takes as inputs. Counter-based: a value is a pure function of (seed, step, name) and
 * of its place, so that gradient caching, recomputation, resume and every backend see the same numbers, and so that a
 * chunk of a batch can draw its own rows alone.
 */

import { VesaliusError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import { type Shape, sizeOf } from './tensor.ts'

/** What a random leaf holds. */
export type Distribution =
  /** float32 in [0, 1). */
  | { kind: 'uniform' }
  /** float32, mean 0 and standard deviation 1. */
  | { kind: 'normal' }
  /** float32: 1 with probability `keep`, else 0. */
  | { kind: 'bernoulli'; keep: number }
  /** float32, -log(-log(uniform)): the noise by which an argMax of logits becomes a draw from their softmax. */
  | { kind: 'gumbel' }
  /** int32: along the last axis (length k) k different numbers of 0 .. of-1 in random order; k = `of` is a permutation. */
  | { kind: 'choice'; of: number }

/** What a draw is a function of. */
export interface DrawKey {
  seed: number
  step: number
  /** Full name of the leaf. */
  name: string
  /**
   * Place, on the leading axis of the whole batch, of the first row drawn here (0 if absent): a chunk of the batch, or a
   * rank's part of it, gets the numbers that the whole batch would have had there.
   */
  row?: number
}

/** 2^-24 and 2^-32: the spacing of 24-bit and 32-bit fractions. */
const [perMantissa, perWord] = [2 ** -24, 2 ** -32]

/** One 32-bit word for a counter: two rounds of an integer hash (Wellons' lowbias32), each with its own half of the key. */
function word(counter: number, key0: number, key1: number): number {
  let h = counter ^ key0
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  h = (h ^ (h >>> 16)) + key1
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * The values of a random leaf in row-major order: int32 for a choice, float32 otherwise. The shape is that of the rows
 * drawn here.
 */
export function drawRandom(key: DrawKey, distribution: Distribution, shape: Shape): Float32Array | Int32Array {
  const { seed, step, name, row = 0 } = key
  checkDistribution(name, distribution, shape)
  const stream = random('random leaf', seed, step, name)
  const [key0, key1] = [stream.int(2 ** 32) | 0, stream.int(2 ** 32) | 0]
  const first = row * sizeOf(shape.slice(1))
  if (distribution.kind === 'choice') return choices(key0, key1, first, distribution.of, shape)
  const out = new Float32Array(sizeOf(shape))
  switch (distribution.kind) {
    case 'uniform':
      for (let i = 0; i < out.length; i++) out[i] = (word(first + i, key0, key1) >>> 8) * perMantissa
      break
    case 'bernoulli': {
      const limit = distribution.keep * 2 ** 32
      for (let i = 0; i < out.length; i++) out[i] = word(first + i, key0, key1) < limit ? 1 : 0
      break
    }
    case 'gumbel':
      for (let i = 0; i < out.length; i++) out[i] = -Math.log(-Math.log((word(first + i, key0, key1) + 0.5) * perWord))
      break
    case 'normal':
      normals(out, first, key0, key1)
  }
  return out
}

/** Box-Muller: counters 2j and 2j+1 make values 2j and 2j+1. */
function normals(out: Float32Array, first: number, key0: number, key1: number): void {
  let i = first % 2 === 0 ? 0 : -1
  for (; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((word(first + i, key0, key1) + 0.5) * perWord))
    const angle = 2 * Math.PI * perWord * word(first + i + 1, key0, key1)
    if (i >= 0) out[i] = radius * Math.cos(angle)
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle)
  }
}

/** The first k of a Fisher-Yates shuffle of 0 .. n-1, row by row. */
function choices(key0: number, key1: number, first: number, n: number, shape: Shape): Int32Array {
  const k = shape.at(-1) as number
  const out = new Int32Array(sizeOf(shape))
  const deck = Int32Array.from({ length: n }, (_, i) => i)
  const swaps = new Int32Array(k)
  for (let start = 0; start < out.length; start += k) {
    for (let i = 0; i < k; i++) {
      const j = i + Math.floor(word(first + start + i, key0, key1) * perWord * (n - i))
      const taken = deck[j] as number
      deck[j] = deck[i] as number
      deck[i] = taken
      swaps[i] = j
      out[start + i] = taken
    }
    // Undone, so that every row starts from the same deck and depends on nothing but its own place.
    for (let i = k - 1; i >= 0; i--) {
      const j = swaps[i] as number
      const held = deck[j] as number
      deck[j] = deck[i] as number
      deck[i] = held
    }
  }
  return out
}

/** Says so, with the leaf's name, if the distribution cannot be drawn in this shape. */
export function checkDistribution(name: string, distribution: Distribution, shape: Shape): void {
  const wrong = (problem: string): never => {
    throw new VesaliusError('SHAPE_MISMATCH', `random: "${name}" ${problem} (shape [${shape.join(', ')}]).`)
  }
  if (distribution.kind === 'bernoulli' && !(distribution.keep >= 0 && distribution.keep <= 1))
    wrong(`keeps with probability ${distribution.keep}, which is not in 0..1`)
  if (distribution.kind !== 'choice') return
  const k = shape.at(-1)
  if (k === undefined) wrong('chooses, and needs an axis to lay the choices along')
  else if (!Number.isInteger(distribution.of) || k > distribution.of)
    wrong(`chooses ${k} different numbers along its last axis out of ${distribution.of}`)
}
