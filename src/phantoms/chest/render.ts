/**
 * @file The scene as a radiograph. Attenuation along each ray is summed from layers, then exposure window, detector blur,
 * photon noise:
 *
 *   air = lung profile * (1 - solid) * (1 - fill) * (1 - haze) * (1 - water)
 *   T   = body + chest - k air + vessels * air + bone + soft + sharp
 *   v   = sigmoid((T + noise - centre) / width) ^ gamma
 */

import { random } from '../../core/random.ts'
import { type Affine, ellipse, mapPoints, type Points, ribbon } from '../geometry.ts'
import { addPhotonNoise, texture } from '../noise.ts'
import { addPolygon, blur, type Layer, layer, resolve } from '../raster.ts'
import { anatomyShapes, type LayerName, type Shape } from './anatomy.ts'
import { lateralAnatomy, lateralFinding } from './lateral.ts'
import type { Finding, Scene } from './scene.ts'
import { findingShapes, type PartShapes } from './shapes.ts'

/** Softness of each layer, mm. */
const softness: Record<LayerName, number> = {
  body: 15,
  chest: 7,
  lung: 0.9,
  solid: 1.5,
  fill: 6,
  haze: 13,
  water: 1.8,
  collapse: 0.8,
  vessel: 0.8,
  bone: 0.9,
  soft: 1.1,
  sharp: 0.45,
}

/** A rendered picture: `pixels` in [0, 1], row-major, bright = dense. */
export interface Picture {
  width: number
  height: number
  pixels: Float32Array
  /** mm a pixel in the patient. */
  spacing: number
}

/** The two directions from which a chest is seen. */
export type View = 'PA' | 'lateral'

/** The views of a scene, in the order of the study's images. */
export function viewsOf({ acquisition }: Scene): readonly View[] {
  return acquisition.lateral === null ? ['PA'] : ['PA', 'lateral']
}

/** What a finding adds to a view. */
export function shapesIn(view: View, scene: Scene, finding: Finding, contrast: number): PartShapes[] {
  return view === 'PA' ? findingShapes(scene, finding, contrast) : lateralFinding(scene, finding, contrast)
}

/** What may be left out or scaled when rendering. */
export interface RenderOptions {
  /** Default PA; a scene without a lateral pose has no lateral view. */
  view?: View
  /** Scales the strength of all findings (the contrast dial). */
  contrast?: number
  /** Scales the noise (the noise dial). */
  noise?: number
  /** Indices of findings not to draw; a heart or mediastinum stays as the anatomy says. */
  without?: readonly number[]
}

/** Body millimetres to pixels of a square picture. */
export function poseOf(scene: Scene, size: number, view: View = 'PA'): Affine {
  const { field, roll, shift } = takenAs(scene, view)
  const scale = size / field
  const [cos, sin] = [Math.cos(roll) * scale, Math.sin(roll) * scale]
  return { a: cos, b: -sin, c: sin, d: cos, e: size / 2 + shift[0] * scale, f: size / 2 + shift[1] * scale }
}

/** Field (mm), roll and shift of a view. */
export function takenAs({ acquisition }: Scene, view: View): NonNullable<Scene['acquisition']['lateral']> {
  return view === 'PA' || acquisition.lateral === null ? acquisition : acquisition.lateral
}

/** Draws the scene at `size` x `size` pixels (48 to 1024). The same scene gives the same picture, bit for bit. */
export function render(scene: Scene, size: number, options: RenderOptions = {}): Picture {
  const { acquisition, anatomy } = scene
  const { view = 'PA' } = options
  const perMm = size / takenAs(scene, view).field
  const pose = poseOf(scene, size, view)
  const layers = new Map<LayerName, Layer>()
  const draw = (shape: Shape): void => {
    let target = layers.get(shape.layer)
    if (!target) {
      target = layer(size, size)
      layers.set(shape.layer, target)
    }
    addPolygon(target, mapPoints(shape.points, pose), shape.value)
  }
  const field = (name: LayerName): Float32Array | undefined => {
    const source = layers.get(name)
    return source?.used ? resolve(source, softness[name] * perMm) : undefined
  }

  const drawn = scene.findings.filter((_, i) => !options.without?.includes(i))
  for (const shape of view === 'PA' ? anatomyShapes(scene, brokenRibs(drawn)) : lateralAnatomy(scene)) draw(shape)
  for (const finding of drawn) {
    for (const part of shapesIn(view, scene, finding, options.contrast ?? 1))
      for (const shape of part.shapes) draw(shape)
  }
  if (view === 'PA') for (const shape of buttonShapes(acquisition)) draw(shape)

  const body = field('body') as Float32Array
  const chest = field('chest') as Float32Array
  const lung = field('lung') as Float32Array
  const depth = blur(lung.slice(), size, size, 15 * perMm)
  const solid = field('solid') as Float32Array
  const [fill, haze, water, collapse] = [field('fill'), field('haze'), field('water'), field('collapse')]
  const vessel = field('vessel')
  const bone = field('bone') as Float32Array
  const soft = field('soft') as Float32Array
  const sharp = field('sharp')

  const textured = fill !== undefined || haze !== undefined
  const patchy = textured ? texture(anatomy.seed, 'patchy', 17) : () => 0
  const fine = textured ? texture(anatomy.seed, 'fine', 6) : () => 0
  const t = new Float32Array(size * size)
  for (let i = 0; i < t.length; i++) {
    const inLung = lung[i] as number
    let air = 0
    if (inLung > 0.001) {
      const deep = (depth[i] as number) * 2 - 1
      air = inLung * (0.62 + 0.38 * (deep > 0 ? Math.sqrt(deep) : 0)) * anatomy.air
      const s = solid[i] as number
      air *= 1 - Math.min(s, 1) * 0.9
      let filled = 0
      if (fill) filled = fill[i] as number
      if (haze) filled = 1 - (1 - filled) * (1 - (haze[i] as number))
      if (filled > 0.01) {
        const x = (i % size) / perMm
        const y = Math.floor(i / size) / perMm
        filled *= 1 + 0.22 * patchy(x, y) + 0.12 * fine(x, y)
        air *= filled > 0.95 ? 0.05 : 1 - filled
      }
      if (water) {
        const w = water[i] as number
        air *= 1 - Math.min(w, 1)
      }
    }
    let vessels = vessel ? (vessel[i] as number) * Math.min(inLung, 1) : 0
    const covered = solid[i] as number
    vessels *= 1 - 0.75 * Math.min(covered, 1)
    if (collapse) {
      const gone = collapse[i] as number
      vessels *= 1 - gone
      air += 0.34 * gone * air
    }
    if (water) vessels *= 1 - 0.8 * Math.min(1, water[i] as number)
    t[i] =
      (body[i] as number) + (chest[i] as number) - 1.2 * air + vessels * 0.8 + (bone[i] as number) + (soft[i] as number)
    if (sharp) t[i] = (t[i] as number) + (sharp[i] as number)
    // Through the thickest parts scatter and hard rays flatten the contrast.
    const dense = (t[i] as number) - 1.7
    if (dense > 0) t[i] = 1.7 + dense / (1 + 0.9 * dense)
    else if (dense < -1.7) t[i] = 0
  }

  blur(t, size, size, acquisition.blur * perMm)
  const noise = options.noise ?? 1
  if (noise > 0) {
    // As many photons a pixel at every size: small pictures would otherwise carry no noise, large ones nothing else.
    const photons = acquisition.photons / (noise * noise)
    addPhotonNoise(t, photons, 1.5, random(scene.seed, view === 'PA' ? 'photons' : 'photons lateral', scene.index))
  }
  expose(t, scene)
  overlay(t, size, scene, view)
  return { width: size, height: size, pixels: t, spacing: 1 / perMm }
}

/** Ribs that the findings draw, as "side:rib". */
function brokenRibs(drawn: readonly Finding[]): Set<string> {
  return new Set(
    drawn
      .filter(({ name }) => name === 'Rib Fracture')
      .flatMap(({ parts }) => parts.map((p) => `${p.side}:${p.extra}`)),
  )
}

/** Electrodes on the skin. */
function buttonShapes({ buttons }: Scene['acquisition']): Shape[] {
  return buttons.flatMap(({ x, y, radius }) => [
    { layer: 'sharp' as const, points: ellipse(x, y, radius, radius, 0, 14), value: 0.35 },
    { layer: 'sharp' as const, points: ellipse(x, y, radius * 0.45, radius * 0.45, 0, 10), value: 0.6 },
  ])
}

/** The exposure curve: attenuation to grey in [0, 1]. */
function expose(t: Float32Array, scene: Scene): void {
  const { centre, width, gamma } = scene.acquisition
  for (let i = 0; i < t.length; i++) {
    const v = 1 / (1 + Math.exp((-4.4 * ((t[i] as number) - centre)) / width))
    t[i] = v ** gamma
  }
}

/** What is not in the patient: collimator edges and the side marker. */
function overlay(pixels: Float32Array, size: number, scene: Scene, view: View): void {
  const { collimation, marker } = scene.acquisition
  const [left, top, right, bottom] = collimation
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = (x + 0.5) / size
      const v = (y + 0.5) / size
      if (u < left || u > 1 - right || v < top || v > 1 - bottom) pixels[y * size + x] = 0.02
    }
  }
  const ink = layer(size, size)
  for (const stroke of letter(view === 'PA' ? marker.letter : 'L', view === 'PA' && marker.boxed)) {
    const path = stroke.map((value, i) => ((i % 2 === 0 ? marker.x : marker.y) + value * marker.size) * size)
    addPolygon(ink, ribbon(path, Math.max(1, marker.size * 0.17 * size)), 1)
  }
  const cover = resolve(ink)
  for (let i = 0; i < pixels.length; i++) {
    const c = Math.min(1, cover[i] as number)
    if (c > 0) pixels[i] = (pixels[i] as number) * (1 - c) + 0.97 * c
  }
}

/** Strokes of a marker in a box of height 1 around the origin. */
function letter(name: 'L' | 'R', boxed: boolean): Points[] {
  const strokes: Points[] =
    name === 'L'
      ? [
          [-0.25, -0.5, -0.25, 0.5],
          [-0.25, 0.45, 0.3, 0.45],
        ]
      : [
          [-0.28, -0.5, -0.28, 0.5],
          [-0.28, -0.44, 0.1, -0.44, 0.26, -0.25, 0.1, -0.02, -0.28, -0.02],
          [-0.02, 0, 0.3, 0.5],
        ]
  if (boxed) strokes.push([-0.62, -0.8, 0.62, -0.8, 0.62, 0.8, -0.62, 0.8, -0.62, -0.8])
  return strokes
}
