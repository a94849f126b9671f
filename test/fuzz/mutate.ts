/** @file Random damage to files: what transfers, disks and malice do to them. */

import type { Random } from '../../src/core/random.ts'

const telling = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]
const lengths = [0, 1, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** A damaged copy of `bytes`; headers, where lengths and sizes stand, are hit more often than the rest. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Buffer.from(bytes)
  const place = (room: number): number => {
    const most = Math.max(1, out.length - room)
    return random.chance(0.6) ? random.int(Math.min(most, 1024)) : random.int(most)
  }
  for (let n = 1 + random.int(4); n > 0; n--) {
    const kind = random.int(7)
    if (out.length < 8) break
    if (kind === 0) out[place(1)]! ^= 1 << random.int(8)
    else if (kind === 1) out[place(1)] = random.pick(telling)
    else if (kind === 2) out[place(1)] = random.int(256)
    else if (kind === 3) {
      const value = random.pick(lengths)
      if (random.chance(0.5)) out.writeUInt32LE(value, place(4))
      else out.writeUInt32BE(value, place(4))
    } else if (kind === 4) out = out.subarray(0, 1 + random.int(out.length))
    else {
      // A piece twice, or gone.
      const from = place(1)
      const length = Math.min(out.length - from, 1 + random.int(64))
      const piece = out.subarray(from, from + length)
      const after = kind === 5 ? [piece, piece] : []
      out = Buffer.concat([out.subarray(0, from), ...after, out.subarray(from + length)])
    }
  }
  return out
}

const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  -1e-308,
  2 ** 31,
  2 ** 53,
  '',
  ' ',
  '\0',
  '\uFEFF',
  '\uD800',
  '__proto__',
  '(',
  '[a-',
  '(a+)+$',
  'Sequence',
  [],
  {},
  [[]],
  [null],
  { type: 'Sequence' },
  { type: 'Split' },
  { Regex: '(' },
  { String: '' },
]

/** A damaged copy of a JSON text: a value somewhere replaced, taken away, doubled or moved; sometimes damaged as bytes. */
export function mutatedJson(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.25)) return mutated(bytes, random)
  const root = { value: JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown }
  for (let n = 1 + random.int(3); n > 0; n--) {
    // Every value has the same chance at each level, so the few at the top are met as often as the many below.
    let at: Record<string, unknown> = root
    let key = 'value'
    for (;;) {
      const inside = at[key]
      if (typeof inside !== 'object' || inside === null || Object.keys(inside).length === 0 || random.chance(0.2)) break
      at = inside as Record<string, unknown>
      key = random.pick(Object.keys(at))
    }
    const kind = random.int(4)
    if (kind < 2) at[key] = structuredClone(random.pick(oddValues))
    else if (kind === 2 && at !== root) delete at[key]
    else {
      const others = Object.values(at)
      at[key] = structuredClone(random.chance(0.5) ? [at[key], at[key]] : random.pick(others))
    }
  }
  return Buffer.from(JSON.stringify(root.value) ?? '')
}

const odd = [
  '"',
  ',',
  ';',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '""',
  '\0',
  '\uFEFF',
  '\u2028',
  ' ',
  '..',
  '/',
  '-1',
  '1e999',
  'é',
  '😀',
  '|',
]

/** A damaged copy of a text: signs that mean something to its reader put in, lines moved; sometimes damaged as bytes. */
export function mutatedText(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.4)) return mutated(bytes, random)
  let text = Buffer.from(bytes).toString('utf8')
  for (let n = 1 + random.int(4); n > 0; n--) {
    const at = random.int(text.length + 1)
    const kind = random.int(4)
    if (kind === 0) text = text.slice(0, at) + random.pick(odd) + text.slice(at)
    else if (kind === 1) text = text.slice(0, at) + random.pick(odd) + text.slice(at + 1)
    else {
      const lines = text.split('\n')
      const [from, to] = [random.int(lines.length), random.int(lines.length)]
      if (kind === 2) lines.splice(to, 0, lines[from]!)
      else lines.splice(from, 1)
      text = lines.join('\n')
    }
  }
  return Buffer.from(text)
}
