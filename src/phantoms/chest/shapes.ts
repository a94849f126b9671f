/** @file What each finding adds to the picture, as shapes, with the outlines that boxes and masks are taken from. */

import { random } from '../../core/random.ts'
import { area, ellipse, inside, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import {
  apexOf,
  domeAt,
  domeOf,
  halfAt,
  heartOf,
  lungArea,
  lungOf,
  mediastinumOf,
  placeIn,
  type Shape,
} from './anatomy.ts'
import { deviceShapes } from './devices.ts'
import type { Finding, Part, Scene } from './scene.ts'
import { fracture, plaque } from './wall-shapes.ts'

/** The picture of one part of a finding. */
export interface PartShapes {
  shapes: Shape[]
  /** Closed curves in mm that hold everything drawn. */
  outline: Points[]
}

/** Shapes of every part of a finding; cardiomegaly, emphysema and a wide mediastinum are in the anatomy and only outlined. */
export function findingShapes(scene: Scene, finding: Finding, contrast: number): PartShapes[] {
  const k = finding.strength * contrast
  switch (finding.name) {
    case 'Nodule':
    case 'Mass':
      return finding.parts.map((part) => lump(scene, part, finding.name === 'Mass' ? 0.6 * k : 0.8 * k))
    case 'Consolidation':
      return finding.parts.map((part) => consolidation(scene, part, k))
    case 'Atelectasis':
      return finding.parts.map((part) => band(scene, part, k))
    case 'Pleural Effusion':
      return finding.parts.map((part) => effusion(scene, part, k))
    case 'Pneumothorax':
      return finding.parts.map((part) => pneumothorax(scene, part, k))
    case 'Cardiomegaly':
      return [{ shapes: [], outline: [heartOf(scene)] }]
    case 'Enlarged Mediastinum':
      return [{ shapes: [], outline: [mediastinumOf(scene)] }]
    case 'Emphysema':
      return finding.parts.map((part) => emphysema(scene, part, k))
    case 'Edema':
      return finding.parts.map((part) => edema(scene, part, k))
    case 'Fibrosis':
      return finding.parts.map((part) => fibrosis(scene, part, k))
    case 'Pleural Plaque':
      return finding.parts.map((part) => plaque(scene, part, k))
    case 'Rib Fracture':
      return finding.parts.map((part) => fracture(scene, part, k))
    case 'Hiatal Hernia':
      return finding.parts.map((part) =>
        // Behind the heart, which hides most of it.
        hernia(part, 16, scene.anatomy.leftDome - 6 - part.size * 0.3, {
          wall: 0.13 * k,
          body: 0.16 * k,
          air: -0.26 * k,
        }),
      )
    case 'Support Devices':
      return deviceShapes(scene, finding, k)
  }
}

/** A round or lobed density; `size` is its diameter. */
function lump(scene: Scene, part: Part, value: number): PartShapes {
  return lumpAt(part, ...placeIn(scene, part.side, part.u, part.v), value)
}

/** The same density in any view, with its centre at (x, y). */
export function lumpAt(part: Part, x: number, y: number, value: number): PartShapes {
  const stream = random(part.seed, 'lump')
  const phase = [stream.uniform(0, 6), stream.uniform(0, 6)] as const
  const lobes = part.extra
  const n = 28
  const wobble = (i: number): number => {
    const t = (2 * Math.PI * i) / n
    return 1 + lobes * (0.6 * Math.sin(3 * t + phase[0]) + 0.4 * Math.sin(5 * t + phase[1]))
  }
  const r = part.size / 2
  const ratio = stream.uniform(0.86, 1)
  const make = (scale: number): Points => ellipse(x, y, r * scale, r * ratio * scale, part.angle, n, wobble)
  const outer = make(1)
  // Two nested curves: thicker in the middle, as a ball is.
  return {
    shapes: [
      { layer: 'soft', points: outer, value: value * 0.62 },
      { layer: 'soft', points: make(0.72), value: value * 0.38 },
    ],
    outline: [outer],
  }
}

function consolidation(scene: Scene, part: Part, k: number): PartShapes {
  const stream = random(part.seed, 'consolidation')
  const [x, y] = placeIn(scene, part.side, part.u, part.v)
  const r = part.size / 2
  const patch = patchAt(part, x, y)
  const shapes: Shape[] = [{ layer: 'fill', points: patch, value: Math.min(0.92, 0.74 * k) }]
  // Air in the bronchi stays dark inside the filled lung.
  for (let i = 0; i < 3; i++) {
    const heading = (part.side > 0 ? 0.5 : Math.PI - 0.5) + stream.normal(0, 0.5)
    const [sx, sy] = [x - part.side * r * 0.35, y - r * 0.3 + i * r * 0.3]
    const path: Points = [sx, sy, sx + Math.cos(heading) * r * 0.45, sy + Math.sin(heading) * r * 0.4]
    path.push(sx + Math.cos(heading + 0.3) * r * 0.85, sy + Math.sin(heading + 0.3) * r * 0.75)
    shapes.push({ layer: 'soft', points: ribbon(path, 3.2, 1.6), value: -0.16 * k })
  }
  return { shapes, outline: [patchAt({ ...part, size: part.size + 18 }, x, y)] }
}

/** The outline of a patch of filled lung around (x, y). */
export function patchAt(part: Part, x: number, y: number): Points {
  const stream = random(part.seed, 'patch')
  const n = 24
  const bumps = Array.from({ length: n }, () => 1 + stream.normal(0, 0.17))
  const r = part.size / 2
  return smoothClosed(
    ellipse(x, y, r, r * part.extra, part.angle, n, (i) => bumps[i] as number),
    3,
  )
}

/** A piece of stomach above the diaphragm: a wall, fluid below a level, air above it. `size` is its width. */
export function hernia(
  part: Part,
  x: number,
  y: number,
  value: { wall: number; body: number; air: number },
): PartShapes {
  const [rx, ry] = [part.size * 0.5, part.size * 0.4]
  const outer = ellipse(x, y, rx, ry, 0, 28)
  const inner = ellipse(x, y, rx - 2.5, ry - 2.5, 0, 28)
  // Air gathers above a horizontal level.
  const air: Points = []
  for (let i = 0; i < inner.length; i += 2) air.push(inner[i] as number, Math.min(inner[i + 1] as number, y - ry * 0.1))
  return {
    shapes: [
      { layer: 'soft', points: outer, value: value.wall },
      { layer: 'soft', points: inner, value: value.body - value.wall },
      { layer: 'sharp', points: air, value: value.air },
    ],
    outline: [outer],
  }
}

/** Linear atelectasis: a dense band of length `size` and thickness `extra`. */
function band(scene: Scene, part: Part, k: number): PartShapes {
  const [x, y] = placeIn(scene, part.side, part.u, part.v)
  const half = part.size / 2
  const [dx, dy] = [Math.cos(part.angle) * half, Math.sin(part.angle) * half]
  const sag = part.size * 0.05
  const path = smoothPath([x - dx, y - dy, x, y + sag, x + dx, y + dy], 5)
  const outline = ribbon(path, part.extra)
  return { shapes: [{ layer: 'soft', points: outline, value: 0.62 * k }], outline: [outline] }
}

/** Fluid at the base with a meniscus that climbs the chest wall; `size` is its height in mm over the costophrenic angle. */
function effusion(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const bottom = domeAt(a, part.side, a.halfWidth) + 6
  const level = bottom - part.size
  const rise = Math.min(38, 12 + part.size * 0.35)
  const w = a.halfWidth
  const line: Points = []
  for (let i = 0; i <= 16; i++) {
    const t = i / 16
    line.push(part.side * (18 + (w + 6 - 18) * t), level - rise * t ** 5 - rise * 0.25 * (1 - t) ** 4)
  }
  const pool: Points = [...line, part.side * (w + 6), bottom, part.side * 18, bottom]
  return {
    shapes: [{ layer: 'water', points: pool, value: Math.min(1, 0.93 * k) }],
    outline: [clipToLung(pool, lungOf(a, part.side))],
  }
}

/** The part of a wide pool that lies over the lung: rows of the lung below the fluid line. */
function clipToLung(pool: Points, lung: Points): Points {
  const kept: Points = []
  for (let i = 0; i < lung.length; i += 2) {
    if (inside(pool, lung[i] as number, lung[i + 1] as number)) kept.push(lung[i] as number, lung[i + 1] as number)
  }
  for (let i = 0; i < pool.length; i += 2) {
    if (inside(lung, pool[i] as number, pool[i + 1] as number)) kept.push(pool[i] as number, pool[i + 1] as number)
  }
  return kept.length >= 6 ? hull(kept) : pool
}

/** Convex hull (monotone chain). */
function hull(points: Points): Points {
  const list: [number, number][] = []
  for (let i = 0; i < points.length; i += 2) list.push([points[i] as number, points[i + 1] as number])
  list.sort((p, q) => p[0] - q[0] || p[1] - q[1])
  const chain = (order: [number, number][]): [number, number][] => {
    const out: [number, number][] = []
    for (const p of order) {
      while (out.length >= 2) {
        const [q, r] = [out[out.length - 1] as [number, number], out[out.length - 2] as [number, number]]
        if ((q[0] - r[0]) * (p[1] - r[1]) - (q[1] - r[1]) * (p[0] - r[0]) > 0) break
        out.pop()
      }
      out.push(p)
    }
    return out.slice(0, -1)
  }
  return [...chain(list), ...chain(list.reverse())].flat()
}

/** Air between lung and chest wall, deepest at the apex (`size` mm), with the visceral pleura as a thin line. */
function pneumothorax(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const apex = apexOf(a)
  const end = apex + part.extra * (domeOf(a, part.side) - apex)
  const wall: Points = []
  const edge: Points = []
  const steps = 18
  for (let i = 0; i <= steps; i++) {
    const y = apex + ((end - apex) * i) / steps
    wall.push(part.side * Math.max(24, halfAt(a, y) - 1), y)
    const t = i / steps
    // The collapsed lung's edge runs below the apex and nears the wall lower down.
    const inner = Math.max(24, halfAt(a, Math.max(apex, y - part.size * 0.9)) - 1 - part.size * 0.75 * (1 - t ** 2))
    if (y >= apex + part.size * 0.8) edge.push(part.side * inner, y)
  }
  const start = [part.side * 24, apex + part.size * 1.05]
  const line = smoothPath([...start, ...edge], 3)
  const reversed: Points = []
  for (let i = line.length - 2; i >= 0; i -= 2) reversed.push(line[i] as number, line[i + 1] as number)
  const gap: Points = [...wall, ...reversed, part.side * 24, apex]
  return {
    shapes: [
      { layer: 'collapse', points: gap, value: Math.min(1, k) },
      { layer: 'sharp', points: ribbon(line, 2.8), value: 0.4 * k },
    ],
    outline: [gap, ribbon(line, 3)],
  }
}

/** Bullae: round air spaces with thin walls in the upper lung. The rest (flat domes, more air, few vessels) is anatomy. */
function emphysema(scene: Scene, part: Part, k: number): PartShapes {
  const stream = random(part.seed, 'emphysema')
  const shapes: Shape[] = []
  for (let i = 0; i < part.extra; i++) {
    const [x, y] = placeIn(scene, part.side, stream.uniform(0.3, 0.75), stream.uniform(0.1, 0.5))
    const r = part.size * stream.uniform(0.4, 0.6)
    const bumps = Array.from({ length: 9 }, () => 1 + stream.normal(0, 0.07))
    const flat = stream.uniform(0.75, 1.1)
    const outer = smoothClosed(
      ellipse(x, y, r, r * flat, stream.uniform(0, 3), 9, (j) => bumps[j] as number),
      3,
    )
    shapes.push({ layer: 'sharp', points: outer, value: 0.22 * k })
    shapes.push({ layer: 'sharp', points: shrink(outer, x, y, (r - 2.4) / r), value: -0.38 * k })
  }
  return { shapes, outline: [lungOf(scene.anatomy, part.side)] }
}

function edema(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const stream = random(part.seed, 'edema')
  const x = part.side * (a.mediastinum + 24)
  const cloud = ellipse(x, 8, 40 + part.size * 0.3, 62 + part.size * 0.3, 0, 24)
  const shapes: Shape[] = [{ layer: 'haze', points: cloud, value: 0.62 * k }]
  // Septal lines: short, horizontal, at the lateral base.
  for (let i = 0; i < 8; i++) {
    const y = domeOf(a, part.side) - 8 - i * stream.uniform(6.5, 8.5)
    const lateral = halfAt(a, y) - 3
    const points = ribbon(
      [part.side * lateral, y, part.side * (lateral - stream.uniform(14, 24)), y + stream.uniform(-2, 2)],
      2.2,
    )
    shapes.push({ layer: 'sharp', points, value: 0.24 * k })
  }
  return {
    shapes,
    outline: [ellipse(x, 8, 58 + part.size * 0.3, 82 + part.size * 0.3), ...shapes.slice(1).map((s) => s.points)],
  }
}

/** A net of fine lines in the basal and outer lung: jittered grid points, each joined to some of its neighbours. */
function fibrosis(scene: Scene, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const stream = random(part.seed, 'fibrosis')
  const lung = lungOf(a, part.side)
  const cell = 8.5
  const top = domeOf(a, part.side) - part.size
  const nodes = new Map<string, [number, number]>()
  const rows = Math.ceil((part.size + 28) / cell)
  const columns = Math.ceil((a.halfWidth - 36) / cell)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = part.side * (34 + column * cell + stream.normal(0, 2.2))
      const y = top + row * cell + stream.normal(0, 2.2)
      // Densest at the base and towards the chest wall.
      const depth = Math.min(1, (row * cell) / (part.size * 0.55))
      const wanted = stream.chance(0.15 + 0.85 * depth * Math.min(1, Math.abs(x) / (a.halfWidth * 0.65)))
      if (wanted && inside(lung, x, y)) nodes.set(`${row}:${column}`, [x, y])
    }
  }
  const shapes: Shape[] = []
  for (const [key, [x, y]] of nodes) {
    const [row, column] = key.split(':').map(Number) as [number, number]
    for (const [dr, dc, chance] of [
      [0, 1, 0.8],
      [1, 0, 0.8],
      [1, 1, 0.3],
      [1, -1, 0.3],
    ] as const) {
      const other = nodes.get(`${row + dr}:${column + dc}`)
      if (!other || !stream.chance(chance)) continue
      const path = [
        x,
        y,
        (x + other[0]) / 2 + stream.normal(0, 0.9),
        (y + other[1]) / 2 + stream.normal(0, 0.9),
        ...other,
      ]
      shapes.push({
        layer: 'soft',
        points: ribbon(path, stream.uniform(1.5, 2.5)),
        value: stream.uniform(0.24, 0.42) * k,
      })
    }
  }
  return { shapes, outline: shapes.map((shape) => shape.points) }
}

function shrink(points: Points, x: number, y: number, by: number): Points {
  return points.map((value, i) => (i % 2 === 0 ? x + (value - x) * by : y + (value - y) * by))
}

/** Area of an outline as a share of both lungs. */
export function shareOfLungs(scene: Scene, outline: Points): number {
  return Math.abs(area(outline)) / lungArea(scene.anatomy)
}
