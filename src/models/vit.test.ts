import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectNear, flat } from '../../test/near.ts'
import { drawRandom, gradients, input, interpret, type Shape, sum, valuesByName } from '../engine/index.ts'
import { trace } from '../nn/index.ts'
import { resnetSchema } from './config.ts'
import { readWeights, type Weights } from './folder.ts'
import { encodeImage } from './two-tower.ts'

const folder = fileURLToPath(new URL('../../test/golden/clip-tiny', import.meta.url))
let weights: Weights
beforeAll(async () => {
  weights = await readWeights(folder)
})

/** The tower on pictures [B, 3, H, W] in float64; `masked` patches are left out as in training. */
function encode(pixels: ArrayLike<number>, shape: Shape, options: { masked?: number; step?: number } = {}) {
  const { masked = 0, step = 0 } = options
  const x = input('pixels', shape)
  const { outputs } = trace((s) => encodeImage(s, x, weights.config, { masked }), { training: masked > 0 })
  const [slopes] = gradients(sum(outputs.global), [x])
  const cells = outputs.grid[0] * outputs.grid[1]
  const key = { seed: 1, step, name: 'vision_model.embeddings.kept' }
  const feeds = new Map(
    [...valuesByName(weights.layout, weights.flat)].map(([name, values]) => [name, Float64Array.from(values)]),
  )
  feeds.set('pixels', Float64Array.from(pixels))
  feeds.set(key.name, Float64Array.from(drawRandom(key, { kind: 'uniform' }, [shape[0]!, cells])))
  const asked = [
    outputs.global,
    outputs.regionsRaw,
    slopes!,
    ...(outputs.kept === undefined ? [] : [outputs.kept.kept]),
  ]
  const [global, regions, dPixels, kept] = interpret(asked, feeds)
  return { global: global!, regions: regions!, dPixels: dPixels!, kept: kept && [...kept], shapes: outputs }
}

describe('vision transformer', () => {
  it('on pictures of another size than its own, as transformers with resized positions', () => {
    const golden = JSON.parse(readFileSync(`${folder}/other-size.json`, 'utf8')) as {
      pixel_values: unknown
      image_embeds: number[][]
    }
    const { global, shapes } = encode(flat(golden.pixel_values).map(Math.fround), [1, 3, 40, 24])
    expect(shapes.grid).toEqual([5, 3])
    expect(shapes.regions.shape[1]).toBe(15)
    expectNear('image embeds', global, flat(golden.image_embeds), 1e-6)
  })

  const picture = Float64Array.from({ length: 3 * 32 * 32 }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * i * 0.01))

  it('with patches left out: fewer tokens, which see no pixel of the others', () => {
    const { kept, dPixels, shapes } = encode(picture, [1, 3, 32, 32], { masked: 0.5 })
    expect(shapes.regions.shape).toEqual([1, 8, 24])
    expect(new Set(kept).size).toBe(8)
    const reached = new Set<number>()
    dPixels.forEach((slope, i) => {
      const [row, column] = [Math.floor((i % 1024) / 32), i % 32]
      if (slope !== 0) reached.add(Math.floor(row / 8) * 4 + Math.floor(column / 8))
    })
    expect([...reached].sort()).toEqual([...kept!].sort())
  })

  it('with all patches kept in another order: the same picture, positions being added before', () => {
    const whole = encode(picture, [1, 3, 32, 32])
    const mixed = encode(picture, [1, 3, 32, 32], { masked: 0.01 })
    expect(mixed.kept).not.toEqual([...mixed.kept!].sort((a, b) => a - b))
    expectNear('global', mixed.global, whole.global, 1e-9)
    const width = whole.regions.length / 16
    mixed.kept!.forEach((patch, i) => {
      const from = whole.regions.subarray(patch * width, (patch + 1) * width)
      expectNear(`region ${patch}`, mixed.regions.subarray(i * width, (i + 1) * width), from, 1e-9)
    })
  })

  it('draws another choice at another step', () => {
    const at = (step: number) => encode(picture, [1, 3, 32, 32], { masked: 0.5, step }).kept
    expect(at(1)).not.toEqual(at(2))
    expect(at(1)).toEqual(at(1))
  })

  it('a residual net refuses to leave out patches', () => {
    const image = resnetSchema.parse({ kind: 'resnet', size: 32 })
    const build = () =>
      trace((s) => encodeImage(s, input('x', [2, 3, 32, 32]), { ...weights.config, image }, { masked: 0.5 }), {
        training: true,
      })
    expect(build).toThrow('A residual net cannot leave out patches.')
  })
})
