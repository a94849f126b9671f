/** @file Tables that a reader can sort. Without the script, in print for one, they are plain tables. */

import { escapeHtml } from './escape.ts'

/** What stands in a cell, and the number it is sorted by. */
export interface SortableCell {
  text: string
  value?: number | undefined
}

/** A table whose heads are buttons. Columns with numbers sort by number, largest first; others by text. */
export function sortableTable(titles: readonly string[], rows: readonly (readonly SortableCell[])[]): string {
  const numeric = titles.map((_, c) => rows.some((row) => row[c]?.value !== undefined))
  const side = (c: number): string => (numeric[c] ? ' class="right"' : '')
  const head = titles.map(
    (title, c) => `<th scope="col"${side(c)}><button type="button">${escapeHtml(title)}</button></th>`,
  )
  const body = rows.map((row) => {
    const cells = row.map(({ text, value }, c) => {
      const sortedBy = value === undefined ? '' : ` data-value="${value}"`
      return `<td${side(c)}${sortedBy}>${escapeHtml(text)}</td>`
    })
    return `<tr>${cells.join('')}</tr>`
  })
  return `<div class="scroll"><table class="sortable"><thead><tr>${head.join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`
}

/** The script of such tables: a click sorts, a second one turns the order round. */
export const sortScript = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells]
  heads.forEach((head, column) => head.firstChild.addEventListener('click', () => {
    const body = table.tBodies[0]
    const rows = [...body.rows]
    const key = (row) => row.cells[column].dataset.value
    const numeric = rows.some((row) => key(row) !== undefined)
    const turn = head.getAttribute('aria-sort') === (numeric ? 'descending' : 'ascending') ? -1 : 1
    heads.forEach((other) => other.removeAttribute('aria-sort'))
    head.setAttribute('aria-sort', numeric === (turn === 1) ? 'descending' : 'ascending')
    rows.sort((a, b) => {
      if (!numeric) return turn * a.cells[column].textContent.localeCompare(b.cells[column].textContent)
      const [x, y] = [key(a), key(b)]
      // Cells without a number stay at the end.
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined)
      return turn * (y - x)
    })
    body.append(...rows)
  }))
}
`
