import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { wholeStudy } from '../../data/study.ts'
import { textOf } from '../../data/text-of.ts'
import {
  add,
  gradients,
  initialValues,
  input,
  interpret,
  layOut,
  mul,
  type Tensor,
  valuesByName,
} from '../../engine/index.ts'
import { modelSchema } from '../../models/config.ts'
import { encodeText } from '../../models/two-tower.ts'
import { trace } from '../../nn/index.ts'
import { resolveRun } from '../config.ts'
import type { LossContext } from '../objective.ts'
import { convirt } from './convirt.ts'

interface Golden {
  tau: number
  lambda: number
  cases: {
    images: number[][]
    texts: number[][]
    imageToText: number
    textToImage: number
    loss: number
    dImages: number[][]
    dTexts: number[][]
  }[]
}
const golden = JSON.parse(readFileSync(new URL('../../../test/golden/convirt.json', import.meta.url), 'utf8')) as Golden

/** Named losses, their weighted sum, and its gradients, on the float64 interpreter. */
function run(images: number[][], texts: number[][], settings: { tau?: number; lambda?: number; keys?: number[] } = {}) {
  const { keys = images.map((_, i) => i), ...said } = settings
  const config = convirt.config.parse(said)
  const shape = [images.length, images[0]!.length]
  const [image, text] = [input('image', shape), input('text', shape)]
  const batch = { textKey: input('keys', [images.length], 'int32') }
  const context = { image: { global: image }, text: { global: text }, batch, config }
  const losses = convirt.loss(context as unknown as LossContext<typeof config>)
  const weights = convirt.weights!(config, 0)
  const loss = convirt.losses
    .map((name) => mul(losses[name] as Tensor, weights[name] as number))
    .reduce((a, b) => add(a, b))
  const feeds = new Map([
    ['image', Float64Array.from(images.flat())],
    ['text', Float64Array.from(texts.flat())],
    ['keys', Float64Array.from(keys)],
  ])
  const named = (['imageToText', 'textToImage', 'sameSentence'] as const).map((name) => losses[name] as Tensor)
  const wanted = [...named, loss, ...gradients(loss, [image, text])]
  const [rows, columns, same, total, dImages, dTexts] = interpret(wanted, feeds)
  const [first, second, shared, sum] = [rows, columns, same, total].map((x) => x![0]!) as [
    number,
    number,
    number,
    number,
  ]
  return { rows: first, columns: second, same: shared, total: sum, dImages: dImages!, dTexts: dTexts! }
}

const near = (found: ArrayLike<number>, wanted: number[]): void => {
  expect(found.length).toBe(wanted.length)
  wanted.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 6)
  })
}

describe('ConVIRT', () => {
  it.each(golden.cases.map((one) => [one.images.length, one] as const))(
    'equals PyTorch on %i pairs: both directions, their weighted sum, and its gradients',
    (_, one) => {
      const { rows, columns, total, dImages, dTexts } = run(one.images, one.texts)
      expect(rows).toBeCloseTo(one.imageToText, 6)
      expect(columns).toBeCloseTo(one.textToImage, 6)
      expect(total).toBeCloseTo(one.loss, 6)
      near(dImages, one.dImages.flat())
      near(dTexts, one.dTexts.flat())
    },
  )

  it('with lambda 1 is the loss of images that look for their sentence alone, with 0 the other', () => {
    const { images, texts } = golden.cases[1]!
    const { rows, columns } = run(images, texts)
    expect(run(images, texts, { lambda: 1 }).total).toBeCloseTo(rows, 12)
    expect(run(images, texts, { lambda: 0 }).total).toBeCloseTo(columns, 12)
    expect(Math.abs(rows - columns)).toBeGreaterThan(0.01)
  })

  it('counts studies that drew the sentence of another one', () => {
    const rows = Array.from({ length: 5 }, (_, i) => [1, i, 2])
    expect(run(rows, rows, { keys: [7, 3, 7, 9, 3] }).same).toBeCloseTo(0.8, 12)
    expect(run(rows, rows).same).toBe(0)
  })

  it('is ln N where all embeddings are the same, at any temperature', () => {
    const same = Array.from({ length: 6 }, () => [1, 2, 3])
    for (const tau of [0.05, 0.1, 1]) expect(run(same, same, { tau }).total).toBeCloseTo(Math.log(6), 6)
  })

  it('takes one sentence of the report at a time, another one in another epoch, the same for the same keys', () => {
    const sentences = ['The heart is large.', 'There is an effusion.', 'No pneumothorax.', 'The lungs are clear.']
    const report = { findings: sentences.slice(0, 2).join(' '), impression: sentences.slice(2).join(' ') }
    const study = wholeStudy({ id: 's', patient: 'p', split: 'train', domain: 'chest-xray', images: [], report })
    const drawn = (epoch: number): string => textOf(study, convirt.text!, random(1, 'words', epoch, study.id))
    const each = Array.from({ length: 60 }, (_, epoch) => drawn(epoch))
    expect(new Set(each)).toEqual(new Set(sentences))
    expect(each.slice(0, 5)).toEqual([0, 1, 2, 3, 4].map(drawn))
  })

  it('brings its heads, its pooling and its augmentation into a run that says nothing, and yields to one that does', () => {
    const { data, model } = resolveRun({ data: 'data', objective: 'convirt' }, 'The run')
    expect([data.augment, data.text, model.projection, model.text]).toMatchObject([
      'convirt',
      'sentence',
      { kind: 'mlp' },
      { readOut: 'max' },
    ])
    const said = {
      data: { augment: 'none', text: 'report' },
      model: { text: { readOut: 'mean' }, projection: { kind: 'linear' } },
    }
    const other = resolveRun({ data: 'data', objective: 'convirt', overrides: said }, 'The run')
    expect([other.data, other.model]).toMatchObject([said.data, said.model])
    expect(resolveRun({ data: 'data', objective: 'clip' }, 'The run').model.projection).toEqual({ kind: 'linear' })
  })
})

describe('the read-out by maximum, and heads of two layers', () => {
  const config = modelSchema.parse({
    image: { kind: 'vit', size: 16, patch: 8, width: 8, layers: 1, heads: 2 },
    text: { kind: 'bert', vocabulary: 30, context: 8, width: 8, layers: 1, heads: 2, mlp: 16, readOut: 'max' },
    joint: 4,
    projection: { kind: 'mlp', hidden: 6 },
  })

  function encode(rows: number[][], tokens: number) {
    const shape = [rows.length, tokens]
    const { outputs, declarations } = trace(
      (scope) => {
        const text = encodeText(scope, input('ids', shape, 'int32'), input('mask', shape, 'int32'), config)
        return [text.globalRaw, text.tokensRaw, text.global]
      },
      { training: false },
    )
    const layout = layOut(declarations)
    const feeds = new Map<string, Float64Array>()
    for (const [name, values] of valuesByName(layout, initialValues(layout, 3)))
      feeds.set(name, Float64Array.from(values))
    const at = (fill: (row: number[], t: number) => number) =>
      Float64Array.from(rows.flatMap((row) => Array.from({ length: tokens }, (_, t) => fill(row, t))))
    feeds.set(
      'ids',
      at((row, t) => row[t] ?? 0),
    )
    feeds.set(
      'mask',
      at((row, t) => (t < row.length ? 1 : 0)),
    )
    const [pooled, states, joint] = interpret(outputs, feeds)
    return { pooled: pooled!, states: states!, joint: joint!, names: declarations.map(({ name }) => name) }
  }

  it('is the maximum over all tokens but the first and last real one, whatever the padding', () => {
    const rows = [
      [2, 7, 8, 9, 3],
      [2, 11, 3],
    ]
    const { pooled, states } = encode(rows, 6)
    rows.forEach((row, r) => {
      for (let w = 0; w < 8; w++) {
        const inner = row.slice(1, -1).map((_, i) => states[(r * 6 + i + 1) * 8 + w]!)
        expect(pooled[r * 8 + w]).toBeCloseTo(Math.max(...inner), 10)
      }
    })
    near(encode(rows, 8).pooled, [...pooled])
  })

  it('of a text without words is zero, not minus infinity', () => {
    const { pooled } = encode([[2, 3]], 4)
    near(pooled, new Array<number>(8).fill(0))
  })

  it('has the keys of two linear layers, and is no linear map', () => {
    const { names } = encode([[2, 7, 3]], 3)
    expect(names.filter((name) => name.startsWith('text_projection'))).toEqual([
      'text_projection.0.weight',
      'text_projection.0.bias',
      'text_projection.2.weight',
      'text_projection.2.bias',
    ])
  })
})
