/** @file Draws tooth crowns in an axial slice: enamel, dentine and pulp along the arch, cheeks and tongue around. mm. */

import { random } from '../../core/random.ts'
import { type Canvas, cover, fieldOf, fill, paint, sum } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, type Points, smoothClosed } from '../geometry.ts'
import { texture } from '../noise.ts'
import { type CrownScene, positionOf, toothCount } from './crowns-scene.ts'

/** Mesio-distal and bucco-lingual widths in mm from the middle outwards: incisors, canine, premolars, molars. */
const widths: readonly (readonly [number, number])[] = [
  [8.2, 6.6],
  [6.8, 6.2],
  [7.6, 7.6],
  [7.1, 8.8],
  [7, 8.8],
  [10.2, 10.4],
  [9.8, 10.2],
]

/** A tooth's place on the arch: centre, direction of the arch, half sizes. */
export interface Seat {
  x: number
  y: number
  /** Radians of the arch's tangent. */
  along: number
  width: number
  depth: number
}

/** All seats of the arch, from the picture's left to its right. */
export function seatsOf({ anatomy }: CrownScene): Seat[] {
  const { arch, scale, sparse, seed } = anatomy
  const stream = random(seed, 'teeth')
  // The arch as an ellipse open to the back; arc lengths from a fine walk.
  const steps = 400
  const at = (k: number): [number, number] => {
    const t = Math.PI * (1.06 - (1.12 * k) / steps)
    return [arch[0] * Math.cos(t), 16 - arch[1] * Math.sin(t)]
  }
  const lengths = [0]
  for (let k = 1; k <= steps; k++) {
    const [[ax, ay], [bx, by]] = [at(k - 1), at(k)]
    lengths.push((lengths[k - 1] as number) + Math.hypot(bx - ax, by - ay))
  }
  const order = Array.from({ length: toothCount }, (_, k) => (k < 7 ? 6 - k : k - 7))
  const gaps = order.map((_, k) => (sparse.includes(k) ? 2.6 : 0.25))
  const total = order.reduce(
    (sum, kind, k) => sum + (widths[kind] as [number, number])[0] * scale + (gaps[k] as number),
    0,
  )
  let s = (lengths[steps] as number) / 2 - total / 2
  return order.map((kind, k) => {
    const [width, depth] = (widths[kind] as [number, number]).map((v) => v * scale * stream.uniform(0.95, 1.05)) as [
      number,
      number,
    ]
    const middle = s + width / 2
    s += width + (gaps[k] as number)
    const i = Math.min(
      steps - 1,
      Math.max(
        1,
        lengths.findIndex((length) => length >= middle),
      ),
    )
    const [[ax, ay], [bx, by]] = [at(i - 1), at(i + 1)]
    const [x, y] = at(i)
    const off = stream.normal(0, 0.5)
    const along = Math.atan2(by - ay, bx - ax)
    return {
      x: x - Math.sin(along) * off,
      y: y + Math.cos(along) * off,
      along: along + stream.normal(0, 0.07),
      width,
      depth,
    }
  })
}

/** A rounded box at a seat, `share` of its size. */
function crown({ x, y, along, width, depth }: Seat, share: number, molar: boolean): Points {
  const [c, s] = [Math.cos(along), Math.sin(along)]
  const n = molar ? 3.2 : 2.5
  const points: Points = []
  for (let k = 0; k < 22; k++) {
    const t = (2 * Math.PI * k) / 22
    const [cos, sin] = [Math.cos(t), Math.sin(t)]
    const r = (Math.abs(cos) ** n + Math.abs(sin) ** n) ** (-1 / n) * (molar ? 1 + 0.05 * Math.cos(4 * t) : 1)
    const [u, v] = [(width / 2) * share * r * cos, (depth / 2) * share * r * sin]
    points.push(x + c * u - s * v, y + s * u + c * v)
  }
  return points
}

/** Where an implant goes: the middle of the lost tooth's seat, mm. */
export function implantPoint(scene: CrownScene, tooth: number): [number, number] {
  const seat = seatsOf(scene)[tooth] as Seat
  return [seat.x, seat.y]
}

const molarAt = (tooth: number): boolean => tooth < 2 || tooth > toothCount - 3

export function crownOutlines(scene: CrownScene, index: number): Points[][] {
  const { shape } = scene.findings[index] as CrownScene['findings'][number]
  return [[crown(seatsOf(scene)[shape.tooth] as Seat, 1.05, molarAt(shape.tooth))]]
}

/** Outlines of all teeth that are there. */
export function teethOf(scene: CrownScene, without: ReadonlySet<number> = new Set()): Points[] {
  const gone = goneFrom(scene, without)
  return seatsOf(scene).flatMap((seat, tooth) => (gone.has(tooth) ? [] : [crown(seat, 1, molarAt(tooth))]))
}

const goneFrom = (scene: CrownScene, without: ReadonlySet<number>): Set<number> =>
  new Set(scene.findings.flatMap(({ name, shape }, i) => (positionOf[name] && !without.has(i) ? [shape.tooth] : [])))

/** Greys in [0, 1]. */
export function drawCrowns(scene: CrownScene, canvas: Canvas, { contrast, without }: Drawing): Float32Array {
  const { anatomy } = scene
  const { seed } = anatomy
  const out = fieldOf(canvas, 0.06)
  const soft = texture(seed, 'soft', 10)
  const [w, d] = anatomy.arch
  // Lips and cheeks, the mouth, the tongue.
  const face = smoothClosed(
    [-w - 17, 60, -w - 18, 4, -w - 4, -d + 6, 0, -d - 2, w + 4, -d + 6, w + 18, 4, w + 17, 60],
    5,
  )
  paint(
    out,
    cover(canvas, [face], 1),
    fill(canvas, (x, y) => 0.3 + 0.025 * soft(x, y)),
  )
  paint(out, cover(canvas, [ellipse(0, 6, w + 2.5, d - 15, 0, 30)], 1.8), 0.19, 0.8)
  paint(
    out,
    cover(canvas, [ellipse(0, 22, w - 8, d - 22, 0, 30)], 1.5),
    fill(canvas, (x, y) => 0.31 + 0.03 * soft(x * 1.4, y)),
  )
  const gone = goneFrom(scene, without)
  const metal = scene.findings.findIndex(({ name }, i) => name === 'Metal Crown' && !without.has(i))
  const capped = scene.findings[metal]?.shape.tooth
  const stream = random(seed, 'bright')
  const seats = seatsOf(scene).map((seat, tooth) => ({
    seat,
    tooth,
    molar: molarAt(tooth),
    bright: stream.uniform(0.92, 1.04),
  }))
  const gums = seats.map(({ seat }) => crown({ ...seat, width: seat.width * 1.1, depth: seat.depth * 1.25 }, 1, false))
  paint(out, cover(canvas, gums, 1.2), 0.34, 0.7)
  const there = seats.filter(({ tooth }) => !gone.has(tooth))
  const lost = seats.filter(({ tooth }) => gone.has(tooth))
  // With little contrast a lost tooth still leaves a shade of itself.
  const shade = Math.max(0, 1 - contrast)
  for (const [teeth, amount] of [
    [there, 1],
    [lost, shade],
  ] as const) {
    if (amount === 0 || teeth.length === 0) continue
    for (const [share, soft, grey] of [
      [1, 0.3, 0.92],
      [0.74, 0.4, 0.64],
    ] as const) {
      const curves = teeth.map(({ seat, molar }) => crown(seat, share, molar))
      const greys = sum(
        canvas,
        curves,
        soft,
        teeth.map(({ bright }) => bright * grey),
      )
      const covered = sum(canvas, curves, soft)
      for (let i = 0; i < greys.length; i++) greys[i] = (greys[i] as number) / Math.max(1e-3, covered[i] as number)
      paint(
        out,
        covered.map((v) => Math.min(1, v)),
        greys,
        amount,
      )
    }
    const hollow = teeth.filter(({ molar, tooth }) => !molar || tooth % 2 === 0)
    paint(
      out,
      cover(
        canvas,
        hollow.map(({ seat, molar }) => crown(seat, molar ? 0.26 : 0.22, false)),
        0.3,
      ),
      0.4,
      amount,
    )
  }
  if (capped !== undefined && metal >= 0) {
    const k = Math.min(1, (scene.findings[metal] as CrownScene['findings'][number]).strength * contrast)
    paint(out, cover(canvas, [crown(seatsOf(scene)[capped] as Seat, 1.05, molarAt(capped))], 0.3), 1.15, k)
  }
  if (capped !== undefined && metal >= 0) {
    // Metal throws dark and bright rays.
    const { x, y } = seatsOf(scene)[capped] as Seat
    const k = Math.min(1, (scene.findings[metal] as CrownScene['findings'][number]).strength * contrast)
    const rays = fill(canvas, (px, py) => {
      const r = Math.hypot(px - x, py - y)
      return r < 4 ? 0 : Math.sin(8 * Math.atan2(py - y, px - x)) * 0.16 * Math.exp(-r / 16) * k
    })
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (rays[i] as number)
  }
  return out
}
