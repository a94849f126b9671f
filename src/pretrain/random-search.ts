/** @file Random search over weights of an objective, as TIER finds its λ (Palepu and Beam 2023). */

import { random } from '../core/random.ts'

/** Values of one trial by name. */
export type Trial = Readonly<Record<string, number>>

/**
 * Trial `i` of a search over `names`, each uniform in 0 .. `most`; trial 0 has all at 0, which is the objective without
 * them. A pure function of its arguments: a search that goes on draws the same.
 */
export function trialAt(names: readonly string[], { seed, most }: { seed: number; most: number }, i: number): Trial {
  const stream = random(seed, 'random search', i)
  return Object.fromEntries(names.map((name) => [name, i === 0 ? 0 : stream.uniform(0, most)]))
}

/** The trial of the largest score; the first of equal ones. Scores that are not defined never win. */
export function bestTrial<Result extends { score: number | null }>(results: readonly Result[]): Result | undefined {
  return results.reduce<Result | undefined>((best, result) => {
    if (result.score === null) return best
    return best === undefined || result.score > (best.score as number) ? result : best
  }, undefined)
}
