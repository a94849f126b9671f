/** @file Prompts as token ids, with the rows of each class, ready for a text tower. */

import { VesaliusError } from '../core/errors.ts'
import type { FilledPrompts } from './prompts.ts'
import type { TokenBatch, Tokenizer } from './tokenizer.ts'

export interface PromptTokens extends TokenBatch {
  /** For each group of the filled prompts the rows [from, to) of the batch. */
  rows: { from: number; to: number }[]
}

/**
 * Tokenizes all prompts of a set, group after group, `[N, length]`. Throws CONFIG_INVALID for a prompt without any token;
 * for one longer than the context unless `policy` is 'truncate' (the end token is kept, `truncated` names the rows); and for
 * two groups that must differ (a finding's two sides, two classes) but are the same tokens, whose score would say nothing.
 */
export function tokenizePrompts(
  prompts: FilledPrompts,
  tokenizer: Tokenizer,
  options: { policy?: 'error' | 'truncate'; length?: number } = {},
): PromptTokens {
  const rows: { from: number; to: number }[] = []
  let count = 0
  for (const { texts } of prompts.groups) {
    rows.push({ from: count, to: count + texts.length })
    count += texts.length
  }
  const texts = prompts.groups.flatMap((group) => group.texts)
  const batch = tokenizer.encodeBatch(texts, options.length)
  const nameOf = (row: number): string => prompts.groups[rows.findIndex(({ to }) => row < to)]?.name ?? ''
  const [empty] = batch.empty
  if (empty !== undefined) {
    throw new VesaliusError('CONFIG_INVALID', `The prompt "${texts[empty]}" of ${nameOf(empty)} holds no token.`, {
      where: prompts.key,
    })
  }
  const [long] = batch.truncated
  if (long !== undefined && options.policy !== 'truncate') {
    throw new VesaliusError(
      'CONFIG_INVALID',
      `A prompt of ${nameOf(long)} is longer than the model's ${batch.length} tokens: "${texts[long]}".`,
      { where: prompts.key, hint: 'Shorten it, or allow truncation.' },
    )
  }
  const content = ({ from, to }: { from: number; to: number }): string =>
    Array.from({ length: to - from }, (_, i) =>
      batch.ids.subarray((from + i) * batch.length, (from + i + 1) * batch.length).join(' '),
    )
      .sort()
      .join('\n')
  const seen = new Map<string, string>()
  for (const [g, group] of prompts.groups.entries()) {
    // Two findings may share a sentence ("the lungs are clear"); the two sides of one, and exclusive classes, may not.
    if (group.polarity === 1) seen.clear()
    const range = rows[g]
    if (range === undefined) continue
    const key = content(range)
    const other = seen.get(key)
    if (other !== undefined) {
      const who = other === group.name ? `The two sides of ${other}` : `${other} and ${group.name}`
      throw new VesaliusError(
        'CONFIG_INVALID',
        `${who} are the same tokens to this model, so its scores say nothing.`,
        {
          where: prompts.key,
          hint: 'Word them differently; words outside the vocabulary are all alike.',
        },
      )
    }
    seen.set(key, group.name)
  }
  return { ...batch, rows }
}
