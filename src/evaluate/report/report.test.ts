/** @file Reports: what a reader sees is what was given, nothing foreign becomes markup, nothing is fetched. */

import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { reliability } from '../metrics/calibration.ts'
import { escapeHtml } from './escape.ts'
import { renderReport, table } from './html.ts'
import { seriesColour, seriesDash } from './palette.ts'
import { confusionPlot, histogramPlot, intervalPlot, linePlot, reliabilityPlot, rocPlot } from './plots.ts'

const foreign = `<script>alert("1")</script> & 'x'`
const page = (html: string) => parseHTML(`<!doctype html><html><body>${html}</body></html>`).document
const texts = (html: string, selector: string) =>
  [...page(html).querySelectorAll(selector)].map((element) => element.textContent ?? '')
/** Path data of the drawn lines: those with a series colour. */
const lines = (html: string) =>
  [...page(html).querySelectorAll('g[aria-label="line"]')]
    .filter((group) => group.getAttribute('stroke')?.includes('--series'))
    .map((group): string => group.querySelector('path')?.getAttribute('d') ?? '')

describe('plots', () => {
  it('draws a line through each point, in order, and breaks at nothing but leaves NaN out', () => {
    const html = linePlot({ title: 'Loss', x: 'step', y: 'loss' }, [
      { name: 'a', x: [0, 1, 2], y: [3, 2, 1] },
      { name: 'b', x: [0, 1, 2], y: [1, Number.NaN, 2] },
    ])
    const [a, b] = lines(html).map((d) =>
      d
        .slice(1)
        .split('L')
        .map((point) => point.split(',').map(Number)),
    )
    expect(a).toHaveLength(3)
    expect(b).toHaveLength(2)
    // Falling values run down the page, and steps are evenly spaced.
    expect(a![0]![1]!).toBeLessThan(a![2]![1]!)
    expect(a![1]![0]! - a![0]![0]!).toBeCloseTo(a![2]![0]! - a![1]![0]!, 6)
    expect(texts(html, '.legend span')).toEqual(['a', 'b'])
  })

  it('a logarithmic axis leaves out what has no logarithm', () => {
    const d = lines(
      linePlot({ title: 't', x: 'x', y: 'y' }, [{ name: 'a', x: [0, 1, 2, 3], y: [0, 1, 10, 100] }], { log: true }),
    )
    const heights = d[0]!
      .slice(1)
      .split('L')
      .map((point) => Number(point.split(',')[1]))
    expect(heights).toHaveLength(3)
    expect(heights[0]! - heights[1]!).toBeCloseTo(heights[1]! - heights[2]!, 6)
  })

  it('ROC: from corner to corner', () => {
    const html = rocPlot({ title: 'ROC' }, [{ name: 'a', falsePositiveRate: [0, 0, 1], truePositiveRate: [0, 1, 1] }])
    expect(lines(html)[0]!.match(/L/gu)).toHaveLength(2)
  })

  it('intervals: a dot and a bar for each known row, a word for the unknown, lines for the references', () => {
    const rows = [
      { name: 'Edema', value: 0.8, low: 0.7, high: 0.9 },
      { name: 'Mass', value: Number.NaN, low: Number.NaN, high: Number.NaN },
      { name: 'Nodule', value: 0.6, low: Number.NaN, high: Number.NaN },
    ]
    const html = intervalPlot({ title: 'AUROC', x: 'AUROC' }, [{ name: 'a', rows }], {
      references: [
        { name: 'chance', value: 0.5 },
        { name: 'none', value: Number.NaN },
      ],
    })
    const document = page(html)
    expect(document.querySelectorAll('g[aria-label="dot"] circle')).toHaveLength(2)
    expect(document.querySelectorAll('g[aria-label="link"] path')).toHaveLength(1)
    expect(document.querySelectorAll('g[aria-label="rule"] line')).toHaveLength(1)
    expect(texts(html, 'text').filter((text) => text === 'undefined')).toHaveLength(1)
    expect(texts(html, '.legend span')).toEqual(['chance'])
  })

  it('confusion: counts read row by row, colour is the share of the row', () => {
    const html = confusionPlot(
      { title: 'c' },
      ['no', 'yes'],
      [
        [8, 2],
        [0, 0],
      ],
    )
    expect(texts(html, 'g[aria-label="text"] text')).toEqual(['8', '2', '0', '0'])
    const shares = [...page(html).querySelectorAll('g[aria-label="cell"]')].at(-1)!.querySelectorAll('rect')
    expect([...shares].map((cell) => Number(cell.getAttribute('fill-opacity')))).toEqual([0.8, 0.2, 0, 0])
  })

  it('histogram: one bar a bin, the maximum in the last bin', () => {
    const html = histogramPlot({ title: 'h', x: 'x' }, [{ name: 'a', values: [0, 0.1, 1, Number.NaN] }], { bins: 2 })
    const bars = [...page(html).querySelectorAll('g[aria-label="rect"] rect')].map((bar) =>
      Number(bar.getAttribute('height')),
    )
    expect(bars).toHaveLength(2)
    expect(bars[0]! / bars[1]!).toBeCloseTo(2, 6)
  })

  it('histogram: groups of different size are drawn as shares', () => {
    const few = [0, 0, 1]
    const many = [...few, ...few, ...few]
    const html = histogramPlot(
      { title: 'h', x: 'x' },
      [
        { name: 'a', values: few },
        { name: 'b', values: many },
      ],
      { bins: 2 },
    )
    const bars = [...page(html).querySelectorAll('g[aria-label="rect"] rect')].map((bar) => bar.getAttribute('height'))
    expect(bars).toHaveLength(4)
    expect(bars.slice(2)).toEqual(bars.slice(0, 2))
  })

  it('reliability: only bins that hold items', () => {
    const html = reliabilityPlot({ title: 'r' }, reliability([0.1, 0.12, 0.9], [0, 1, 1]))
    expect(page(html).querySelectorAll('g[aria-label="dot"] circle')).toHaveLength(2)
  })

  it('holds when there is nothing to draw', () => {
    const text = { title: 'empty', x: 'x', y: 'y' }
    for (const html of [
      linePlot(text, []),
      linePlot(text, [{ name: 'a', x: [], y: [] }], { log: true }),
      linePlot(text, [{ name: 'a', x: [1], y: [1] }]),
      rocPlot(text, []),
      intervalPlot(text, []),
      intervalPlot(text, [{ name: 'a', rows: [{ name: 'x', value: Number.NaN, low: Number.NaN, high: Number.NaN }] }]),
      confusionPlot(text, [], []),
      histogramPlot(text, [{ name: 'a', values: [] }]),
      histogramPlot(text, [{ name: 'a', values: [2, 2] }]),
      reliabilityPlot(text, reliability([], [])),
    ]) {
      expect(texts(html, 'h3')).toEqual(['empty'])
      expect(html).not.toMatch(/="[^"]*NaN/u)
    }
  })

  it('series differ in colour and dash', () => {
    expect(new Set(Array.from({ length: 7 }, (_, k) => seriesColour(k))).size).toBe(7)
    expect(new Set(Array.from({ length: 28 }, (_, k) => seriesColour(k) + seriesDash(k))).size).toBe(28)
  })
})

describe('report', () => {
  const report = () =>
    renderReport({
      title: foreign,
      subtitle: foreign,
      footer: foreign,
      sections: [
        {
          heading: foreign,
          text: [foreign, 'second'],
          plot: [
            linePlot({ title: foreign, caption: foreign, x: foreign, y: foreign }, [
              { name: foreign, x: [1, 2], y: [1, 2] },
              { name: 'b', x: [1, 2], y: [2, 2] },
            ]),
            confusionPlot(
              { title: foreign },
              [foreign, 'b'],
              [
                [1, 2],
                [3, 4],
              ],
            ),
            intervalPlot({ title: foreign, x: foreign }, [
              { name: foreign, rows: [{ name: foreign, value: 1, low: 0, high: 2 }] },
            ]),
          ],
          table: table([foreign, { title: 'n' }], [[foreign, 1]], foreign),
          images: [{ data: Uint8Array.of(1, 2, 3), type: 'image/png', alt: foreign, caption: foreign }],
        },
      ],
    })

  it('turns no foreign text into markup', () => {
    const html = report()
    expect(html).not.toContain('<script')
    const { document } = parseHTML(html)
    expect(document.querySelector('h1')?.textContent).toBe(foreign)
    expect(document.querySelector('td')?.textContent).toBe(foreign)
    expect(document.querySelector('img')?.getAttribute('alt')).toBe(foreign)
    expect([...document.querySelectorAll('svg text')].some((text) => text.textContent === foreign)).toBe(true)
    expect(escapeHtml(`<a b="c">'&`)).toBe('&lt;a b=&quot;c&quot;&gt;&#39;&amp;')
  })

  it('fetches nothing, runs nothing, and says so to the browser', () => {
    const html = report()
    expect(html).not.toMatch(/https?:|\ssrc="(?!data:)|url\(|@import|\son[a-z]+=/u)
    expect(html).toContain("default-src 'none'")
  })

  it('holds the bytes of its images', () => {
    expect(report()).toContain('src="data:image/png;base64,AQID"')
  })

  it('is the same every time', () => {
    expect(report()).toBe(report())
  })

  it('sets numbers to the right and undefined values as dashes', () => {
    const html = table(
      ['finding', 'AUROC'],
      [
        ['Edema', 0.91234],
        ['Mass', Number.NaN],
      ],
    )
    expect(texts(html, 'td')).toEqual(['Edema', '0.912', 'Mass', '–'])
    expect([...page(html).querySelectorAll('.right')].map(({ tagName }) => tagName)).toEqual(['TH', 'TD', 'TD'])
  })
})
