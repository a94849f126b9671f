/** @file Surfaces and objects as functions of the place, and damage drawn over them. */

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
import type { ClassName, Defect, TextureScene } from './scene.ts'

/** What is left out or scaled when rendering. */
export interface TextureRendering {
  contrast?: number
  noise?: number
  /** Indices of defects not to draw. */
  without?: readonly number[]
}

/** Outlines of a defect at one of its places, unit coordinates. */
export function defectOutlines({ name }: Defect, spot: Spot): Points[] {
  const { x, y, r, angle, seed } = spot
  const stream = random(seed, 'defect')
  const line = (steps: number, wander: number, jag: number, width: number, endWidth: number): Points => {
    let heading = angle
    let [px, py] = [x - (Math.cos(angle) * r) / 2, y - (Math.sin(angle) * r) / 2]
    const path: Points = [px, py]
    for (let k = 0; k < steps; k++) {
      heading += stream.normal(0, wander)
      const kink = k % 2 === 0 ? jag : -jag
      px += (Math.cos(heading + kink) * r) / steps
      py += (Math.sin(heading + kink) * r) / steps
      path.push(px, py)
    }
    return ribbon(jag > 0 ? path : smoothPath(path, 4), width, endWidth)
  }
  switch (name) {
    case 'Scratch':
      return [line(3, 0.06, 0, 0.05, 0.03), line(3, 0.06, 0, 0.03, 0.018)]
    case 'Stain':
      return [smoothClosed(rough(spot, 1.15, 0.16, 11), 3)]
    case 'Hole':
      return [smoothClosed(rough(spot, 1.08, 0.1, 12), 3)]
    case 'Crack':
      return [line(9, 0.2, 0.45, 0.045, 0.014), line(6, 0.5, 0.5, 0.03, 0.01)]
    case 'Foreign Fibre':
      return [line(7, 0.75, 0, 0.052, 0.052)]
    case 'Dent':
      return [ellipse(x, y, r, r * 0.85, angle, 20)]
  }
}

/** Draws the scene at `size` x `size` pixels. The same scene gives the same picture, bit for bit. */
export function renderTexture(scene: TextureScene, size: number, options: TextureRendering = {}): Canvas {
  const { camera } = scene
  const { contrast = 1, noise = 1, without = [] } = options
  const half = size / 2
  const picture = canvas(size, size, [0, 0, 0])
  paintClass(picture, scene)
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  scene.findings.forEach((defect, i) => {
    if (!without.includes(i)) for (const spot of defect.spots) drawDefect(picture, defect, spot, contrast, cover)
  })
  const [cosine, sine] = [Math.cos(camera.shade[0]), Math.sin(camera.shade[0])]
  absorb(
    picture,
    coverFrom(picture, (px, py) =>
      Math.max(0, camera.shade[1] * (0.5 + 0.5 * ((px / half - 1) * cosine + (py / half - 1) * sine))),
    ),
    [1, 1, 1],
  )
  if (camera.label) drawLabel(picture, cover)
  expose(
    picture,
    { ...camera, blur: camera.blur * half, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index),
  )
  return picture
}

/** A white label with a bar code in the upper left corner. */
function drawLabel(picture: Canvas, cover: (polygons: readonly Points[], soft: number) => Cover | undefined): void {
  const bar = (left: number, right: number, top: number, bottom: number): Points => [
    left,
    top,
    right,
    top,
    right,
    bottom,
    left,
    bottom,
  ]
  mix(picture, cover([bar(-0.97, -0.63, -0.97, -0.81)], 0.002), [0.94, 0.94, 0.92])
  const bars = [0, 0.05, 0.085, 0.14, 0.19, 0.225].map((x) => bar(-0.92 + x, -0.9 + x, -0.94, -0.84))
  mix(picture, cover(bars, 0.002), [0.1, 0.1, 0.1])
}

function drawDefect(
  picture: Canvas,
  defect: Defect,
  spot: Spot,
  contrast: number,
  cover: (polygons: readonly Points[], soft: number) => Cover | undefined,
): void {
  const power = defect.strength * contrast
  const outlines = defectOutlines(defect, spot)
  const stream = random(spot.seed, 'paint')
  const cap = (amount: number): number => Math.min(1, amount * power)
  switch (defect.name) {
    case 'Scratch': {
      // A groove has a lit edge and one in shadow: it shows on pale surfaces too.
      const shadow = outlines.map((points) => points.map((v) => v + 0.018))
      absorb(picture, cover(shadow, 0.01), [0.7, 0.7, 0.7], power)
      mix(picture, cover(outlines, 0.005), [0.96, 0.95, 0.92], cap(0.8))
      return
    }
    case 'Stain': {
      const colours: readonly Colour[] = [
        [1.3, 1.1, 0.5],
        [0.35, 1.1, 1.4],
        [0.5, 0.8, 1.4],
        [1.2, 0.5, 1.0],
      ]
      absorb(picture, cover(outlines, 0.03), stream.pick(colours), 0.95 * power)
      return
    }
    case 'Hole':
      mix(picture, cover(outlines, 0.008), [0.03, 0.03, 0.035], cap(0.96))
      return
    case 'Crack':
      absorb(picture, cover(outlines, 0.003), [2.1, 2.1, 2.1], power)
      return
    case 'Foreign Fibre':
      mix(
        picture,
        cover(outlines, 0.005),
        stream.pick([
          [0.12, 0.2, 0.75],
          [0.8, 0.1, 0.15],
          [0.1, 0.55, 0.2],
        ] as const),
        cap(0.92),
      )
      return
    case 'Dent': {
      const { x, y, r, angle } = spot
      const [dx, dy] = [Math.cos(-0.8) * r * 0.4, Math.sin(-0.8) * r * 0.4]
      absorb(picture, cover([ellipse(x + dx, y + dy, r * 0.62, r * 0.52, angle, 18)], r * 0.26), [1, 1, 1], 0.9 * power)
      shine(picture, cover([ellipse(x - dx, y - dy, r * 0.55, r * 0.45, angle, 18)], r * 0.24), [0.4, 0.4, 0.38], power)
      return
    }
  }
}

/** The undamaged surface or object. */
function paintClass(picture: Canvas, scene: TextureScene): void {
  const { width } = picture
  const half = width / 2
  const shade = materialOf(scene)
  const [red, green, blue] = picture.planes
  for (let py = 0; py < width; py++) {
    for (let px = 0; px < width; px++) {
      const [r, g, b] = shade((px + 0.5) / half - 1, (py + 0.5) / half - 1)
      const i = py * width + px
      red[i] = r
      green[i] = g
      blue[i] = b
    }
  }
}

const step = (edge: number, soft: number, t: number): number => 1 / (1 + Math.exp((edge - t) / soft))
const between = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
]
const times = (a: Colour, k: number): Colour => [a[0] * k, a[1] * k, a[2] * k]

/** The colour of a class at unit coordinates. */
function materialOf(scene: TextureScene): (x: number, y: number) => Colour {
  const { turn, scale, shift, seed, lot, tint } = scene
  const coarse = texture(seed, 'coarse', 0.35)
  const fine = texture(seed, 'fine', 0.08)
  const grain = texture(seed, 'grain', 0.03)
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const hue = (a: Colour, b: Colour): Colour => between(a, b, 0.5 + 0.5 * Math.tanh(tint))
  const n = (f: (x: number, y: number) => number, x: number, y: number): number => f(x + 9, y + 9)
  const surface = (name: ClassName, x: number, y: number): Colour => {
    const u = ((x * cos + y * sin) / scale) * 1 + shift[0]
    const v = (-x * sin + y * cos) / scale + shift[1]
    const wave = (t: number): number => 0.5 + 0.5 * Math.sin(2 * Math.PI * t)
    switch (name) {
      case 'striped cloth':
        return times(
          between(hue([0.2, 0.3, 0.6], [0.6, 0.2, 0.25]), [0.88, 0.86, 0.8], step(0.5, 0.06, wave(3.2 * u))),
          0.9 + 0.12 * n(grain, x, y),
        )
      case 'chequered cloth': {
        const [a, b] = [step(0.5, 0.05, wave(2.2 * u)), step(0.5, 0.05, wave(2.2 * v))]
        return times(
          between([0.92, 0.9, 0.86], hue([0.75, 0.15, 0.15], [0.15, 0.35, 0.6]), (a + b) / 2),
          0.9 + 0.12 * n(grain, x, y),
        )
      }
      case 'woven basket': {
        const over = Math.sin(Math.PI * 4 * u) * Math.sin(Math.PI * 4 * v) > 0
        const strand = over ? Math.abs(Math.sin(Math.PI * 4 * u)) : Math.abs(Math.sin(Math.PI * 4 * v))
        return times(hue([0.72, 0.53, 0.3], [0.6, 0.45, 0.3]), (0.45 + 0.55 * strand) * (1 + 0.12 * n(fine, x, y)))
      }
      case 'wood': {
        const ring = wave(2.5 * (v + 0.25 * n(coarse, u * 0.4, v)) + 0.2 * n(fine, u * 0.25, v * 2))
        return times(
          between(hue([0.72, 0.5, 0.28], [0.55, 0.33, 0.2]), [0.45, 0.27, 0.14], ring * 0.7),
          1 + 0.1 * n(grain, u * 0.3, v * 3),
        )
      }
      case 'leather':
        return times(
          hue([0.42, 0.24, 0.15], [0.2, 0.15, 0.13]),
          0.85 + 0.3 * Math.abs(n(fine, x, y)) + 0.2 * n(coarse, x, y) + 0.2 * n(grain, x, y),
        )
      case 'granite': {
        const speck = n(grain, x, y)
        const base = times(hue([0.6, 0.58, 0.57], [0.62, 0.5, 0.46]), 1 + 0.25 * n(fine, x, y))
        return speck > 0.45 ? [0.2, 0.19, 0.19] : speck < -0.5 ? [0.88, 0.86, 0.84] : base
      }
      case 'metal grid': {
        const wire = Math.max(Math.cos(2 * Math.PI * 3 * u), Math.cos(2 * Math.PI * 3 * v))
        return between(
          [0.1, 0.1, 0.11],
          times(hue([0.66, 0.67, 0.7], [0.72, 0.64, 0.48]), 0.9 + 0.2 * n(fine, x, y)),
          step(0.72, 0.05, wire),
        )
      }
      case 'brushed metal':
        return times(
          hue([0.62, 0.63, 0.66], [0.66, 0.6, 0.54]),
          0.9 + 0.18 * n(grain, u * 0.12, v * 2.4) + 0.1 * n(coarse, x, y),
        )
      case 'brick wall': {
        const row = Math.floor(v * 4)
        const along = u * 2 + (row % 2 === 0 ? 0 : 0.5)
        const [fu, fv] = [along - Math.floor(along), v * 4 - row]
        const joint = Math.min(
          step(0.05, 0.012, fu),
          step(0.05, 0.012, 1 - fu),
          step(0.1, 0.02, fv),
          step(0.1, 0.02, 1 - fv),
        )
        const brick = times(
          hue([0.64, 0.28, 0.2], [0.6, 0.4, 0.3]),
          0.85 + 0.3 * Math.abs(Math.sin(37.7 * (Math.floor(along) + 3.1 * row))) + 0.15 * n(fine, x, y),
        )
        return between([0.74, 0.72, 0.68], brick, joint)
      }
      default:
        return times(hue([0.9, 0.88, 0.83], [0.82, 0.86, 0.9]), 0.96 + 0.05 * n(grain, x, y) + 0.03 * n(fine, x, y))
    }
  }
  const object = objectOf(scene, (x, y) => [n(coarse, x, y), n(fine, x, y), n(grain, x, y)], hue)
  if (!object) return (x, y) => surface(scene.className, x, y)
  const table = times([0.42, 0.42, 0.44], 0.7 + 0.6 * lot)
  return (x, y) => {
    const [px, py] = [x - shift[0] * 0.08, y - shift[1] * 0.08]
    const u = (px * cos + py * sin) / (0.9 + 0.12 * Math.tanh(Math.log(scale)))
    const v = (-px * sin + py * cos) / (0.9 + 0.12 * Math.tanh(Math.log(scale)))
    const ground = times(table, 1 + 0.06 * n(grain, x, y))
    const shadow = object(u - 0.05, v - 0.07).inside
    const { inside, colour } = object(u, v)
    return between(times(ground, 1 - 0.45 * shadow), colour, inside)
  }
}

/** An object as its extent (0 to 1) and colour, in its own coordinates; undefined for surfaces. */
function objectOf(
  { className, lot }: TextureScene,
  noise: (x: number, y: number) => [number, number, number],
  hue: (a: Colour, b: Colour) => Colour,
): ((u: number, v: number) => { inside: number; colour: Colour }) | undefined {
  const rim = (signed: number): number => step(0, 0.012, signed)
  switch (className) {
    case 'pill':
      return (u, v) => {
        const d = Math.hypot(Math.max(0, Math.abs(u) - 0.34), v)
        const dome = Math.sqrt(Math.max(0, 1 - (d / 0.48) ** 2))
        const two = u > 0 ? hue([0.85, 0.25, 0.2], [0.2, 0.45, 0.75]) : ([0.93, 0.92, 0.88] as Colour)
        return { inside: rim(0.48 - d), colour: times(two, 0.5 + 0.5 * dome) }
      }
    case 'bottle top':
      return (u, v) => {
        const d = Math.hypot(u, v)
        const ridges = 1 + 0.12 * Math.sin(24 * Math.atan2(v, u)) * step(0.62, 0.02, d)
        const rings = 0.8 + 0.2 * Math.cos(22 * d)
        return {
          inside: rim(0.78 - d),
          colour: times(hue([0.7, 0.72, 0.75], [0.75, 0.65, 0.35]), rings * ridges * (1 - 0.25 * d)),
        }
      }
    case 'hazelnut':
      return (u, v) => {
        const d = Math.hypot(u, v * (1 + 0.12 * lot) * (v < 0 ? 0.92 : 1.05))
        const lines = 0.92 + 0.1 * Math.sin(34 * u * (1 - 0.2 * v)) + 0.12 * noise(u, v)[1]
        const cap = step(0.5, 0.04, v)
        return {
          inside: rim(0.66 - d),
          colour: times(between([0.55, 0.31, 0.14], [0.7, 0.55, 0.38], cap), lines * (1.1 - 0.7 * d)),
        }
      }
    case 'gear':
      return (u, v) => {
        const d = Math.hypot(u, v)
        const teeth = 0.66 + 0.09 * step(0, 0.1, Math.sin((10 + Math.round(lot * 6)) * Math.atan2(v, u)))
        const hub = step(0.17, 0.012, d)
        return {
          inside: rim(teeth - d) * hub,
          colour: times(
            hue([0.55, 0.56, 0.58], [0.6, 0.52, 0.4]),
            0.85 + 0.15 * Math.cos(18 * d) + 0.1 * noise(u, v)[2],
          ),
        }
      }
    case 'button':
      return (u, v) => {
        const d = Math.hypot(u, v)
        const holes = Math.min(
          ...[
            [-1, -1],
            [1, -1],
            [-1, 1],
            [1, 1],
          ].map(([a, b]) => Math.hypot(u - 0.15 * (a as number), v - 0.15 * (b as number))),
        )
        const ridge = 0.85 + 0.25 * Math.exp(-(((d - 0.55) / 0.06) ** 2))
        return {
          inside: rim(0.7 - d) * step(0.07, 0.01, holes),
          colour: times(hue([0.25, 0.45, 0.6], [0.7, 0.45, 0.3]), ridge * (1.05 - 0.2 * (u + v))),
        }
      }
    case 'ceramic tile':
      return (u, v) => {
        const d = Math.max(Math.abs(u), Math.abs(v))
        const petal = Math.cos(4 * Math.atan2(v, u)) * 0.22 + 0.4 - Math.hypot(u, v)
        const glaze = between([0.9, 0.9, 0.86], hue([0.15, 0.3, 0.6], [0.2, 0.5, 0.4]), step(0, 0.03, petal))
        return { inside: rim(0.8 - d), colour: times(glaze, 0.95 + 0.06 * noise(u, v)[0]) }
      }
    default:
      return undefined
  }
}
