import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImageOutput, Model } from '../../apply/model.ts'
import { silent } from '../../core/progress.ts'
import { random } from '../../core/random.ts'
import { type Study, wholeStudy } from '../../data/study.ts'
import { withIntervals } from '../case-measures.ts'
import type { Measure } from '../metrics/measure.ts'
import type { Protocol, ProtocolContext } from '../protocol.ts'
import { det } from './det.ts'
import { leak } from './leak.ts'
import { pg } from './pg.ts'
import { seg } from './seg.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-places-'))
const [size, grid] = [32, 8]
const [cells, cell] = [grid * grid, size / grid]
const preprocess = { size, mode: 'stretch', resample: 'bicubic', channels: 1, mean: [0], std: [1] } as const
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** A bright square somewhere on dark ground; its box, its mask, and "spot" as its phrase. */
async function study(split: Study['split'], i: number): Promise<Study> {
  const stream = random('square', split, i)
  const side = cell * (2 + stream.int(2))
  const [x, y] = [stream.int(grid - 3) * cell, stream.int(grid - 3) * cell]
  const grey = Buffer.alloc(size * size, 20)
  const mask = Buffer.alloc(size * size, 0)
  for (let r = y; r < y + side; r++) {
    grey.fill(220, r * size + x, r * size + x + side)
    mask.fill(255, r * size + x, r * size + x + side)
  }
  const raw = { raw: { width: size, height: size, channels: 1 } } as const
  const id = `${split}-${i}`
  await sharp(grey, raw)
    .png()
    .toFile(join(room, `${id}.png`))
  await sharp(mask, raw)
    .png()
    .toFile(join(room, `${id}-mask.png`))
  return wholeStudy({
    id,
    patient: id,
    split,
    domain: 'chest-xray',
    images: [{ path: `${id}.png` }],
    report: null,
    boxes: [
      { image: 0, label: 'Spot', phrase: i % 2 === 0 ? 'bright spot' : 'bright square', box: [x, y, side, side] },
    ],
    masks: [{ image: 0, label: 'Spot', path: `${id}-mask.png` }],
  })
}

let train: Study[] = []
let test: Study[] = []
beforeAll(async () => {
  train = await Promise.all(Array.from({ length: 60 }, (_, i) => study('train', i)))
  test = await Promise.all(Array.from({ length: 30 }, (_, i) => study('test', i)))
})

/**
 * Regions are what lies in each cell; `blind` ones are those of another picture. Raw ones also know the bright rows and
 * columns of the whole picture, as a tower with a wide view would.
 */
function context(blind: boolean): ProtocolContext {
  const greys = async (studies: readonly Study[], wide: boolean): Promise<Float32Array> => {
    const of = blind ? random('blind').shuffle(studies) : studies
    const width = wide ? 6 : 2
    const out = new Float32Array(studies.length * cells * width)
    for (const [n, { images }] of of.entries()) {
      const { data } = await sharp(join(room, images[0]!.path)).greyscale().raw().toBuffer({ resolveWithObject: true })
      const bright = [...data.keys()].filter((i) => data[i]! > 128)
      const [columns, rows] = [bright.map((i) => i % size), bright.map((i) => Math.floor(i / size))]
      const extent = [Math.min(...columns), Math.min(...rows), Math.max(...columns), Math.max(...rows)]
      for (let p = 0; p < cells; p++) {
        let sum = 0
        for (let r = 0; r < cell; r++)
          for (let c = 0; c < cell; c++)
            sum += data[(Math.floor(p / grid) * cell + r) * size + (p % grid) * cell + c]! / 255 / cell ** 2
        const own = [sum - 0.5, 0.3, ...extent.map((value) => value / size)]
        out.set(own.slice(0, width), (n * cells + p) * width)
      }
    }
    return out
  }
  const data = { folder: room, train, validate: [], test }
  const model = {
    config: { joint: 2, image: { kind: 'resnet', size, channels: 1 } },
    preprocess,
    embedTexts: async (texts: readonly string[]) => Float32Array.from(texts.flatMap(() => [1, 0])),
  } as unknown as Model
  return {
    model,
    data,
    settings: { seed: 1, headSteps: 250 },
    progress: () => silent,
    features: async (split: Study['split'], name: ImageOutput) => {
      const wide = name === 'regionsRaw'
      return { shape: [cells, wide ? 6 : 2], values: await greys(data[split], wide) }
    },
    pooled: async () => new Float32Array(0),
  }
}

async function measured(protocol: Protocol, blind = false): Promise<Record<string, Measure>> {
  const { measured: sets } = await protocol.run(context(blind))
  return Object.assign({}, ...sets.map((set) => withIntervals(set, { resamples: 100 }).values)) as Record<
    string,
    Measure
  >
}
const value = (measures: Record<string, Measure>, name: string): number => measures[name]!.value as number

describe('protocols of places: right where regions see, wrong where they are those of another picture', () => {
  it('PG points into the box, better than the middle; a phrase that means the same changes nothing', async () => {
    const sees = await measured(pg)
    expect(value(sees, 'pointing')).toBe(1)
    expect(value(sees, 'rankAuc')).toBeGreaterThan(0.97)
    expect(value(sees, 'rankAuc')).toBeGreaterThan(value(sees, 'rankAucCentre') + 0.1)
    expect(value(sees, 'rankAucShuffled')).toBeCloseTo(value(sees, 'rankAuc'), 6)
    const blind = await measured(pg, true)
    expect(value(blind, 'pointing')).toBeLessThan(0.5)
    // Squares lie near the middle more often than not: that is all a map of another picture knows, and why the middle is shown.
    expect(value(blind, 'rankAuc')).toBeLessThan(value(blind, 'rankAucCentre') + 0.05)
  })

  it('PG asks each place by its own phrase', async () => {
    const { model, ...rest } = context(false)
    // One phrase is understood, the other points at the dark.
    const embedTexts = async (texts: readonly string[]): Promise<Float32Array> =>
      Float32Array.from(texts.flatMap((text) => (text === 'bright spot' ? [1, 0] : [-1, 0])))
    const { measured: sets } = await pg.run({ model: { ...model, embedTexts }, ...rest })
    const { rankAuc } = sets[0]!.measures as unknown as Record<string, { values: Float64Array }>
    rankAuc!.values.forEach((auc, i) => void (i % 2 === 0 ? expect(auc) : expect(1 - auc)).toBeGreaterThan(0.9))
  })

  it('LEAK finds patients, copies of pictures, and pictures that are nearly the same', async () => {
    const near = 'near.png'
    const stream = random('far')
    const { data: greys } = await sharp(join(room, train[7]!.images[0]!.path))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true })
    await sharp(
      greys.map((value) => value + 1),
      { raw: { width: size, height: size, channels: 1 } },
    )
      .png()
      .toFile(join(room, near))
    const far = ['far-0.png', 'far-3.png']
    for (const name of far) {
      const noise = Buffer.from(Array.from({ length: size * size }, () => stream.int(256)))
      await sharp(noise, { raw: { width: size, height: size, channels: 1 } })
        .png()
        .toFile(join(room, name))
    }
    const others = [
      { ...test[0]!, patient: train[5]!.patient, images: [{ ...test[0]!.images[0]!, path: far[0]! }] },
      { ...test[1]!, images: train[6]!.images },
      { ...test[2]!, images: [{ ...test[2]!.images[0]!, path: near }] },
      { ...test[3]!, images: [{ ...test[3]!.images[0]!, path: far[1]! }] },
    ]
    const read = context(false)
    const pooled = async (split: Study['split']): Promise<Float32Array> => {
      const studies = split === 'test' ? others : train
      const rows = new Float32Array(studies.length * 256)
      for (const [n, { images }] of studies.entries()) {
        const file = sharp(join(room, images[0]!.path)).greyscale().resize(16, 16, { kernel: 'cubic' })
        rows.set(
          Float32Array.from(await file.raw().toBuffer(), (value) => value / 255),
          n * 256,
        )
      }
      return rows
    }
    const { measured: sets } = await leak.run({ ...read, data: { ...read.data, test: others }, pooled })
    const { patients, samePictures, nearPictures } = sets[0]!.measures as unknown as Record<string, { values: unknown }>
    expect(Array.from(patients!.values as number[])).toEqual([1, 0, 0, 0])
    expect(Array.from(samePictures!.values as number[])).toEqual([0, 1, 0, 0])
    expect(Array.from(nearPictures!.values as number[])).toEqual([0, 1, 1, 0])
  })

  it('SEG finds the square, the mean mask does not', async () => {
    const sees = await measured(seg)
    expect(value(sees, 'dice')).toBeGreaterThan(0.85)
    expect(value(sees, 'diceMeanMask')).toBeLessThan(0.5)
    expect(value(await measured(seg, true), 'dice')).toBeLessThan(0.5)
  })

  it('DET finds boxes of frozen regions, mean boxes do not', async () => {
    const sees = await measured(det)
    const blind = await measured(det, true)
    expect(value(sees, 'recall')).toBeGreaterThan(value(blind, 'recall') + 0.1)
    expect(value(sees, 'meanApMeanBoxes')).toBeLessThan(0.2)
    expect(value(sees, 'meanAp')).toBeGreaterThan(value(blind, 'meanAp'))
  })
})
