/**
 * @file Where a reader looks: a routine search over the zones of the chest, and fixations on findings whose number and
 * length grow with the attention dial.
 */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import type { Annotation } from './annotate.ts'
import type { Dials } from './dials.ts'
import { viewsOf } from './render.ts'
import type { Scene } from './scene.ts'

/** The usual order of a search, as shares of the picture: apices, mid zones, hila, heart, bases, angles. */
const route: readonly (readonly [number, number])[] = [
  [0.33, 0.24],
  [0.67, 0.24],
  [0.69, 0.42],
  [0.31, 0.42],
  [0.42, 0.46],
  [0.58, 0.46],
  [0.54, 0.62],
  [0.3, 0.66],
  [0.7, 0.66],
  [0.2, 0.76],
  [0.8, 0.76],
  [0.5, 0.18],
]

/** The fixations of one study, in the order of time. */
export function fixationsOf(scene: Scene, boxes: Annotation['boxes'], size: number, dials: Dials): Study['fixations'] {
  const stream = random(scene.seed, 'gaze', scene.index)
  const fixations: Study['fixations'] = []
  const look = (image: number, x: number, y: number, seconds: number): void => {
    const inside = (v: number): number => Math.round(Math.min(size - 1, Math.max(0, v)) * 10) / 10
    fixations.push({ image, point: [inside(x), inside(y)], seconds: Math.round(seconds * 1000) / 1000 })
  }
  viewsOf(scene).forEach((_, image) => {
    // What was noticed on the way is looked at when the search comes near; the rest at the end.
    const left = boxes.filter((box) => box.image === image && (scene.findings[box.finding]?.strength ?? 0) > 0)
    const rest = (box: Annotation['boxes'][number]): void => {
      const [x, y, w, h] = box.box
      const times = dials.attention === 0 ? 0 : 1 + stream.int(Math.ceil(2 * dials.attention))
      for (let k = 0; k < times; k++) {
        const at = (from: number, length: number): number => from + length * (0.5 + stream.normal(0, 0.16))
        look(image, at(x, w), at(y, h), dials.attention * stream.uniform(0.25, 0.9))
      }
    }
    for (const [u, v] of route) {
      const [px, py] = [(u + stream.normal(0, 0.025)) * size, (v + stream.normal(0, 0.025)) * size]
      look(image, px, py, stream.uniform(0.15, 0.4))
      const near = left.findIndex(({ box: [x, y, w, h] }) => Math.hypot(x + w / 2 - px, y + h / 2 - py) < 0.14 * size)
      if (near >= 0 && stream.chance(0.7)) for (const box of left.splice(near, 1)) rest(box)
    }
    left.forEach(rest)
  })
  return fixations
}
