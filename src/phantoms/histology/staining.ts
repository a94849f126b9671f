/** @file How sections are stained and scanned: two laboratories, each with its own colours. */

import type { Random } from '../../core/random.ts'
import type { Staining } from './render.ts'

export const laboratories = ['north', 'south'] as const
export type Laboratory = (typeof laboratories)[number]

/** A staining of a laboratory; `nuisance` scales how much sections differ. */
export function stainingOf(laboratory: Laboratory, nuisance: number, stream: Random): Staining {
  const n = nuisance
  const base = {
    north: { h: [1.2, 1.25, 0.55], e: [0.12, 1.0, 0.45] },
    south: { h: [0.95, 1.35, 0.85], e: [0.2, 0.95, 0.8] },
  } as const
  const vary = (colour: readonly [number, number, number], depth: number): [number, number, number] =>
    colour.map((d) => d * depth * Math.exp(stream.normal(0, 0.09) * n)) as [number, number, number]
  const { h, e } = base[laboratory]
  return {
    haematoxylin: vary(h, Math.exp(stream.normal(0, 0.14) * n)),
    eosin: vary(e, Math.exp(stream.normal(0, 0.18) * n)),
    exposure: Math.exp(stream.normal(0, 0.06) * n),
    balance: [0, 0, 0].map(() => Math.exp(stream.normal(0, 0.03) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(0, 0.08) * n),
    blur: stream.uniform(0.004, 0.011),
    noise: 0.014 * stream.uniform(0.5, 1.5),
    seed: stream.int(2 ** 31),
    ink: false,
  }
}
