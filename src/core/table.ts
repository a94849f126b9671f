/** @file Tables as text: cells formatted once for terminal and report, columns aligned whatever the script. */

/** What stands in a cell. `null`, `undefined` and NaN are shown as a dash: undefined on these data. */
export type Cell = string | number | boolean | null | undefined

export interface Column {
  title: string
  /** Default: right if every cell that is not empty is a number, else left. */
  align?: 'left' | 'right'
  /** Digits after the point for numbers, default 3 for fractions and 0 for whole columns. */
  digits?: number
}

/** Shown for a value that is undefined. */
export const dash = '–'

/** A column with its alignment and cells as they are printed. */
export interface FormattedColumn {
  title: string
  align: 'left' | 'right'
  cells: string[]
}

function isEmpty(cell: Cell): boolean {
  return cell === null || cell === undefined || Number.isNaN(cell)
}

/** Formats a table column by column; missing cells of short rows are dashes. */
export function formatColumns(
  columns: readonly (Column | string)[],
  rows: readonly (readonly Cell[])[],
): FormattedColumn[] {
  return columns.map((column, c) => {
    const { title, align, digits } = typeof column === 'string' ? { title: column } : { ...column }
    const cells = rows.map((row) => row[c])
    const filled = cells.filter((cell) => !isEmpty(cell))
    const numeric = filled.length > 0 && filled.every((cell) => typeof cell === 'number')
    const places = digits ?? (filled.every((cell) => Number.isInteger(cell)) ? 0 : 3)
    return {
      title,
      align: align ?? (numeric ? 'right' : 'left'),
      cells: cells.map((cell) => formatCell(cell, places)),
    }
  })
}

function formatCell(cell: Cell, digits: number): string {
  if (isEmpty(cell)) return dash
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (typeof cell !== 'number') return String(cell)
  if (!Number.isFinite(cell)) return cell > 0 ? '∞' : '-∞'
  const text = cell.toFixed(digits)
  return /^-0\.?0*$/u.test(text) ? text.slice(1) : text
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u
const zero = /^[\p{Mark}\p{Cf}]+$/u

/** Columns a text takes on a terminal: 2 for East Asian and emoji, 0 for lone combining marks, else 1 a grapheme. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    // U+FE0F asks for the picture form of a sign, which is two columns wide.
    if (wide.test(segment) || segment.includes('\ufe0f')) width += 2
    else if (!zero.test(segment)) width += 1
  }
  return width
}

/** One printable line: line breaks become spaces, control characters (terminal escapes in foreign data) are dropped. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
}

/**
 * A table for the terminal: titles, a rule, rows; numbers right-aligned; no trailing blanks and no final line break.
 *
 *     finding        AUROC   n
 *     ─────────────  ─────  ──
 *     Edema          0.912  40
 *     Pneumothorax       –  12
 */
export function textTable(columns: readonly (Column | string)[], rows: readonly (readonly Cell[])[]): string {
  const lines: string[][] = Array.from({ length: rows.length + 2 }, () => [])
  for (const { title, align, cells } of formatColumns(columns, rows)) {
    const texts = [title, ...cells].map(oneLine)
    const width = Math.max(...texts.map(displayWidth))
    const [head, ...body] = texts.map((text) => {
      const blank = ' '.repeat(width - displayWidth(text))
      return align === 'right' ? blank + text : text + blank
    })
    ;[head!, '─'.repeat(width), ...body].forEach((text, i) => {
      lines[i]!.push(text)
    })
  }
  return lines.map((line) => line.join('  ').trimEnd()).join('\n')
}
