/** @file Decoders of a `tokenizer.json`: tokens back to a text. */

import { isStep, patternOf, type Step, stepsOf, unknownStep } from './json.ts'
import { byteSymbols } from './pre-tokenizers.ts'

/** Changes the list of tokens that will be joined to the text. */
type Decode = (tokens: string[]) => string[]

const byteOf = new Map(byteSymbols.map((symbol, byte) => [symbol, byte]))

/** Stand-ins of bytes to the text they spell; bytes that spell none become U+FFFD. */
export function fromByteSymbols(text: string): string {
  const bytes: number[] = []
  for (const symbol of text) {
    const byte = byteOf.get(symbol)
    if (byte === undefined) bytes.push(...Buffer.from(symbol))
    else bytes.push(byte)
  }
  return Buffer.from(bytes).toString('utf8')
}

/** Blanks in front of punctuation and contractions, as BERT's decoder removes them. */
function cleanUp(text: string): string {
  let out = text
  for (const mark of ['.', '?', '!', ',']) out = out.replaceAll(` ${mark}`, mark)
  out = out.replaceAll(" ' ", "'")
  for (const part of ["n't", "'m", "'s", "'ve", "'re"]) out = out.replaceAll(` ${part}`, part)
  return out.replaceAll(' do not', " don't")
}

function wordPiece(prefix: string, cleanup: boolean): Decode {
  return (tokens) =>
    tokens.map((token, i) => {
      let text = token
      if (i > 0) text = token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`
      return cleanup ? cleanUp(text) : text
    })
}

function byteFallback(tokens: string[]): string[] {
  const out: string[] = []
  let bytes: number[] = []
  const flush = (): void => {
    if (bytes.length === 0) return
    const text = Buffer.from(bytes).toString('utf8')
    out.push(text.includes('\uFFFD') ? '\uFFFD'.repeat(bytes.length) : text)
    bytes = []
  }
  for (const token of tokens) {
    const hex = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1]
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16))
    else {
      flush()
      out.push(token)
    }
  }
  flush()
  return out
}

function strip(step: Step): Decode {
  const content = String(step.content ?? ' ')
  const [start, stop] = [Number(step.start ?? 0), Number(step.stop ?? 0)]
  return (tokens) =>
    tokens.map((token) => {
      let text = token
      for (let i = 0; i < start && text.startsWith(content); i++) text = text.slice(content.length)
      for (let i = 0; i < stop && text.endsWith(content); i++) text = text.slice(0, -content.length)
      return text
    })
}

/** The decoder of a file; null sets blanks between tokens. Throws FORMAT_UNSUPPORTED for a step that is not known. */
export function decoderOf(step: unknown, where: string): Decode {
  if (step === null || step === undefined) return (tokens) => tokens.map((token, i) => (i === 0 ? token : ` ${token}`))
  if (!isStep(step)) throw unknownStep('decoder', step, where)
  switch (step.type) {
    case 'Sequence': {
      const steps = stepsOf(step.decoders).map((each) => decoderOf(each, where))
      return (tokens) => steps.reduce((out, each) => each(out), tokens)
    }
    case 'ByteLevel':
      return (tokens) => [fromByteSymbols(tokens.join(''))]
    case 'WordPiece':
      return wordPiece(String(step.prefix ?? '##'), step.cleanup !== false)
    case 'Metaspace': {
      const mark = typeof step.replacement === 'string' ? step.replacement : '\u2581'
      const prepended = (step.prepend_scheme ?? (step.add_prefix_space === false ? 'never' : 'always')) !== 'never'
      return (tokens) =>
        tokens.map((token, i) =>
          (i === 0 && prepended && token.startsWith(mark) ? token.slice(mark.length) : token).replaceAll(mark, ' '),
        )
    }
    case 'BPEDecoder': {
      const suffix = String(step.suffix ?? '</w>')
      return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '))
    }
    case 'Replace': {
      const pattern = patternOf(step.pattern, where)
      const content = String(step.content ?? '')
      return (tokens) => tokens.map((token) => token.replace(pattern, () => content))
    }
    case 'Fuse':
      return (tokens) => [tokens.join('')]
    case 'ByteFallback':
      return byteFallback
    case 'Strip':
      return strip(step)
    default:
      throw unknownStep('decoder', step, where)
  }
}
