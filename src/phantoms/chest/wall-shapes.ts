/** @file Findings of pleura and ribs as shapes. */

import { random } from '../../core/random.ts'
import { ellipse, offsetPath, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { domeAt, halfAt, type LayerName, placeIn, ribPath, ribShapes, ribWidth, type Shape } from './anatomy.ts'
import type { Part, Scene } from './scene.ts'
import type { PartShapes } from './shapes.ts'

/** A calcified plate along the lateral pleura (angle 0) or on the dome (angle 1). */
export function plaque(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const stream = random(part.seed, 'plaque')
  const path: Points = []
  for (let i = 0; i <= 6; i++) {
    const s = ((i - 3) / 6) * part.size
    if (part.angle > 0.5) {
      const x = a.halfWidth * (0.45 + 0.2 * part.u) + s
      path.push(part.side * x, domeAt(a, part.side, x) - 1 + stream.normal(0, 0.6))
    } else {
      const [, y] = placeIn(scene, part.side, 1, part.v)
      path.push(part.side * (halfAt(a, y + s) - 4 - part.extra * 0.35 + stream.normal(0, 0.8)), y + s)
    }
  }
  const smooth = smoothPath(path, 3)
  // Thick in the middle, running out to both ends, with an uneven edge.
  const n = smooth.length / 2
  const edge = (sign: number): Points => {
    const moved = offsetPath(smooth, sign)
    return smooth.map((value, i) => {
      const taper = 0.2 + 0.8 * Math.sin((Math.PI * Math.floor(i / 2)) / (n - 1)) ** 0.6
      return value + ((moved[i] as number) - value) * part.extra * 0.52 * taper
    })
  }
  const back = edge(-1)
  const body = edge(1)
  for (let i = n - 1; i >= 0; i--) body.push(back[i * 2] as number, back[i * 2 + 1] as number)
  const spots = [1, 3, 5].map((i) =>
    ellipse(
      path[i * 2] as number,
      path[i * 2 + 1] as number,
      part.extra * 0.6,
      part.extra * stream.uniform(0.4, 0.7),
      0,
      10,
    ),
  )
  return {
    shapes: [body, ...spots].map((points, i) => ({
      layer: 'sharp' as LayerName,
      points,
      value: (i === 0 ? 0.95 : 0.35) * k,
    })),
    outline: [body, ...spots],
  }
}

/** A posterior rib broken at share `u` of its length: the outer piece steps by `size` mm, callus around the break. */
export function fracture(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const { back } = ribPath(a, part.side, part.extra)
  const cut = Math.max(2, Math.min(10, Math.round(part.u * 12)))
  const shapes: Shape[] = []
  const add = (layer: LayerName, points: Points, value: number): void => {
    shapes.push({ layer, points, value })
  }
  const inner = back.slice(0, (cut + 1) * 2)
  // The outer piece steps down at the break and finds its old course again further out.
  const whole = back.slice(cut * 2)
  const stepped = offsetPath(whole, part.side * part.size)
  const outer = whole.map(
    (value, i) => value + ((stepped[i] as number) - value) * Math.max(0, 1 - Math.floor(i / 2) / 3),
  )
  ribShapes(inner, a.ribContrast, add)
  ribShapes(outer, a.ribContrast, add)
  const x = back[cut * 2] as number
  const y = (back[cut * 2 + 1] as number) + part.size / 2
  const heading = Math.atan2(
    (back[cut * 2 + 3] as number) - (back[cut * 2 - 1] as number),
    (back[cut * 2 + 2] as number) - (back[cut * 2 - 2] as number),
  )
  const stream = random(part.seed, 'callus')
  const bumps = Array.from({ length: 12 }, () => 1 + stream.normal(0, 0.13))
  const ring = (by: number): Points =>
    smoothClosed(
      ellipse(x, y, 11.5 * by, (ribWidth * 0.5 + part.size * 0.5 + 1.5) * by, heading, 12, (i) => bumps[i] as number),
      3,
    )
  const callus = ring(1)
  shapes.push({ layer: 'soft', points: callus, value: 0.5 * k }, { layer: 'soft', points: ring(0.68), value: 0.38 * k })
  // The cleft between the ends stays dark.
  const [nx, ny] = [-Math.sin(heading), Math.cos(heading)]
  const reach = ribWidth * 0.5 + part.size * 0.5 + 1
  shapes.push({
    layer: 'sharp',
    points: ribbon([x - nx * reach, y - ny * reach, x + nx * reach, y + ny * reach], 3),
    value: -0.42 * k,
  })
  return { shapes, outline: [callus, ribbon(outer.slice(0, 8), ribWidth + 3)] }
}
