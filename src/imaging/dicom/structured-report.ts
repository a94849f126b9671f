/** @file DICOM structured reports (PS3.3 C.17.3) as content items and as plain text with headings. */

import { VesaliusError } from '../../core/errors.ts'
import { decodeText } from './character-sets.ts'
import { asciiOf, type Element, find, readDicomFile } from './elements.ts'

/** One node of the content tree, in document order. */
export interface ContentItem {
  /** 0 for the root container. */
  depth: number
  /** CONTAINS, HAS OBS CONTEXT, HAS CONCEPT MOD, INFERRED FROM ...; '' for the root. */
  relationship: string
  /** CONTAINER, TEXT, CODE, NUM, PNAME, DATE, TIME, DATETIME, UIDREF, IMAGE ...; '' for a reference to another item. */
  kind: string
  /** Meaning of the concept name, the question an item answers; '' for none. */
  concept: string
  /** Text, meaning of the code, number and unit, name, date; '' for kinds that refer to other objects. */
  value: string
}

/** A structured report without anything about the patient but what its author wrote. */
export interface StructuredReport {
  /** Concept of the root, such as "Chest X-ray report". */
  title: string
  items: ContentItem[]
  /** Findings as text: a line an item, headings with a colon; see {@link reportText}. */
  text: string
}

const valueTags: Record<string, number> = {
  TEXT: 0x0040a160,
  PNAME: 0x0040a123,
  DATE: 0x0040a121,
  TIME: 0x0040a122,
  DATETIME: 0x0040a120,
  UIDREF: 0x0040a124,
}
const conceptNames = 0x0040a043
const conceptCodes = 0x0040a168
const content = 0x0040a730
const mostItems = 100_000

/** Reads elements of one level with the character sets in force there. */
class Level {
  readonly elements: readonly Element[]
  readonly sets: readonly string[]

  constructor(elements: readonly Element[], outer: readonly string[]) {
    this.elements = elements
    const own = find(elements, 0x00080005)
    this.sets = own === undefined ? outer : asciiOf(own).split('\\')
  }

  text(tag: number): string {
    const element = find(this.elements, tag)
    if (element?.value === undefined) return ''
    return decodeText(element.value, this.sets, element.vr === 'PN')
      .replace(/[\0 ]+$/, '')
      .trim()
  }

  first(tag: number): Level | undefined {
    const inside = find(this.elements, tag)?.items?.[0]
    return inside === undefined ? undefined : new Level(inside, this.sets)
  }

  children(): Level[] {
    return (find(this.elements, content)?.items ?? []).map((each) => new Level(each, this.sets))
  }
}

function readValue(level: Level, kind: string): string {
  if (kind === 'CODE') return level.first(conceptCodes)?.text(0x00080104) ?? ''
  if (kind === 'NUM') {
    const measured = level.first(0x0040a300)
    if (measured === undefined) return ''
    const number = measured.text(0x0040a30a).split('\\')[0]!.trim()
    return `${number} ${measured.first(0x004008ea)?.text(0x00080100) ?? ''}`.trim()
  }
  const tag = valueTags[kind]
  return tag === undefined ? '' : level.text(tag)
}

/** All content items below and including the root, in document order. */
function itemsOf(root: Level): ContentItem[] {
  const items: ContentItem[] = []
  const walk = (level: Level, depth: number): void => {
    if (items.length >= mostItems) return
    const kind = level.text(0x0040a040)
    items.push({
      depth,
      relationship: level.text(0x0040a010),
      kind,
      concept: level.first(conceptNames)?.text(0x00080104) ?? '',
      value: readValue(level, kind),
    })
    for (const child of level.children()) walk(child, depth + 1)
  }
  walk(root, 0)
  return items
}

/** Units as they are read aloud in a report; UCUM's "1" means "no unit". */
const spokenUnits: Record<string, string> = { '1': '', '{0:1}': '', '[degF]': '°F', Cel: '°C' }

/**
 * The report as a person would dictate it. Containers with a name become headings; texts stand alone, or behind the name
 * of their concept where that is not the heading's; codes and measurements are "concept: value". Observation context
 * (who observed whom, when), names, identifiers and references to pictures are left out: they are not findings.
 */
export function reportText(items: readonly ContentItem[]): string {
  const lines: string[] = []
  let heading = ''
  let hidden = Number.POSITIVE_INFINITY
  for (const { depth, relationship, kind, concept, value } of items) {
    if (depth > hidden) continue
    hidden = relationship === 'HAS OBS CONTEXT' ? depth : Number.POSITIVE_INFINITY
    if (hidden === depth) continue
    if (kind === 'CONTAINER') {
      if (depth > 0 && concept !== '') {
        heading = concept
        lines.push('', `${concept}:`)
      }
      continue
    }
    if (value === '' || !['TEXT', 'CODE', 'NUM'].includes(kind)) continue
    const [number = '', unit] = kind === 'NUM' ? value.split(' ') : []
    const shown = kind === 'NUM' && unit !== undefined ? `${number} ${spokenUnits[unit] ?? unit}`.trim() : value
    // "Findings / Finding: ...": the concept only repeats the heading.
    const repeats = heading.toLowerCase().startsWith(concept.toLowerCase().replace(/s$/, ''))
    lines.push(
      kind === 'TEXT' && (concept === '' || repeats) ? shown : `${concept === '' ? '' : `${concept}: `}${shown}`,
    )
  }
  return lines
    .join('\n')
    .replace(/\r\n?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/**
 * Reads a structured report from the bytes of a DICOM file. Throws FILE_DAMAGED, or FORMAT_UNSUPPORTED for a DICOM object
 * that is not a structured report.
 *
 * @example
 * const { title, text } = readStructuredReport(await readFile('report.dcm'), 'report.dcm')
 */
export function readStructuredReport(bytes: Uint8Array, where: string): StructuredReport {
  const root = new Level(readDicomFile(bytes, where).elements, [])
  if (root.text(0x0040a040) !== 'CONTAINER') {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} is not a DICOM structured report.`, {
      where,
      hint: 'Structured reports have the value type CONTAINER (0040,A040) at their root.',
    })
  }
  const items = itemsOf(root)
  return { title: items[0]?.concept ?? '', items, text: reportText(items) }
}
