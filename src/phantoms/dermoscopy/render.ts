/** @file The scene as a dermoscopic picture: skin that scatters light, pigment and blood that absorb it, white structures above. */

import { random } from '../../core/random.ts'
import {
  absorb,
  type Canvas,
  type Colour,
  type Cover,
  canvas,
  coverFrom,
  coverOf,
  expose,
  mix,
  shine,
} from '../colour.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import { rough, type Spot, toPixels } from '../outline.ts'
import type { Concept, DermoscopyScene } from './scene.ts'

/** What is left out or scaled when rendering. */
export interface DermoscopyRendering {
  contrast?: number
  noise?: number
  /** Indices of concepts not to draw. */
  without?: readonly number[]
}

/** Outline of the lesion in unit coordinates of the picture. */
export function lesionOutline({ lesion, camera }: DermoscopyScene): Points {
  const points = lesion.profile.flatMap((r, k) => {
    const a = (2 * Math.PI * k) / lesion.profile.length + camera.turn
    return [lesion.x + Math.cos(a) * r * lesion.radius, lesion.y + Math.sin(a) * r * lesion.radius]
  })
  return smoothClosed(points, 4)
}

/** Radius of the lesion in units of its mean radius, in a direction of its own frame. */
function radiusAt({ lesion }: DermoscopyScene, angle: number): number {
  const n = lesion.profile.length
  const at = ((((angle / (2 * Math.PI)) * n) % n) + n) % n
  const k = Math.floor(at)
  const [a, b] = [lesion.profile[k % n] as number, lesion.profile[(k + 1) % n] as number]
  return a + (b - a) * (at - k)
}

/** A spot of the lesion's frame in unit coordinates of the picture, pulled along where the outline is drawn in. */
export function placeSpot(scene: DermoscopyScene, spot: Spot): Spot {
  const { lesion, camera } = scene
  const a = Math.atan2(spot.y, spot.x)
  const reach = Math.hypot(spot.x, spot.y) * radiusAt(scene, a) * lesion.radius
  return {
    ...spot,
    x: lesion.x + Math.cos(a + camera.turn) * reach,
    y: lesion.y + Math.sin(a + camera.turn) * reach,
    r: spot.r * lesion.radius,
    angle: spot.angle + camera.turn,
  }
}

/** Outlines of a concept in unit coordinates of the picture: for drawing, boxes and masks. */
export function conceptOutlines(scene: DermoscopyScene, concept: Concept): Points[] {
  const spots = concept.spots.map((spot) => placeSpot(scene, spot))
  switch (concept.name) {
    case 'Pigment Network':
    case 'Atypical Network':
      return spots.map(({ x, y, r }) => ellipse(x, y, r, r, 0, 24))
    case 'Streaks':
      return spots.map(({ x, y, r, angle, seed }) => {
        const half = r / 2
        const [dx, dy] = [Math.cos(angle) * half, Math.sin(angle) * half]
        const width = 0.07 * scene.lesion.radius * random(seed, 'width').uniform(0.8, 1.3)
        return ribbon([x - dx, y - dy, x, y, x + dx, y + dy], width * 1.3, width * 0.45)
      })
    case 'Arborising Vessels':
      return spots.flatMap(tree)
    case 'Blue-White Veil':
    case 'Regression':
    case 'Ulceration':
      return spots.map((spot) => smoothClosed(rough(spot, 1.15, 0.14, 11), 3))
    case 'Central White Patch':
      return spots.map((spot) => smoothClosed(rough(spot, 1.05, 0.2, 13), 3))
    case 'Blue-Grey Nests':
    case 'Red Lacunae':
      return spots.map((spot) => rough(spot, 1.12, 0.06))
    case 'Asymmetry':
      return [lesionOutline(scene)]
    default:
      return spots.map((spot) => rough(spot, 1.06, 0.08, 11))
  }
}

/** A vessel that branches twice. */
function tree({ x, y, r, angle, seed }: Spot): Points[] {
  const stream = random(seed, 'tree')
  const out: Points[] = []
  const limb = (sx: number, sy: number, heading: number, length: number, width: number, depth: number): void => {
    const path: Points = [sx, sy]
    let [px, py, a] = [sx, sy, heading]
    for (let k = 0; k < 4; k++) {
      a += stream.normal(0, 0.3)
      px += (Math.cos(a) * length) / 4
      py += (Math.sin(a) * length) / 4
      path.push(px, py)
      if (depth < 2 && k > 0 && k < 3) {
        limb(px, py, a + stream.pick([-1, 1]) * stream.uniform(0.5, 0.9), length * 0.55, width * 0.65, depth + 1)
      }
    }
    out.push(ribbon(smoothPath(path, 3), width, width * 0.5))
  }
  limb(x - (Math.cos(angle) * r) / 2, y - (Math.sin(angle) * r) / 2, angle, r, 0.055 * r + 0.012, 0)
  return out
}

/** Draws the scene at `size` x `size` pixels. The same scene gives the same picture, bit for bit. */
export function renderDermoscopy(scene: DermoscopyScene, size: number, options: DermoscopyRendering = {}): Canvas {
  const { lesion, skin, camera } = scene
  const { contrast = 1, noise = 1, without = [] } = options
  const half = size / 2
  const picture = canvas(size, size, [
    skin.tone[0],
    skin.tone[1] * (1 - skin.redness),
    skin.tone[2] * (1 - skin.redness),
  ])
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  const broad = texture(lesion.seed, 'broad', 0.3)
  const fine = texture(lesion.seed, 'fine', 0.07)
  const unit = (p: number): number => p / half - 1
  absorb(
    picture,
    coverFrom(picture, (px, py) => {
      const [x, y] = [unit(px), unit(py)]
      // Furrows cross the skin as a fine net of lines.
      const furrow = Math.max(0, Math.cos(26 * (x + 0.35 * y) + 3 * broad(x + 4, y + 4)) - 0.75) * 2
      return 0.1 + 0.06 * broad(x + 4, y + 4) + 0.04 * fine(x + 4, y + 4) + skin.furrows * furrow
    }),
    [0.5, 1, 1],
  )

  const outline = lesionOutline(scene)
  const inside = cover([outline], lesion.border * lesion.radius) as Cover
  const within = whole(inside, size)
  const patches = texture(lesion.seed, 'patch', 0.28)
  const melanin = coverFrom(picture, (px, py) => {
    const [x, y] = [unit(px), unit(py)]
    const value = within[Math.floor(py) * size + Math.floor(px)] as number
    if (value === 0) return 0
    const uneven = 1 + lesion.patchiness * 1.6 * patches(x + 7, y + 7) + 0.12 * fine(x + 9, y + 9)
    return value * Math.max(0.1, uneven)
  })
  absorb(picture, melanin, lesion.pigment)

  scene.findings.forEach((concept, i) => {
    if (!without.includes(i)) drawConcept(picture, scene, concept, contrast, within, cover)
  })
  drawNuisance(picture, scene, cover)
  expose(
    picture,
    { ...camera, blur: camera.blur * half, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index),
  )
  return picture
}

/** A cover as a field of the whole picture. */
function whole(part: Cover, size: number): Float32Array {
  const out = new Float32Array(size * size)
  for (let y = 0; y < part.height; y++) {
    out.set(part.values.subarray(y * part.width, (y + 1) * part.width), (y + part.y) * size + part.x)
  }
  return out
}

/** The cover times a field: what lies inside the lesion. */
function clip(part: Cover | undefined, field: Float32Array, size: number): Cover | undefined {
  part?.values.forEach((value, i) => {
    const at = (Math.floor(i / part.width) + part.y) * size + (i % part.width) + part.x
    part.values[i] = value * (field[at] as number)
  })
  return part
}

function drawConcept(
  picture: Canvas,
  scene: DermoscopyScene,
  concept: Concept,
  contrast: number,
  within: Float32Array,
  cover: (polygons: readonly Points[], soft: number) => Cover | undefined,
): void {
  const size = picture.width
  const power = concept.strength * contrast
  const outlines = conceptOutlines(scene, concept)
  const paint = (colour: Colour, alpha: number, soft: number, polygons = outlines): void =>
    mix(picture, clip(cover(polygons, soft), within, size), colour, Math.min(1, alpha * power))
  const stain = (density: Colour, amount: number, soft: number, polygons = outlines): void =>
    absorb(picture, clip(cover(polygons, soft), within, size), density, amount * power)
  switch (concept.name) {
    case 'Pigment Network':
    case 'Atypical Network': {
      const atypical = concept.name === 'Atypical Network'
      const area = clip(cover(outlines, 0.08), within, size)
      const lines = network(scene, concept, atypical)
      absorb(
        picture,
        clip(cover(lines, 0.006), area ? whole(area, size) : within, size),
        [0.75, 0.95, 0.9],
        (atypical ? 1.15 : 0.95) * power,
      )
      return
    }
    case 'Globules':
      stain([0.8, 1, 1], 1, 0.008)
      return
    case 'Streaks':
      absorb(picture, cover(outlines, 0.008), [0.9, 1.2, 1.2], 0.95 * power)
      return
    case 'Blue-White Veil':
      paint([0.45, 0.5, 0.62], 0.74, 0.09)
      return
    case 'Regression':
      paint([0.9, 0.8, 0.76], 0.72, 0.05)
      stain([0.5, 0.42, 0.3], 0.9, 0.005, pepper(scene, concept))
      return
    case 'Arborising Vessels':
      stain([0.3, 1.7, 1.3], 0.85, 0.004)
      return
    case 'Ulceration':
      paint([0.5, 0.16, 0.1], 0.85, 0.012)
      paint(
        [0.75, 0.45, 0.15],
        0.5,
        0.02,
        outlines.map((points) => shrink(points, 0.5)),
      )
      return
    case 'Blue-Grey Nests':
      paint([0.34, 0.36, 0.47], 0.82, 0.014)
      return
    case 'Milia-like Cysts':
      paint([1, 0.95, 0.85], 0.9, 0.01)
      return
    case 'Comedo-like Openings':
      stain([1.2, 1.4, 1.3], 1, 0.012)
      return
    case 'Central White Patch':
      paint([0.97, 0.88, 0.86], 0.85, 0.05)
      return
    case 'Red Lacunae':
      paint([0.55, 0.07, 0.12], 0.85, 0.014)
      return
    case 'Strawberry Pattern':
      stain([0.05, 0.5, 0.4], 0.9, 0.03, [lesionOutline(scene)])
      paint([0.98, 0.85, 0.7], 0.85, 0.008)
      return
    case 'Asymmetry':
      return
  }
}

function shrink(points: Points, factor: number): Points {
  const n = points.length / 2
  let [cx, cy] = [0, 0]
  for (let i = 0; i < points.length; i += 2) {
    cx += (points[i] as number) / n
    cy += (points[i + 1] as number) / n
  }
  return points.map((value, i) => (i % 2 === 0 ? cx : cy) + (value - (i % 2 === 0 ? cx : cy)) * factor)
}

/** A honeycomb of pigment lines over the concept's area; the atypical one has uneven meshes and lines. */
function network(scene: DermoscopyScene, concept: Concept, atypical: boolean): Points[] {
  const [area] = concept.spots.map((spot) => placeSpot(scene, spot))
  if (!area) return []
  const stream = random(area.seed, 'mesh')
  const cell = 0.1 * (atypical ? 1.3 : 1)
  const jitter = cell * (atypical ? 0.36 : 0.1)
  const reach = Math.ceil(area.r / cell) + 2
  const { x: ax, y: ay } = area
  // Meshes are the cells around jittered points of a triangular lattice: their corners are the middles of its triangles.
  const centres = new Map<string, readonly [number, number]>()
  for (let r = -reach; r <= reach; r++) {
    for (let q = -2 * reach; q <= 2 * reach; q++) {
      const [x, y] = [cell * (q + r / 2) + stream.normal(0, jitter), cell * 0.87 * r + stream.normal(0, jitter)]
      centres.set(`${q},${r}`, [ax + x, ay + y])
    }
  }
  const corner = (...keys: readonly (readonly [number, number])[]): readonly [number, number] | undefined => {
    const points = keys.flatMap(([q, r]) => centres.get(`${q},${r}`) ?? [])
    if (points.length < 6) return undefined
    const [x0, y0, x1, y1, x2, y2] = points as [number, number, number, number, number, number]
    return [(x0 + x1 + x2) / 3, (y0 + y1 + y2) / 3]
  }
  const up = (q: number, r: number) => corner([q, r], [q + 1, r], [q, r + 1])
  const down = (q: number, r: number) => corner([q + 1, r], [q, r + 1], [q + 1, r + 1])
  const lines: Points[] = []
  const link = (a: readonly [number, number], b: readonly [number, number] | undefined): void => {
    if (!b || Math.hypot(a[0] - ax, a[1] - ay) > area.r + cell) return
    const width = 0.028 * (atypical ? stream.uniform(0.6, 2.1) : stream.uniform(0.85, 1.1))
    if (atypical && stream.chance(0.2)) return
    lines.push(ribbon([a[0], a[1], b[0], b[1]], width))
  }
  for (let r = -reach; r < reach; r++) {
    for (let q = -2 * reach; q < 2 * reach; q++) {
      const from = up(q, r)
      if (!from) continue
      link(from, down(q, r))
      link(from, down(q - 1, r))
      link(from, down(q, r - 1))
    }
  }
  return lines
}

/** Grey dots over a regressing area. */
function pepper(scene: DermoscopyScene, concept: Concept): Points[] {
  return concept.spots.flatMap((spot) => {
    const { x, y, r, seed } = placeSpot(scene, spot)
    const stream = random(seed, 'pepper')
    return Array.from({ length: 22 }, () => {
      const a = stream.uniform(0, 2 * Math.PI)
      const d = r * Math.sqrt(stream.uniform())
      return ellipse(x + d * Math.cos(a), y + d * Math.sin(a), 0.014, 0.014, 0, 8)
    })
  })
}

/** Hairs, gel bubbles, ruler, marker ink, dark corners. */
function drawNuisance(
  picture: Canvas,
  { camera }: DermoscopyScene,
  cover: (polygons: readonly Points[], soft: number) => Cover | undefined,
): void {
  const hairs = camera.hairs.map(({ x, y, angle, bend, length, width }) => {
    const path: Points = []
    for (let k = -2; k <= 2; k++) {
      const t = (k / 4) * length
      path.push(
        x + Math.cos(angle) * t - Math.sin(angle) * bend * t * t,
        y + Math.sin(angle) * t + Math.cos(angle) * bend * t * t,
      )
    }
    return ribbon(smoothPath(path, 4), width, width * 0.6)
  })
  absorb(picture, cover(hairs, 0.004), [1.7, 1.8, 1.8])
  for (const { x, y, r } of camera.bubbles) {
    mix(picture, cover([ellipse(x, y, r, r, 0, 20)], 0.006), [0.95, 0.93, 0.9], 0.22)
    shine(picture, cover([ellipse(x - r * 0.35, y - r * 0.35, r * 0.28, r * 0.28, 0, 12)], 0.01), [0.6, 0.6, 0.6])
  }
  if (camera.ruler) {
    const ticks = Array.from({ length: 13 }, (_, k) => {
      const x = -0.9 + k * 0.15
      return ribbon([x, 0.99, x, k % 5 === 0 ? 0.86 : 0.92], 0.02)
    })
    absorb(picture, cover(ticks, 0.004), [1.8, 1.8, 1.8])
  }
  if (camera.ink) {
    const marks = [ribbon(smoothPath([-0.98, -0.62, -0.86, -0.84, -0.62, -0.95], 5), 0.1)]
    absorb(picture, cover(marks, 0.02), [1, 1.5, 0.35], 0.85)
  }
  const size = picture.width
  absorb(
    picture,
    coverFrom(picture, (px, py) => {
      const d = Math.hypot(px / size - 0.5, py / size - 0.5) * 2
      return Math.max(0, d - 0.98) * 9 * camera.corners + 0.25 * camera.corners * d * d * d
    }),
    [1, 1, 1],
  )
}
