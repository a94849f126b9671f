/** @file Progress for people on stderr: what, how far, how fast, how long still. Silent when nobody watches. */

/** Reports the state of long work. */
export interface Progress {
  /** `done` of the total is finished; `note` is shown after the rate. */
  update(done: number, note?: string): void
  /** A line that stays. */
  say(line: string): void
  /** Ends the moving line. */
  end(): void
}

/** "3 min 20 s", "48 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown'
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/**
 * Progress of `total` units of `unit` named `label`, written to stderr: a moving line on a terminal, a line every ten
 * seconds elsewhere.
 */
export function progress(label: string, total: number, unit: string): Progress {
  const terminal = process.stderr.isTTY === true
  const start = performance.now()
  let first: number | undefined
  let printed = terminal ? Number.NEGATIVE_INFINITY : start
  return {
    update(done, note = '') {
      first ??= done
      const now = performance.now()
      if (now - printed < (terminal ? 200 : 10_000) && !(terminal && done >= total)) return
      printed = now
      const rate = (done - first) / Math.max((now - start) / 1000, 1e-3)
      const left = rate > 0 ? duration((total - done) / rate) : 'unknown'
      const line = `${label}: ${done}/${total} ${unit}, ${rate.toFixed(rate < 10 ? 1 : 0)} ${unit}/s, ${left} left${note === '' ? '' : `, ${note}`}`
      process.stderr.write(terminal ? `\r\x1b[2K${line}` : `${line}\n`)
    },
    say(line) {
      process.stderr.write(terminal ? `\r\x1b[2K${line}\n` : `${line}\n`)
    },
    end() {
      if (terminal) process.stderr.write('\r\x1b[2K')
    },
  }
}

/** A progress that says nothing, for library use and `--json`. */
export const silent: Progress = { update() {}, say() {}, end() {} }
