/** @file The scene as an endoscopic picture: a lit tube with folds, lesions shaded as bodies or hollows, glare, frame. */

import { random } from '../../core/random.ts'
import { absorb, type Canvas, type Colour, canvas, coverFrom, coverOf, expose, mix, shine } from '../colour.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import { rough, type Spot, toPixels } from '../outline.ts'
import type { EndoscopyScene, Lesion } from './scene.ts'

/** What is left out or scaled when rendering. */
export interface EndoscopyRendering {
  contrast?: number
  noise?: number
  /** Indices of lesions not to draw. */
  without?: readonly number[]
}

/** Outlines of one lesion, unit coordinates: boxes and masks come from them. */
export function lesionOutlines(lesion: Lesion, spot: Spot): Points[] {
  switch (lesion.name) {
    case 'Polyp': {
      const stretch = { round: 1.02, oval: 1.25, flat: 1.35, pedunculated: 1.08 }[lesion.shape]
      const head = smoothClosed(rough(spot, stretch, 0.035, 12), 3)
      if (lesion.shape !== 'pedunculated') return [head]
      const [dx, dy] = [Math.cos(spot.angle), Math.sin(spot.angle)]
      const stalk = [0.6, 1.1, 1.6].flatMap((t) => [spot.x + dx * spot.r * t, spot.y + dy * spot.r * t])
      return [head, ribbon(smoothPath(stalk, 4), spot.r * 0.55, spot.r * 0.75)]
    }
    case 'Ulcer':
      return [smoothClosed(rough(spot, 1.15, 0.12, 12), 3)]
    case 'Bleeding':
      return streams(spot)
    case 'Diverticulum':
      return [rough(spot, 1.1, 0.03, 18)]
    case 'Angioectasia':
      return spider(spot)
  }
}

/** Blood that runs down from a source. */
function streams({ x, y, r, seed }: Spot): Points[] {
  const stream = random(seed, 'blood')
  const out = [smoothClosed(rough({ x, y, r: r * 0.55, angle: 0, seed }, 1.2, 0.18, 11), 3)]
  for (let k = 0; k < 3; k++) {
    let px = x + stream.uniform(-0.4, 0.4) * r
    let py = y
    const path: Points = [px, py]
    const steps = 3 + stream.int(4)
    for (let i = 0; i < steps; i++) {
      px += stream.normal(0, 0.16) * r
      py += 0.32 * r
      path.push(px, py)
    }
    out.push(ribbon(smoothPath(path, 4), r * stream.uniform(0.24, 0.36), r * 0.12))
  }
  return out
}

/** Fine vessels that leave a centre on all sides. */
function spider({ x, y, r, angle, seed }: Spot): Points[] {
  const stream = random(seed, 'spider')
  const out = [ellipse(x, y, r * 0.26, r * 0.26, 0, 12)]
  for (let k = 0; k < 9; k++) {
    let a = angle + (2 * Math.PI * k) / 9 + stream.normal(0, 0.2)
    let [px, py] = [x, y]
    const path: Points = [px, py]
    for (let i = 0; i < 4; i++) {
      a += stream.normal(0, 0.45)
      px += (Math.cos(a) * r) / 4
      py += (Math.sin(a) * r) / 4
      path.push(px, py)
    }
    out.push(ribbon(smoothPath(path, 3), r * 0.13, r * 0.05))
  }
  return out
}

/** Draws the scene at `size` x `size` pixels. The same scene gives the same picture, bit for bit. */
export function renderEndoscopy(scene: EndoscopyScene, size: number, options: EndoscopyRendering = {}): Canvas {
  const { tube, camera } = scene
  const { contrast = 1, noise = 1, without = [] } = options
  const half = size / 2
  const picture = canvas(size, size, tube.colour)
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  const broad = texture(tube.seed, 'broad', 0.4)
  const fine = texture(tube.seed, 'fine', 0.06)

  // Depth grows towards the lumen like 1 / distance; folds are rings in depth that bend with direction.
  const light = coverFrom(picture, (px, py) => {
    const [x, y] = [px / half - 1, py / half - 1]
    const [dx, dy] = [x - tube.x, y - tube.y]
    const distance = Math.hypot(dx, dy)
    const depth = Math.log(1.6 / (distance + 0.12))
    const a = Math.atan2(dy, dx)
    // Three bands of muscle draw the folds of the colon into triangles; each fold runs round a part of the wall only.
    const bend = 0.75 * Math.cos(3 * a + tube.phase) + tube.bend * (2 * Math.sin(2 * a) + 3 * broad(x + 5, y + 5))
    const wave = tube.folds * 2 * Math.PI * depth + tube.phase + bend
    const ridge = Math.cos(wave)
    const ring = Math.round(wave / (2 * Math.PI))
    const part = Math.min(1, Math.max(0, 0.6 + 1.2 * broad(ring * 0.9 + Math.cos(a) + 9, ring * 0.7 + Math.sin(a) + 9)))
    // A fold shows a lit crest and the shadow behind it.
    const fold = tube.relief * part * (ridge > 0 ? 1.1 * ridge ** 3 : -0.85 * ridge * ridge)
    const lumen = 1 / (1 + (tube.radius / Math.max(0.01, distance)) ** 3)
    const lamp = 1.12 - 0.42 * ((x - camera.lightX) ** 2 + (y - camera.lightY) ** 2)
    return Math.max(
      0.02,
      (0.78 + fold + 0.05 * broad(x + 2, y + 2) + 0.03 * fine(x + 2, y + 2)) * lumen * Math.max(0.25, lamp),
    )
  })
  picture.planes.forEach((plane, k) => {
    // Deep and shaded mucosa looks redder: green and blue fall faster than red.
    const power = [0.85, 1.15, 1.25][k] as number
    for (let i = 0; i < plane.length; i++) plane[i] = (plane[i] as number) * (light.values[i] as number) ** power
  })
  drawVessels(picture, scene, cover)
  for (const { x, y, r, seed } of camera.residue) {
    const blob = smoothClosed(rough({ x, y, r, angle: 1, seed }, 1.3, 0.2, 10), 3)
    mix(picture, cover([blob], 0.03), [0.62, 0.5, 0.18], 0.75)
  }
  scene.findings.forEach((lesion, i) => {
    if (!without.includes(i)) for (const spot of lesion.spots) drawLesion(picture, scene, lesion, spot, contrast, cover)
  })
  drawGlare(picture, scene, cover)
  expose(
    picture,
    { ...camera, blur: camera.blur * half, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index),
  )
  drawFrame(picture, scene)
  return picture
}

function drawVessels(
  picture: Canvas,
  { tube }: EndoscopyScene,
  cover: (polygons: readonly Points[], soft: number) => ReturnType<typeof coverOf>,
): void {
  const stream = random(tube.seed, 'vessels')
  const lines = Array.from({ length: 16 }, () => {
    let [x, y] = [stream.uniform(-1, 1), stream.uniform(-1, 1)]
    let a = stream.uniform(0, 2 * Math.PI)
    const path: Points = [x, y]
    for (let k = 0; k < 7; k++) {
      a += stream.normal(0, 0.5)
      x += 0.07 * Math.cos(a)
      y += 0.07 * Math.sin(a)
      path.push(x, y)
    }
    return ribbon(smoothPath(path, 3), 0.014, 0.006)
  })
  absorb(picture, cover(lines, 0.005), [0.15, 0.8, 0.7], tube.vessels)
}

const polypColour: Readonly<Record<Lesion['tint'], Colour>> = {
  red: [0.74, 0.25, 0.21],
  pale: [0.94, 0.7, 0.57],
  pink: [0.88, 0.5, 0.4],
}

function drawLesion(
  picture: Canvas,
  scene: EndoscopyScene,
  lesion: Lesion,
  spot: Spot,
  contrast: number,
  cover: (polygons: readonly Points[], soft: number) => ReturnType<typeof coverOf>,
): void {
  const power = lesion.strength * contrast
  const outlines = lesionOutlines(lesion, spot)
  const { x, y, r } = spot
  switch (lesion.name) {
    case 'Polyp': {
      const { camera } = scene
      const away = Math.atan2(y - camera.lightY, x - camera.lightX)
      const [sx, sy] = [Math.cos(away), Math.sin(away)]
      const flat = lesion.shape === 'flat' ? 0.55 : 1
      const shadow = outlines.map((points) => points.map((v, i) => v + (i % 2 === 0 ? sx : sy) * r * 0.22))
      absorb(picture, cover(shadow, r * 0.14), [0.9, 1.15, 1.2], 0.9 * power * flat)
      for (const body of [...outlines].reverse()) {
        mix(
          picture,
          cover([body], 0.014),
          polypColour[lesion.tint],
          Math.min(1, (lesion.tint === 'pink' ? 0.58 : 0.75) * power),
        )
      }
      // A dome: dark towards the rim on the far side, bright on the near one.
      absorb(
        picture,
        cover([ellipse(x + sx * r * 0.42, y + sy * r * 0.42, r * 0.62, r * 0.62, 0, 20)], r * 0.3),
        [0.6, 0.85, 0.9],
        0.7 * power * flat,
      )
      shine(
        picture,
        cover([ellipse(x - sx * r * 0.3, y - sy * r * 0.3, r * 0.42, r * 0.42, 0, 20)], r * 0.25),
        [0.2, 0.16, 0.13],
        power * flat,
      )
      shine(
        picture,
        cover([ellipse(x - sx * r * 0.38, y - sy * r * 0.38, r * 0.13, r * 0.09, away, 10)], r * 0.05),
        [0.8, 0.8, 0.8],
        Math.min(1, power) * camera.glare,
      )
      return
    }
    case 'Ulcer': {
      const rim = smoothClosed(rough({ ...spot, r: r * 1.32 }, 1.15, 0.12, 12), 3)
      mix(picture, cover([rim], r * 0.12), [0.72, 0.18, 0.15], Math.min(1, 0.7 * power))
      mix(picture, cover(outlines, 0.014), [0.93, 0.86, 0.62], Math.min(1, 0.92 * power))
      absorb(picture, cover([ellipse(x, y, r * 0.5, r * 0.4, spot.angle, 14)], r * 0.2), [0.15, 0.22, 0.35], power)
      return
    }
    case 'Bleeding':
      mix(picture, cover(outlines, 0.014), [0.5, 0.02, 0.03], Math.min(1, 0.88 * power))
      return
    case 'Diverticulum': {
      const rim = rough({ ...spot, r: r * 1.22 }, 1.1, 0.03, 18)
      mix(picture, cover([rim], 0.02), [0.95, 0.66, 0.54], Math.min(1, 0.5 * power))
      absorb(picture, cover(outlines, r * 0.13), [1.7, 2.3, 2.4], power)
      return
    }
    case 'Angioectasia':
      absorb(picture, cover(outlines, 0.006), [0.25, 1.6, 1.4], 0.95 * power)
      return
  }
}

/** Wet mucosa mirrors the lamp in small bright patches; bubbles are rings with a highlight. */
function drawGlare(
  picture: Canvas,
  { tube, camera }: EndoscopyScene,
  cover: (polygons: readonly Points[], soft: number) => ReturnType<typeof coverOf>,
): void {
  const stream = random(tube.seed, 'glare')
  const patches = Array.from({ length: 14 }, () => {
    const a = stream.uniform(0, 2 * Math.PI)
    const d = stream.uniform(0.25, 0.95)
    const [x, y] = [tube.x + Math.cos(a) * d, tube.y + Math.sin(a) * d]
    const r = stream.uniform(0.012, 0.035)
    return rough({ x, y, r, angle: a + Math.PI / 2, seed: stream.int(2 ** 31) }, 1.5, 0.2, 9)
  })
  shine(picture, cover(patches, 0.007), [0.75, 0.75, 0.75], camera.glare)
  for (const { x, y, r } of camera.bubbles) {
    mix(picture, cover([ellipse(x, y, r, r, 0, 14)], 0.006), [0.95, 0.85, 0.75], 0.35)
    shine(picture, cover([ellipse(x - r * 0.3, y - r * 0.3, r * 0.3, r * 0.3, 0, 8)], 0.006), [0.7, 0.7, 0.7])
  }
}

/** The black frame of the video, and the green inset. */
function drawFrame(picture: Canvas, { camera }: EndoscopyScene): void {
  const size = picture.width
  const half = size / 2
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [u, v] = [Math.abs((x + 0.5) / half - 1), Math.abs((y + 0.5) / half - 1)]
      const edge =
        camera.frame === 'square'
          ? 0.97 - Math.max(u, v)
          : camera.frame === 'round'
            ? 0.97 - Math.hypot(u, v)
            : Math.min(0.97 - Math.max(u, v), (1.5 - u - v) / Math.SQRT2)
      const seen = Math.min(1, Math.max(0, edge * half + 0.5))
      for (const plane of picture.planes)
        plane[y * size + x] = (plane[y * size + x] as number) * seen + 0.01 * (1 - seen)
    }
  }
  if (!camera.inset) return
  const [left, top] = [Math.round(size * 0.03), Math.round(size * 0.8)]
  const side = Math.round(size * 0.17)
  const [red, green, blue] = picture.planes
  for (let y = top; y < top + side; y++) {
    for (let x = left; x < left + side; x++) {
      const i = y * size + x
      const border = y === top || x === left || y === top + side - 1 || x === left + side - 1
      red[i] = border ? 0.2 : 0.03
      green[i] = border ? 0.85 : 0.22
      blue[i] = border ? 0.35 : 0.06
    }
  }
}
