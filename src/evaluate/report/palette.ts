/** @file Colours and dashes of series. */

/**
 * Okabe & Ito's colours, safe for colour-blind readers: on paper in an order that keeps yellow for last, and on dark ground
 * with the pale ones first and blue and green lightened for contrast.
 */
export const palette = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a8a00'],
  dark: ['#56b4e9', '#e69f00', '#2fc49b', '#e39bc4', '#f0e442', '#f08c4a', '#b0b0b0'],
} as const

/** Colour of the k-th series. */
export function seriesColour(k: number): string {
  const at = k % palette.light.length
  return `var(--series-${at + 1}, ${palette.light[at]})`
}

/** Lines differ in dashes too, for print in grey and for more series than colours. */
export function seriesDash(k: number): string {
  return ['', '6 3', '2 3', '8 3 2 3'][k % 4]!
}
