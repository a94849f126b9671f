import { describe, expect, it } from 'vitest'
import type { Loader, Picture } from '../data/loader.ts'
import { studySchema } from '../data/study.ts'
import type { Feed } from '../engine/index.ts'
import type { InputPlan } from './inputs.ts'
import type { ViewChoice } from './objective.ts'
import { openPictures, viewKindOf, viewsOf } from './pictures.ts'

const studyWith = (id: string, views: readonly string[], priors: readonly string[] = []) =>
  studySchema.parse({
    id,
    patient: 'p1',
    split: 'train',
    domain: 'chest-xray',
    images: views.map((view, i) => ({ path: `${id}-${i}.png`, view })),
    report: null,
    priors,
  })
const study = studyWith('s1', ['PA', 'LATERAL', 'AP'])
const chosen = (choice: ViewChoice, epoch = 0, training = true) =>
  viewsOf(study, 0, choice, { seed: 1, epoch, training }).map((picture) => picture?.image)
const epochs = Array.from({ length: 60 }, (_, epoch) => epoch)

describe('views of a study', () => {
  it('all of them in order, with a hole where there is none', () => {
    expect(chosen({ count: 4, pick: 'all' })).toEqual([0, 1, 2, undefined])
    expect(chosen({ count: 2, pick: 'all' })).toEqual([0, 1])
  })
  it('some of them, without and with replacement', () => {
    for (const epoch of epochs) {
      const apart = chosen({ count: 3, pick: 'random' }, epoch)
      expect(new Set(apart)).toEqual(new Set([0, 1, 2]))
    }
    const replaced = epochs.map((epoch) => new Set(chosen({ count: 3, pick: 'replacement' }, epoch)).size)
    expect(new Set(replaced)).toEqual(new Set([1, 2, 3]))
  })
  it('dropped while training only, never all of them', () => {
    const left = epochs.map((epoch) => chosen({ count: 3, pick: 'all', dropout: 0.7 }, epoch))
    for (const views of left) expect(views.some((view) => view !== undefined)).toBe(true)
    expect(left.some((views) => views.includes(undefined))).toBe(true)
    expect(chosen({ count: 3, pick: 'all', dropout: 0.99 }, 0, false)).toEqual([0, 1, 2])
  })
  it.each([
    ['PA', 'frontal'],
    ['ap supine', 'frontal'],
    ['LATERAL', 'lateral'],
    ['LL', 'lateral'],
    ['oblique', 'other'],
    ['lordotic', 'other'],
  ])('%s is %s', (view, kind) => expect(viewKindOf(view)).toBe(kind))
})

describe('pictures of a batch', () => {
  const studies = [studyWith('s1', ['PA', 'LATERAL']), studyWith('s2', ['AP'], ['s0', 's1'])]
  /** Pictures of one pixel that say which they are. */
  const loader: Loader = {
    pictures: async (wanted) =>
      Float32Array.from(wanted, (p: Picture | undefined) =>
        p === undefined ? -1 : 100 * p.study + 10 * p.image + p.copy,
      ),
    pixels: async (indices) => Float32Array.from(indices, (i) => 100 * i),
  }
  const feeds = (plan: InputPlan) =>
    openPictures({
      plan,
      studies,
      loader,
      model: { image: { size: 1, channels: 1 } as never, text: { width: 1 } as never },
      training: true,
      seed: 1,
    })([0, 1], 0)
  const data = (feed: Feed | undefined) => (feed !== undefined && 'data' in feed ? Array.from(feed.data) : undefined)

  it('two copies of the first image', async () => {
    const { pixels } = await feeds({ prior: false, detail: 1, views: { count: 2, pick: 'same' } })
    expect([pixels?.shape, data(pixels)]).toEqual([
      [2, 2, 1, 1, 1],
      [0, 1, 100, 101],
    ])
  })
  it('views with their kind and what is a hole', async () => {
    const { pixels, viewMask, viewKind } = await feeds({ prior: false, detail: 1, views: { count: 2, pick: 'all' } })
    expect(data(pixels)).toEqual([0, 10, 100, -1])
    expect(data(viewMask)).toEqual([1, 1, 1, 0])
    expect(data(viewKind)).toEqual([0, 1, 0, 2])
  })
  it('the latest earlier study that is known', async () => {
    const { priorPixels, priorMask } = await feeds({ prior: true, detail: 1 })
    expect(data(priorPixels)).toEqual([-1, 0])
    expect(data(priorMask)).toEqual([0, 1])
  })
})
