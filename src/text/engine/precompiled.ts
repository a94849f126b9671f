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

  /** The replacement of the shortest entry that begins the text, or of the longest with its length in bytes. */
  find(text: Uint8Array, longest = false): { to: string; bytes: number } | undefined {
    const { units } = this
    if (units.length === 0) return undefined
    let found: { to: string; bytes: number } | undefined
    let bytes = 0
    const offset = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6)
    let at = offset(units[0]!)
    for (const byte of text) {
      if (byte === 0) return found
      at ^= byte
      const unit = units[at]
      if (unit === undefined || (unit & ((1 << 31) | 0xff)) >>> 0 !== byte) return found
      at ^= offset(unit)
      bytes++
      if (((unit >>> 8) & 1) === 0) continue
      found = { to: this.textAt((units[at] ?? 0) & 0x7fffffff), bytes }
      if (!longest) return found
    }
    return found
  }

  private textAt(start: number): string {
    const end = this.blob.indexOf(0, start)
    return Buffer.from(this.blob.subarray(start, end < 0 ? undefined : end)).toString('utf8')
  }
}

/** The longest entry of a map of SentencePiece, in UTF-16 units, with room to spare. */
const reach = 32
const plainAscii = /^[\x20-\x7e]*$/

/**
 * The normalizer of a map in base64. Throws MODEL_INVALID when it is cut short. `native`: as SentencePiece itself does it,
 * the longest entry at each place, and not by graphemes.
 */
export function precompiled(base64: string, where: string, native: boolean): (text: string) => string {
  const map = new CharacterMap(Buffer.from(base64, 'base64'), where)
  const encoder = new TextEncoder()
  const seen = new Map<string, string>()
  const replace = (chunk: string): string | undefined => map.find(encoder.encode(chunk))?.to
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
  const longest = (text: string): string => {
    let out = ''
    for (let at = 0; at < text.length; ) {
      const found = map.find(encoder.encode(text.slice(at, at + reach)), true)
      if (found === undefined) {
        const size = text.codePointAt(at)! > 0xffff ? 2 : 1
        out += text.slice(at, at + size)
        at += size
      } else {
        out += found.to
        // Bytes that were matched, in UTF-16 units.
        for (let bytes = found.bytes; bytes > 0; ) {
          const code = text.codePointAt(at)!
          bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
          at += code > 0xffff ? 2 : 1
        }
      }
    }
    return out
  }
  return (text) => {
    if (unchanged && plainAscii.test(text)) return text
    if (native) return longest(text)
    let out = ''
    for (const grapheme of graphemesOf(text)) {
      out += grapheme.length === 1 && grapheme < '\x80' ? ascii[grapheme.charCodeAt(0)]! : normal(grapheme)
    }
    return out
  }
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** Units given to the segmenter at once; its time grows faster than the text. */
const window = 256

/** Extended grapheme clusters of a text. A letter of ASCII that another follows is one by itself; CR LF is one. */
function* graphemesOf(text: string): Generator<string> {
  const { length } = text
  for (let at = 0; at < length; ) {
    const here = text.charCodeAt(at)
    if (here < 0x80 && here !== 13 && (at + 1 === length || text.charCodeAt(at + 1) < 0x80)) {
      yield text[at++]!
      continue
    }
    const part = text.slice(at, at + window)
    const whole = at + part.length === length
    for (const { segment, index } of segmenter.segment(part)) {
      // The last cluster may go on beyond the window, unless it fills it.
      if (!whole && index > 0 && index + segment.length === part.length) break
      yield segment
      at += segment.length
    }
  }
}
