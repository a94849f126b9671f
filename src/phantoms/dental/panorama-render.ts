/** @file Draws a dental panorama: jaws, teeth with roots, sinuses, canal, spine shadow. mm: the picture's middle at (0, 0), y down. */

import { random } from '../../core/random.ts'
import { addTo, type Canvas, cover, fieldOf, fill } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, mapPoints, mirror, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
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
interface Tooth {
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
function seated(tooth: Tooth, points: Points): Points {
  const [c, s] = [Math.cos(tooth.lean), Math.sin(tooth.lean)]
  return mapPoints(points, { a: c, b: -s * tooth.way, c: s, d: c * tooth.way, e: tooth.x, f: tooth.bite })
}

const crownOf = ({ width: w, crown: c }: Tooth): Points =>
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

function rootsOf({ width: w, crown: c, root: r, roots }: Tooth): Points[] {
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
function lying(scene: PanoramaScene, shape: PanoramaShape): Tooth {
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

/** The lower jaw. */
export function mandible({ anatomy: { scale: s, smile } }: PanoramaScene): Points {
  const half: Points = [
    ...[
      0,
      38,
      30,
      36 - smile * 0.3,
      52,
      28 - smile,
      66,
      10 - smile,
      70,
      -22,
      74,
      -46,
      70,
      -50,
      65,
      -44,
      61,
      -30,
      57,
      -26,
    ],
    ...[54, -38, 50, -36, 50, -14, 44, 8 - smile * 0.6, 26, 10 - smile * 0.2, 0, 11],
  ]
  const right: Points = []
  for (let i = half.length - 2; i >= 0; i -= 2) right.push(-(half[i] as number), half[i + 1] as number)
  return smoothClosed(
    [...half, ...right].map((v) => v * s),
    4,
  )
}

/** The bone that carries the upper teeth. */
function maxilla({ anatomy: { scale: s, smile } }: PanoramaScene): Points {
  return smoothClosed(
    [
      -52,
      -14 - smile,
      -30,
      -11 - smile * 0.2,
      0,
      -10,
      30,
      -11 - smile * 0.2,
      52,
      -14 - smile,
      54,
      -34,
      30,
      -38,
      0,
      -40,
      -30,
      -38,
      -54,
      -34,
    ].map((v) => v * s),
    4,
  )
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

/** Greys in [0, 1]. */
export function drawPanorama(scene: PanoramaScene, canvas: Canvas, { contrast, without }: Drawing): Float32Array {
  const { seed, scale: s } = scene.anatomy
  const cloud = texture(seed, 'cloud', 26)
  const trabeculae = texture(seed, 'trabeculae', 2.6)
  const t = fill(
    canvas,
    (x, y) =>
      0.3 +
      0.05 * cloud(x, y) -
      0.12 * Math.abs(y / 60) ** 3 +
      0.25 * Math.exp(-((x / 15) ** 2)) * (0.6 + 0.4 * Math.min(1, Math.abs(y) / 30)),
  )
  const grain = fill(canvas, (x, y) => 1 + 0.17 * trabeculae(x, y))
  const jaw = mandible(scene)
  for (const bone of [cover(canvas, [jaw], 0.9), cover(canvas, [maxilla(scene)], 2.2)])
    for (let i = 0; i < t.length; i++) t[i] = (t[i] as number) + 0.36 * (bone[i] as number) * (grain[i] as number)
  addTo(t, cover(canvas, [ribbon([...jaw, ...jaw.slice(0, 2)], 2.4)], 0.7), 0.2)
  // Air: sinuses above the upper molars, between the lips, under the palate.
  const sinus = smoothClosed(
    [16, -36, 24, -30, 44, -31, 50, -44, 34, -56, 18, -50].map((v) => v * s),
    4,
  )
  addTo(t, cover(canvas, [sinus, mirror(sinus)], 1.2), -0.27)
  addTo(
    t,
    cover(
      canvas,
      [ribbon([...sinus, ...sinus.slice(0, 2)], 1.2), ribbon(mirror([...sinus, ...sinus.slice(0, 2)]), 1.2)],
      0.4,
    ),
    0.14,
  )
  addTo(t, cover(canvas, [ellipse(0, -48, 11, 12, 0, 20)], 2), -0.2)
  // The canal of the nerve in the lower jaw.
  const canal = smoothPath(
    [62, -16, 54, 6, 42, 18, 26, 23].map((v) => v * s),
    6,
  )
  addTo(t, cover(canvas, [ribbon(canal, 2.6), ribbon(mirror(canal), 2.6)], 0.5), -0.1)
  addTo(
    t,
    cover(
      canvas,
      [
        ribbon(
          smoothPath(
            [-46, -30, -20, -27, 0, -28, 20, -27, 46, -30].map((v) => v * s),
            5,
          ),
          2.2,
        ),
      ],
      0.8,
    ),
    0.14,
  )

  const draw = (tooth: Tooth, k: number): void => {
    const put = (points: Points): Points => seated(tooth, points)
    const roots = rootsOf(tooth).map(put)
    const crown = put(crownOf(tooth))
    addTo(
      t,
      cover(
        canvas,
        roots.map((root) => ribbon([...root, ...root.slice(0, 2)], 1.3)),
        0.4,
      ),
      -0.1 * k,
    )
    addTo(t, cover(canvas, roots, 0.35), 0.3 * k)
    addTo(t, cover(canvas, [crown], 0.35), 0.55 * k)
    const { width: w, crown: c, root: r } = tooth
    addTo(
      t,
      cover(
        canvas,
        [
          put(ellipse(0, c * 0.7, w * 0.16, c * 0.28, 0, 10)),
          ...(tooth.roots === 1 ? [put(ribbon([0, c * 0.8, 0, c + r * 0.85], 1.1, 0.6))] : []),
        ],
        0.4,
      ),
      -0.2 * k,
    )
  }
  for (const tooth of standing(scene, without)) draw(tooth, 1)
  scene.findings.forEach(({ name, shape, strength }, index) => {
    if (without.has(index)) return
    const k = strength * contrast
    const curves = panoramaOutlines(scene, index).flat()
    if (name === 'Filling') addTo(t, cover(canvas, curves, 0.2), 0.9 * k)
    if (name === 'Caries') addTo(t, cover(canvas, curves, 0.5), -0.55 * k)
    if (name === 'Periapical Lesion') addTo(t, cover(canvas, curves, 0.8), -0.36 * k)
    if (name === 'Impacted Wisdom Tooth') draw(lying(scene, shape), Math.min(1.1, k))
    if (name === 'Implant') {
      const [screw, crown] = curves as [Points, Points]
      addTo(t, cover(canvas, [screw], 0.2), 1 * k)
      addTo(t, cover(canvas, [crown], 0.3), 0.75 * k)
    }
    if (name === 'Missing Tooth' && strength > 0.5 && contrast < 1) draw(toothOf(scene, shape), 1 - contrast)
  })
  const out = fieldOf(canvas)
  for (let i = 0; i < out.length; i++) out[i] = 1 - Math.exp(-1.25 * Math.max(0, t[i] as number))
  return out
}
