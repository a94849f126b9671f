/**
 * @file Learning-rate schedules: the share of the peak rate as a pure function of the step. Warm-up, where there is one,
 * rises linearly to the peak: (t + 1) / warm-up steps at step t = 0, 1, ...
 */

import { z } from 'zod'

const share = z.number().min(0).max(1)
const warmup = z
  .number()
  .min(0)
  .default(0.1)
  .describe('steps with rising rate: a share of all if below 1, else a number')
const floor = share.default(0.01).describe('last rate as a share of the peak')

/** Configuration of a schedule: `{ kind: 'cosine', ... }`; every number but the kind has a default. */
export const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmup: warmup.default(0) }),
  z.strictObject({ kind: z.literal('cosine'), warmup, floor }),
  z.strictObject({ kind: z.literal('linear'), warmup, floor }),
  z.strictObject({
    kind: z.literal('polynomial'),
    warmup,
    floor,
    power: z.number().positive().default(2).describe('1 is linear'),
  }),
  z.strictObject({
    kind: z.literal('step'),
    warmup: warmup.default(0),
    at: z.array(share).min(1).default([0.5, 0.75]).describe('shares of all steps after which the rate drops'),
    factor: share.default(0.1).describe('of each drop'),
  }),
  z.strictObject({
    kind: z.literal('one-cycle'),
    rise: z.number().gt(0).lt(1).default(0.3).describe('share of the steps with rising rate'),
    start: z
      .number()
      .gt(0)
      .max(1)
      .default(1 / 25)
      .describe('first rate as a share of the peak'),
    end: z.number().gt(0).max(1).default(4e-6).describe('last rate as a share of the peak'),
  }),
  z.strictObject({ kind: z.literal('inverse-sqrt'), warmup }),
])
export type ScheduleConfig = z.output<typeof scheduleSchema>

/** Half a cosine from a to b, x in 0..1. */
function cosine(a: number, b: number, x: number): number {
  return b + 0.5 * (a - b) * (1 + Math.cos(Math.PI * x))
}

/**
 * Share of the peak rate at step t = 0, 1, ... of `total`.
 *
 *   cosine       half a cosine from 1 to floor (Loshchilov and Hutter 2017, no restarts)
 *   linear       a line from 1 to floor
 *   polynomial   floor + (1 - floor) (1 - x)^power, x the share of the steps after warm-up
 *   step         1, times `factor` for each moment of `at` that has passed
 *   one-cycle    half cosines from `start` to 1 and from 1 to `end` (Smith and Topin 2018; torch's OneCycleLR)
 *   inverse-sqrt sqrt(w / (t + 1)) after w warm-up steps (Vaswani et al. 2017)
 */
export function scheduleFactor(schedule: ScheduleConfig, t: number, total: number): number {
  if (schedule.kind === 'one-cycle') {
    const { rise, start, end } = schedule
    const top = rise * total - 1
    return t <= top ? cosine(start, 1, t / Math.max(top, 1e-9)) : cosine(1, end, (t - top) / (total - 1 - top))
  }
  const steps = schedule.warmup < 1 ? Math.round(schedule.warmup * total) : Math.round(schedule.warmup)
  if (t < steps) return (t + 1) / steps
  const x = Math.min(1, (t - steps) / Math.max(1, total - steps))
  switch (schedule.kind) {
    case 'constant':
      return 1
    case 'cosine':
      return cosine(1, schedule.floor, x)
    case 'linear':
      return schedule.floor + (1 - schedule.floor) * (1 - x)
    case 'polynomial':
      return schedule.floor + (1 - schedule.floor) * (1 - x) ** schedule.power
    case 'step':
      return schedule.factor ** schedule.at.filter((moment) => t >= Math.round(moment * total)).length
    case 'inverse-sqrt':
      return Math.sqrt(Math.max(1, steps) / (t + 1))
  }
}
