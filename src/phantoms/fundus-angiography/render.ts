/** @file A frame of the angiography: dye that fills choroid, arteries and veins in turn, leaks, pools and fades. */

import { random } from '../../core/random.ts'
import { type Cover, coverOf } from '../colour.ts'
import { fieldOfView } from '../fundus/render.ts'
import type { FundusScene } from '../fundus/scene.ts'
import { lesionShapes, poseOf } from '../fundus/shapes.ts'
import { growVessels } from '../fundus/vessels.ts'
import { ellipse, mapPoints, type Points, ribbon, smoothClosed } from '../geometry.ts'
import { texture } from '../noise.ts'
import { rough } from '../outline.ts'
import { blur } from '../raster.ts'
import type { AngiographyFinding, AngiographyScene, Frame } from './scene.ts'

/** What is left out or scaled when rendering. */
export interface AngiographyRendering {
  contrast?: number
  noise?: number
}

const rise = (t: number, at: number, width: number): number => 1 / (1 + Math.exp((at - t) / width))
/** Dye in the blood after the first pass. */
const decay = (t: number): number => 0.14 + 0.86 * Math.exp(-Math.max(0, t - 26) / 110)
/** Dye that has leaked out: grows slowly from its start. */
const leaked = (t: number, from: number): number => 1 - Math.exp(-Math.max(0, t - from) / 170)

/** Outlines of a finding in one eye, retinal coordinates of a right eye. */
export function findingOutlines(eye: FundusScene, { name, strength, spots }: AngiographyFinding): Points[] {
  const places = spots[eye.eye] ?? []
  if (name === 'Macular Oedema') return places.map((spot) => rough(spot, 1.3, 0.06, 12))
  if (name === 'Nonperfusion') return places.map((spot) => smoothClosed(rough(spot, 1.2, 0.16, 11), 3))
  const lesion = { name, strength, amount: 'several', place: null, groups: [places] } as const
  return lesionShapes(eye, { ...lesion, groups: [places] })
    .flat()
    .map(({ points }) => points)
}

/** The vessels of an eye by kind and by distance from the disc, as covers: the same in every frame. */
interface VesselPart {
  kind: 'artery' | 'vein'
  /** Steps of half a unit from the disc: 0, 1, 2. */
  far: number
  whole: Cover | undefined
  middle: Cover | undefined
}

function vesselParts(eye: FundusScene, size: number): VesselPart[] {
  const tree = growVessels(eye)
  const pose = poseOf(eye, size)
  const soft = (0.003 * size) / 2 / eye.camera.half
  return (['vein', 'artery'] as const).flatMap((kind) =>
    [0, 1, 2].map((far) => {
      const vessels = tree.filter(
        (vessel) => vessel.kind === kind && Math.min(2, Math.floor(vessel.from / 0.5)) === far,
      )
      const cover = (share: number): Cover | undefined =>
        coverOf(
          vessels.map(({ path, width, endWidth }) => mapPoints(ribbon(path, width * share, endWidth * share), pose)),
          { width: size, height: size },
          soft,
        )
      return { kind, far, whole: cover(1), middle: kind === 'vein' ? cover(0.45) : undefined }
    }),
  )
}

/** Draws the frames of an examination: grey values in [0, 1], row-major [size * size]. */
export function frameRenderer(
  scene: AngiographyScene,
  size: number,
  options: AngiographyRendering = {},
): (frame: Frame) => Float32Array {
  const parts = {
    [scene.transit.eye]: vesselParts(scene.transit, size),
    [scene.fellow.eye]: vesselParts(scene.fellow, size),
  }
  return (frame) => renderFrame(scene, frame, size, parts[frame.eye] as VesselPart[], options)
}

function renderFrame(
  scene: AngiographyScene,
  frame: Frame,
  size: number,
  vessels: readonly VesselPart[],
  options: AngiographyRendering,
): Float32Array {
  const { contrast = 1, noise = 1 } = options
  const eye = frame.eye === scene.transit.eye ? scene.transit : scene.fellow
  const { camera, anatomy } = eye
  const t = frame.seconds - scene.delay
  const scale = size / 2 / camera.half
  const pose = poseOf(eye, size)
  const grey = new Float32Array(size * size)
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => mapPoints(points, pose)),
      { width: size, height: size },
      soft * scale,
    )
  const over = (part: Cover | undefined, change: (old: number, amount: number) => number): void => {
    part?.values.forEach((value, i) => {
      if (value === 0) return
      const at = (Math.floor(i / part.width) + part.y) * size + (i % part.width) + part.x
      grey[at] = change(grey[at] as number, Math.min(1.2, value))
    })
  }
  const add = (part: Cover | undefined, amount: number): void => over(part, (old, value) => old + amount * value)
  const block = (part: Cover | undefined, amount: number): void =>
    over(part, (old, value) => old * Math.max(0, 1 - amount * value))

  // The choroid flushes in patches before the retina fills; later its glow is even.
  const patches = texture(anatomy.seed, 'lobules', 0.28)
  const fine = texture(anatomy.seed, 'grain', 0.06)
  const flush = decay(t) * (0.24 - 0.08 * anatomy.pigment)
  for (let i = 0; i < grey.length; i++) {
    const [x, y] = [((i % size) - size / 2) / scale, (Math.floor(i / size) - size / 2) / scale]
    const local = rise(t, 11.3 + 1.6 * patches(x + 3, y + 3), 0.45)
    const capillaries = 0.07 * rise(t, 15.5, 0.8) * decay(t) * (1 + 0.5 * fine(x + 3, y + 3))
    grey[i] = 0.025 + flush * local * (1 + 0.16 * fine(x + 3, y + 3)) * (1 - 0.2 * (x * x + y * y)) + capillaries
  }
  block(cover([ellipse(0, 0, 0.17, 0.17, 0, 24)], 0.09), 0.75)

  const at = (name: AngiographyFinding['name']): AngiographyFinding | undefined =>
    scene.findings.find((finding) => finding.name === name && finding.eyes.includes(eye.eye))
  const power = (finding: AngiographyFinding): number => finding.strength * contrast
  const outlines = (finding: AngiographyFinding): Points[] => findingOutlines(eye, finding)

  const { disc } = anatomy
  add(
    cover([ellipse(disc.x, disc.y, disc.r, disc.r, 0, 24)], 0.02),
    0.22 * rise(t, 13, 0.8) * decay(t) + 0.2 * leaked(t, 30),
  )
  const drusen = at('Drusen')
  if (drusen) add(cover(outlines(drusen), 0.012), 0.5 * leaked(t, 30) * power(drusen))
  drawVessels(vessels, t, over)
  const dark = at('Nonperfusion')
  if (dark) block(cover(outlines(dark), 0.03), Math.min(0.92, 0.72 * rise(t, 15, 0.6) * power(dark)))
  const scars = at('Laser Scars')
  if (scars) {
    add(
      cover(
        (scars.spots[eye.eye] ?? []).map((spot) => rough({ ...spot, r: spot.r * 1.35 }, 1, 0.08, 12)),
        0.008,
      ),
      0.34 * (0.4 + 0.6 * leaked(t, 20)) * rise(t, 12, 0.5) * power(scars),
    )
    block(
      cover(
        (scars.spots[eye.eye] ?? []).map((spot) => rough({ ...spot, r: spot.r * 0.75 }, 1, 0.08, 12)),
        0.006,
      ),
      0.8 * Math.min(1.2, power(scars)),
    )
  }
  const dots = at('Microaneurysms')
  if (dots)
    add(
      cover(outlines(dots), 0.004 + 0.02 * leaked(t, 40)),
      0.75 * rise(t, 16, 0.5) * Math.max(0.5, decay(t)) * power(dots),
    )
  const fronds = at('New Vessels')
  if (fronds) {
    add(cover(outlines(fronds), 0.004), 0.6 * rise(t, 15, 0.5) * decay(t) * power(fronds))
    const cloud = (fronds.spots[eye.eye] ?? []).map((spot) =>
      rough({ ...spot, r: spot.r * (0.75 + 0.6 * leaked(t, 16)) }, 1.1, 0.16, 11),
    )
    add(cover(cloud, 0.025 + 0.04 * leaked(t, 16)), 0.85 * leaked(t, 14) ** 0.6 * power(fronds))
  }
  const oedema = at('Macular Oedema')
  if (oedema) {
    add(cover(outlines(oedema), 0.012), 0.5 * leaked(t, 80) * power(oedema))
    add(cover([ellipse(0, 0, 0.17, 0.17, 0, 20)], 0.05), 0.22 * leaked(t, 80) * power(oedema))
  }
  const blood = at('Haemorrhages')
  if (blood) block(cover(outlines(blood), 0.006), 0.88 * Math.min(1.1, power(blood)))

  blur(grey, size, size, camera.blur * scale)
  const seen = fieldOfView(eye, size)
  const stream = random(eye.seed, 'dye grain', eye.index, frame.eye, Math.round(frame.seconds * 10))
  const sd = 1.3 * camera.noise * noise
  for (let i = 0; i < grey.length; i++) {
    const light = (grey[i] as number) * camera.exposure
    const v = Math.max(0, light + stream.normal() * sd * Math.sqrt(light + 0.03))
    grey[i] = (v > 0.85 ? 1 - 0.15 * Math.exp((0.85 - v) / 0.15) : v) ** 0.9 * (seen[i] as number)
  }
  if (scene.window) {
    const [left, top] = [Math.round(0.8 * size), Math.round(0.91 * size)]
    for (let y = top; y < Math.round(0.98 * size); y++)
      grey.fill(0.85, y * size + left, y * size + Math.round(0.97 * size))
  }
  return grey
}

/** Arteries fill outwards from the disc, veins first along their walls and from the periphery inwards. */
function drawVessels(
  parts: readonly VesselPart[],
  t: number,
  over: (part: Cover | undefined, change: (old: number, amount: number) => number) => void,
): void {
  const level = (kind: 'artery' | 'vein', from: number): number =>
    (kind === 'artery' ? rise(t, 12.8 + 1.4 * from, 0.35) : rise(t, 18.2 - 1.6 * Math.min(1.5, from), 0.9)) * decay(t)
  for (const { kind, far, whole, middle } of parts) {
    const bright = level(kind, far * 0.5 + 0.2)
    const walls = kind === 'vein' ? rise(t, 15.6, 0.5) * (1 - rise(t, 18, 0.8)) * decay(t) : 0
    // A vessel that is not yet full is a dark line on the glow of the choroid.
    const core = kind === 'artery' ? 0.62 : 0.56
    over(
      whole,
      (old, value) => old * (1 - 0.55 * (1 - bright) * Math.min(1, value)) + core * bright * Math.min(1, value),
    )
    if (walls > 0.02) {
      over(whole, (old, value) => old + 0.36 * walls * Math.min(1, value))
      over(middle, (old, value) => Math.max(0, old - 0.3 * walls * Math.min(1, value)))
    }
  }
}
