/** @file Words of a report sentence, brought to a common form so that names and cues are found whatever their ending. */

/** A word or mark of a sentence. */
export interface Word {
  /** As it stands in the text, lower case. */
  text: string
  /** Common form: singular, one spelling, shorthand written out. */
  form: string
  /** Place in the sentence, in characters. */
  start: number
  end: number
}

/** Shorthand that stands for several words. */
const written: Readonly<Record<string, readonly string[]>> = {
  'w/o': ['without'],
  'w/': ['with'],
  's/p': ['status', 'post'],
  'h/o': ['history', 'of'],
  'r/o': ['rule', 'out'],
  'and/or': ['or'],
}

const irregular: Readonly<Record<string, string>> = {
  pneumothoraces: 'pneumothorax',
  hydropneumothoraces: 'hydropneumothorax',
  hemothoraces: 'hemothorax',
  apices: 'apex',
  hila: 'hilum',
  bronchi: 'bronchus',
  bullae: 'bulla',
  vertebrae: 'vertebra',
  metastases: 'metastasis',
  atelectases: 'atelectasis',
  pleurae: 'pleura',
  scapulae: 'scapula',
  thoraces: 'thorax',
  radiographs: 'radiograph',
  oedema: 'edema',
  oesophagus: 'esophagus',
  haemothorax: 'hemothorax',
  tumour: 'tumor',
  tumours: 'tumor',
}

const token = /w\/o\b|w\/(?=\s)|s\/p\b|h\/o\b|r\/o\b|and\/or\b|\d+(?:\.\d+)?|\p{L}+(?:['’]\p{L}+)?|[^\s\p{L}\p{N}]/giu

/** The common form of one lower-case word. */
export function commonForm(word: string): string {
  const known = irregular[word]
  if (known !== undefined) return known
  if (word.length < 4 || /(?:ss|us|is|as)$/.test(word)) return word
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/(?:s|x|z|ch|sh)es$/.test(word) && !/(?:ases|oses|uses)$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') ? word.slice(0, -1) : word
}

/** Words and marks of a sentence in order. Hyphens inside words are dropped: "plate-like" is two words. Linear time. */
export function wordsOfSentence(sentence: string): Word[] {
  const words: Word[] = []
  for (const match of sentence.toLowerCase().matchAll(token)) {
    const [text] = match
    const [start, end] = [match.index, match.index + text.length]
    const inside = text === '-' && /\S/.test(sentence[start - 1] ?? ' ') && /\S/.test(sentence[end] ?? ' ')
    if (inside) continue
    for (const form of written[text] ?? [text]) words.push({ text, form: commonForm(form), start, end })
  }
  return words
}

/** The common forms of a name or cue, to be looked for. */
export function formsOf(phrase: string): string[] {
  return wordsOfSentence(phrase).map(({ form }) => form)
}
