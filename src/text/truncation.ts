/** @file How many texts a tokenizer cuts: what a context length costs on someone's own reports. */

import type { Tokenizer } from './tokenizer.ts'

/** Lengths in tokens, special tokens included. */
export interface Truncation {
  texts: number
  /** Texts longer than the context: they lose their tail, the end token stays. */
  cut: number
  /** cut / texts, 0 to 1; 0 when there is no text. */
  rate: number
  /** Tokens of all texts that are lost, as a share of all tokens. */
  lost: number
  contextLength: number
  /** Median, 95th percentile and longest. */
  median: number
  p95: number
  longest: number
}

/** Counts over texts as they would be given to the model. */
export function truncationOf(texts: readonly string[], tokenizer: Tokenizer): Truncation {
  const lengths = texts.map((text) => tokenizer.lengthOf(text)).sort((a, b) => a - b)
  const at = (share: number): number => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0
  const { contextLength } = tokenizer
  const all = lengths.reduce((sum, length) => sum + length, 0)
  const lost = lengths.reduce((sum, length) => sum + Math.max(0, length - contextLength), 0)
  const cut = lengths.filter((length) => length > contextLength).length
  return {
    texts: lengths.length,
    cut,
    rate: lengths.length === 0 ? 0 : cut / lengths.length,
    lost: all === 0 ? 0 : lost / all,
    contextLength,
    median: at(0.5),
    p95: at(0.95),
    longest: lengths.at(-1) ?? 0,
  }
}

/** "38.9 % of 3,955 texts are longer than 77 tokens (median 67, 95 % up to 145, longest 412); 11.2 % of all tokens are cut." */
export function describeTruncation({ texts, rate, lost, contextLength, median, p95, longest }: Truncation): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return `${percent(rate)} of ${texts.toLocaleString('en-US')} texts are longer than ${contextLength} tokens (median ${median}, 95 % up to ${p95}, longest ${longest}); ${percent(lost)} of all tokens are cut.`
}
