import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Filter, resize, resizeBytes } from './resample.ts'

interface Case {
  filter: Filter
  width: number
  height: number
  float: number[]
  grey: number[]
  color: number[]
  torch?: number[]
  'torch antialiased'?: number[]
}
const { width, height, floats, grey, color, cases } = JSON.parse(
  readFileSync(new URL('../../test/golden/resample.json', import.meta.url), 'utf8'),
) as { width: number; height: number; floats: number[]; grey: number[]; color: number[]; cases: Case[] }

const worst = (ours: ArrayLike<number>, theirs: readonly number[]): number => {
  expect(ours.length).toBe(theirs.length)
  return theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0)
}

describe.each(cases)('resizing to $width x $height, $filter', (each) => {
  const image = { width, height, channels: 1, values: Float32Array.from(floats) }

  it('equals Pillow in floats', () => {
    expect(worst(resize(image, each.width, each.height, each.filter).values, each.float)).toBeLessThan(2e-6)
  })

  it('equals Pillow bit for bit in 8-bit greys and colours', () => {
    for (const [channels, from, to] of [
      [1, grey, each.grey],
      [3, color, each.color],
    ] as const) {
      const ours = resizeBytes(
        { width, height, channels, values: Uint8Array.from(from) },
        each.width,
        each.height,
        each.filter,
      )
      expect([...ours.values]).toEqual(to)
    }
  })

  // torch has no Lanczos.
  if (each.torch === undefined) return
  it('equals torch with and without antialiasing', () => {
    for (const [antialias, expected] of [
      [true, each['torch antialiased']],
      [false, each.torch],
    ] as const) {
      const ours = resize(image, each.width, each.height, each.filter, { antialias })
      expect(worst(ours.values, expected!)).toBeLessThan(3e-6)
    }
  })
})
