/** @file Pictures of a batch as the inputs they are for: the first image, several views, an earlier study's image. */

import { random } from '../core/random.ts'
import type { Loader, Picture } from '../data/loader.ts'
import type { Study } from '../data/study.ts'
import type { Feed } from '../engine/index.ts'
import type { ModelConfig } from '../models/config.ts'
import { type InputPlan, inputTypes, viewKinds } from './inputs.ts'
import type { ViewChoice } from './objective.ts'

export interface PictureOptions {
  plan: InputPlan
  studies: readonly Study[]
  loader: Loader
  model: Pick<ModelConfig, 'image' | 'text'>
  /** Whether views are dropped out. */
  training: boolean
  seed: number
}

/** Opens the pictures of studies: feeds of these of them in an epoch. */
export function openPictures({ plan, studies, loader, model, training, seed }: PictureOptions) {
  const places = new Map(studies.map(({ id }, i) => [id, i]))
  return async (indices: readonly number[], epoch: number): Promise<Record<string, Feed>> => {
    const types = inputTypes(plan, model, { batch: indices.length, tokens: 0, sentences: 0 })
    const floats = (name: 'pixels' | 'priorPixels', data: Float32Array): Feed => ({
      dtype: 'float32',
      shape: types[name]?.shape ?? [],
      data,
    })
    const feeds: Record<string, Feed> = {}
    const { views } = plan
    if (views === undefined) feeds.pixels = floats('pixels', await loader.pixels(indices, epoch))
    else {
      const chosen = indices.map((study) => viewsOf(studies[study] as Study, study, views, { seed, epoch, training }))
      feeds.pixels = floats('pixels', await loader.pictures(chosen.flat(), epoch))
      const shape = [indices.length, views.count]
      const seen = chosen.flat().map((picture) => (picture === undefined ? 0 : 1))
      const kinds = chosen.flat().map((picture) => kindOf(studies, picture))
      feeds.viewMask = { dtype: 'int32', shape, data: Int32Array.from(seen) }
      feeds.viewKind = { dtype: 'int32', shape, data: Int32Array.from(kinds) }
    }
    if (plan.prior) {
      const earlier = indices.map((study) => priorOf(studies[study] as Study, studies, places))
      feeds.priorPixels = floats('priorPixels', await loader.pictures(earlier, epoch))
      const seen = Int32Array.from(earlier, (picture) => (picture === undefined ? 0 : 1))
      feeds.priorMask = { dtype: 'int32', shape: [indices.length], data: seen }
    }
    return feeds
  }
}

/** The images of a study that a step takes, one for each place. */
export function viewsOf(
  { id, images }: Study,
  study: number,
  { count, pick, dropout = 0 }: ViewChoice,
  { seed, epoch, training }: { seed: number; epoch: number; training: boolean },
): (Picture | undefined)[] {
  const places = Array.from({ length: count }, (_, i) => i)
  if (pick === 'same') return places.map((copy) => ({ study, image: 0, copy }))
  const stream = random(seed, 'views', epoch, id)
  const all = images.map((_, i) => i)
  if (pick === 'replacement') return places.map((copy) => ({ study, image: stream.pick(all), copy }))
  const list = (pick === 'random' ? stream.shuffle(all) : all).slice(0, count)
  const left = list.filter(() => !training || dropout === 0 || !stream.chance(dropout))
  const kept = left.length > 0 ? left : [stream.pick(list)]
  return places.map((i) => {
    const image = list[i]
    return image === undefined || !kept.includes(image) ? undefined : { study, image, copy: 0 }
  })
}

/** Place of a view in {@link viewKinds}, read from its name. */
function kindOf(studies: readonly Study[], picture: Picture | undefined): number {
  const view = picture && (studies[picture.study] as Study).images[picture.image]?.view
  const kind = view === undefined ? 'other' : viewKindOf(view)
  return viewKinds.indexOf(kind)
}

/** PA, AP and their like are frontal, L and its like are lateral. */
export function viewKindOf(view: string): (typeof viewKinds)[number] {
  const name = view.trim().toLowerCase()
  if (/^(pa|ap|frontal)\b/.test(name)) return 'frontal'
  return /^(lateral|lat|ll|l|rl)\b/.test(name) ? 'lateral' : 'other'
}

/** First image of the latest earlier study that is among these. */
function priorOf(
  { priors }: Study,
  studies: readonly Study[],
  places: ReadonlyMap<string, number>,
): Picture | undefined {
  const known = priors.flatMap((id) => places.get(id) ?? []).filter((i) => (studies[i] as Study).images.length > 0)
  const study = known.at(-1)
  return study === undefined ? undefined : { study, image: 0, copy: 0 }
}
