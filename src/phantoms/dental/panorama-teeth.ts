/** @file Teeth of a dental panorama as closed curves in mm, and what each finding adds to one of them. */

import { random } from '../../core/random.ts'
import { ellipse, mapPoints, type Points, smoothClosed } from '../geometry.ts'
import type { PanoramaScene, PanoramaShape } from './panorama-scene.ts'

/** Crown width, crown height, root length, number of roots of the teeth 1 to 8; lower incisors are narrower. */
const kinds: readonly (readonly [number, number, number, number])[] = [
  [8.6, 10, 13, 1],
  [7, 9, 13, 1],
  [8, 10, 16, 1],
  [7.4, 8.4, 13.5, 1],
  [7.2, 8, 13.5, 1],
  [11, 7.6, 13, 2],
  [10.6, 7.4, 12.5, 2],
  [10.2, 7, 11, 2],
]

/** A tooth: where its crown meets its neighbour's jaw (y of the bite), direction up or down. */
export interface Tooth {
  x: number
  /** Height of the biting edge. */
  bite: number
  /** -1 roots upwards (upper jaw), 1 downwards. */
  way: number
  width: number
  crown: number
  root: number
  roots: number
  lean: number
}

/** The tooth of a place. */
export function toothOf(
  { anatomy }: PanoramaScene,
  { jaw, side, tooth }: Pick<PanoramaShape, 'jaw' | 'side' | 'tooth'>,
): Tooth {
  const sign = side === 'left' ? 1 : -1
  const s = anatomy.scale
  const narrow = (n: number): number => (jaw === 'lower' && n <= 2 ? 0.72 : 1)
  let x = 0
  for (let n = 1; n < tooth; n++) x += (kinds[n - 1] as (typeof kinds)[number])[0] * narrow(n) * s + 0.35
  const [width, crown, root, roots] = kinds[tooth - 1] as (typeof kinds)[number]
  x += (width * narrow(tooth) * s) / 2
  const stream = random(anatomy.seed, 'tooth', jaw, side, tooth)
  const way = jaw === 'upper' ? -1 : 1
  const bite = -anatomy.smile * (x / 50) ** 2 + way * 1.2
  return {
    x: sign * x,
    bite: bite + stream.normal(0, 0.4),
    way,
    width: width * narrow(tooth) * s,
    crown: crown * s,
    root: root * s * stream.uniform(0.94, 1.06),
    roots,
    lean: sign * (0.02 * tooth + stream.normal(0, 0.03)) * (jaw === 'lower' ? -1 : 0.7),
  }
}

/** Moves curves of an upright tooth (bite at the origin, roots to +y) to its place. */
export function seated(tooth: Tooth, points: Points): Points {
  const [c, s] = [Math.cos(tooth.lean), Math.sin(tooth.lean)]
  return mapPoints(points, { a: c, b: -s * tooth.way, c: s, d: c * tooth.way, e: tooth.x, f: tooth.bite })
}

export const crownOf = ({ width: w, crown: c }: Tooth): Points =>
  smoothClosed(
    [
      -w * 0.42,
      0.6,
      -w * 0.1,
      0,
      w * 0.1,
      0,
      w * 0.42,
      0.6,
      w * 0.5,
      c * 0.45,
      w * 0.4,
      c,
      -w * 0.4,
      c,
      -w * 0.5,
      c * 0.45,
    ],
    3,
  )

export function rootsOf({ width: w, crown: c, root: r, roots }: Tooth): Points[] {
  if (roots === 1)
    return [
      smoothClosed(
        [
          -w * 0.38,
          c - 1,
          w * 0.38,
          c - 1,
          w * 0.28,
          c + r * 0.55,
          w * 0.08,
          c + r,
          -w * 0.08,
          c + r,
          -w * 0.28,
          c + r * 0.55,
        ],
        3,
      ),
    ]
  return [-1, 1].map((k) =>
    smoothClosed(
      [
        k * w * 0.43,
        c - 1,
        k * -0.02 * w,
        c - 1,
        k * w * 0.06,
        c + r * 0.4,
        k * w * 0.22,
        c + r,
        k * w * 0.36,
        c + r,
        k * w * 0.42,
        c + r * 0.5,
      ],
      3,
    ),
  )
}

/** Tips of the roots. */
const apexOf = ({ width: w, crown: c, root: r, roots }: Tooth): [number, number] => [roots === 1 ? 0 : w * 0.28, c + r]

/** The wisdom tooth that lies on its side under the last molar. */
export function lying(scene: PanoramaScene, shape: PanoramaShape): Tooth {
  const sign = shape.side === 'left' ? 1 : -1
  const seventh = toothOf(scene, { jaw: 'lower', side: shape.side, tooth: 7 })
  const stream = random(shape.seed, 'lying')
  return {
    ...toothOf(scene, shape),
    x: seventh.x + sign * 9.5,
    bite: seventh.bite + 11,
    lean: -sign * stream.uniform(1.05, 1.4) * -1,
  }
}

/** Closed curves of a finding. */
export function panoramaOutlines(scene: PanoramaScene, index: number): Points[][] {
  const { name, shape } = scene.findings[index] as PanoramaScene['findings'][number]
  const tooth = toothOf(scene, shape)
  const { width: w, crown: c, root: r } = tooth
  const stream = random(shape.seed, 'finding')
  const put = (points: Points): Points => seated(tooth, points)
  switch (name) {
    case 'Missing Tooth':
      return [[put(crownOf(tooth)), ...rootsOf(tooth).map(put)]]
    case 'Filling':
      return [
        [
          put(
            smoothClosed(
              [
                -w * 0.3,
                0.4,
                w * 0.3,
                0.4,
                w * 0.26,
                shape.size * 0.62,
                0,
                shape.size * 0.75,
                -w * 0.3,
                shape.size * 0.6,
              ],
              3,
            ),
          ),
        ],
      ]
    case 'Caries': {
      const k = stream.chance(0.5) ? 1 : -1
      return [
        [
          put(
            ellipse(k * w * 0.4, c * 0.5, shape.size * 0.42, shape.size * 0.55, 0, 12, () =>
              stream.uniform(0.85, 1.15),
            ),
          ),
        ],
      ]
    }
    case 'Periapical Lesion': {
      const [x, y] = apexOf(tooth)
      return [[put(ellipse(x, y + 0.8, shape.size / 2, shape.size / 2, 0, 14, () => stream.uniform(0.9, 1.1)))]]
    }
    case 'Impacted Wisdom Tooth': {
      const eighth = lying(scene, shape)
      return [[seated(eighth, crownOf(eighth)), ...rootsOf(eighth).map((points) => seated(eighth, points))]]
    }
    case 'Implant':
      return [
        [
          put(smoothClosed([-w * 0.3, c - 1.5, w * 0.3, c - 1.5, w * 0.2, c + r * 0.8, -w * 0.2, c + r * 0.8], 3)),
          put(crownOf(tooth)),
        ],
      ]
  }
}

/** Every tooth that stands in the row. */
export function standing(scene: PanoramaScene, without: ReadonlySet<number> = new Set()): Tooth[] {
  const gone = new Set(
    scene.findings.flatMap(({ name, shape, strength }, i) =>
      (name === 'Missing Tooth' || name === 'Implant') && strength > 0.5 && !without.has(i)
        ? [`${shape.jaw} ${shape.side} ${shape.tooth}`]
        : [],
    ),
  )
  return (['upper', 'lower'] as const).flatMap((jaw) =>
    (['left', 'right'] as const).flatMap((side) =>
      Array.from({ length: scene.anatomy.wisdom ? 8 : 7 }, (_, k) => k + 1)
        .filter((tooth) => !gone.has(`${jaw} ${side} ${tooth}`))
        .map((tooth) => toothOf(scene, { jaw, side, tooth })),
    ),
  )
}
