/**
 * @file Free-text reports: sections by their headings (the rules of MIT-LCP's MIMIC-CXR code, widened to headings without
 * the leading blank, in mixed case, or inside a line) and sentences.
 */

/** A part of a report under one heading. `name` is normalised: findings, impression, comparison, indication, ... */
export interface Section {
  name: string
  /** Trimmed; lines keep their breaks but lose their indentation. */
  text: string
}

/** The sections a study keeps. An absent one was not dictated, or is empty. */
export interface ReportSections {
  indication?: string
  comparison?: string
  findings?: string
  impression?: string
}

/** Other spellings of the section names, as MIT-LCP maps them. */
const sameSection: Readonly<Record<string, string>> = {
  finding: 'findings',
  'chest, two views': 'findings',
  'findings and impression': 'findings',
  'findings/impression': 'findings',
  impressions: 'impression',
  conclusion: 'impression',
  conclusions: 'impression',
  comparisons: 'comparison',
  indications: 'indication',
  'reason for exam': 'indication',
  'reason for examination': 'indication',
  'reason for the exam': 'indication',
  'clinical indication': 'indication',
  'clinical history': 'history',
  'clinical information': 'history',
  'patient history': 'history',
  'type of examination': 'examination',
  exam: 'examination',
  recommendations: 'recommendation',
  notifications: 'notification',
}
const known = new Set([
  ...Object.keys(sameSection),
  ...['findings', 'impression', 'comparison', 'indication', 'history', 'examination', 'technique', 'recommendation'],
  ...['notification', 'addendum', 'wet read'],
])

/** A heading at the start of a line, or one in capitals behind a full stop. At most 60 characters, so that it is linear. */
const heading = /(?:^[ \t]*([A-Za-z][A-Za-z ()/,-]{0,59})|(?<=[.!?:][ \t]+)([A-Z][A-Z ()/,-]{0,59})):(?=\s|$)/gm

/**
 * Cuts a report at its headings. A heading is a line start, then capitals, blanks and ()/,- and a colon; a known name may
 * be in any case, and in capitals stand behind a sentence. Text before the first heading is "preamble"; without any
 * heading the only section is "full report". Empty sections are dropped.
 */
export function splitSections(text: string): Section[] {
  const cuts: { name: string; start: number; end: number }[] = []
  const lines = text.replace(/\r\n?/g, '\n')
  for (const match of lines.matchAll(heading)) {
    const [whole, atLine, inLine] = match
    const raw = (atLine ?? inLine ?? '').trim()
    const name = raw.toLowerCase().replace(/\s+/g, ' ')
    const capitals = atLine !== undefined && raw.length > 2 && raw === raw.toUpperCase()
    if (!capitals && !known.has(name)) continue
    cuts.push({ name: sameSection[name] ?? name, start: match.index, end: match.index + whole.length })
  }
  const first = cuts[0]
  const sections = [
    { name: first === undefined ? 'full report' : 'preamble', text: tidy(lines.slice(0, first?.start)) },
  ]
  for (const [i, { name, end }] of cuts.entries()) {
    sections.push({ name, text: tidy(lines.slice(end, cuts[i + 1]?.start)) })
  }
  return sections.filter((section) => section.text !== '')
}

/**
 * The four sections of a study. Of a heading that stands twice the last one counts; history serves where there is no
 * indication. With neither findings nor impression, the findings are the last paragraphs of the last section (what
 * MIT-LCP calls "last_paragraph"), or the whole text when there are no headings. Null for a text without words.
 */
export function readReport(text: string): ReportSections | null {
  const sections = splitSections(text)
  const last = sections.at(-1)
  if (last === undefined || !/[\p{L}\p{N}]/u.test(text)) return null
  const of = (name: string): string | undefined => sections.findLast((section) => section.name === name)?.text
  const report: ReportSections = {
    indication: of('indication') ?? of('history'),
    comparison: of('comparison'),
    findings: of('findings'),
    impression: of('impression'),
  }
  if (report.findings === undefined && report.impression === undefined) {
    const [head = '', ...rest] = last.name === 'full report' ? ['', last.text] : last.text.split(/\n\s*\n/)
    if (rest.length > 0) {
      report.findings = rest.join('\n\n')
      if (last.name === 'comparison') report.comparison = head
      if (report.indication === last.text) report.indication = head
    } else if (last.name === 'preamble') report.findings = head
  }
  return Object.fromEntries(Object.entries(report).filter(([, value]) => value !== undefined))
}

function tidy(text: string): string {
  return text.trim().replace(/\n[ \t]+/g, '\n')
}

/** Words whose full stop never ends a sentence. */
const titles = new Set(['dr', 'mr', 'mrs', 'ms', 'prof', 'st', 'vs', 'e.g', 'i.e', 'eg', 'ie', 'approx', 'cf', 'resp'])
/** Words whose full stop ends a sentence only before a capital: "3 cm. in size", "3 cm. The lungs". */
const units = new Set(['cm', 'mm', 'ml', 'cc', 'in', 'ca', 'a.m', 'p.m', 'etc', 'min', 'sec', 'hr', 'wk', 'mo', 'yr'])
/** Words whose full stop ends no sentence before a number: "no. 3", "fig. 2". */
const counters = new Set(['no', 'nos', 'fig', 'figs', 'im', 'img', 'se', 'ser', 'vol', 'pt', 'pts'])

const listMark = /^(?:\(?\d{1,2}[.)]|[-*•–])\s+(?=\S)/

/**
 * Sentences of a section, in order, list numbers and bullets taken off, white space to single blanks. Decimals,
 * abbreviations ("Dr.", "3 cm. in size", "vs."), initials and wrapped lines do not cut; blank lines and list items do.
 * Sentences without a letter or digit are dropped.
 */
export function splitSentences(text: string): string[] {
  return blocks(text).flatMap((block) => {
    const sentences: string[] = []
    let words: string[] = []
    const close = (): void => {
      const sentence = words.join(' ').replace(listMark, '')
      if (/[\p{L}\p{N}]/u.test(sentence)) sentences.push(sentence)
      words = []
    }
    const all = block.split(/\s+/).filter((word) => word !== '')
    for (const [i, word] of all.entries()) {
      words.push(word)
      if (endsSentence(word, words.length, all[i - 1], all[i + 1])) close()
    }
    close()
    return sentences
  })
}

/** Paragraphs and list items; wrapped lines are joined. */
function blocks(text: string): string[] {
  const out: string[] = []
  let open = false
  for (const line of text.split(/\r\n?|\n/).map((l) => l.trim())) {
    if (line === '') open = false
    else if (open && !listMark.test(line)) out[out.length - 1] += ` ${line}`
    else {
      out.push(line)
      open = true
    }
  }
  return out
}

function endsSentence(word: string, position: number, previous: string | undefined, next: string | undefined): boolean {
  const match = /^(.*?)([.!?]+)["')\]’”]*$/su.exec(word)
  if (match === null || next === undefined) return false
  const [, stem = '', marks = ''] = match
  if (marks !== '.') return true
  // "2." that opens a sentence is a list number, not a sentence.
  if (position === 1 && /^\(?\d{1,2}$/.test(stem)) return false
  const bare = stem.toLowerCase().replace(/^[("'[]+/, '')
  if (titles.has(bare)) return false
  if (units.has(bare)) return /^["'([]*[\p{Lu}\d]/u.test(next)
  if (counters.has(bare)) return !/^\d/.test(next)
  // An initial: "Dr. J. Smith".
  return !(/^\p{Lu}$/u.test(stem) && previous !== undefined && /^(?:(?:dr|mr|mrs|ms|prof)|\p{Lu})\.$/iu.test(previous))
}
