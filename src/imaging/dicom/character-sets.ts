/**
 * @file Text in DICOM: the character sets of (0008,0005) (PS3.3 C.12.1.1.2), with the code extensions of ISO 2022
 * (PS3.5 6.1.2.5): escape sequences that put another set into the lower (G0) or the upper (G1) half of the byte.
 */

/** How the bytes of a half are read. */
interface HalfSet {
  /** Bytes a character. */
  width: 1 | 2
  decode: (bytes: Uint8Array) => string
}

const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

function decodeWith(label: string, bytes: Uint8Array): string {
  let decoder = decoders.get(label)
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { ignoreBOM: true })
    decoders.set(label, decoder)
  }
  return decoder.decode(bytes)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

const turkish: Record<string, string> = { '\xd0': 'Ğ', '\xdd': 'İ', '\xde': 'Ş', '\xf0': 'ğ', '\xfd': 'ı', '\xfe': 'ş' }

/** Bytes in front of or over each, for codes that Node's decoders know only in another form. */
function prefixed(label: string, before: readonly number[], high: number) {
  return (bytes: Uint8Array): string => {
    const out: number[] = []
    for (let i = 0; i + 1 < bytes.length; i += 2) out.push(...before, bytes[i]! | high, bytes[i + 1]! | high)
    return decodeWith(label, Uint8Array.from(out)) + (bytes.length % 2 === 1 ? '\uFFFD' : '')
  }
}

const single = (decode: HalfSet['decode']): HalfSet => ({ width: 1, decode })
const named = (label: string): HalfSet => single((bytes) => decodeWith(label, bytes))
/** The labels iso-8859-1 and iso-8859-9 mean Windows' supersets in the Encoding Standard: DICOM's are exact. */
const latin1Set = single(latin1)
const turkishSet = single((bytes) => latin1(bytes).replace(/[\xd0\xdd\xde\xf0\xfd\xfe]/g, (c) => turkish[c] ?? c))
const katakana = named('shift_jis')
const kanji: HalfSet = { width: 2, decode: prefixed('euc-jp', [], 0x80) }
const moreKanji: HalfSet = { width: 2, decode: prefixed('euc-jp', [0x8f], 0x80) }
const korean: HalfSet = { width: 2, decode: prefixed('euc-kr', [], 0x80) }
const chinese: HalfSet = { width: 2, decode: prefixed('gbk', [], 0x80) }

/** Sets of one byte: the number of the ISO registration in the defined term. */
const upperSets: Record<string, HalfSet> = {
  '6': latin1Set,
  '100': latin1Set,
  '101': named('iso-8859-2'),
  '109': named('iso-8859-3'),
  '110': named('iso-8859-4'),
  '144': named('iso-8859-5'),
  '127': named('iso-8859-6'),
  '126': named('iso-8859-7'),
  '138': named('iso-8859-8'),
  '148': turkishSet,
  '203': named('iso-8859-15'),
  '166': named('windows-874'),
  '13': katakana,
}

/** Sets that stand alone and allow no code extension. */
const wholeSets: Record<string, string> = { 'ISO_IR 192': 'utf-8', GB18030: 'gb18030', GBK: 'gbk' }

/** What an escape sequence puts where (PS3.3 tables C.12-3 and C.12-4); the text is what follows ESC. */
const escapes: readonly (readonly [text: string, half: 'g0' | 'g1', set: HalfSet])[] = [
  ['(B', 'g0', latin1Set],
  ['(J', 'g0', latin1Set],
  [')I', 'g1', katakana],
  ['-A', 'g1', latin1Set],
  ['-B', 'g1', upperSets['101']!],
  ['-C', 'g1', upperSets['109']!],
  ['-D', 'g1', upperSets['110']!],
  ['-L', 'g1', upperSets['144']!],
  ['-G', 'g1', upperSets['127']!],
  ['-F', 'g1', upperSets['126']!],
  ['-H', 'g1', upperSets['138']!],
  ['-M', 'g1', turkishSet],
  ['-b', 'g1', upperSets['203']!],
  ['-T', 'g1', upperSets['166']!],
  ['$B', 'g0', kanji],
  ['$@', 'g0', kanji],
  ['$(D', 'g0', moreKanji],
  ['$)C', 'g1', korean],
  ['$)A', 'g1', chinese],
]

function registration(term: string): string | undefined {
  return /^ISO[_ ](?:2022 )?IR[ _-]?(\d+)$/.exec(term.trim().toUpperCase())?.[1]
}

/** Values of Specific Character Set that are read; others are taken for the default repertoire and can be named to a person. */
export function isKnownCharacterSet(term: string): boolean {
  const text = term.trim().toUpperCase()
  const number = registration(text)
  return (
    text === '' ||
    text in wholeSets ||
    (number !== undefined && (number in upperSets || ['14', '58', '87', '149', '159'].includes(number)))
  )
}

/**
 * Text of a value. `characterSets` are the values of (0008,0005) in force (none: ASCII, with bytes above 127 as Latin-1);
 * the initial sets return after control characters, a backslash, and, for person names, `^` and `=` (PS3.5 6.1.2.5.3).
 * Bytes that are no character become U+FFFD. Padding is kept.
 */
export function decodeText(bytes: Uint8Array, characterSets: readonly string[], personName = false): string {
  const first = characterSets[0]?.trim().toUpperCase() ?? ''
  const whole = wholeSets[first]
  if (whole !== undefined) return decodeWith(whole, bytes)
  const upper = upperSets[registration(first) ?? ''] ?? latin1Set

  let text = ''
  let g0 = latin1Set
  let g1 = upper
  let start = 0
  let half: HalfSet = g0
  const flush = (end: number): void => {
    if (end > start) text += half.decode(bytes.subarray(start, end))
    start = end
  }
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i]!
    if (byte === 0x1b) {
      const found = escapes.find(([code]) => startsWith(bytes, i + 1, code))
      flush(i)
      // An unknown escape is left out: what follows is read as before.
      if (found === undefined) i++
      else {
        if (found[1] === 'g0') g0 = found[2]
        else g1 = found[2]
        i += 1 + found[0].length
      }
      start = i
      continue
    }
    const set = byte < 0x80 ? g0 : g1
    const resets = byte < 0x20 || (set.width === 1 && isDelimiter(byte, personName))
    if (set !== half || resets) {
      flush(i)
      half = resets ? latin1Set : set
    }
    if (resets) {
      g0 = latin1Set
      g1 = upper
      i++
      flush(i)
    } else {
      i += set.width
      if (i > bytes.length) i = bytes.length
    }
  }
  flush(bytes.length)
  return text
}

function isDelimiter(byte: number, personName: boolean): boolean {
  return byte === 0x5c || (personName && (byte === 0x5e || byte === 0x3d))
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}
