/**
 * @file Draws the heart in a sector: chambers as closed curves that follow the beat, echo strength in decibels, speckle of
 * the polar beam grid. mm: the probe at (0, 0), y is depth; the left ventricle lies right of the middle in four chambers,
 * left of it where the picture is mirrored.
 */

import { type Canvas, cover, fieldOf, fill } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { type Affine, mapPoints, type Points, ribbon, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { HeartScene } from './heart-scene.ts'
import { compress, speckle } from './speckle.ts'

/** Half the opening of the sector, radians. */
const opening = 0.66

/** Two or four chambers. */
export type HeartView = '4CH' | '2CH'

/** The chambers at one moment. */
export interface Chambers {
  ventricle: Points
  myocardium: Points
  atrium: Points
  rightVentricle: Points
  rightAtrium: Points
  /** Leaflets of the mitral (and tricuspid) valve. */
  valves: Points[]
  /** Fluid around the heart, and fat beyond it. */
  fluid: Points
  fat: Points
}

/** How far the heart has contracted (0 at end-diastole, 1 at end-systole) at a share of the beat. */
export function contraction(phase: number): number {
  const p = phase - Math.floor(phase)
  if (p < 0.36) return 0.5 - 0.5 * Math.cos((Math.PI * p) / 0.36)
  return p < 0.72 ? 0.5 + 0.5 * Math.cos((Math.PI * (p - 0.36)) / 0.36) : 0
}

/** A bullet: half width `w` at the base, from the apex at y = 0 down to y = l; open at the base. */
function bullet(l: number, w: number, steps = 14): Points {
  const right: Points = []
  for (let k = 0; k <= steps; k++) {
    const t = k / steps
    right.push(w * Math.sin((t ** 0.62 * Math.PI) / 2) * (1 - 0.14 * t ** 4), l * t)
  }
  const left: Points = []
  for (let k = right.length - 2; k >= 2; k -= 2) left.push(-(right[k] as number), right[k + 1] as number)
  return [...left, ...right]
}

const reversed = (points: Points): Points => {
  const out: Points = []
  for (let i = points.length - 2; i >= 0; i -= 2) out.push(points[i] as number, points[i + 1] as number)
  return out
}

/** Chambers in mm at a contraction of 0 to 1. Volume goes as width squared times length, so the ejection is exact. */
export function chambersOf(scene: HeartScene, view: HeartView, contracted: number, effusion: number): Chambers {
  const { length, width, wall, atrium, ejection, apex, probe, fat } = scene.anatomy
  const { lean, aside } = probe[view]
  const f = ejection * contracted
  const l = length * (1 - 0.22 * f)
  const w = (width / 2) * Math.sqrt((1 - f) / (1 - 0.22 * f))
  // Muscle keeps its area: it thickens as the cavity shrinks.
  const m = wall * Math.sqrt(width / 2 / w) * (1 + 0.12 * f)
  // The base moves to the apex; the apex stays.
  const centre = view === '4CH' ? 13 : 0
  const cos = Math.cos(lean + (view === '4CH' ? 0.12 : 0))
  const sin = Math.sin(lean + (view === '4CH' ? 0.12 : 0))
  const pose: Affine = { a: cos, b: -sin, c: sin, d: cos, e: centre + 6 + aside, f: apex }
  const place = (points: Points): Points => mapPoints(points, pose)
  const inner = bullet(l, w).map((v, i) => (i % 2 === 0 ? v : v + m))
  const outer = bullet(l + m, w + m)
  const base = l + m
  const [deep, wide] = [atrium[0] * (0.78 + 0.22 * contracted), atrium[1] * (0.86 + 0.14 * contracted)]
  const auricle: Points = []
  for (let k = 0; k <= 16; k++) {
    const t = (k / 16) * Math.PI
    auricle.push((wide / 2) * Math.cos(t) ** 1 * (0.86 + 0.14 * Math.sin(t)), base + 2 + deep * Math.sin(t) ** 0.75)
  }
  const right = view === '4CH'
  const rl = l * 0.82
  const rw = 17 + 5 * (1 - f)
  const septum = -(w + m)
  const rightVentricle: Points = right
    ? [
        septum - 1,
        base,
        septum * 0.93 - 1,
        base - rl * 0.45,
        septum * 0.6,
        base - rl * 0.88,
        septum - 6,
        base - rl * 0.9,
        septum - rw * 1.2,
        base - rl * 0.5,
        septum - rw * 1.75,
        base,
      ]
    : []
  const rightAtrium: Points = right
    ? [
        septum + 3,
        base + 3,
        septum + 2,
        base + deep * 0.85,
        septum - 14,
        base + deep * 1.02,
        septum - rw * 1.7,
        base + deep * 0.75,
        septum - rw * 1.7,
        base + 3,
      ]
    : []
  // Leaflets meet in systole and hang into the ventricle in diastole.
  const open = 1 - contracted
  const leaf = (side: number, x0: number, half: number): Points => {
    const tip: [number, number] = [x0 + side * half * (0.12 + 0.55 * open), base - 3 - 17 * open]
    return ribbon(
      smoothPath([x0 + side * half, base, x0 + side * half * (0.6 + 0.2 * open), base - 3 - 6 * open, ...tip], 4),
      2,
      1.4,
    )
  }
  const valves = [leaf(-1, 0, w), leaf(1, 0, w)]
  if (right) valves.push(leaf(-1, septum - rw * 0.85, rw * 0.85), leaf(1, septum - rw * 0.85, rw * 0.85))
  const rim = bullet(l + m, w + m)
  // Fluid and fat begin below the apex and deepen towards the base.
  const beyond = (mm: number): Points =>
    rim.map((v, i) => {
      if (i % 2 === 1) return v
      const t = Math.min(1, Math.max(0, ((rim[i + 1] as number) / (l + m) - 0.12) / 0.3))
      return v + Math.sign(v) * mm * t
    })
  // They lie along the free wall and, in four chambers, not along the septum.
  const half = (points: Points): Points => (right ? points.slice(Math.floor(points.length / 4) * 2 - 4) : points)
  return {
    ventricle: place(inner),
    myocardium: place([...outer, ...reversed(inner)]),
    atrium: place(auricle),
    rightVentricle: place(rightVentricle),
    rightAtrium: place(rightAtrium),
    valves: valves.map(place),
    fluid: effusion > 0 ? place([...half(beyond(effusion)), ...reversed(half(rim))]) : [],
    fat: fat > 0 ? place([...half(beyond(effusion + fat)), ...reversed(half(rim))]) : [],
  }
}

/** Fluid in mm that the scene's effusion has; 0 without one. */
export function effusionOf(scene: HeartScene, contrast = 1, without: ReadonlySet<number> = new Set()): number {
  const index = scene.findings.findIndex(({ name }) => name === 'Pericardial Effusion')
  const finding = scene.findings[index]
  return !finding || without.has(index) ? 0 : finding.shape.size * Math.min(1.3, finding.strength * contrast)
}

/** Greys in [0, 1] at a share of the beat. */
export function drawHeart(
  scene: HeartScene,
  canvas: Canvas,
  view: HeartView,
  phase: number,
  { contrast, noise, without, stream }: Drawing,
): Float32Array {
  const { quality, acquisition, depth } = scene.anatomy
  const chambers = chambersOf(scene, view, contraction(phase), effusionOf(scene, contrast, without))
  const cloud = texture(acquisition.seed, 'cloud', 14)
  const drop = texture(acquisition.seed, 'drop-out', 0.34)
  const lines = texture(acquisition.seed, 'beams', 0.05)
  const db = fill(canvas, (x, y) => -30 + 7 * cloud(x, y))
  const put = (curves: Points[], level: number, soft: number, amount = 1): void => {
    const mask = cover(
      canvas,
      curves.filter((points) => points.length > 5),
      soft,
    )
    for (let i = 0; i < db.length; i++) {
      const c = (mask[i] as number) * amount
      if (c > 0) db[i] = (db[i] as number) * (1 - c) + level * c
    }
  }
  const { ventricle, myocardium, atrium, rightVentricle, rightAtrium, valves, fluid, fat } = chambers
  const loop = (points: Points): Points => [...points, ...points.slice(0, 2)]
  put([fat], -48, 1.2)
  if (fluid.length > 0) {
    put([fluid], -62, 0.8)
    put([ribbon(fluid.slice(0, fluid.length / 2), 2.4)], -10, 0.7)
  } else put([ribbon(myocardium.slice(0, (myocardium.length * 2) / 4), 2.4)], -14, 1)
  if (rightVentricle.length > 0) {
    put([rightVentricle, rightAtrium], -58, 1.6)
    put([ribbon(loop(rightVentricle).slice(4), 2.6), ribbon(loop(rightAtrium).slice(2), 2)], -17, 1)
  }
  put([myocardium], -21, 0.9)
  put([ventricle], -60, 1.1)
  put([ribbon(ventricle, 1.8)], -14, 0.9, 0.8)
  put([ribbon(loop(atrium), 2.2)], -17, 0.9)
  put([atrium], -60, 1.2, 0.97)
  put(valves, -8, 0.5)

  // Grains grow with depth: speckle lives on the grid of beams.
  const beams = Math.max(48, Math.round(canvas.width * 0.9))
  const depths = Math.max(48, canvas.height)
  const grains = speckle(beams, depths, 0.011 * beams, 0.006 * depths, stream)
  const out = fieldOf(canvas)
  const angle = fill(canvas, (x, y) => Math.atan2(x, Math.max(0.01, y)))
  const reach = fill(canvas, (x, y) => Math.hypot(x, y))
  const worse = quality === 'good' ? 0.35 : quality === 'medium' ? 0.8 : 1.35
  const range = quality === 'poor' ? 50 : 56
  for (let i = 0; i < out.length; i++) {
    const [a, r] = [angle[i] as number, reach[i] as number]
    if (Math.abs(a) > opening || r > depth * 0.94 || r < 3) continue
    const u = Math.min(beams - 1, Math.floor(((a + opening) / (2 * opening)) * beams))
    const v = Math.min(depths - 1, Math.floor((r / depth) * depths))
    // Beams that meet a rib or the lung bring little back; walls along the beam are faint.
    const lost = Math.max(0, drop(a + 3, 1)) ** 2 * 16 * worse + Math.abs(a / opening) ** 4 * 7 * worse
    const near = 11 * Math.exp(-r / 14)
    const level = (db[i] as number) - lost + near - 0.03 * r * worse + 1.5 * lines(a, 2)
    const envelope = noise > 0 ? 1 + ((grains[v * beams + u] as number) - 1) * Math.min(1, noise) : 0.9
    out[i] = compress(level, envelope, range)
  }
  return out
}
