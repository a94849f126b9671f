/** @file Normalizers of a `tokenizer.json`: what is done to a text before it is cut. Equal to Python `tokenizers`. */

import { isStep, patternOf, space, stepsOf, unknownStep } from './json.ts'
import { precompiled } from './precompiled.ts'

export type Normalize = (text: string) => string

const spaceRun = new RegExp(`^[${space}]+`, 'u')
const spaceEnd = new RegExp(`[${space}]+$`, 'u')
const plainAscii = /^[\x20-\x7e]*$/
/** Control, format, private use; tab, line feed and carriage return are white space. */
const controls = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu
const anySpace = new RegExp(`[${space}]`, 'gu')
const marks = /\p{Mn}/gu
const allMarks = /\p{M}/gu
/** What BERT takes for Chinese characters, and sets blanks around. */
const ideographs =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu

/** Letter by letter, as Rust does: JavaScript would write a capital sigma at the end of a word as a final sigma. */
function lowerCase(text: string): string {
  return text.replaceAll('\u03A3', '\u03C3').toLowerCase()
}

function bert(clean: boolean, chinese: boolean, strip: boolean, lower: boolean): Normalize {
  return (text) => {
    if (plainAscii.test(text)) return lower ? text.toLowerCase() : text
    let out = text
    if (clean) out = out.replace(controls, '').replace(anySpace, ' ')
    if (chinese) out = out.replace(ideographs, ' $& ')
    if (strip) out = out.normalize('NFD').replace(marks, '')
    return lower ? lowerCase(out) : out
  }
}

/** The normalizer of a file; null does nothing. `native` asks for SentencePiece's own reading of its character map. Throws FORMAT_UNSUPPORTED for a step that is not known. */
export function normalizerOf(step: unknown, where: string, native = false): Normalize {
  if (step === null || step === undefined) return (text) => text
  if (!isStep(step)) throw unknownStep('normalizer', step, where)
  switch (step.type) {
    case 'Sequence': {
      const steps = stepsOf(step.normalizers).map((each) => normalizerOf(each, where, native))
      return (text) => steps.reduce((out, each) => each(out), text)
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = step.type
      return (text) => text.normalize(form)
    }
    case 'Lowercase':
      // Python's own lower() knows the final sigma.
      return native ? (text) => text.toLowerCase() : lowerCase
    case 'StripAccents':
      return (text) => text.replace(allMarks, '')
    case 'Strip': {
      const left = step.strip_left !== false
      const right = step.strip_right !== false
      return (text) => {
        const begun = left ? text.replace(spaceRun, '') : text
        return right ? begun.replace(spaceEnd, '') : begun
      }
    }
    case 'Replace': {
      const pattern = patternOf(step.pattern, where)
      const content = String(step.content ?? '')
      return (text) => text.replace(pattern, () => content)
    }
    case 'Prepend': {
      const prefix = String(step.prepend ?? '')
      return (text) => (text === '' ? '' : prefix + text)
    }
    case 'BertNormalizer': {
      const lower = step.lowercase === true
      const strip = typeof step.strip_accents === 'boolean' ? step.strip_accents : lower
      return bert(step.clean_text === true, step.handle_chinese_chars === true, strip, lower)
    }
    case 'Precompiled':
      return precompiled(String(step.precompiled_charsmap ?? ''), where, native)
    default:
      throw unknownStep('normalizer', step, where)
  }
}
