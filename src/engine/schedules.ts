/** @file Learning-rate schedules: the share of the peak rate as a pure function of the step. */

/** Learning rate at step t = 0, 1, ...: linear warm-up, then half a cosine down to `floor` times the peak. */
export function warmupCosine(
  t: number,
  { peak, warmup, total, floor = 0 }: { peak: number; warmup: number; total: number; floor?: number },
): number {
  if (t < warmup) return (peak * (t + 1)) / warmup
  const share = Math.min(1, (t - warmup) / Math.max(1, total - warmup))
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * share)))
}
