/** @file Escaping of text for HTML. Apart from the plots, so that a page without plots loads no drawing library. */

/** Text made safe for HTML and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&/gu, '&amp;')
    .replace(/</gu, '&lt;')
    .replace(/>/gu, '&gt;')
    .replace(/"/gu, '&quot;')
    .replace(/'/gu, '&#39;')
}
