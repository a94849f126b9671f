/** @file The organs of an abdominal scene as solids, and where its findings lie. */

import { random } from '../../core/random.ts'
import type { AbdomenScene, AbdomenShape, Organ } from './scene.ts'
import { both, ellipsoid, minus, type Point, type Solid, tube, union } from './solids.ts'

/** Everything that is drawn; organs carry masks, the rest is scenery. */
export interface Body {
  skin: Solid
  inner: Solid
  organs: Record<Organ, Solid>
  lungs: Solid[]
  gas: Solid
  spine: Solid
  canal: Solid
  ribs: Solid[]
  muscles: Solid[]
  bowel: { solid: Solid; gas: boolean }[]
  portal: Solid
  /** Renal pelvis fat of both kidneys. */
  sinuses: Solid[]
}

/** Centres and half axes of kidneys and the like, before the patient's lift. */
const frame = {
  liver: { centre: [-52, -8, 42] as Point, radii: [82, 68, 62] as Point },
  spleen: { centre: [92, 34, 46] as Point, radii: [29, 47, 53] as Point },
  leftKidney: { centre: [58, 44, -12] as Point, radii: [27, 24, 52] as Point },
  rightKidney: { centre: [-58, 46, -24] as Point, radii: [27, 24, 52] as Point },
}

/** The whole body of a scene. */
export function bodyOf({ anatomy }: AbdomenScene): Body {
  const { scale: s, trunk, fat, lift, sizes, seed, gas } = anatomy
  const stream = random(seed, 'body')
  const move = ([x, y, z]: Point): Point => [x * s, y * s, z * s + lift]
  const grow = ([a, b, c]: Point, k: number): Point => [a * s * k, b * s * k, c * s * k]
  const [rx, ry] = [trunk[0] * s, trunk[1] * s]
  const column = (grown: number): Solid => ellipsoid([0, 0, 0], [rx + grown, ry + grown, 2000])
  const skin = column(fat)
  const inner = column(-3)
  // A wedge: a body whose lower left part is cut off obliquely, under the dome of the diaphragm.
  const dome = ellipsoid(move(frame.liver.centre), grow(frame.liver.radii, sizes.liver), {
    turn: -0.12,
    tilt: 0.3,
    wave: 0.05,
    seed,
  })
  const wedge = ellipsoid(move([118, 62, -58]), grow([150, 92, 78], 1), { tilt: 0.45 })
  const hollow = ellipsoid(move([-28, 62, -22]), grow([54, 52, 58], 1))
  const cavity = column(-9)
  const spleen = both(
    minus(
      ellipsoid(move(frame.spleen.centre), grow(frame.spleen.radii, sizes.spleen), {
        turn: -0.55,
        wave: 0.05,
        seed: seed + 1,
      }),
      ellipsoid(move([62, 20, 48]), grow([27, 42, 52], 1), { turn: -0.5 }),
    ),
    cavity,
  )
  const kidney = (side: 'leftKidney' | 'rightKidney'): { body: Solid; sinus: Solid } => {
    const { centre, radii } = frame[side]
    const sign = side === 'leftKidney' ? 1 : -1
    const at = move(centre)
    const sinus = ellipsoid([at[0] - sign * 16 * s, at[1] - 9 * s, at[2]], grow([15, 10, 22], 1), {
      turn: sign * 0.7,
      wave: 0.1,
      seed: seed + 2,
    })
    const bean = ellipsoid(at, grow(radii, sizes.kidney), {
      turn: sign * 0.6,
      tilt: -sign * 0.16,
      wave: 0.03,
      seed: seed + 3,
    })
    return { body: minus(bean, sinus), sinus }
  }
  const [left, right] = [kidney('leftKidney'), kidney('rightKidney')]
  const liver = both(
    minus(
      dome,
      wedge,
      hollow,
      ellipsoid(move(frame.rightKidney.centre), grow([31, 29, 56], sizes.kidney), { turn: -0.6 }),
    ),
    cavity,
  )
  const stomach = both(
    union(
      ellipsoid(move([52, -22, 42]), grow([38, 42, 42], sizes.stomach), { turn: 0.3, wave: 0.05, seed: seed + 4 }),
      tube(
        [move([58, -38, 20]), move([34, -56, -6]), move([2, -54, -10]), move([-18, -44, -6])],
        [26 * s, 21 * s, 16 * s, 11 * s],
      ),
    ),
    minus(cavity, liver, spleen),
  )
  const pancreas = minus(
    tube(
      pancreasPath(anatomy),
      [15, 15, 12, 10.5, 10, 9.5, 8].map((r) => r * s * 1.08),
    ),
    left.body,
  )
  const aorta = tube([move([9, 34, 130]), move([9, 36, 20]), move([6, 38, -120])], [11.5 * s, 10.5 * s, 9.5 * s])
  const cava = tube([move([-24, 22, 130]), move([-22, 30, 20]), move([-18, 36, -120])], [12.5 * s, 11.5 * s, 11 * s])
  const gallbladder = ellipsoid(move([-46, -36, -8]), grow([14, 22, 18], 1), { turn: 0.5, tilt: 0.3 })
  const spineAt = (x: number, y: number, r: Point): Solid => ellipsoid(move([x, y, 0]), grow(r, 1))
  const ribs = [-1, 1].flatMap((side) =>
    Array.from({ length: 7 }, (_, k) => {
      const z = 104 - 29 * k
      const path = Array.from({ length: 9 }, (_p, i) => {
        const t = 0.16 + (i / 8) * 0.62
        const a = Math.PI * (0.5 - t) * 1.25
        const r = (v: number): number => v - 4
        return [side * r(rx) * Math.cos(a), r(ry) * Math.sin(a) + 4, z * s + lift - 46 * t + 18] as Point
      })
      return tube(
        path,
        path.map(() => 5.4 * s),
      )
    }),
  )
  const bowel = Array.from({ length: 24 }, (_, k) => {
    const z = stream.uniform(-120, -22)
    const a = stream.uniform(0.72, 1.28) * Math.PI * 1.5
    const r = stream.uniform(0.12, 0.72)
    const at = move([r * 118 * Math.cos(a) * (k % 2 === 0 ? 1.2 : 1), r * 82 * Math.sin(a) + 4, z])
    const solid = ellipsoid(at, [stream.uniform(12, 21), stream.uniform(11, 18), stream.uniform(12, 24)], {
      wave: 0.1,
      seed: seed + 10 + k,
    })
    return { solid: both(solid, cavity), gas: stream.chance(0.3) }
  })
  const level = -22 - 42 * (1 - gas) + 30
  return {
    skin,
    inner,
    organs: {
      Liver: liver,
      Spleen: spleen,
      'Left Kidney': left.body,
      'Right Kidney': right.body,
      Pancreas: pancreas,
      Stomach: stomach,
      Gallbladder: minus(
        gallbladder,
        minus(liver, ellipsoid(move([-46, -36, -8]), grow([15, 23, 19], 1), { turn: 0.5, tilt: 0.3 })),
      ),
      Aorta: aorta,
      'Inferior Vena Cava': cava,
    },
    lungs: [-1, 1].map((side) =>
      minus(
        both(ellipsoid(move([side * 74, 14, 128]), grow([62, 80, 64], 1)), column(-10)),
        union(liver, ellipsoid(move([side * 66, -4, 46]), grow([84, 82, 62], 1))),
      ),
    ),
    gas: both(stomach, ellipsoid([52 * s, (level - 300) * s, 20], [400, 300 * s, 400])),
    spine: union(
      spineAt(0, 62, [21, 17, 2000]),
      spineAt(0, 90, [8, 16, 2000]),
      ...[-1, 1].map((side) => spineAt(side * 17, 84, [12, 5, 2000])),
    ),
    canal: spineAt(0, 80, [9, 7, 2000]),
    ribs,
    muscles: [
      ...[-1, 1].map((side) => both(ellipsoid(move([side * 36, 62, -92]), grow([17, 18, 88], 1)), inner)),
      ...[-1, 1].map((side) => both(ellipsoid(move([side * 34, 96, 0]), grow([31, 17, 2000], 1)), column(2))),
    ],
    bowel,
    portal: union(
      tube([move([-8, 8, 4]), move([-28, 2, 24]), move([-58, 4, 36]), move([-84, 12, 40])], [7, 7, 5, 3]),
      tube([move([-28, 2, 24]), move([-18, -28, 42]), move([10, -40, 48])], [6, 4, 2.5]),
      tube([move([-22, 26, 72]), move([-50, 12, 72]), move([-84, 0, 62])], [6, 4.5, 2.5]),
      tube([move([-22, 26, 74]), move([-40, -18, 70]), move([-48, -40, 60])], [5, 4, 2.5]),
    ),
    sinuses: [left.sinus, right.sinus],
  }
}

/** The pancreas from the head (right) over the spine to the tail at the spleen. */
function pancreasPath({ scale: s, lift }: AbdomenScene['anatomy']): Point[] {
  const path: Point[] = [
    [-28, 6, -24],
    [-22, 0, -10],
    [-4, -6, 2],
    [16, -4, 10],
    [36, 6, 16],
    [54, 18, 22],
    [68, 26, 28],
  ]
  return path.map(([x, y, z]) => [x * s, y * s, z * s + lift])
}

/** The lesion of a finding, cut to its organ (kidney lesions bulge out). */
export function lesionOf({ anatomy, findings }: AbdomenScene, index: number, body: Body): Solid {
  const { name, shape } = findings[index] as AbdomenScene['findings'][number]
  const { scale: s, lift, sizes } = anatomy
  const cyst = name.endsWith('Cyst')
  const place = (centre: Point, radii: Point, k: number): Point =>
    centre.map(
      (v, axis) => v * s + (shape.at[axis] as number) * (radii[axis] as number) * s * k + (axis === 2 ? lift : 0),
    ) as unknown as Point
  const ball = (at: Point): Solid =>
    ellipsoid(at, [shape.size, shape.size * 0.92, shape.size], { wave: cyst ? 0.01 : 0.1, seed: shape.seed })
  if (name.startsWith('Liver'))
    return both(ball(place(frame.liver.centre, frame.liver.radii, sizes.liver)), body.organs.Liver)
  if (name.startsWith('Spleen')) {
    const at = place([101, 38, 48], frame.spleen.radii, sizes.spleen)
    return both(ball(at), body.organs.Spleen)
  }
  if (name.startsWith('Kidney')) return ball(kidneyPlace(shape, place))
  const path = pancreasPath(anatomy)
  const t = ((shape.at[0] + 1) / 2) * 4.4 + 0.8
  const [a, b] = [path[Math.floor(t)] as Point, path[Math.floor(t) + 1] as Point]
  const f = t - Math.floor(t)
  return ball([a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f - 3, a[2] + (b[2] - a[2]) * f])
}

/** Kidney lesions sit at the outer border. */
function kidneyPlace(shape: AbdomenShape, place: (centre: Point, radii: Point, k: number) => Point): Point {
  const sign = shape.side === 'left' ? 1 : -1
  const { centre, radii } = frame[shape.side === 'left' ? 'leftKidney' : 'rightKidney']
  const [x, y, z] = place(centre, radii, 1)
  const bulge = 15 * Math.sqrt(Math.max(0.2, 1 - shape.at[2] ** 2))
  return [x + sign * bulge, y + bulge * 0.6, z]
}

/** What a mask of a class holds: organs contain their lesions. */
export function classSolid(scene: AbdomenScene, label: string, body: Body): Solid | undefined {
  const lesions = scene.findings.flatMap(({ name, shape }, index) => ({
    name,
    shape,
    solid: lesionOf(scene, index, body),
  }))
  const own = (test: (name: string, side: string) => boolean): Solid[] =>
    lesions.filter(({ name, shape }) => test(name, shape.side)).map(({ solid }) => solid)
  if (label in body.organs) {
    const organ = body.organs[label as Organ]
    const inside = own((name, side) =>
      label.endsWith('Kidney')
        ? name.startsWith('Kidney') && label.toLowerCase().startsWith(side)
        : name.startsWith(`${label} `),
    )
    return inside.length > 0 ? union(organ, ...inside) : organ
  }
  const found = own((name) => name === label)
  return found.length > 0 ? union(...found) : undefined
}
