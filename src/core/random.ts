/** @file Seeded random streams. A stream is a pure function of its keys, so any study, epoch or step can be drawn alone. */

/** What takes part in choosing a stream: numbers and names, in order. */
export type Key = number | string

/** 32-bit mix of murmur3's finaliser. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 32-bit hash of a text (FNV-1a, then mixed). Stable across versions: data order and folds depend on it. */
export function hash32(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** A seeded stream of random numbers (sfc32). Not for cryptography. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(low?: number, high?: number): number
  /** Standard normal, or with mean and standard deviation. */
  normal(mean?: number, sd?: number): number
  /** Integer in [0, n). */
  int(n: number): number
  /** True with probability p. */
  chance(p: number): boolean
  /** One element; throws on an empty list. */
  pick<T>(items: readonly T[]): T
  /** One element, with probability proportional to its weight. */
  weighted<T>(items: readonly (readonly [T, number])[]): T
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[]
}

/** The stream that belongs to these keys: the same keys give the same numbers on every machine. */
export function random(...keys: Key[]): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  for (const key of keys) {
    const text = typeof key === 'number' ? `#${key}` : key
    const h = hash32(text)
    a = mix(a ^ h)
    b = mix((b + Math.imul(h, 0x9e3779b1)) | 0)
    c = mix(c ^ Math.imul(a + b, 0x27d4eb2f))
  }
  let counter = 1
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 12; i++) next()

  let spare: number | undefined
  const self: Random = {
    uniform: (low = 0, high = 1) => low + (high - low) * next(),
    normal(mean = 0, sd = 1) {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return mean + sd * value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      const angle = 2 * Math.PI * next()
      spare = radius * Math.sin(angle)
      return mean + sd * radius * Math.cos(angle)
    },
    int: (n) => Math.floor(next() * n),
    chance: (p) => next() < p,
    pick(items) {
      if (items.length === 0) throw new RangeError('Cannot pick from an empty list.')
      return items[Math.floor(next() * items.length)] as (typeof items)[number]
    },
    weighted(items) {
      let left = next() * items.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of items) {
        left -= weight
        if (left < 0) return item
      }
      const last = items.at(-1)
      if (last === undefined) throw new RangeError('Cannot pick from an empty list.')
      return last[0]
    },
    shuffle(items) {
      const copy = [...items]
      for (let i = copy.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1))
        const held = copy[i] as (typeof copy)[number]
        copy[i] = copy[j] as (typeof copy)[number]
        copy[j] = held
      }
      return copy
    },
  }
  return self
}
