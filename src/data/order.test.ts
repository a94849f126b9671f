/** @file What goes into which batch: sampler, words, augmentation. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import { augmentInto, plainInto } from './augment.ts'
import { orderOf, sampler } from './sampler.ts'
import { studySchema } from './study.ts'
import { dropWords, type TextMode, textOf } from './text-of.ts'

describe('sampler', () => {
  it('gives each study once an epoch, in another order each epoch, from the step alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 9 }), fc.nat(99), (batch, steps, seed) => {
        const n = batch * steps
        const one = sampler({ n, batch, seed })
        const epoch = (e: number) => Array.from({ length: steps }, (_, s) => one.batchAt(e * steps + s).indices).flat()
        expect(epoch(0).toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
        expect(sampler({ n, batch, seed }).batchAt(steps)).toEqual(one.batchAt(steps))
        expect(epoch(1)).toEqual(orderOf(seed, 1, n))
      }),
    )
    expect(orderOf(1, 0, 50)).not.toEqual(orderOf(1, 1, 50))
    expect(orderOf(1, 0, 50)).not.toEqual(orderOf(2, 0, 50))
  })
  it('drops what does not fill a batch', () => {
    expect(sampler({ n: 10, batch: 4, seed: 1 }).stepsPerEpoch).toBe(2)
  })
})

describe('words of a study', () => {
  const study = studySchema.parse({
    id: 's1',
    patient: 'p1',
    split: 'train',
    domain: 'chest-xray',
    images: [{ path: 'a.png' }],
    report: { findings: 'There is edema. No mass.', impression: 'Edema.' },
    captions: ['a chest'],
  })
  const drawn = (mode: TextMode) =>
    new Set(Array.from({ length: 200 }, (_, i) => textOf(study, mode, random(i, 'words'))))
  it.each<[TextMode, string[]]>([
    ['report', ['There is edema. No mass. Edema.']],
    ['findings', ['There is edema. No mass.']],
    ['impression', ['Edema.']],
    ['sentence', ['There is edema.', 'No mass.', 'Edema.']],
    ['sections', ['There is edema. No mass.', 'Edema.', 'There is edema. No mass. Edema.']],
    ['mixed', ['There is edema. No mass.', 'Edema.', 'There is edema.', 'No mass.']],
    ['caption', ['a chest']],
  ])('%s', (mode, wanted) => {
    expect(drawn(mode)).toEqual(new Set(wanted))
  })
  it.each(['/etc/passwd', '../a.png', 'a/../../b.png', 'C:\\a.png'])('the path %s leaves the data folder', (path) => {
    expect(studySchema.safeParse({ ...study, images: [{ path }] }).success).toBe(false)
  })
  it('a study without words is named', () => {
    const silent = { ...study, report: null, captions: [] }
    expect(() => textOf(silent, 'mixed', random(1))).toThrow(/s1/)
  })
  it('drops whole words only, in any case', () => {
    expect(dropWords('Chest X-ray of the chest, chestnut', ['chest', 'x-ray'])).toBe('of the , chestnut')
    expect(dropWords('a.b', ['.'])).toBe('a.b')
  })
})

describe('augmentation', () => {
  const geometry = { size: 16, channels: 1, mean: [0.5], sd: [0.25] }
  const source = Uint16Array.from({ length: 256 }, (_, i) => ((i % 16) * 65535) / 15)
  it('is a pure function of its stream, and never turns left into right', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [a, b] = [new Float32Array(256), new Float32Array(256)]
        augmentInto('crop', source, a, 0, geometry, random(seed, 'x'))
        augmentInto('crop', source, b, 0, geometry, random(seed, 'x'))
        expect(a).toEqual(b)
        const half = (from: number) => a.reduce((s, v, i) => (i % 16 >= from && i % 16 < from + 8 ? s + v : s), 0)
        expect(half(8)).toBeGreaterThan(half(0) + 64)
      }),
    )
  })
  it('differs from the plain picture, which is the normalised greys', () => {
    const [plain, moved] = [new Float32Array(256), new Float32Array(256)]
    plainInto(source, plain, 0, geometry)
    augmentInto('crop', source, moved, 0, geometry, random(5, 'x'))
    expect(plain[0]).toBeCloseTo(-2, 6)
    expect(plain[15]).toBeCloseTo(2, 6)
    expect(moved).not.toEqual(plain)
  })
})
