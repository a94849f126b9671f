import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { passOf, smallStep, stepGradientError } from '../../../test/objective-pass.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { input, interpret, type Tensor } from '../../engine/index.ts'
import { checkNeeds } from '../needs.ts'
import { contrastViews } from '../parts/view-contrast.ts'
import { fillViews, studyEmbedding, viewsOfKind } from '../parts/view-spaces.ts'
import { tcsa } from './tcsa.ts'

const [frontal, lateral, other] = [0, 1, 2]
const evaluate = (output: Tensor, given: Record<string, Values>) =>
  interpret([output], new Map(Object.entries(given).map(([name, x]) => [name, Float64Array.from(x.data)])))[0]!

describe('the embedding of a study', () => {
  const d = 5
  const view = (...keys: string[]) => Array.from(noise([d], ...keys).data)
  const embed = (views: readonly (readonly [number, number[]])[], places = views.length + 1) => {
    const [mask, kind] = [input('mask', [1, places], 'int32'), input('kind', [1, places], 'int32')]
    const pad = <T>(list: readonly T[], filler: T) => Array.from({ length: places }, (_, i) => list[i] ?? filler)
    const x = pad(
      views.map(([, values]) => values),
      view('padding'),
    )
    return evaluate(studyEmbedding(input('x', [1, places, d]), viewsOfKind(mask, kind)), {
      x: { shape: [1, places, d], data: x.flat() },
      mask: ints(
        [1, places],
        pad(
          views.map(() => 1),
          0,
        ),
      ),
      kind: ints(
        [1, places],
        pad(
          views.map(([k]) => k),
          other,
        ),
      ),
    })
  }
  const [pa, ap, side, odd] = ['pa', 'ap', 'side', 'odd'].map((name) => view(name)) as [
    number[],
    number[],
    number[],
    number[],
  ]

  it('has length one for any views, and one view is its own direction', () => {
    const sets = [
      [[frontal, pa]],
      [
        [frontal, pa],
        [lateral, side],
      ],
      [
        [lateral, side],
        [frontal, ap],
        [other, odd],
      ],
    ] as const
    for (const views of sets) expect(Math.hypot(...embed(views))).toBeCloseTo(1, 12)
    const size = Math.hypot(...side)
    expectNear(
      'direction',
      embed([[lateral, side]]),
      side.map((v) => v / size),
      1e-12,
    )
  })

  it('averages directions within a kind, then over kinds, each mean brought to length one', () => {
    const n = (v: number[]) => v.map((x) => x / Math.hypot(...v))
    const mean = (...rows: number[][]) =>
      rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length)
    const long = pa.map((v) => 5 * v)
    const wanted = n(mean(n(mean(n(long), n(ap))), n(side)))
    const found = embed([
      [frontal, long],
      [frontal, ap],
      [lateral, side],
    ])
    expectNear('embedding', found, wanted, 1e-12)
  })

  it('does not change when a view is there twice, nor with the order, nor with places for more', () => {
    const plain = embed([
      [frontal, pa],
      [lateral, side],
    ])
    const same = [
      embed([
        [frontal, pa],
        [frontal, pa],
        [lateral, side],
      ]),
      embed([
        [frontal, pa],
        [lateral, side],
        [lateral, side],
        [lateral, side],
      ]),
      embed([
        [lateral, side],
        [frontal, pa],
      ]),
      embed(
        [
          [frontal, pa],
          [lateral, side],
        ],
        6,
      ),
    ]
    for (const values of same) expectNear('embedding', values, plain, 1e-12)
    expect([
      ...embed([
        [frontal, ap],
        [lateral, side],
      ]),
    ]).not.toEqual([...plain])
  })

  it('fills missing places with a view of the same study', () => {
    const pixels = input('pixels', [2, 3, 1, 1, 2])
    const filled = evaluate(fillViews(pixels, input('mask', [2, 3], 'int32')), {
      pixels: { shape: [2, 3, 1, 1, 2], data: [9, 9, 1, 2, 9, 9, 3, 4, 5, 6, 9, 9] },
      mask: ints([2, 3], [0, 1, 0, 1, 1, 0]),
    })
    expect([...filled]).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 3, 4])
  })
})

describe('views and texts', () => {
  const [b, a] = [3, 2]
  const logits = noise([b * a, b], 'logits')
  const at = (mask: number[], kind: number[], values = logits) =>
    evaluate(contrastViews(input('l', [b * a, b]), input('m', [b, a], 'int32'), input('k', [b, a], 'int32')), {
      l: values,
      m: ints([b, a], mask),
      k: ints([b, a], kind),
    })[0] as number
  const lse = (values: readonly number[]) => Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0))
  const l = (i: number, slot: number, j: number) => logits.data[(i * a + slot) * b + j] as number

  it('follows its definition: rivals of a view are texts, rivals of a text are views of that kind', () => {
    // Study 0 has both views, study 1 a lateral one only, in its second place, study 2 two lateral ones.
    const views = [
      [0, 0, frontal],
      [0, 1, lateral],
      [1, 1, lateral],
      [2, 0, lateral],
      [2, 1, lateral],
    ] as const
    const toText = views.map(([i, slot]) => lse([0, 1, 2].map((j) => l(i, slot, j))) - l(i, slot, i))
    const toView = views.map(([i, slot, kind]) => {
      const rivals = views.filter(([k, , other]) => k !== i && other === kind).map(([k, s]) => l(k, s, i))
      return lse([l(i, slot, i), ...rivals]) - l(i, slot, i)
    })
    const mean = (x: number[]) => x.reduce((p, q) => p + q) / x.length
    const kinds = [frontal, lateral, other, lateral, lateral, lateral]
    expect(at([1, 1, 0, 1, 1, 1], kinds)).toBeCloseTo((mean(toText) + mean(toView)) / 2, 9)
  })

  it('is ln N where nothing tells them apart, and does not see what is masked', () => {
    const flat = { shape: logits.shape, data: new Array(b * a * b).fill(0.3) }
    expect(at([1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1], flat)).toBeCloseTo(Math.log(b), 9)
    const changed = { ...logits, data: Array.from(logits.data).map((v, i) => (Math.floor(i / b) === 2 ? 9 : v)) }
    const mask = [1, 1, 0, 1, 1, 1]
    expect(at(mask, [0, 1, 0, 1, 0, 1], changed)).toBe(at(mask, [0, 1, 0, 1, 0, 1]))
  })
})

describe('TCSA', () => {
  const [b, a, p, w, d] = [4, 3, 4, 3, 6]
  const given = {
    'image.global': noise([b, d], 'z'),
    'image.regions': noise([b, a, p, d], 'v'),
    'image.mask': ints([b, a], [1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1]),
    'image.kind': ints([b, a], [0, 1, 2, 0, 2, 2, 1, 0, 1, 0, 2, 0]),
    'text.global': noise([b, d], 'tg'),
    'text.words': noise([b, w, d], 't'),
    'text.wordMask': ints([b, w], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0]),
  }
  type Given = typeof given
  const losses = (changed: Partial<Record<keyof Given, Values>>, config = {}) =>
    lossOf(tcsa, { given: { ...given, ...changed }, config }).losses
  const request = (changed: Partial<Record<keyof Given, Values>>) => ({ given: { ...given, ...changed } })

  it('does not change when studies, or the views of a study, are reordered together', () => {
    const before = Object.values(losses({}))
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [2, 0, 3, 1])]))
    expectNear('studies', Object.values(lossOf(tcsa, { given: moved }).losses), before, 1e-9)
    const turned = (x: Values): Values => {
      const row = x.data.length / (b * a)
      const order = Array.from({ length: b }, (_, i) => [2, 0, 1].map((slot) => i * a + slot)).flat()
      return { ...x, data: order.flatMap((i) => Array.from(x.data).slice(i * row, (i + 1) * row)) }
    }
    const views = Object.fromEntries(
      (['image.regions', 'image.mask', 'image.kind'] as const).map((name) => [name, turned(given[name])]),
    )
    expectNear('views', Object.values(losses(views)), before, 1e-9)
  })

  it('missing views and padding words have no gradient, and do not count', () => {
    const { gradients: slopes } = lossOf(tcsa, { given })
    const zero = (name: keyof Given, row: number, size: number) =>
      [...slopes[name]!.subarray(row * size, (row + 1) * size)].every((v) => v === 0)
    Array.from(given['image.mask'].data).forEach((real, i) => {
      expect(zero('image.regions', i, p * d)).toBe(real === 0)
    })
    Array.from(given['text.wordMask'].data).forEach((real, i) => {
      expect(zero('text.words', i, d)).toBe(real === 0)
    })
    const other = Array.from(given['image.regions'].data)
    other.fill(7, 2 * p * d, 3 * p * d)
    expect(losses({ 'image.regions': { ...given['image.regions'], data: other } })).toEqual(losses({}))
  })

  it('views of one kind are not aligned with each other; a text of one word has nothing to tell apart', () => {
    const cross = (changed: Partial<Record<keyof Given, Values>>) => losses(changed).crossView
    expect(cross({ 'image.kind': ints([b, a], new Array(b * a).fill(frontal)) })).toBe(0)
    expect(cross({ 'text.wordMask': ints([b, w], [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]) })).toBeCloseTo(0, 12)
    // Study 3 has two frontal views: only studies 0 and 2 have a part in it.
    const words = Array.from(given['text.words'].data)
    const from = 3 * w * d
    const changed = { ...given['text.words'], data: words.map((v, i) => (i >= from ? -v : v)) }
    expect(cross({ 'text.words': changed })).toBeCloseTo(cross({})!, 12)
    expect(cross({})).toBeGreaterThan(0)
  })

  it('is ln W across views where all words see the same, and ln N globally where all studies are one', () => {
    const row = Array.from(given['text.words'].data).slice(0, d)
    const same = { ...given['text.words'], data: Array.from({ length: b * w }, () => row).flat() }
    // Words of studies 0 and 2: three, three.
    expect(losses({ 'text.words': same }).crossView).toBeCloseTo(Math.log(3), 6)
    const collapsed = {
      'image.global': reordered(given['image.global'], [0, 0, 0, 0]),
      'text.global': reordered(given['text.global'], [0, 0, 0, 0]),
    }
    expect(losses(collapsed).global).toBeCloseTo(Math.log(b), 6)
  })

  it('has the gradient of its values, one view a study included', () => {
    expect(gradientError(tcsa, request({}), 3)).toBeLessThan(1e-5)
    const first = ints([b, a], [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0])
    expect(losses({ 'image.mask': first }).crossView).toBe(0)
    expect(gradientError(tcsa, request({ 'image.mask': first }), 2)).toBeLessThan(1e-5)
  })

  const small = smallStep('tcsa', { lastLayers: 1, views: 3 })
  const image = passOf(small, 'image')
  /** Embeddings of studies whose places hold these kinds of view; 9: none. `from` says where a place has its pixels from. */
  const embedded = (kinds: readonly number[], from: readonly number[]) => {
    const { global, regions } = image((feeds) => {
      feeds.get('viewMask')!.set([...kinds, ...kinds].map((kind) => (kind === 9 ? 0 : 1)))
      feeds.get('viewKind')!.set([...kinds, ...kinds].map((kind) => (kind === 9 ? other : kind)))
      // Heads begin as the identity: give them something of their own.
      for (const name of ['lateral', 'other'])
        feeds.get(`objective.global.${name}.weight`)!.forEach((_, i, all) => {
          all[i] = Math.sin(i + (name === 'other' ? 1 : 0)) / 4
        })
      const pixels = feeds.get('pixels')!
      const [size, old] = [3 * 256, pixels.slice()]
      for (let study = 0; study < 2; study++)
        from.forEach((place, slot) => {
          const at = (study * 3 + place) * size
          pixels.set(old.subarray(at, at + size), (study * 3 + slot) * size)
        })
    })
    return { z: [...global!], regions: [...regions!] }
  }

  it('a study twice of one view is that study; which kind a view is of matters; missing views do not', () => {
    const both = embedded([frontal, lateral, 9], [0, 1, 2])
    expectNear('twice', embedded([frontal, lateral, frontal], [0, 1, 0]).z, both.z, 1e-9)
    expectNear('order', embedded([lateral, frontal, 9], [1, 0, 2]).z, both.z, 1e-9)
    expectNear('missing', embedded([9, frontal, lateral], [2, 0, 1]).z, both.z, 1e-9)
    expect(embedded([lateral, frontal, 9], [0, 1, 2]).z[0]).not.toBeCloseTo(both.z[0]!, 3)
    // Place 2 is missing: its regions are nothing, whatever its pixels.
    const width = both.regions.length / 6
    expect(both.regions.slice(2 * width, 3 * width).every((v) => v === 0)).toBe(true)
  })

  it('its step, heads of every kind included, has the gradient of its values', () => {
    expect(stepGradientError(smallStep('tcsa', { lastLayers: 1, views: 3 }, 2))).toBeLessThan(1e-5)
  })

  it('heads of each kind: private vectors for the global term only, private regions for the others', () => {
    const { global, local, crossView } = reachedBy('tcsa')
    const has = (names: ReadonlySet<string> | undefined, part: string) =>
      [...names!].some((name) => name.startsWith(part))
    const reach = (names: ReadonlySet<string> | undefined) =>
      ['objective.global.lateral', 'visual_projection', 'objective.local.frontal', 'objective.cross.other'].map(
        (part) => has(names, part),
      )
    expect(reach(global)).toEqual([true, true, false, false])
    expect(reach(local)).toEqual([false, false, true, false])
    expect(reach(crossView)).toEqual([false, false, true, true])
  })

  it('refuses one study, and data without a second view by the field and the command that has it', () => {
    expect(tcsa.refuse?.(1)).toContain('no negatives')
    const study = { id: 's', patient: 'p', images: [{ path: 'a.png' }], report: { findings: 'Clear.' }, captions: [] }
    expect(() => checkNeeds(tcsa.needs, 'TCSA', [study as never], 'data')).toThrow(/several images/)
  })
})
