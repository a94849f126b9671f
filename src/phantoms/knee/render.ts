/** @file Draws the knee: attenuation of flesh, spongy bone and cortex added along the ray, then exposed. mm, joint line at y = 0. */

import { random } from '../../core/random.ts'
import { addTo, type Canvas, cover, fieldOf, fill, sum } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { Compartment, KneeScene, KneeShape } from './scene.ts'

const sideOf = (compartment: Compartment): number => (compartment === 'medial' ? 1 : -1)

/** How much the joint space has gone at x (mm), 0 to 1. */
function lossAt(narrowing: KneeShape | undefined, contrast: number, x: number): number {
  if (!narrowing) return 0
  const towards = Math.min(1, Math.max(0, 0.5 + (sideOf(narrowing.compartment) * x) / 50))
  return Math.min(1, narrowing.size * contrast) * towards
}

/** The end of the thigh bone; it sinks where cartilage is lost. */
function femur(scene: KneeScene, narrowing: KneeShape | undefined, contrast: number): Points {
  const { scale: s, gap } = scene.anatomy
  const outline = [
    ...[-17, -150, -18, -100, -22, -78, -33, -56, -40, -36, -41, -18, -37, -5, -27, 0, -15, -2, -8, -10, -3, -17],
    ...[3, -17, 8, -11, 15, -1, 28, 1, 38, -4, 42, -17, 41, -36, 33, -58, 22, -80, 18, -100, 17, -150],
  ]
  const moved = outline.map((value, i) => {
    if (i % 2 === 0) return value * s
    const x = (outline[i - 1] as number) * s
    return value * s - gap / 2 + (lossAt(narrowing, contrast, x) * gap) / 1.08
  })
  return smoothClosed(moved, 5)
}

function tibia({ anatomy: { scale: s, gap } }: KneeScene): Points {
  const outline = [
    ...[-40, 2, -30, 1.5, -14, 2.5, -7, -3, -3, -8, 0, -3, 4, -7, 8, -2, 15, 2.5, 30, 2, 41, 3, 42, 10, 37, 22],
    ...[27, 42, 19, 70, 17, 150, -16, 150, -18, 72, -24, 46, -35, 24, -41, 10],
  ]
  return smoothClosed(
    outline.map((value, i) => value * s + (i % 2 === 0 ? 0 : gap / 2)),
    5,
  )
}

function fibula({ anatomy: { scale: s } }: KneeScene): Points {
  return smoothClosed(
    [-38, 18, -31, 22, -29, 34, -31, 60, -30, 150, -40, 150, -41, 60, -45, 34, -44, 23].map((value) => value * s),
    5,
  )
}

/** Closed curves of a finding in mm, one list a part. */
export function kneeOutlines(scene: KneeScene, index: number): Points[][] {
  const { name, shape } = scene.findings[index] as KneeScene['findings'][number]
  const { scale: s, gap } = scene.anatomy
  const side = sideOf(shape.compartment)
  switch (name) {
    case 'Osteophytes':
      return spurs(scene, shape).map((points) => [points])
    case 'Joint Space Narrowing':
      return [[ellipse(side * 25 * s, 0, 20 * s, gap / 2 + 2, 0, 16)]]
    case 'Subchondral Sclerosis':
      return [[ellipse(side * 26 * s, gap / 2 + 6 * s, shape.size, 3.6, 0, 16)]]
    case 'Chondrocalcinosis':
      return [[ribbon(calcifiedLine(scene, shape), 2.2)]]
    case 'Loose Body': {
      const stream = random(shape.seed, 'body')
      const [x, y] = shape.at
      return [
        [
          ellipse(x * s, y * s, shape.size / 2, shape.size / 2.6, stream.uniform(0, 3), 14, () =>
            stream.uniform(0.85, 1.1),
          ),
        ],
      ]
    }
    case 'Tibial Plateau Fracture':
      return [[ribbon(fractureLine(scene, shape), 5)]]
  }
}

/** Beaks at the four margins, larger on the worse side. */
function spurs({ anatomy: { scale: s, gap } }: KneeScene, shape: KneeShape): Points[] {
  const stream = random(shape.seed, 'spurs')
  const out: Points[] = []
  for (const side of [-1, 1]) {
    const worse = side === sideOf(shape.compartment)
    if (!worse && shape.amount < 0.35) continue
    const size = shape.size * (worse ? 1 : 0.6) * stream.uniform(0.9, 1.1)
    const x = side * 39 * s
    const low = gap / 2
    out.push([
      x - side * 5,
      low + 9,
      x - side * 7,
      low + 2.5,
      x + side * size * 0.9,
      low - 0.5,
      x + side * size,
      low + 2,
    ])
    if (worse || shape.amount > 0.6)
      out.push([
        x - side * 2,
        -low - 17,
        x - side * 6,
        -low - 4,
        x + side * size * 0.85,
        -low - 3.5,
        x + side * size * 0.9,
        -low - 6,
      ])
  }
  return out.map((points) => smoothClosed(points, 3))
}

function calcifiedLine({ anatomy: { scale: s } }: KneeScene, shape: KneeShape): Points {
  const side = sideOf(shape.compartment)
  const from = side * (40 * s - shape.size)
  return [from, 0.6, from + (side * shape.size) / 2, -0.2, side * 40 * s, -0.6]
}

function fractureLine({ anatomy: { scale: s, gap } }: KneeScene, shape: KneeShape): Points {
  const stream = random(shape.seed, 'line')
  const side = Math.sign(shape.at[0])
  const [x0, y0] = [shape.at[0] * s, gap / 2 + 2]
  const [x1, y1] = [side * 36 * s, y0 + shape.size * 0.8]
  const path: Points = []
  for (let k = 0; k <= 6; k++) {
    const t = k / 6
    const jag = k % 6 === 0 ? 0 : stream.normal(0, 1.1)
    path.push(x0 + (x1 - x0) * t * t + jag, y0 + (y1 - y0) * t + jag)
  }
  return smoothPath(path, 3)
}

/** Greys in [0, 1]. */
export function drawKnee(scene: KneeScene, canvas: Canvas, { contrast, without }: Drawing): Float32Array {
  const { anatomy } = scene
  const { seed } = anatomy.acquisition
  const drawn = scene.findings
    .map((finding, index) => ({ ...finding, index }))
    .filter(({ index }) => !without.has(index))
  const narrowing = drawn.find(({ name }) => name === 'Joint Space Narrowing')
  const bones = [femur(scene, narrowing?.shape, contrast * (narrowing?.strength ?? 1)), tibia(scene), fibula(scene)]

  // Flesh: a leg that is round in cross-section, thicker at the calf and the thigh.
  const cloud = texture(seed, 'flesh', 26)
  const t = fill(canvas, (x, y) => {
    const half = anatomy.flesh * (1 + 0.16 * Math.abs(y / 100) ** 1.6 * (y < 0 ? 1.3 : 0.7))
    const inside = 1 - ((x + 2) / half) ** 2
    return inside <= 0 ? 0 : 0.52 * Math.sqrt(inside) * (1 + 0.05 * cloud(x, y))
  })

  const bone = cover(canvas, bones, 0.3)
  const trabeculae = texture(seed, 'trabeculae', 2.4)
  const coarse = texture(seed, 'coarse', 9)
  for (const [k, outline] of bones.entries()) {
    const body = cover(canvas, [outline], 0.5)
    const weight = [0.4, 0.4, 0.24][k] as number
    const grain = fill(canvas, (x, y) => 1 + 0.16 * trabeculae(x * 1.6, y * 0.7) + 0.1 * coarse(x, y))
    for (let i = 0; i < t.length; i++) {
      const c = body[i] as number
      if (c > 0) t[i] = (t[i] as number) + c * weight * anatomy.density * (grain[i] as number)
    }
    const closed = [...outline, ...outline.slice(0, 4)]
    // Cortex: a bright rim, thick along the shafts (where the marrow is), thin over the joint.
    addTo(t, cover(canvas, [ribbon(closed, 2)], 0.5), 0.2 * anatomy.density)
  }
  const shaft = (y0: number, y1: number, half: number, x = 0): Points[] =>
    [-1, 1].map((side) => ribbon([x + side * half, y0, x + side * half, y1], 5, 3))
  const s = anatomy.scale
  addTo(t, sum(canvas, [...shaft(-150, -72, 15 * s), ...shaft(150, 60, 14.5 * s)], 1.6), 0.16 * anatomy.density)
  // The plateau seen edge-on.
  const gap = anatomy.gap
  addTo(
    t,
    cover(
      canvas,
      [-1, 1].map((side) => ribbon([side * 12 * s, gap / 2 + 2.6, side * 39 * s, gap / 2 + 2.4], 2.4)),
      0.6,
    ),
    0.22,
  )
  const [px, py] = anatomy.patella
  addTo(t, cover(canvas, [ellipse(px, py, 21 * s, 23 * s, 0, 24, (k) => 1 + 0.04 * Math.sin(k * 2))], 1.2), 0.12)

  for (const { name, strength, shape, index } of drawn) {
    const k = strength * contrast
    const curves = kneeOutlines(scene, index).flat()
    if (name === 'Osteophytes') {
      const beak = cover(canvas, curves, 0.5)
      for (let i = 0; i < t.length; i++)
        t[i] = (t[i] as number) + 0.44 * k * (beak[i] as number) * (1 - 0.85 * (bone[i] as number))
    }
    if (name === 'Subchondral Sclerosis') addTo(t, cover(canvas, curves, 2), 0.3 * k)
    if (name === 'Chondrocalcinosis') {
      const specks = texture(shape.seed, 'specks', 2.2)
      const line = cover(canvas, curves, 0.5)
      const dots = fill(canvas, (x, y) => 0.75 + 0.4 * specks(x, y))
      for (let i = 0; i < t.length; i++) t[i] = (t[i] as number) + 0.34 * k * (line[i] as number) * (dots[i] as number)
    }
    if (name === 'Loose Body') addTo(t, cover(canvas, curves, 0.6), 0.38 * k)
    if (name === 'Tibial Plateau Fracture') {
      const line = fractureLine(scene, shape)
      const within = cover(canvas, [bones[1] as Points], 0.3)
      const cleft = cover(canvas, [ribbon(line, 2.6)], 0.45)
      const rim = cover(
        canvas,
        [
          ribbon(
            line.map((v, i) => (i % 2 === 0 ? v + 2.4 : v - 0.8)),
            1.6,
          ),
        ],
        0.5,
      )
      for (let i = 0; i < t.length; i++)
        t[i] = (t[i] as number) + k * (within[i] as number) * (0.14 * (rim[i] as number) - 0.36 * (cleft[i] as number))
    }
  }
  const out = fieldOf(canvas)
  for (let i = 0; i < out.length; i++) out[i] = 1 - Math.exp(-1.15 * Math.max(0, t[i] as number))
  return out
}
