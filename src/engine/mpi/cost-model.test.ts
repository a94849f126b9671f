import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allReduceSeconds, fitLink, shareSeconds, stepCost, type Work } from './cost-model.ts'

const work: Work = { batch: 32, compute: 8, pairwise: 1e-7, features: 4096, first: 60e6, rest: 100e6, cover: 1 }
const ethernet = { latency: 30e-6, bandwidth: 1.25e9 }

describe('cost of a step', () => {
  it('is that of the towers and the loss on one rank', () => {
    expect(stepCost(1, work, ethernet)).toMatchObject({ gather: 0, reduce: 0, step: 8 + 1e-7 * 32 ** 2, efficiency: 1 })
  })

  it('follows the formula, worked out by hand for 4 ranks', () => {
    // A(60 MB) = 6 * 30 us + 1.5 * 60e6 / 1.25e9 = 72.18 ms, all hidden; A(100 MB) = 120.18 ms.
    // S(4 * 32 * 4096 B) = 3 * 30 us + 0.75 * 524288 / 1.25e9 = 0.4045728 ms, twice. L = 1e-7 * 128^2 = 1.6384 ms.
    const { loss, gather, reduce, step } = stepCost(4, work, ethernet)
    expect(loss).toBeCloseTo(0.0016384, 10)
    expect(gather).toBeCloseTo(0.0008091456, 10)
    expect(reduce).toBeCloseTo(0.12018, 10)
    expect(step).toBeCloseTo(8.1226275456, 10)
    expect(stepCost(4, { ...work, cover: 0.05 }, ethernet).reduce).toBeCloseTo(0.12018 + 0.02218, 10)
  })

  it('moves less than twice the gradients, however many ranks', () => {
    const limit = (2 * 160e6) / 1.25e9
    expect(allReduceSeconds(2, 160e6, { ...ethernet, latency: 0 })).toBeCloseTo(limit / 2, 10)
    expect(allReduceSeconds(1000, 160e6, { ...ethernet, latency: 0 })).toBeLessThan(limit)
    expect(shareSeconds(2, 160e6, ethernet) * 2).toBeCloseTo(allReduceSeconds(2, 160e6, ethernet), 10)
  })

  it('loses efficiency with ranks, and gains it with bandwidth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (n) => {
        const { efficiency } = stepCost(n, work, ethernet)
        expect(stepCost(n + 1, work, ethernet).efficiency).toBeLessThan(efficiency)
        expect(efficiency).toBeLessThanOrEqual(1)
        const faster = { ...ethernet, bandwidth: 12.5e9 }
        expect(stepCost(n, work, faster).efficiency).toBeGreaterThanOrEqual(efficiency)
      }),
    )
  })
})

it('a link is found again from the times it explains', () => {
  const measured = [1e3, 1e5, 1e7, 1e8].map((bytes) => ({ bytes, seconds: allReduceSeconds(4, bytes, ethernet) }))
  const { latency, bandwidth } = fitLink(4, measured)
  expect(latency / ethernet.latency).toBeCloseTo(1, 6)
  expect(bandwidth / ethernet.bandwidth).toBeCloseTo(1, 6)
})

it('the table of docs/scaling.md is what the model says', () => {
  const text = readFileSync(new URL('../../../docs/scaling.md', import.meta.url), 'utf8')
  const links = {
    '10 Gbit/s': { latency: 30e-6, bandwidth: 1e9 },
    '100 Gbit/s': { latency: 5e-6, bandwidth: 10e9 },
  }
  const rows = [...text.matchAll(/^\| ([\d.]+) +\| (100?) Gbit\/s +\| (\d+) .*$/gm)]
  expect(rows).toHaveLength(12)
  for (const [row, compute, network, n] of rows) {
    const work = {
      batch: 32,
      features: 4096,
      first: 70e6,
      rest: 86e6,
      compute: Number(compute),
      pairwise: Number(compute) * 6e-9,
    }
    const link = links[`${network} Gbit/s` as keyof typeof links]
    const { loss, gather, reduce, step, pairsPerSecond, efficiency } = stepCost(
      Number(n),
      { ...work, cover: work.compute / 2 },
      link,
    )
    const ms = (seconds: number, digits: number): string => (1000 * seconds).toFixed(digits)
    const wanted = [
      ms(loss, 0),
      ms(gather, 1),
      ms(reduce, 0),
      step.toFixed(3),
      pairsPerSecond.toFixed(0),
      `${Math.round(100 * efficiency)} %`,
    ]
    expect(
      row
        .split('|')
        .slice(4, 10)
        .map((cell) => cell.trim()),
    ).toEqual(wanted)
  }
})
