import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLayer } from '../../test/nn-goldens.ts'
import {
  constant,
  drawRandom,
  gradients,
  input,
  interpret,
  mul,
  openRuntime,
  type Runtime,
  sum,
} from '../engine/index.ts'
import { fromPatches, keepTokens, patchEmbedding, randomKeep, restoreTokens, toPatches } from './patches.ts'
import { resizePositions, sinCosGridPositions, sinCosPositions } from './positions.ts'
import { trace } from './scope.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

describe('patch embedding equals a convolution with stride = kernel', () => {
  it('2-D', () => checkLayer(runtime, 'patches-2d', (s, { x }) => patchEmbedding(s, x!, { patch: [2, 3], width: 4 })))
  it('3-D', () => {
    const options = { patch: [2, 2, 2], width: 4, bias: false }
    return checkLayer(runtime, 'patches-3d', (s, { x }) => patchEmbedding(s, x!, options))
  })
  it('refuses sizes that patches do not tile', () => {
    expect(() => toPatches(input('x', [1, 3, 6, 5]), [2, 2])).toThrow(
      'toPatches: patches [2, 2] do not tile axes 2 and later (float32 [1, 3, 6, 5]).',
    )
  })
})

describe('patches back to pictures', () => {
  it('are the pictures again, and what does not fit is refused', () => {
    const pixels = input('pixels', [2, 3, 4, 6])
    const data = Float64Array.from({ length: 144 }, (_, i) => i)
    const again = fromPatches(toPatches(pixels, [2, 3]), [2, 2], [2, 3])
    const [back] = interpret([again], new Map([['pixels', data]]))
    expect(back).toEqual(data)
    expect(() => fromPatches(input('x', [1, 4, 18]), [2, 3], [2, 3])).toThrow(
      'fromPatches: 2 x 3 patches of 2 x 3 pixels are not what it holds (float32 [1, 4, 18]).',
    )
  })
})

describe('positions', () => {
  it.each([
    ['up', [5, 7], false],
    ['down', [2, 2], true],
    ['mixed', [6, 3], true],
  ] as const)("resized equal timm's: %s", (name, to, antialias) =>
    checkLayer(
      runtime,
      `resize-positions-${name}`,
      (_, { x }) => resizePositions(x!, [3, 4], to, { prefix: 1, antialias }),
      { whole: 'all' },
    ),
  )
  it("resized equal Hugging Face's", () =>
    checkLayer(
      runtime,
      'resize-positions-hugging-face',
      (_, { x }) => resizePositions(x!, [3, 3], [5, 6], { prefix: 1 }),
      {
        whole: 'all',
      },
    ))
  it('stay as they are on their own grid', () => {
    const x = input('x', [13, 3])
    expect(resizePositions(x, [3, 4], [3, 4], { prefix: 1 })).toBe(x)
    expect(() => resizePositions(x, [3, 3], [4, 4], { prefix: 1 })).toThrow('do not hold 1 rows and a grid [3, 3]')
  })
  it("as waves over a grid equal transformers' ViTMAE", () =>
    checkLayer(runtime, 'sin-cos-grid', (_, { x }) => mul(sinCosGridPositions([3, 4], 8), x!), { whole: 'all' }))
  it('as waves along a line: sines, then cosines, of falling frequency', () => {
    const [values] = interpret([sinCosPositions(3, 4)], new Map())
    const wanted = [0, 1, 2].flatMap((t) => [Math.sin(t), Math.sin(t / 100), Math.cos(t), Math.cos(t / 100)])
    wanted.forEach((v, i) => {
      expect(values![i]).toBeCloseTo(v, 6)
    })
    expect(() => sinCosPositions(3, 5)).toThrow('sinCosPositions: the width 5 must be a multiple of 2.')
  })
})

describe('tokens left out', () => {
  const [batch, tokens, width] = [3, 8, 2]
  const values = Float64Array.from({ length: batch * tokens * width }, (_, i) => i + 1)
  const [x, mask] = [input('x', [batch, tokens, width]), input('mask', [width])]

  it('kept rows go back to their places, the mask token stands at all others, and gradients follow', () => {
    const kept = constant(Int32Array.of(5, 0, 2, 2, 7, 1, 3, 4, 6), [3, 3])
    const places = [[1, 3, 2, 4, 5, 0, 6, 7], [3, 2, 0, 4, 5, 6, 7, 1], [3, 4, 5, 0, 1, 6, 2, 7]] // biome-ignore format: rows
    const restore = constant(Int32Array.from(places.flat()), [3, 8])
    const few = keepTokens(x, kept)
    const whole = restoreTokens(few, mask, { restore, dropped: 5 })
    const slopes = gradients(sum(mul(whole, whole)), [x, mask])
    const feeds = new Map([
      ['x', values],
      ['mask', Float64Array.of(-1, -2)],
    ])
    const [rows, all, dx, dmask] = interpret([few, whole, ...slopes], feeds)
    const at = (item: number, token: number): number[] => [
      ...values.subarray((item * 8 + token) * 2, (item * 8 + token) * 2 + 2),
    ]
    expect([...rows!]).toEqual(
      [at(0, 5), at(0, 0), at(0, 2), at(1, 2), at(1, 7), at(1, 1), at(2, 3), at(2, 4), at(2, 6)].flat(),
    )
    const chosen = [[0, 2, 5], [1, 2, 7], [3, 4, 6]] // biome-ignore format: rows
    for (let item = 0; item < 3; item++) {
      for (let token = 0; token < 8; token++) {
        const here = chosen[item]!.includes(token)
        const from = (item * 8 + token) * 2
        expect([...all!.subarray(from, from + 2)]).toEqual(here ? at(item, token) : [-1, -2])
        expect([...dx!.subarray(from, from + 2)]).toEqual(here ? at(item, token).map((v) => 2 * v) : [0, 0])
      }
    }
    expect([...dmask!]).toEqual([-2 * 15, -4 * 15])
  })

  it('the random choice: distinct tokens, fresh at each step, the same when replayed, undone by its order', () => {
    const { outputs } = trace(
      (s) => {
        const { kept, restore, dropped } = randomKeep(s, batch, tokens, 0.75)
        return [kept, restoreTokens(keepTokens(x, kept), mask, { restore, dropped })]
      },
      { training: true },
    )
    const draw = (step: number): { kept: number[]; back: number[] } => {
      const noise = drawRandom({ seed: 5, step, name: 'kept' }, { kind: 'uniform' }, [batch, tokens])
      const feeds = new Map([
        ['x', values],
        ['mask', Float64Array.of(0, 0)],
        ['kept', Float64Array.from(noise)],
      ])
      const [kept, back] = interpret(outputs, feeds)
      return { kept: [...kept!], back: [...back!] }
    }
    const seen = new Set<string>()
    const counts = new Array<number>(tokens).fill(0)
    for (let step = 0; step < 60; step++) {
      const { kept, back } = draw(step)
      seen.add(kept.join())
      for (let item = 0; item < batch; item++) {
        const chosen = kept.slice(2 * item, 2 * item + 2)
        expect(new Set(chosen).size).toBe(2)
        for (const token of chosen) counts[token]!++
        for (let i = 0; i < tokens * width; i++) {
          const at = item * tokens * width + i
          expect(back[at]).toBe(chosen.includes(Math.floor(i / width)) ? values[at] : 0)
        }
      }
    }
    expect(seen.size).toBeGreaterThan(50)
    // 360 choices of 8 tokens: 45 each, standard deviation about 5.
    for (const count of counts) expect(Math.abs(count - 45)).toBeLessThan(27)
    expect(draw(3)).toEqual(draw(3))
  })

  it('refuses shares that leave nothing, and orders that do not fit', () => {
    expect(() => trace((s) => randomKeep(s, 2, 8, 1).kept, { training: true })).toThrow('not in 0 <= share < 1')
    const order = { restore: input('r', [3, 8], 'int32'), dropped: 4 }
    expect(() => restoreTokens(input('k', [3, 3, 2]), mask, order)).toThrow('3 tokens and 4 dropped ones do not fill')
    expect(() => keepTokens(input('k', [3, 2]), order.restore)).toThrow('needs [B, P, D] and [B, K]')
  })
})
