/** @file What decides whether a claim is reproduced, and the measures behind it, on hand-made numbers. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { configOf, type Family, familySchema, readFamily } from './family.ts'
import { effectiveRank, eigenvalues } from './measures.ts'
import { holds } from './verdicts.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-effects-'))
afterAll(() => rmSync(room, { recursive: true, force: true }))

const repository = join(import.meta.dirname, '../../..')

describe('a claim', () => {
  it('holds if the whole interval lies beyond the margin, in its direction', () => {
    expect(holds([0.01, 0.2], 'higher', 0)).toBe(true)
    expect(holds([0, 0.2], 'higher', 0)).toBe(false)
    expect(holds([-0.005, 0.2], 'higher', -0.01)).toBe(true)
    expect(holds([-0.2, -0.01], 'lower', 0)).toBe(true)
    expect(holds([-0.2, 0.01], 'lower', 0)).toBe(false)
  })

  it('of an arm or on data that are not there is refused by name', async () => {
    const family = JSON.parse(await readFile(join(repository, 'bench/effects/multi-scale.json'), 'utf8')) as Family
    await mkdir(join(room, 'bench/effects'), { recursive: true })
    family.claims[0]!.system = 'nobody'
    family.arms[1]!.data = 'nowhere'
    family.arms[2]!.from = family.arms[3]!.id
    writeFileSync(join(room, 'bench/effects/multi-scale.json'), JSON.stringify(family))
    await expect(readFamily('multi-scale', room)).rejects.toThrow('nothing is called "nobody"')
    await expect(readFamily('multi-scale', room)).rejects.toThrow('nothing is called "nowhere"')
    const late = `nothing is called "${family.arms[3]!.id}", or only later`
    await expect(readFamily('multi-scale', room)).rejects.toThrow(late)
  })

  it('is measured on runs of one recipe: arms of a seed differ in their own settings alone', async () => {
    const family = familySchema.parse(await readFamily('multi-scale', repository))
    const [clip, report] = ['clip', 'clip-report'].map((id) =>
      configOf(family, family.arms.find((arm) => arm.id === id)!, 2, { folder: room }),
    )
    expect(report).toEqual({ ...clip, data: { ...clip!.data, text: 'report' } })
    expect([clip!.train.steps, clip!.train.seed, clip!.data.folder]).toEqual([family.steps, 2, room])
  })
})

describe('effective rank', () => {
  it('is the number of equal directions, and 1 for one direction', () => {
    const identity = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 9 : 0))
    expect(effectiveRank(identity, 4)).toBeCloseTo(4, 9)
    const one = Float64Array.from({ length: 9 }, (_, i) => [1, 2, 3][i % 3]! * [1, 2, 3][Math.floor(i / 3)]!)
    expect(effectiveRank(one, 3)).toBeCloseTo(1, 5)
    expect(effectiveRank(new Float64Array(9), 3)).toBe(0)
  })

  it('is exp(H) of singular values 3 and 1', () => {
    // Gram matrix of singular values 3 and 1, turned by 30 degrees.
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)]
    const gram = Float64Array.of(9 * c * c + s * s, 8 * c * s, 8 * c * s, 9 * s * s + c * c)
    expect(effectiveRank(gram, 2)).toBeCloseTo(Math.exp(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25))), 9)
  })
})

describe('eigenvalues', () => {
  it('are those that a matrix was made with, whatever it was turned by', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer(), (n, seed) => {
        const stream = random('eigenvalues', seed)
        const wanted = Array.from({ length: n }, () => stream.pick([0, 1, 1, stream.uniform(-3, 3), 100]))
        let a = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? wanted[i % n]! : 0))
        for (let mirrors = 0; mirrors < 3; mirrors++) {
          const v = Array.from({ length: n }, () => stream.normal())
          const size = v.reduce((sum, x) => sum + x * x, 0)
          const turned = (m: Float64Array): Float64Array =>
            Float64Array.from(m, (value, i) => {
              const [r, k] = [Math.floor(i / n), i % n]
              let dot = 0
              for (let j = 0; j < n; j++) dot += m[r * n + j]! * v[j]!
              return value - (2 * dot * v[k]!) / size
            })
          const transposed = (m: Float64Array): Float64Array => m.map((_, i) => m[(i % n) * n + Math.floor(i / n)]!)
          a = Float64Array.from(transposed(turned(transposed(turned(a)))))
        }
        const found = [...eigenvalues(a, n)].sort((x, y) => x - y)
        wanted.sort((x, y) => x - y).forEach((value, i) => void expect(found[i]).toBeCloseTo(value, 8))
      }),
      { numRuns: 60 },
    )
  })
})
