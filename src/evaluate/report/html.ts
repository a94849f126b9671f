/** @file A report as one HTML file: no network, no script but one of ours whose hash it states, every text escaped. */

import { createHash } from 'node:crypto'

import { type Cell, type Column, formatColumns } from '../../core/table.ts'
import { escapeHtml } from './escape.ts'
import { reportStyle } from './style.ts'

/** A picture inside the file. */
export interface ReportImage {
  /** Encoded file bytes. */
  data: Uint8Array
  type: 'image/png' | 'image/jpeg' | 'image/webp'
  /** What the picture shows, for readers who cannot see it. */
  alt: string
  caption?: string
}

/** A part of a report. What is present is shown in the order text, plot, table, images, html. */
export interface ReportSection {
  heading: string
  /** Paragraphs of plain text. */
  text?: string | readonly string[]
  /** Figures as the plot functions return them. Markup: not escaped. */
  plot?: string | readonly string[]
  /** A table as {@link table} returns it. Markup: not escaped. */
  table?: string | readonly string[]
  images?: readonly ReportImage[]
  /** Other markup made by the program. Never put foreign text here without {@link escapeHtml}. */
  html?: string
}

export interface Report {
  title: string
  subtitle?: string
  sections: readonly ReportSection[]
  /** Line at the end: version, command, seed, "not for clinical use". */
  footer?: string
  /** Script at the end, such as the one of sortable tables. The page must be complete without it. */
  script?: string
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/** A table as HTML: numbers to the right in even digits, undefined values as a dash. */
export function table(
  columns: readonly (Column | string)[],
  rows: readonly (readonly Cell[])[],
  caption?: string,
): string {
  const formatted = formatColumns(columns, rows)
  const attribute = (align: 'left' | 'right') => (align === 'right' ? ' class="right"' : '')
  const head = formatted.map(({ title, align }) => `<th scope="col"${attribute(align)}>${escapeHtml(title)}</th>`)
  const body = rows.map((_, r) => {
    const cells = formatted.map(({ align, cells }) => `<td${attribute(align)}>${escapeHtml(cells[r]!)}</td>`)
    return `<tr>${cells.join('')}</tr>`
  })
  const title = caption === undefined ? '' : `<caption>${escapeHtml(caption)}</caption>`
  return `<div class="scroll"><table>${title}<thead><tr>${head.join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`
}

function image({ data, type, alt, caption }: ReportImage): string {
  const source = `data:${type};base64,${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`
  const below = caption === undefined ? '' : `<figcaption>${escapeHtml(caption)}</figcaption>`
  return `<figure><img src="${source}" alt="${escapeHtml(alt)}">${below}</figure>`
}

function section({ heading, text, plot, table, images = [], html = '' }: ReportSection, index: number): string {
  const plots = listOf(plot)
  const parts = [
    `<h2>${escapeHtml(heading)}</h2>`,
    ...listOf(text).map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    plots.length === 0 ? '' : `<div class="plots">${plots.join('\n')}</div>`,
    ...listOf(table),
    images.length === 0 ? '' : `<div class="images">${images.map(image).join('\n')}</div>`,
    html,
  ]
  return `<section id="part-${index + 1}">\n${parts.filter((part) => part !== '').join('\n')}\n</section>`
}

/** The report as one self-contained HTML document. The same input gives the same bytes. */
export function renderReport({ title, subtitle, sections, footer, script }: Report): string {
  const allowed =
    script === undefined ? '' : `; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`
  const links = sections.map(({ heading }, i) => `<a href="#part-${i + 1}">${escapeHtml(heading)}</a>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:${allowed}">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
${subtitle === undefined ? '' : `<p>${escapeHtml(subtitle)}</p>`}
${sections.length < 3 ? '' : `<nav>${links.join('')}</nav>`}
</header>
<main>
${sections.map(section).join('\n')}
</main>
${footer === undefined ? '' : `<footer>${escapeHtml(footer)}</footer>`}
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`
}
