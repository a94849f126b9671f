/** @file Byte-pair encoding: the pair merged first in training is merged first, the leftmost among equals. */

import { VesaliusError } from '../../core/errors.ts'
import { byteFallback, type Model } from './models.ts'

/** A pair of ids as one number: both stay below 2^24. */
const pairBase = 2 ** 24

interface Merge {
  rank: number
  id: number
}

function readMerges(
  model: Record<string, unknown>,
  idOf: ReadonlyMap<string, number>,
  where: string,
): Map<number, Merge> {
  const merges = new Map<number, Merge>()
  const list = model.merges ?? []
  if (!Array.isArray(list)) {
    throw new VesaliusError('MODEL_INVALID', `${where} is damaged: its merges are not a list.`, { where })
  }
  const prefix = typeof model.continuing_subword_prefix === 'string' ? model.continuing_subword_prefix : ''
  for (const [rank, entry] of list.entries()) {
    const pair: unknown[] = typeof entry === 'string' ? entry.split(' ') : Array.isArray(entry) ? entry : []
    const [left, right] = pair
    if (pair.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      throw new VesaliusError('MODEL_INVALID', `${where} is damaged: merge ${rank + 1} is not two tokens.`, { where })
    }
    const a = idOf.get(left)
    const b = idOf.get(right)
    const id = idOf.get(left + right.slice(prefix.length))
    if (a === undefined || b === undefined || id === undefined) {
      throw new VesaliusError('MODEL_INVALID', `${where} is damaged: merge ${rank + 1} is of tokens without an id.`, {
        where,
        hint: 'The merges belong to another vocabulary.',
      })
    }
    const key = a * pairBase + b
    if (!merges.has(key)) merges.set(key, { rank, id })
  }
  return merges
}

/** Merges of a short word: look for the best pair, merge it, look again. Shortens `ids` in place. */
function mergeShort(ids: number[], merges: ReadonlyMap<number, Merge>): void {
  while (ids.length > 1) {
    let best: Merge | undefined
    let at = 0
    for (let i = 0; i + 1 < ids.length; i++) {
      const merge = merges.get(ids[i]! * pairBase + ids[i + 1]!)
      if (merge !== undefined && (best === undefined || merge.rank < best.rank)) {
        best = merge
        at = i
      }
    }
    if (best === undefined) return
    ids[at] = best.id
    ids.splice(at + 1, 1)
  }
}

/** A heap of candidate merges, the lowest rank first, then the leftmost. */
class Candidates {
  private readonly items: { rank: number; at: number; id: number; pair: number }[] = []

  get size(): number {
    return this.items.length
  }

  push(item: { rank: number; at: number; id: number; pair: number }): void {
    const { items } = this
    let i = items.push(item) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!this.before(item, items[up]!)) break
      items[i] = items[up]!
      i = up
    }
    items[i] = item
  }

  pop(): { rank: number; at: number; id: number; pair: number } {
    const { items } = this
    const top = items[0]!
    const last = items.pop()!
    if (items.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.before(items[child + 1]!, items[child]!)) child++
      if (!this.before(items[child]!, last)) break
      items[i] = items[child]!
      i = child
    }
    items[i] = last
    return top
  }

  private before(a: { rank: number; at: number }, b: { rank: number; at: number }): boolean {
    return a.rank < b.rank || (a.rank === b.rank && a.at < b.at)
  }
}

/** Merges of a long word in n log n: a heap of candidates over a linked list. */
function mergeLong(ids: readonly number[], merges: ReadonlyMap<number, Merge>): number[] {
  const count = ids.length
  const symbol = Float64Array.from(ids)
  const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1))
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1)
  const gone = new Uint8Array(count)
  const candidates = new Candidates()
  const offer = (at: number): void => {
    const right = next[at]!
    if (right < 0) return
    const pair = symbol[at]! * pairBase + symbol[right]!
    const merge = merges.get(pair)
    if (merge !== undefined) candidates.push({ rank: merge.rank, at, id: merge.id, pair })
  }
  for (let i = 0; i + 1 < count; i++) offer(i)
  while (candidates.size > 0) {
    const { at, id, pair } = candidates.pop()
    const right = next[at]!
    // A neighbour was merged meanwhile.
    if (gone[at] === 1 || right < 0 || symbol[at]! * pairBase + symbol[right]! !== pair) continue
    symbol[at] = id
    gone[right] = 1
    const after = next[right]!
    next[at] = after
    if (after >= 0) previous[after] = at
    if (previous[at]! >= 0) offer(previous[at]!)
    offer(at)
  }
  const out: number[] = []
  for (let i = 0; i >= 0 && i < count; i = next[i]!) out.push(symbol[i]!)
  return out
}

const shortest = 48

/** The model of a file. Throws MODEL_INVALID for merges that are no pairs of tokens. */
export function bpe(model: Record<string, unknown>, idOf: ReadonlyMap<string, number>, where: string): Model {
  const merges = readMerges(model, idOf, where)
  const prefix = typeof model.continuing_subword_prefix === 'string' ? model.continuing_subword_prefix : ''
  const suffix = typeof model.end_of_word_suffix === 'string' ? model.end_of_word_suffix : ''
  const unknown = typeof model.unk_token === 'string' ? idOf.get(model.unk_token) : undefined
  const fallback = model.byte_fallback === true
  const fuse = model.fuse_unk === true
  const whole = model.ignore_merges === true
  return (word, out) => {
    const known = whole ? idOf.get(word) : undefined
    if (known !== undefined) {
      out.push(known)
      return
    }
    const ids: number[] = []
    let lost = false
    for (let i = 0; i < word.length; ) {
      const size = word.codePointAt(i)! > 0xffff ? 2 : 1
      const letter = word.slice(i, i + size)
      const first = i === 0
      i += size
      const id = idOf.get((first ? '' : prefix) + letter + (i === word.length ? suffix : ''))
      const bytes = id === undefined && fallback ? byteFallback(letter, idOf) : undefined
      if (id !== undefined) ids.push(id)
      else if (bytes !== undefined) ids.push(...bytes)
      else if (unknown !== undefined && !(fuse && lost)) ids.push(unknown)
      lost = id === undefined && bytes === undefined
    }
    if (ids.length <= shortest) mergeShort(ids, merges)
    for (const id of ids.length <= shortest ? ids : mergeLong(ids, merges)) out.push(id)
  }
}
