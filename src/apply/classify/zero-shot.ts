/**
 * Zero-shot classification with prompts (Radford et al. 2021, survey section 2.1, equation (4) and Fig. 4) and with
 * positive and negative prompt pairs for findings that can coexist (CheXzero: Tiu et al. 2022).
 *
 *   w_g = norm( mean_p norm(f_t(prompt_p)) )                     class embedding of a group of prompts (ensemble)
 *   p(y = i | I) = exp(λ v̂·w_i) / Σ_j exp(λ v̂·w_j)              exclusive classes                           (4)
 *   p_k = σ( λ (v̂·w_k⁺ - v̂·w_k⁻) )                              one decision a finding, from its pair
 *
 * v̂ is the unit image embedding, λ = 1/τ the learned scale.
 * Differs from CheXzero: its released code leaves λ out of the pair softmax, so that all values lie near 0.5; ranks, and
 * with them AUROC, are the same. Its checkpoint ensemble and tuned thresholds are not part of this file.
 */

import type { FilledPrompts } from '../../text/index.ts'
import type { Model } from '../model.ts'
import { normalizeRows, products } from '../vectors.ts'

/** Class embeddings of a prompt set for one model. */
export interface ClassMatrix {
  prompts: FilledPrompts
  /** Unit rows, one a group: [G, D]. */
  groups: Float32Array
  /** Unit rows, one a prompt, in the order of the groups: [P, D]. */
  each: Float32Array
}

/** What one image got. */
export interface ZeroShotScore {
  /** Exclusive: probabilities that sum to 1. Pairs: one probability a finding. In the order of the names. */
  probabilities: number[]
  /** Cosine of every prompt, in the order of the groups; on request. */
  perPrompt?: { text: string; name: string; polarity: 1 | 0 | undefined; cosine: number }[]
}

/** Embeds all prompts once. Prompts that tokenise to nothing are refused by the tokenizer's policy. */
export async function classMatrix(model: Model, prompts: FilledPrompts): Promise<ClassMatrix> {
  const { joint } = model.config
  const texts = prompts.groups.flatMap((group) => group.texts)
  const each = normalizeRows(await model.embedTexts(texts), joint, (row) => `the prompt "${texts[row]}"`)
  const groups = new Float32Array(prompts.groups.length * joint)
  let from = 0
  prompts.groups.forEach(({ texts: { length } }, g) => {
    for (let p = from; p < from + length; p++) {
      for (let d = 0; d < joint; d++) groups[g * joint + d]! += each[p * joint + d]! / length
    }
    from += length
  })
  normalizeRows(groups, joint, (row) => `the class "${prompts.groups[row]?.name}"`)
  return { prompts, groups, each }
}

/** Scores of images with unit or raw embeddings [N, D]; they are normalised here. */
export function score(
  embeddings: Float32Array,
  { prompts, groups, each }: ClassMatrix,
  {
    scale,
    width,
    perPrompt = false,
    nameOf,
  }: { scale: number; width: number; perPrompt?: boolean; nameOf: (row: number) => string },
): ZeroShotScore[] {
  const images = normalizeRows(Float32Array.from(embeddings), width, nameOf)
  const count = prompts.groups.length
  const cosines = products(images, groups, width) //                                          [N, G]
  const details = perPrompt ? products(images, each, width) : undefined //                    [N, P]
  const rows = images.length / width
  return Array.from({ length: rows }, (_, n) => {
    const row = Array.from(cosines.subarray(n * count, (n + 1) * count), (s) => scale * s)
    const probabilities = prompts.kind === 'exclusive' ? softmax(row) : pairs(row)
    if (details === undefined) return { probabilities }
    const flat = prompts.groups.flatMap(({ name, polarity, texts }) => texts.map((text) => ({ text, name, polarity })))
    return {
      probabilities,
      perPrompt: flat.map((prompt, p) => ({ ...prompt, cosine: details[n * flat.length + p] as number })),
    }
  })
}

/** Equation (4). */
export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits)
  const powers = logits.map((l) => Math.exp(l - top))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map((p) => p / total)
}

/** Softmax of each (positive, negative) pair, its first part. */
function pairs(logits: readonly number[]): number[] {
  return Array.from({ length: logits.length / 2 }, (_, k) => 1 / (1 + Math.exp(logits[2 * k + 1]! - logits[2 * k]!)))
}
