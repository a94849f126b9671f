/**
 * @file Draws an axial slice of the head in one sequence. Tissues are painted over each other with the grey that the
 * sequence gives them. mm: origin in the middle of the head, x to the patient's left, y to the back.
 */

import { random } from '../../core/random.ts'
import { type Canvas, cover, fieldOf, fill, paint } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, mirror, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { BrainScene, BrainShape, Sequence } from './scene.ts'

type Tissue = 'fat' | 'bone' | 'fluid' | 'grey' | 'white' | 'deep'
/** Greys of adult tissue, and of white and grey matter before myelination. */
const adult: Record<Sequence, Record<Tissue, number>> = {
  T1: { fat: 0.9, bone: 0.06, fluid: 0.13, grey: 0.47, white: 0.68, deep: 0.55 },
  T2: { fat: 0.72, bone: 0.05, fluid: 0.95, grey: 0.52, white: 0.34, deep: 0.41 },
  FLAIR: { fat: 0.72, bone: 0.05, fluid: 0.08, grey: 0.52, white: 0.4, deep: 0.47 },
  DWI: { fat: 0.09, bone: 0.03, fluid: 0.09, grey: 0.46, white: 0.4, deep: 0.42 },
}
const newborn: Record<Sequence, { grey: number; white: number }> = {
  T1: { grey: 0.56, white: 0.37 },
  T2: { grey: 0.42, white: 0.72 },
  FLAIR: { grey: 0.48, white: 0.6 },
  DWI: { grey: 0.46, white: 0.5 },
}

/** The skin, and inside it every layer as a factor of it. At `rise` 0 the head is widest; it closes at 1. */
function headOf({ anatomy: { head, scale } }: BrainScene, inset: number, shrink = 1): Points {
  const rx = head[0] * scale * shrink - inset
  const ry = head[1] * scale * shrink - inset
  return Array.from({ length: 40 }, (_, k) => {
    const t = (2 * Math.PI * k) / 40
    // A little wider behind than in front.
    return [rx * Math.cos(t) * (1 + 0.05 * Math.sin(t)), ry * Math.sin(t)]
  }).flat()
}

/** mm from the skin to the brain: scalp, skull, fluid. */
function depths(scene: BrainScene): { scalp: number; skull: number; brain: number } {
  const infant = scene.anatomy.weeks !== null
  const scalp = infant ? 3.5 : 5.5
  const skull = scalp + (infant ? 3 : 6.5)
  return { scalp, skull, brain: skull + 1.6 + 1.5 * scene.anatomy.sulci }
}

/** The surface of the brain. */
export function brainOf(scene: BrainScene, shrink = 1): Points {
  return headOf(scene, depths(scene).brain, shrink)
}

/** Lateral ventricles (both sides), third ventricle. `level` as in the anatomy. */
function ventriclesOf({ anatomy }: BrainScene, level: number): Points[] {
  if (level > 1.02) return []
  const s = anatomy.scale
  const v = anatomy.ventricles
  const [w, l] = [Math.sqrt(v) * s * Math.min(1, (1.08 - level) * 6), s * (0.85 + 0.15 * v)]
  const horn: Points =
    level < 0.5
      ? smoothClosed(
          [
            2.5,
            -12,
            4,
            -24 * l,
            9 + 5 * w,
            -36 * l,
            13 + 5 * w,
            -35 * l,
            10 + 4 * w,
            -24 * l,
            5 + 4 * w,
            -14,
            3.5 + 2 * w,
            -7,
          ],
          4,
        )
      : smoothClosed(
          [
            3,
            -26 * l,
            8 + 4 * w,
            -33 * l,
            11 + 6 * w,
            -24 * l,
            8 + 8 * w,
            -4,
            12 + 8 * w,
            16 * l,
            18 + 7 * w,
            32 * l,
            15 + 3 * w,
            33 * l,
            10,
            18,
            4,
            2,
          ],
          4,
        )
  const back: Points =
    level < 0.5
      ? smoothClosed([19, 17, 23 + 3 * w, 20, 27 + 5 * w, 33 * l, 22 + 3 * w, 49 * l, 19, 50 * l, 20, 36, 17, 24], 4)
      : []
  const third: Points = level < 0.5 ? ellipse(0, 6, 1 + 1.3 * w, 11 * s, 0, 14) : []
  return [horn, mirror(horn), back, mirror(back), third].filter((points) => points.length > 0)
}

/** Deep grey matter: caudate head, lentiform nucleus, thalamus, of both sides. */
function nucleiOf({ anatomy: { scale: s, ventricles } }: BrainScene): Points[] {
  const out = 2.5 * (Math.sqrt(ventricles) - 1)
  const half = [
    ellipse((13 + out) * s, -22 * s, 5 * s, 9 * s, -0.35, 16),
    smoothClosed(
      [20, -14, 27, -18, 32, -8, 31, 5, 26, 8, 20, -3].map((v) => v * s),
      4,
    ),
    ellipse((10 + out * 0.5) * s, 8 * s, 8 * s, 13 * s, -0.35, 18),
  ]
  return [...half, ...half.map(mirror)]
}

/** Paths of the sulci from the surface inwards. */
function sulciOf(scene: BrainScene, level: number, shrink: number): Points[] {
  const { seed, head, scale } = scene.anatomy
  const stream = random(seed, 'sulci')
  const inset = depths(scene).brain
  const [rx, ry] = [head[0] * scale * shrink - inset, head[1] * scale * shrink - inset]
  const n = 30
  const paths: Points[] = []
  for (let k = 0; k < n; k++) {
    const t = (2 * Math.PI * (k + stream.uniform(-0.25, 0.25))) / n
    // A sulcus wanders with height.
    const angle = t + 0.1 * Math.sin(level * 5 + k * 1.7)
    const deep = stream.uniform(0.17, 0.36) * (0.85 + 0.15 * Math.sin(level * 4 + k))
    const bend = stream.normal(0, 0.2)
    const at = (r: number, turn: number): [number, number] => [
      rx * r * Math.cos(angle + turn),
      ry * r * Math.sin(angle + turn),
    ]
    paths.push(smoothPath([...at(1.02, 0), ...at(1 - deep * 0.5, bend * 0.35), ...at(1 - deep, bend * 0.8)], 4))
  }
  if (level < 0.5) {
    // The Sylvian fissure, down to the insula.
    const insula = smoothPath([rx * 1.01, -10, rx * 0.78, -9, rx * 0.62, -13, rx * 0.57, 2], 4)
    paths.push(insula, mirror(insula))
  }
  return paths
}

/** The fissure between the hemispheres, front and back; whole above the corpus callosum. */
function fissureOf(scene: BrainScene, level: number, shrink: number): Points[] {
  const { head, scale, push } = scene.anatomy
  const ry = head[1] * scale * shrink - depths(scene).brain
  const bow = (y: number): number => push * Math.exp(-((y / (0.7 * ry)) ** 2))
  const line = (from: number, to: number): Points =>
    Array.from({ length: 9 }, (_, k) => from + ((to - from) * k) / 8).flatMap((y) => [bow(y), y])
  return level > 0.95
    ? [line(-ry, ry)]
    : [line(-ry * 1.02, -40 * scale), line((level < 0.5 ? 34 : 44) * scale, ry * 1.02)]
}

/** Closed curves of a finding in the slice; `reach` scales its radius (less off its middle). */
export function brainOutlines(scene: BrainScene, index: number, level = scene.anatomy.level, reach = 1): Points[][] {
  const { name, shape } = scene.findings[index] as BrainScene['findings'][number]
  switch (name) {
    case 'Atrophy':
      return [[brainOf(scene)]]
    case 'Delayed Myelination':
      return [[brainOf(scene)]]
    case 'Hydrocephalus':
      return [pushed(scene, ventriclesOf(scene, level))]
    case 'White Matter Lesions':
      return spots(scene, shape).map((points) => [points])
    case 'Tumour':
      return [[lesionOf(shape, 'oedema', reach * 1.5, 0.22)]]
    default:
      return [[lesionOf(shape, 'core', reach, name === 'Haemorrhage' ? 0.08 : 0.2)]]
  }
}

function lesionOf(shape: BrainShape, key: string, factor: number, rough: number): Points {
  const stream = random(shape.seed, key)
  const flat = stream.uniform(0.8, 1.1)
  const [x, y] = shape.at
  const r = shape.size * factor
  return smoothClosed(
    ellipse(x, y, r * flat, r / flat, stream.uniform(0, 3), 13, () => 1 + stream.uniform(-rough, rough)),
    4,
  )
}

/** Foci around the horns and in the deep white matter. */
function spots({ anatomy: { scale: s, level } }: BrainScene, shape: BrainShape): Points[] {
  const stream = random(shape.seed, 'spots')
  const n = 5 + Math.round(7 * shape.size)
  return Array.from({ length: n }, () => {
    const side = stream.chance(0.5) ? 1 : -1
    const front = stream.chance(0.5)
    const out = level < 0.5 ? 0 : 4
    const x = side * (front ? stream.uniform(20, 30) : stream.uniform(27, 38) + out) * s
    const y = (front ? stream.uniform(-44, -28) : stream.uniform(20, 46)) * s
    const r = stream.uniform(2.1, 3.6) * (0.8 + 0.4 * shape.size)
    return ellipse(x, y, r, r * stream.uniform(0.7, 1), stream.uniform(0, 3), 10)
  })
}

/** Moves curves away from a mass. */
function pushed({ anatomy: { push } }: BrainScene, curves: Points[]): Points[] {
  if (push === 0) return curves
  return curves.map((points) => points.map((v, i) => (i % 2 === 0 ? v + push : v)))
}

/** Greys of a lesion in a sequence: core, rim or centre, surroundings; null leaves the tissue as it is. */
function lesionGreys(
  name: string,
  shape: BrainShape,
  sequence: Sequence,
): { core: number | null; inner?: number; around?: number } {
  const pick = (t1: number, t2: number, flair: number, dwi: number): number =>
    ({ T1: t1, T2: t2, FLAIR: flair, DWI: dwi })[sequence]
  switch (name) {
    case 'Acute Infarct':
      return { core: shape.early && sequence !== 'DWI' ? null : pick(0.36, 0.72, 0.8, 0.98) }
    case 'Chronic Infarct':
      return { core: pick(0.36, 0.74, 0.62, 0.3), inner: pick(0.16, 0.95, 0.1, 0.08) }
    case 'Haemorrhage':
      return { core: pick(0.86, 0.16, 0.2, 0.1), inner: pick(0.95, 0.1, 0.14, 0.06) }
    case 'Tumour':
      return {
        core: pick(0.38, 0.7, 0.72, 0.42),
        inner: pick(0.2, 0.92, 0.4, 0.3),
        around: pick(0.47, 0.82, 0.86, 0.42),
      }
    default:
      return { core: null }
  }
}

/** Greys in [0, 1]. `level` and `shrink` give other slices of the same head; `reach` how much of a lesion they cut. */
export function drawBrain(
  scene: BrainScene,
  canvas: Canvas,
  sequence: Sequence,
  { contrast, without }: Pick<Drawing, 'contrast' | 'without'>,
  level = scene.anatomy.level,
  shrink = 1,
  reachOf: (shape: BrainShape) => number = () => 1,
): Float32Array {
  const { anatomy } = scene
  const shown = scene.findings
    .map((finding, index) => ({ ...finding, index }))
    .filter(({ index }) => !without.has(index))
  // White matter that is late looks younger only where the finding is drawn.
  const greys = adult[sequence]
  const blend = (tissue: 'grey' | 'white'): number =>
    newborn[sequence][tissue] + (greys[tissue] - newborn[sequence][tissue]) * anatomy.myelin
  const [grey, white] = [blend('grey'), blend('white')]
  const { scalp, skull } = depths(scene)
  const picture = fieldOf(canvas, 0.01)
  paint(picture, cover(canvas, [headOf(scene, 0, shrink)], 0.5), greys.fat * 0.45)
  paint(picture, cover(canvas, [headOf(scene, 1.6, shrink)], 0.8), greys.fat)
  paint(picture, cover(canvas, [headOf(scene, scalp, shrink)], 0.6), greys.bone)
  // Marrow between the tables of the skull.
  if (anatomy.weeks === null) {
    const ring = (inset: number): Float32Array => cover(canvas, [headOf(scene, inset, shrink)], 0.5)
    paint(picture, ring(scalp + 2.3), greys.fat * 0.5)
    paint(picture, ring(scalp + 4.2), greys.bone)
  }
  paint(picture, cover(canvas, [headOf(scene, skull, shrink)], 0.5), greys.fluid)

  const surface = brainOf(scene, shrink)
  const brain = cover(canvas, [surface], 0.5)
  const mottle = texture(anatomy.seed, 'mottle', 7)
  const lumps = texture(anatomy.seed, 'gyri', 9)
  paint(picture, brain, grey)
  // White matter: everything deeper than the ribbon of the cortex.
  const inset = depths(scene).brain + 4
  const core = headOf(scene, inset, shrink).map((v, i, all) => {
    const [x, y] = i % 2 === 0 ? [v, all[i + 1] as number] : [all[i - 1] as number, v]
    return v * (1 + 0.035 * lumps(x * 1.7, y * 1.7 + level * 30))
  })
  const paths = sulciOf(scene, level, shrink)
  const fissures = fissureOf(scene, level, shrink)
  const whiteCover = cover(canvas, [core], 0.6)
  paint(
    picture,
    whiteCover,
    fill(canvas, (x, y) => white * (1 + 0.035 * mottle(x, y))),
  )
  const within = (mask: Float32Array): Float32Array => mask.map((v, i) => v * (brain[i] as number))
  paint(
    picture,
    within(
      cover(
        canvas,
        paths.map((path) => ribbon(path, 9, 7)),
        0.7,
      ),
    ),
    grey,
  )
  paint(
    picture,
    within(
      cover(
        canvas,
        fissures.map((path) => ribbon(path, 11)),
        0.7,
      ),
    ),
    grey,
  )
  if (level < 0.5)
    paint(picture, cover(canvas, pushed(scene, nucleiOf(scene)), 0.7), greys.deep + 0.5 * (grey - greys.grey), 0.85)

  const around = shown.filter(({ shape, name }) => shape.lobe !== null && reachOf(shape) > 0.05 && name !== 'Tumour')
  const masses = shown.filter(({ name, shape }) => name === 'Tumour' && reachOf(shape) > 0.05)
  for (const { shape, strength } of masses) {
    const k = Math.min(1, strength * contrast)
    const { around: swollen } = lesionGreys('Tumour', shape, sequence)
    // Oedema runs along the white matter like fingers.
    const halo = cover(canvas, [lesionOf(shape, 'oedema', reachOf(shape) * 1.5, 0.22)], 1.4)
    for (let i = 0; i < halo.length; i++)
      halo[i] = (halo[i] as number) * (0.25 + 0.75 * (whiteCover[i] as number)) * (brain[i] as number)
    if (swollen !== undefined && sequence !== 'DWI') paint(picture, halo, swollen, k)
  }
  const width = 1.1 * anatomy.sulci
  paint(
    picture,
    cover(
      canvas,
      paths.map((path) => ribbon(path, width * 1.5, width * 0.8)),
      0.4,
    ),
    greys.fluid,
    0.95,
  )
  paint(
    picture,
    cover(
      canvas,
      fissures.map((path) => ribbon(path, width * 1.7)),
      0.4,
    ),
    greys.fluid,
    0.95,
  )
  paint(picture, cover(canvas, pushed(scene, ventriclesOf(scene, level)), 0.6), greys.fluid)

  for (const { name, shape, strength } of [...masses, ...around]) {
    const k = Math.min(1, strength * contrast)
    const reach = reachOf(shape)
    const { core: outer, inner } = lesionGreys(name, shape, sequence)
    if (outer === null) continue
    const rough = name === 'Haemorrhage' ? 0.08 : 0.2
    const patch = texture(shape.seed, 'patch', 4)
    const value = fill(canvas, (x, y) => outer * (1 + 0.07 * patch(x, y)))
    paint(picture, within(cover(canvas, [lesionOf(shape, 'core', reach, rough)], 0.9)), value, k)
    if (inner !== undefined)
      paint(picture, within(cover(canvas, [lesionOf(shape, 'inner', reach * 0.62, rough)], 0.9)), inner, k)
  }
  const foci = shown.find(({ name }) => name === 'White Matter Lesions')
  if (foci && (sequence === 'T2' || sequence === 'FLAIR') && reachOf(foci.shape) > 0.05)
    paint(
      picture,
      cover(canvas, spots(scene, foci.shape), 0.6),
      sequence === 'T2' ? 0.76 : 0.86,
      Math.min(1, foci.strength * contrast),
    )

  // The coil is nearer to one side.
  const [strength, direction] = anatomy.coil
  const slope = fill(canvas, (x, y) => 1 + (strength * (x * Math.cos(direction) + y * Math.sin(direction))) / 90)
  for (let i = 0; i < picture.length; i++) picture[i] = (picture[i] as number) * (slope[i] as number)
  return picture
}
