/** @file How much memory a process may still take: what the machine has free, and what a container's limit leaves. */

import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'

/**
 * Bytes that can be had without swapping. On Linux the kernel's own estimate and the limits of control groups (version 2
 * or 1) count, the smaller wins; caches of files, which are given up on demand, count as free. `root` is for tests.
 */
export function freeMemory(root = '/'): number {
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(join(root, path), 'utf8')
    } catch {
      return undefined
    }
  }
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read('proc/meminfo') ?? '')
  const machine = available === null ? freemem() : Number(available[1]) * 1024
  const group = (limit: string, used: string, stat: string, cache: RegExp): number => {
    const most = Number(read(limit) ?? Number.NaN)
    const now = Number(read(used) ?? Number.NaN)
    const files = Number(cache.exec(read(stat) ?? '')?.[1] ?? 0)
    // "max" is no number, and version 1 writes an absurdly large one: neither is a limit.
    return Number.isFinite(most) && Number.isFinite(now) ? Math.max(0, most - (now - files)) : Number.POSITIVE_INFINITY
  }
  const files = 'sys/fs/cgroup'
  const old = `${files}/memory`
  return Math.min(
    machine,
    group(`${files}/memory.max`, `${files}/memory.current`, `${files}/memory.stat`, /^inactive_file (\d+)$/m),
    group(
      `${old}/memory.limit_in_bytes`,
      `${old}/memory.usage_in_bytes`,
      `${old}/memory.stat`,
      /^total_inactive_file (\d+)$/m,
    ),
  )
}

/** "9.1 GB", "380 MB": decimal, for people. */
export function bytesInWords(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`
}
