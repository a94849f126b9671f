/** @file Schedules against torch's and transformers'. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scheduleFactor, scheduleSchema } from './schedules.ts'

const golden = JSON.parse(readFileSync(new URL('../../test/golden/schedules.json', import.meta.url), 'utf8')) as Record<
  'cosine' | 'polynomial' | 'step' | 'oneCycle' | 'linear' | 'inverseSqrt',
  number[]
>

function follows(config: unknown, wanted: readonly number[], total = wanted.length, from = 0): void {
  const schedule = scheduleSchema.parse(config)
  wanted.forEach((factor, t) => {
    if (t >= from) expect(scheduleFactor(schedule, t, total), `step ${t}`).toBeCloseTo(factor, 12)
  })
}

describe('equals', () => {
  it("torch's cosine annealing, polynomial, steps and one cycle", () => {
    follows({ kind: 'cosine', warmup: 0, floor: 0.05 }, golden.cosine)
    follows({ kind: 'polynomial', warmup: 0, floor: 0, power: 3 }, golden.polynomial)
    follows({ kind: 'step', at: [0.5, 0.75], factor: 0.3 }, golden.step)
    follows({ kind: 'one-cycle' }, golden.oneCycle, golden.oneCycle.length + 1)
  })

  it("transformers' linear and inverse square root after warm-up, which ours ends a step earlier", () => {
    follows({ kind: 'linear', warmup: 8, floor: 0 }, golden.linear, 40, 8)
    follows({ kind: 'linear', warmup: 0.2, floor: 0 }, golden.linear, 40, 8)
    follows({ kind: 'inverse-sqrt', warmup: 8 }, golden.inverseSqrt.slice(1), 40, 7)
  })
})

describe('every schedule', () => {
  const kinds = ['constant', 'cosine', 'linear', 'polynomial', 'step', 'one-cycle', 'inverse-sqrt']
  it.each(kinds)('%s stays within 0 and the peak, and reaches the peak at the end of the warm-up', (kind) => {
    const schedule = scheduleSchema.parse({ kind })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (total) => {
        const factors = Array.from({ length: total }, (_, t) => scheduleFactor(schedule, t, total))
        expect(factors.filter((factor) => !(factor > 0 && factor <= 1))).toEqual([])
        if (total >= 20) expect(Math.max(...factors)).toBeGreaterThan(0.95)
      }),
    )
  })

  it('rises in equal parts during the warm-up', () => {
    const schedule = scheduleSchema.parse({ kind: 'constant', warmup: 4 })
    expect([0, 1, 2, 3, 4, 9].map((t) => scheduleFactor(schedule, t, 10))).toEqual([0.25, 0.5, 0.75, 1, 1, 1])
  })
})
