import { describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import { augmentInto } from './augment.ts'
import { type AugmentName, augmentations, augmentNames, isFlipped } from './augmentations.ts'
import { swapSides } from './text-of.ts'

const size = 16
const geometry = { size, channels: 1, mean: [0.5], sd: [0.25] }
/** Brighter to the right. */
const ramp = Uint16Array.from({ length: size * size }, (_, i) => 65535 * ((i % size) / (size - 1)))
const augmented = (name: AugmentName, seed: number, flipped = false): Float32Array => {
  const out = new Float32Array(size * size)
  augmentInto(name, ramp, out, 0, geometry, random(seed, 'a'), flipped)
  return out
}
const slope = (v: Float32Array): number => (v[size * 8 + 12] as number) - (v[size * 8 + 3] as number)

describe.each(augmentNames.filter((name) => name !== 'none' && name !== 'crop'))('augmentation %s', (name) => {
  it('is a function of its stream, differs between streams, and stays within the scale of greys', () => {
    expect(augmented(name, 1)).toEqual(augmented(name, 1))
    const values = Array.from({ length: 30 }, (_, seed) => augmented(name, seed))
    // A crop of a fixed size moves a ramp too.
    expect(new Set(values.map((v) => v.join())).size).toBeGreaterThan(25)
    for (const v of values.flatMap((one) => [...one])) expect(Math.abs(v)).toBeLessThanOrEqual(2.000001)
  })
  it('mirrors the picture where the coin says so', () => {
    if (name === 'placenta') return
    for (let seed = 0; seed < 10; seed++) {
      expect(slope(augmented(name, seed))).toBeGreaterThan(0)
      expect(slope(augmented(name, seed, true))).toBeLessThan(0)
    }
  })
})

describe('flips', () => {
  it('come as often as the paper says, by a coin of the study and the epoch; never where it does not flip', () => {
    const flips = Array.from({ length: 1000 }, (_, epoch) => isFlipped('convirt', 1, epoch, 's1'))
    expect(Math.abs(flips.filter(Boolean).length - 500)).toBeLessThan(60)
    for (const name of ['none', 'crop', 'gloria', 'localmi'] as const)
      expect(Array.from({ length: 50 }, (_, epoch) => isFlipped(name, 1, epoch, 's1'))).not.toContain(true)
  })
  it('swap the sides in words, case kept, other words untouched', () => {
    expect(swapSides('Left lung clear; RIGHT base, right-sided, leftward shift. Bright and cleft stay.')).toBe(
      'Right lung clear; LEFT base, left-sided, rightward shift. Bright and cleft stay.',
    )
  })
})

it('ranges are the right way round', () => {
  for (const one of Object.values(augmentations) as Record<string, unknown>[])
    for (const range of Object.values(one).filter(Array.isArray))
      expect(range[0]).toBeLessThanOrEqual(range[1] as number)
})
