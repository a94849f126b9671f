import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { freemem, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { bytesInWords, freeMemory } from './memory.ts'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** A folder with these files, as the root of a machine. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'vesalius-memory-'))
  roots.push(root)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

const meminfo = 'MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    8000 kB\n'

describe('free memory', () => {
  it("is the kernel's estimate where nothing limits it", () => {
    expect(freeMemory(machine({ 'proc/meminfo': meminfo }))).toBe(8000 * 1024)
    const open = { 'sys/fs/cgroup/memory.max': 'max\n', 'sys/fs/cgroup/memory.current': '5000\n' }
    expect(freeMemory(machine({ 'proc/meminfo': meminfo, ...open }))).toBe(8000 * 1024)
  })

  it('is what a container leaves, its file cache counted as free', () => {
    const limit = {
      'sys/fs/cgroup/memory.max': '1000000\n',
      'sys/fs/cgroup/memory.current': '700000\n',
      'sys/fs/cgroup/memory.stat': 'anon 400000\ninactive_file 250000\nactive_file 50000\n',
    }
    expect(freeMemory(machine({ 'proc/meminfo': meminfo, ...limit }))).toBe(550_000)
    const full = { ...limit, 'sys/fs/cgroup/memory.current': '1300000\n' }
    expect(freeMemory(machine({ 'proc/meminfo': meminfo, ...full }))).toBe(0)
  })

  it('reads control groups of version 1', () => {
    const limit = {
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '2000000\n',
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '1500000\n',
      'sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 100000\n',
    }
    expect(freeMemory(machine({ 'proc/meminfo': meminfo, ...limit }))).toBe(600_000)
  })

  it('falls back to what Node says', () => {
    const free = freeMemory(machine({}))
    expect(free).toBeGreaterThan(0)
    expect(free).toBeLessThanOrEqual(totalmem())
    expect(Math.abs(free - freemem())).toBeLessThan(totalmem() / 2)
  })

  it('is said in words', () => {
    expect([bytesInWords(9.14e9), bytesInWords(380.4e6), bytesInWords(0)]).toEqual(['9.1 GB', '380 MB', '0 MB'])
  })
})
