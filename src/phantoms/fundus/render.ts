/** @file The scene as a fundus photograph: light reflected by the retina, absorbed by vessels, blood and pigment. */

import { random } from '../../core/random.ts'
import { absorb, type Canvas, type Colour, canvas, coverFrom, coverOf, expose, mix, shine } from '../colour.ts'
import { ellipse, mapPoints, type Points, ribbon } from '../geometry.ts'
import { texture } from '../noise.ts'
import { blur } from '../raster.ts'
import type { FundusScene } from './scene.ts'
import { type Ink, lesionShapes, poseOf, type Shape } from './shapes.ts'
import { growVessels } from './vessels.ts'

/** What is left out or scaled when rendering. */
export interface FundusRendering {
  contrast?: number
  noise?: number
  /** Indices of lesions not to draw. */
  without?: readonly number[]
}

/** Optical density in red, green and blue of what absorbs. */
const density: Partial<Record<Ink, Colour>> = {
  blood: [0.55, 1.7, 1.3],
  lace: [0.35, 1.25, 0.9],
  boat: [0.75, 2.3, 1.8],
  pigment: [1.5, 1.3, 1.0],
  hole: [0.3, 0.95, 0.9],
}
/** Colour and strength of what is painted over the retina. */
const paint: Partial<Record<Ink, readonly [Colour, number]>> = {
  exudate: [[1.0, 0.88, 0.42], 0.95],
  cotton: [[0.98, 0.86, 0.66], 0.8],
  drusen: [[0.95, 0.7, 0.34], 0.75],
  scar: [[0.95, 0.78, 0.5], 0.75],
  pale: [[0.95, 0.84, 0.62], 0.62],
}
/** Softness of each ink, retinal units. */
const softness: Record<Ink, number> = {
  blood: 0.005,
  exudate: 0.004,
  cotton: 0.022,
  drusen: 0.007,
  lace: 0.003,
  boat: 0.012,
  scar: 0.006,
  pigment: 0.004,
  pale: 0.012,
  hole: 0.01,
}
/** Painted in this order: what lies deep comes first. */
const beforeVessels: readonly Ink[] = ['pale', 'drusen', 'scar', 'pigment']
const afterVessels: readonly Ink[] = ['hole', 'exudate', 'cotton', 'blood', 'lace', 'boat']

/** Draws the scene at `size` x `size` pixels. The same scene gives the same picture, bit for bit. */
export function renderFundus(scene: FundusScene, size: number, options: FundusRendering = {}): Canvas {
  const { anatomy, camera } = scene
  const { contrast = 1, noise = 1, without = [] } = options
  const scale = size / 2 / camera.half
  const pose = poseOf(scene, size)
  const dark = 1 - 0.45 * anatomy.pigment
  const picture = canvas(size, size, [0.78 * (0.75 + 0.25 * dark), 0.36 * dark, 0.17 * dark])
  const cover = (polygons: Points[], soft: number) =>
    coverOf(
      polygons.map((points) => mapPoints(points, pose)),
      picture,
      soft * scale,
    )

  const coarse = texture(anatomy.seed, 'choroid', 0.19)
  const fine = texture(anatomy.seed, 'grain', 0.05)
  const [cosine, sine] = [Math.cos(camera.shade[0]), Math.sin(camera.shade[0])]
  const toRetina = (px: number, py: number): [number, number] => [(px - size / 2) / scale, (py - size / 2) / scale]
  absorb(
    picture,
    coverFrom(picture, (px, py) => {
      const [x, y] = toRetina(px, py)
      const choroid = 0.16 + 0.14 * coarse(x + 3, y + 3) * (0.5 + anatomy.pigment) + 0.06 * fine(x + 3, y + 3)
      const edge = 0.22 * (x * x + y * y)
      return Math.max(0, choroid + edge + camera.shade[1] * (x * cosine + y * sine))
    }),
    [0.6, 1, 1.1],
  )
  absorb(picture, cover([ellipse(0, 0, 0.22, 0.22, 0, 24)], 0.11), [0.4, 0.75, 0.8], 0.95)

  const shapes = scene.findings.flatMap((lesion, i) => (without.includes(i) ? [] : lesionShapes(scene, lesion).flat()))
  const inks = (order: readonly Ink[]): void => {
    for (const ink of order)
      drawInk(
        ink,
        shapes.filter((shape) => shape.ink === ink),
      )
  }
  const drawInk = (ink: Ink, drawn: readonly Shape[]): void => {
    for (const strength of new Set(drawn.map((shape) => shape.strength))) {
      const polygons = drawn.filter((shape) => shape.strength === strength).map(({ points }) => points)
      const where = cover(polygons, softness[ink])
      const absorbing = density[ink]
      if (absorbing) absorb(picture, where, absorbing, strength * contrast)
      const [colour, alpha] = paint[ink] ?? []
      if (colour && alpha) mix(picture, where, colour, Math.min(1, alpha * strength * contrast))
    }
  }
  inks(beforeVessels)

  const { disc } = anatomy
  mix(picture, cover([ellipse(disc.x, disc.y, disc.r * 0.94, disc.r, disc.tilt, 28)], 0.014), [1, 0.67, 0.38], 0.94)
  const cup = anatomy.cup * disc.r
  mix(picture, cover([ellipse(disc.x - 0.008, disc.y, cup * 0.95, cup, disc.tilt, 24)], 0.016), [1, 0.94, 0.74], 0.9)

  const tree = growVessels(scene)
  for (const kind of ['vein', 'artery'] as const) {
    const vessels = tree.filter((vessel) => vessel.kind === kind)
    const thick = vessels.filter(({ width }) => width > 0.014)
    const thin = vessels.filter(({ width }) => width <= 0.014)
    const tint: Colour = kind === 'vein' ? [0.3, 1.05, 0.75] : [0.14, 0.75, 0.6]
    const ribbons = (set: typeof vessels) => set.map(({ path, width, endWidth }) => ribbon(path, width, endWidth))
    const cap = (where: ReturnType<typeof cover>) => {
      if (where)
        where.values.forEach((value, i) => {
          where.values[i] = Math.min(1.15, value)
        })
      return where
    }
    absorb(picture, cap(cover(ribbons(thick), 0.004)), tint)
    absorb(picture, cap(cover(ribbons(thin), 0.003)), tint, 0.8)
    if (kind === 'artery') {
      shine(
        picture,
        cover(
          thick.map(({ path, width, endWidth }) => ribbon(path, width * 0.3, endWidth * 0.3)),
          0.002,
        ),
        [0.12, 0.1, 0.06],
      )
    }
  }
  inks(afterVessels)
  const young = Math.max(0, (60 - scene.age) / 60)
  shine(picture, cover([ellipse(0, 0.01, 0.018, 0.018, 0, 12)], 0.008), [0.2, 0.16, 0.1], 0.4 + young)

  const haze = scene.findings.find((lesion, i) => lesion.name === 'Media Opacity' && !without.includes(i))
  if (haze) cloud(picture, haze.strength * contrast, { few: 0.5, several: 0.65, many: 0.85 }[haze.amount], scale)
  if (camera.flare > 0) {
    const a = camera.shade[0] + 2
    const [x, y] = [size / 2 + Math.cos(a) * size * 0.46, size / 2 + Math.sin(a) * size * 0.46]
    shine(
      picture,
      coverOf([ellipse(x, y, size * 0.1, size * 0.16, a, 20)], picture, size * 0.09),
      [0.9, 0.85, 0.8],
      camera.flare,
    )
  }
  expose(
    picture,
    { ...camera, blur: camera.blur * scale, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index),
  )
  aperture(picture, scene)
  return picture
}

/** A cloudy lens: the picture is blurred and veiled. */
function cloud(picture: Canvas, strength: number, degree: number, scale: number): void {
  const veil = Math.min(0.75, 0.45 * strength * degree)
  for (const [k, plane] of picture.planes.entries()) {
    const soft = blur(plane.slice(), picture.width, picture.height, 0.034 * degree * strength * scale)
    const tone = [0.62, 0.5, 0.34][k] as number
    for (let i = 0; i < plane.length; i++) plane[i] = (soft[i] as number) * (1 - veil) + tone * veil * 0.85
  }
}

/** Black around the field of view. */
function aperture(picture: Canvas, scene: FundusScene): void {
  const seen = fieldOfView(scene, picture.width)
  for (const plane of picture.planes) {
    for (let i = 0; i < plane.length; i++) {
      const s = seen[i] as number
      plane[i] = (plane[i] as number) * s + 0.008 * (1 - s)
    }
  }
}

/** 1 inside the round field of view, 0 outside; some cameras cut it above and below; the notch marks its upper right edge. */
export function fieldOfView({ camera }: FundusScene, size: number): Float32Array {
  const radius = 0.485 * size
  const cut = camera.crop ? 0.4 * size : size
  const notch = camera.notch ? 0.045 * size : 0
  const [nx, ny] = [size / 2 + radius * 0.73, size / 2 - radius * 0.68]
  const field = new Float32Array(size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [x + 0.5 - size / 2, y + 0.5 - size / 2]
      let seen = Math.min(1, Math.max(0, radius - Math.hypot(dx, dy) + 0.5))
      seen *= Math.min(1, Math.max(0, cut - Math.abs(dy) + 0.5))
      if (notch > 0) seen *= Math.min(1, Math.max(0, Math.hypot(x + 0.5 - nx, y + 0.5 - ny) - notch + 0.5))
      field[y * size + x] = seen
    }
  }
  return field
}
