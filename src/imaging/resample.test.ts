import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { random as stream } from '../core/random.ts'
import { type Filter, resize, resizeBytes, resizeSamples } from './resample.ts'
import type { Samples } from './resample-vectors.ts'

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

describe('vector kernels', () => {
  const random = (length: number): Float32Array => {
    const draw = stream('vectors', length)
    return Float32Array.from({ length }, () => draw.uniform() * 1.4 - 0.2)
  }
  const kinds: [string, (length: number) => Samples][] = [
    ['float', (length) => ({ values: random(length) })],
    ['8 bit', (length) => ({ values: Uint8Array.from(random(length), (x) => 180 * x), table: random(256), lowest: 0 })],
    [
      '16 bit',
      (length) => ({
        values: Uint16Array.from(random(length), (x) => 900 + 900 * x),
        table: random(1400),
        lowest: 700,
      }),
    ],
    [
      'signed',
      (length) => ({
        values: Int16Array.from(random(length), (x) => 900 * x - 500),
        table: random(1700),
        lowest: -700,
      }),
    ],
  ]
  it.each(kinds)('give every bit of the plain loops, %s', (_, samplesOf) => {
    for (const channels of [1, 3])
      for (const [width, height, toWidth, toHeight] of [
        [1, 1, 2, 3],
        [37, 22, 9, 5],
        [5, 3, 14, 8],
        [64, 65, 31, 30],
        [130, 7, 3, 20],
      ] as const)
        for (const clamp of [true, false])
          for (const filter of ['bilinear', 'bicubic', 'lanczos'] as const) {
            const samples = samplesOf(width * height * channels)
            const image = { width, height, channels }
            const options = { clamp, antialias: filter === 'lanczos' || clamp }
            const plain = resizeSamples(image, samples, toWidth, toHeight, filter, { ...options, plain: true })
            const fast = resizeSamples(image, samples, toWidth, toHeight, filter, options)
            expect(fast.values.every((value, i) => value === plain.values[i])).toBe(true)
            expect(fast.values.length).toBe(plain.values.length)
          }
  })
})
