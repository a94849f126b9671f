import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactImage } from './compact.ts'
import {
  centerCrop,
  type DecodedImage,
  type Filter,
  fit,
  type Plane,
  type Preprocess,
  padCenter,
  preprocess,
  readPreprocess,
  resize,
  writePreprocess,
} from './index.ts'

interface Golden {
  resize: {
    width: number
    height: number
    source: number[]
    cases: { filter: Filter; width: number; height: number; values: number[] }[]
  }
  processor: { width: number; height: number; pixels: number[]; config: object; values: number[] }[]
}
const golden = JSON.parse(readFileSync(new URL('../../test/golden/imaging.json', import.meta.url), 'utf8')) as Golden

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
const imageOf = (width: number, height: number, channels: 1 | 3, values: number[]): DecodedImage => ({
  width,
  height,
  channels,
  bitDepth: 8,
  pixels: Float32Array.from(values),
  range: { black: 0, white: 255 },
  provenance: { format: 'png', steps: [{ step: 'decode', format: 'PNG', bits: 8 }] },
})
const plain: Preprocess = { size: 4, mode: 'stretch', resample: 'bilinear', channels: 1, mean: [0], std: [1] }

describe('images that are kept as samples', () => {
  const samples = {
    values: Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256),
    table: new Float32Array(256),
    lowest: 0,
  }
  samples.table.forEach((_, i, table) => {
    table[i] = i / 255
  })
  const { pixels: _, ...rest } = imageOf(8, 6, 1, [])
  const config: Preprocess = {
    size: 4,
    mode: 'stretch',
    resample: 'bicubic',
    channels: 3,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  }

  it('give what their pixels give', () => {
    const compact = preprocess(compactImage(rest, samples), config)
    const plain = preprocess({ ...compactImage(rest, samples) }, config)
    expect(compact).toEqual(plain)
  })

  it('are not remembered once their pixels were changed', () => {
    const image = compactImage(rest, samples)
    image.pixels.fill(0.25)
    expect(fit(image, config).values.every((value) => value === 0.25)).toBe(true)
  })
})

describe('resize', () => {
  const { width, height, source, cases } = golden.resize
  const image: Plane = { width, height, channels: 1, values: Float32Array.from(source) }
  it.each(cases)('equals Pillow: $filter to $width x $height', ({ filter, width, height, values }) => {
    expect(worst(resize(image, width, height, filter).values, values)).toBeLessThan(2e-6)
  })

  it('treats channels alike and keeps flat images flat', () => {
    const size = fc.integer({ min: 1, max: 20 })
    fc.assert(
      fc.property(size, size, size, size, fc.constantFrom<Filter>('bicubic', 'bilinear'), (w, h, tw, th, filter) => {
        const values = Float32Array.from({ length: w * h * 3 }, (_, i) => [0.25, 0.5, 1][i % 3]!)
        const out = resize({ width: w, height: h, channels: 3, values }, tw, th, filter)
        expect(
          worst(
            out.values,
            Array.from({ length: tw * th * 3 }, (_, i) => [0.25, 0.5, 1][i % 3]!),
          ),
        ).toBeLessThan(1e-6)
      }),
    )
  })

  it('holds bicubic overshoot in 0..1 when asked to', () => {
    const edge: Plane = { width: 4, height: 1, channels: 1, values: Float32Array.of(0, 0, 1, 1) }
    expect(Math.max(...resize(edge, 16, 1, 'bicubic').values)).toBeGreaterThan(1.01)
    expect(Math.max(...resize(edge, 16, 1, 'bicubic', { clamp: true }).values)).toBe(1)
  })
})

describe('crop and pad', () => {
  const image: Plane = { width: 3, height: 2, channels: 1, values: Float32Array.of(1, 2, 3, 4, 5, 6) }
  it('cuts the middle and pads what is missing', () => {
    expect([...centerCrop(image, 1, 2).values]).toEqual([2, 5])
    expect([...centerCrop(image, 2, 1).values]).toEqual([1, 2])
    expect([...padCenter(image, 4, 3, 9).values]).toEqual([1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9, 9])
    expect([...centerCrop(image, 5, 2).values]).toEqual([0, 1, 2, 3, 0, 0, 4, 5, 6, 0])
  })
})

describe('preprocess', () => {
  it.each(golden.processor)(
    'equals CLIPImageProcessor: $width x $height with $config',
    ({ width, height, pixels, config, values }) => {
      const p = readPreprocess(config, 'golden')
      const { pixels: ours } = preprocess(
        imageOf(
          width,
          height,
          3,
          pixels.map((v) => v / 255),
        ),
        p,
      )
      // There each pass is rounded to whole 8-bit values; here it is not. One level is 1 / 255 / 0.26.
      expect(worst(ours, values)).toBeLessThan(1.05 / 255 / 0.26)
    },
  )

  it('puts channels first and normalises each', () => {
    const p: Preprocess = { ...plain, size: 2, channels: 3, mean: [0.5, 0, 0.25], std: [0.5, 1, 0.25] }
    const { pixels, steps } = preprocess(imageOf(2, 2, 3, [1, 0.1, 0.5, 0, 0.2, 0.5, 1, 0.3, 0.5, 0, 0.4, 0.5]), p)
    expect(worst(pixels, [1, -1, 1, -1, 0.1, 0.2, 0.3, 0.4, 1, 1, 1, 1])).toBeLessThan(1e-6)
    expect(steps.map(({ step }) => step)).toEqual(['decode', 'normalize'])
  })

  it('letterboxes without distortion: black above and below a wide image', () => {
    const { values, steps } = fit(imageOf(8, 4, 1, new Array(32).fill(0.5)), { ...plain, mode: 'letterbox' })
    expect([...values]).toEqual([0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0])
    expect(steps.map(({ step }) => step)).toEqual(['resize', 'pad'])
  })

  it('mixes colours to grey and repeats grey to colours, before and after', () => {
    const { values } = fit(imageOf(1, 1, 3, [1, 0.5, 0]), { ...plain, size: 1 })
    expect(values[0]).toBeCloseTo(0.299 + 0.587 / 2, 6)
    const repeated = fit(imageOf(1, 1, 1, [0.25]), { ...plain, size: 1, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] })
    expect([...repeated.values]).toEqual([0.25, 0.25, 0.25])
  })

  it('always gives size x size values in 0..1', () => {
    const side = fc.integer({ min: 1, max: 40 })
    const mode = fc.constantFrom('shortest-edge-crop' as const, 'stretch' as const, 'letterbox' as const)
    fc.assert(
      fc.property(
        side,
        side,
        side,
        mode,
        fc.constantFrom(1 as const, 3 as const),
        (width, height, size, mode, channels) => {
          const image = imageOf(
            width,
            height,
            1,
            Array.from({ length: width * height }, (_, i) => (i % 3 === 0 ? 1 : 0)),
          )
          const { values } = fit(image, { ...plain, size, mode, channels, resample: 'bicubic' })
          expect(values.length).toBe(channels * size * size)
          expect(values.every((v) => v >= 0 && v <= 1)).toBe(true)
        },
      ),
    )
  })
})

describe('preprocessor_config.json', () => {
  it('reads the file of openai/clip-vit-base-patch32', () => {
    const json = {
      crop_size: 224,
      do_center_crop: true,
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'CLIPFeatureExtractor',
      image_mean: [0.48145466, 0.4578275, 0.40821073],
      image_std: [0.26862954, 0.26130258, 0.27577711],
      resample: 3,
      size: 224,
    }
    expect(readPreprocess(json, 'x')).toEqual({
      size: 224,
      mode: 'shortest-edge-crop',
      resample: 'bicubic',
      channels: 3,
      mean: json.image_mean,
      std: json.image_std,
    })
  })

  it("takes ViT's own defaults for a ViT processor", () => {
    const p = readPreprocess({ image_processor_type: 'ViTImageProcessor', size: { height: 64, width: 64 } }, 'x')
    expect(p).toEqual({
      size: 64,
      mode: 'stretch',
      resample: 'bilinear',
      channels: 3,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    })
  })

  it('writes what it reads', () => {
    const modes = ['shortest-edge-crop', 'stretch', 'letterbox'] as const
    for (const mode of modes) {
      for (const resample of ['bicubic', 'bilinear'] as const) {
        const grey: Preprocess = { size: 96, mode, resample, channels: 1, mean: [0.5], std: [0.25] }
        const color: Preprocess = { ...grey, channels: 3, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] }
        for (const p of [grey, color])
          expect(readPreprocess(JSON.parse(JSON.stringify(writePreprocess(p))), 'x')).toEqual(p)
      }
    }
    const edged: Preprocess = { ...plain, mode: 'shortest-edge-crop', shortestEdge: 256, size: 224 }
    expect(readPreprocess(writePreprocess(edged), 'x')).toEqual(edged)
  })

  it.each([
    [{ resample: 1 }, 'resample'],
    [{ size: { height: 10, width: 20 }, do_center_crop: false }, 'square'],
    [{ crop_size: { height: 10, width: 20 } }, 'square'],
    [{ rescale_factor: 1 }, 'rescale_factor'],
    [{ do_resize: false }, 'do_resize'],
    [{ image_mean: [0.5] }, 'image_mean'],
    [{ image_std: [0, 1, 1] }, 'image_std'],
    ['nonsense', 'expected object'],
  ])('refuses %j, naming %s', (json, name) => {
    expect(() => readPreprocess(json, 'p.json')).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringContaining(name) }),
    )
  })
})
