import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { add, input, interpret } from '../../engine/index.ts'
import { localContrast } from '../parts/local-contrast.ts'
import { gaussianUniformity, neighbourSpread } from '../parts/uniformity.ts'
import { mueller2022a } from './mueller-2022a.ts'

const [b, p, s, d] = [3, 6, 3, 8]
const given = {
  'image.local': noise([b, p, d], 'z'),
  'image.global': noise([b, d], 'g'),
  'image.grid': [2, 3],
  'text.local': noise([b, s, d], 'r'),
  'text.global': noise([b, d], 't'),
  'text.mask': ints([b, s], [1, 1, 1, 1, 1, 0, 1, 0, 0]),
}
const spread = (z: number[], rows: number, width: number, t = 2) =>
  interpret(
    [gaussianUniformity(input('z', [1, rows, width]), t)],
    new Map([['z', Float64Array.from(z)]]),
  )[0]![0] as number

describe('Müller 2022a', () => {
  it('uniformity is 0 where regions coincide, and -2tP/(P-1) on a simplex', () => {
    expect(spread([1, 2, 1, 2, 1, 2], 3, 2)).toBeCloseTo(0, 6)
    const simplex = [0, 1, 2].flatMap((k) => [Math.cos((2 * Math.PI * k) / 3), Math.sin((2 * Math.PI * k) / 3)])
    expect(spread(simplex, 3, 2)).toBeCloseTo((-2 * 2 * 3) / 2, 6)
    expect(spread([3, 4], 1, 2)).toBe(0)
  })

  it('is within a study: other studies change nothing', () => {
    const z = input('z', [2, p, d])
    const values = noise([2, p, d], 'two')
    const at = (data: ArrayLike<number>) =>
      interpret([gaussianUniformity(z, 2), neighbourSpread(z, 0.3)], new Map([['z', Float64Array.from(data)]])).map(
        (x) => x[0] as number,
      )
    const alone = Array.from(values.data).slice(0, p * d)
    const [both, again] = [at(values.data), at([...alone, ...alone])]
    const other = at([...Array.from(values.data).slice(p * d), ...Array.from(values.data).slice(p * d)])
    expectNear(
      'mean of both',
      both,
      [0, 1].map((i) => ((again[i] as number) + (other[i] as number)) / 2),
      1e-9,
    )
  })

  it("LoVT's local loss is alignment and prior, two numbers that add up to it", () => {
    const [z, other] = [input('z', [2, p, d]), input('o', [2, p, d])]
    const { forward } = localContrast(z, other, { temperature: 0.3 })
    const feeds = new Map([
      ['z', Float64Array.from(noise([2, p, d], 'z').data)],
      ['o', Float64Array.from(noise([2, p, d], 'o').data)],
    ])
    const unit = (name: string, k: number) => {
      const row = Array.from(feeds.get(name)!.subarray(k * d, (k + 1) * d))
      return row.map((v) => v / Math.hypot(...row))
    }
    let nce = 0
    for (let i = 0; i < 2; i++)
      for (let k = 0; k < p; k++) {
        const row = Array.from(
          { length: p },
          (_, l) => unit('z', i * p + k).reduce((sum, v, j) => sum + v * (unit('o', i * p + l)[j] as number), 0) / 0.3,
        )
        nce += (Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - (row[k] as number)) / p / 2
      }
    expect(interpret([add(forward.alignment, forward.prior)], feeds)[0]![0]).toBeCloseTo(nce, 6)
  })

  it.each([{ prior: 'gaussian' }, { prior: 'lse' }, { prior: 'cross', alignment: true }, { prior: 'none' }])(
    'has the gradient of its values: %j',
    (config) => {
      expect(gradientError(mueller2022a, { given, config: { ...config, width: d, hidden: 8 } })).toBeLessThan(1e-5)
    },
  )

  it('does not change when studies are reordered together; the text tower is not in the prior', () => {
    const moved = Object.fromEntries(
      Object.entries(given).map(([name, x]) => [name, Array.isArray(x) ? x : reordered(x as Values, [2, 0, 1])]),
    )
    expectNear(
      'losses',
      Object.values(lossOf(mueller2022a, { given: moved }).losses),
      Object.values(lossOf(mueller2022a, { given }).losses),
      1e-9,
    )
    const { prior, global } = reachedBy('mueller-2022a')
    expect([...prior!].some((name) => name.startsWith('text_model'))).toBe(false)
    expect([...global!].some((name) => name.includes('image.local'))).toBe(false)
    expect(mueller2022a.refuse?.(1)).toContain('no negatives')
  })
})
