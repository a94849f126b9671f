/**
 * @file SentencePiece's precompiled character map: a double-array trie (Darts) from UTF-8 sequences to replacements, read
 * as Rust's spm_precompiled does (the shortest entry that begins a grapheme wins).
 */

import { VesaliusError } from '../../core/errors.ts'

const short = 6

class CharacterMap {
  private readonly units: Uint32Array
  private readonly blob: Uint8Array

  constructor(bytes: Uint8Array, where: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const size = bytes.length < 4 ? 0 : view.getUint32(0, true)
    if (size % 4 !== 0 || size + 4 > bytes.length || (size === 0 && bytes.length > 4)) {
      throw new VesaliusError('MODEL_INVALID', `${where} has a damaged character map.`, { where })
    }
    this.units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true))
    this.blob = bytes.subarray(4 + size)
  }

  /** The replacement of the shortest entry that begins the text; undefined when there is none. */
  find(text: Uint8Array): string | undefined {
    const { units } = this
    if (units.length === 0) return undefined
    const offset = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6)
    let at = offset(units[0]!)
    for (const byte of text) {
      if (byte === 0) return undefined
      at ^= byte
      const unit = units[at]
      if (unit === undefined || (unit & ((1 << 31) | 0xff)) >>> 0 !== byte) return undefined
      at ^= offset(unit)
      if (((unit >>> 8) & 1) === 1) return this.textAt((units[at] ?? 0) & 0x7fffffff)
    }
    return undefined
  }

  private textAt(start: number): string {
    const end = this.blob.indexOf(0, start)
    return Buffer.from(this.blob.subarray(start, end < 0 ? undefined : end)).toString('utf8')
  }
}

/** The normalizer of a map in base64. Throws MODEL_INVALID when it is cut short. */
export function precompiled(base64: string, where: string): (text: string) => string {
  const map = new CharacterMap(Buffer.from(base64, 'base64'), where)
  const encoder = new TextEncoder()
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
  const seen = new Map<string, string>()
  const replace = (chunk: string): string | undefined => map.find(encoder.encode(chunk))
  const normal = (grapheme: string): string => {
    const known = seen.get(grapheme)
    if (known !== undefined) return known
    const whole = Buffer.byteLength(grapheme) < short ? replace(grapheme) : undefined
    const out = whole ?? Array.from(grapheme, (c) => replace(c) ?? c).join('')
    if (seen.size < 20_000) seen.set(grapheme, out)
    return out
  }
  const ascii = Array.from({ length: 128 }, (_, code) => normal(String.fromCharCode(code)))
  const unchanged = ascii.every((to, code) => code < 0x20 || code === 0x7f || to === String.fromCharCode(code))
  return (text) => {
    if (unchanged && /^[\x20-\x7e]*$/.test(text)) return text
    let out = ''
    for (const { segment } of graphemes.segment(text)) {
      out += segment.length === 1 && segment < '\x80' ? ascii[segment.charCodeAt(0)]! : normal(segment)
    }
    return out
  }
}
