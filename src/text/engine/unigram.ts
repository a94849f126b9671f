/**
 * @file Unigram (Kudo, ACL 2018): the most probable way to spell a piece, found by Viterbi over a trie of tokens. Repeated
 * letters ("lll") have spellings of equal probability: which one is taken depends on how sums are rounded, so both known
 * arithmetics are here, that of Rust's tokenizers and that of the library SentencePiece.
 */

import { VesaliusError } from '../../core/errors.ts'
import { byteFallback, type Model } from './models.ts'

interface Node {
  next: Map<number, Node>
  id: number
}

/** An unknown letter costs this much more than the least probable token (SentencePiece's kUnkPenalty). */
const unknownPenalty = 10

function readScores(model: Record<string, unknown>, where: string): [string, number][] {
  const vocab = Array.isArray(model.vocab) ? (model.vocab as unknown[]) : []
  return vocab.map((entry, i) => {
    const [token, score] = Array.isArray(entry) ? (entry as unknown[]) : []
    if (typeof token !== 'string' || typeof score !== 'number' || !Number.isFinite(score)) {
      throw new VesaliusError('MODEL_INVALID', `${where} is damaged: entry ${i + 1} is not a token and its score.`, {
        where,
      })
    }
    return [token, score]
  })
}

/** What the library SentencePiece does otherwise, as `transformers` calls it for SigLIP. */
export interface NativeUnigram {
  /** Set before every text, and its tokens taken away again: the sums of the text go on from there. */
  lead: string
  /** Control tokens, which no text spells. */
  reserved: ReadonlySet<string>
}

/**
 * Sums of one path, rounded before they are compared: SentencePiece 0.2.3 (unigram_model.cc, EncodeOptimized) uses single
 * precision, Rust's tokenizers double.
 */
const single = (x: number): number => Math.fround(x)
const double = (x: number): number => x

/** The model of a file; `native` asks for SentencePiece's own arithmetic. Throws MODEL_INVALID for a vocabulary without scores or an unknown token outside it. */
export function unigram(
  model: Record<string, unknown>,
  idOf: ReadonlyMap<string, number>,
  where: string,
  native?: NativeUnigram,
): Model {
  const scored = readScores(model, where)
  const unknown = typeof model.unk_id === 'number' ? model.unk_id : undefined
  if (unknown !== undefined && scored[unknown] === undefined) {
    throw new VesaliusError('MODEL_INVALID', `${where} is damaged: its unknown token ${unknown} is not there.`, {
      where,
    })
  }
  const fallback = model.byte_fallback === true
  const root: Node = { next: new Map(), id: -1 }
  let least = 0
  for (const [id, [token, score]] of scored.entries()) {
    least = Math.min(least, score)
    if (native?.reserved.has(token)) continue
    let node = root
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i)
      let next = node.next.get(unit)
      if (next === undefined) {
        next = { next: new Map(), id: -1 }
        node.next.set(unit, next)
      }
      node = next
    }
    node.id = id
  }
  const round = native === undefined ? double : single
  const scores = Float64Array.from(scored, ([, score]) => round(score))
  const unknownScore = round(least - unknownPenalty)

  const spell: Model = (piece, out) => {
    const length = piece.length
    // Best way to each position: its score, where its last token began, and that token (-1: unknown).
    const best = new Float64Array(length + 1)
    const from = new Int32Array(length + 1).fill(-1)
    const token = new Int32Array(length + 1)
    for (let start = 0; start < length; ) {
      const size = piece.codePointAt(start)! > 0xffff ? 2 : 1
      let single = false
      let node: Node | undefined = root
      for (let end = start; end < length; ) {
        node = node.next.get(piece.charCodeAt(end++))
        if (node === undefined) break
        if (node.id < 0) continue
        const score = round(best[start]! + scores[node.id]!)
        if (from[end] === -1 || score > best[end]!) {
          best[end] = score
          from[end] = start
          token[end] = node.id
        }
        if (end === start + size) single = true
      }
      const end = start + size
      if (!single) {
        const score = round(best[start]! + unknownScore)
        if (from[end] === -1 || score > best[end]!) {
          best[end] = score
          from[end] = start
          token[end] = -1
        }
      }
      start = end
    }
    const found: { id: number; start: number; end: number }[] = []
    for (let end = length; end > 0; ) {
      const start = from[end]!
      const id = token[end]!
      const before = found.at(-1)
      // Neighbouring unknown letters are one token.
      if (id < 0 && before !== undefined && before.id < 0) before.start = start
      else found.push({ id, start, end })
      end = start
    }
    for (const { id, start, end } of found.reverse()) {
      if (id >= 0) {
        out.push(id)
        continue
      }
      const bytes = fallback ? byteFallback(piece.slice(start, end), idOf) : undefined
      if (bytes !== undefined) out.push(...bytes)
      else if (unknown !== undefined) out.push(unknown)
    }
  }
  if (native === undefined) return spell
  const { lead } = native
  const ofLead: number[] = []
  spell(lead, ofLead)
  return (text, out) => {
    const ids: number[] = []
    spell(lead + text, ids)
    for (let i = ofLead.length; i < ids.length; i++) out.push(ids[i]!)
  }
}
