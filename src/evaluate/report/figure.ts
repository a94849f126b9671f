/**
 * @file Drawing with Observable Plot on a document without a browser: one theme, one legend, HTML out.
 * Colours are CSS variables with Okabe-Ito fallbacks, so that a figure follows the page into dark mode and print.
 */

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { escapeHtml } from './escape.ts'

/** One entry of a legend. */
export interface LegendEntry {
  name: string
  colour: string
  /** `line`, with its dashes, or a `dot`. */
  mark: 'line' | 'dot'
  dash?: string
}

/** Words around a plot. */
export interface FigureText {
  /** Shown above; also names the figure for screen readers. */
  title: string
  /** Shown below. */
  caption?: string
}

function legend(entries: readonly LegendEntry[]): string {
  if (entries.length === 0) return ''
  const items = entries.map(({ name, colour, mark, dash }) => {
    const shape =
      mark === 'dot'
        ? `<circle cx="12" cy="6" r="4" fill="${colour}"/>`
        : `<line x1="1" x2="23" y1="6" y2="6" stroke="${colour}" stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ''}/>`
    return `<span><svg width="24" height="12" aria-hidden="true">${shape}</svg>${escapeHtml(name)}</span>`
  })
  return `<div class="legend">${items.join('')}</div>`
}

/** Draws marks and returns an HTML `<figure>` that needs no script and no network. */
export function figure(
  text: FigureText,
  options: Omit<Plot.PlotOptions, 'document'>,
  entries: LegendEntry[] = [],
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({
    ...options,
    document,
    className: 'plot',
    style: { fontSize: '12px', fontFamily: 'inherit', background: 'none', overflow: 'visible' },
  })
  // The label is set here, not by Plot: linkedom writes attributes without escaping `<` and `&`.
  const drawing = svg.outerHTML.replace('<svg', () => `<svg role="img" aria-label="${escapeHtml(text.title)}"`)
  const caption = text.caption === undefined ? '' : `<figcaption>${escapeHtml(text.caption)}</figcaption>`
  const width = typeof options.width === 'number' ? ` style="max-width:${options.width}px"` : ''
  return `<figure class="figure"${width}><h3>${escapeHtml(text.title)}</h3>${legend(entries)}${drawing}${caption}</figure>`
}
