/** @file An abdominal scene as Hounsfield units on a grid. */

import { random } from '../../core/random.ts'
import { texture } from '../noise.ts'
import { blur } from '../raster.ts'
import { type Body, bodyOf, classSolid, lesionOf } from './anatomy.ts'
import type { AbdomenScene } from './scene.ts'
import { type Grid, type Solid, visitSolid } from './solids.ts'

/** mm across the picture and along the body. */
const field = 370
const height = 230

/** The grid of a volume of `size` voxels across. */
export function gridOf({ anatomy }: AbdomenScene, size: number): Grid {
  const mm = field / size
  const slices = Math.max(4, Math.round(height / anatomy.thickness))
  const [dx, dy] = anatomy.shift
  return {
    shape: [size, size, slices],
    spacing: [mm, mm, anatomy.thickness],
    origin: [-field / 2 + mm / 2 - dx, -field / 2 + mm / 2 - dy + 4, -118 + anatomy.thickness / 2],
  }
}

/** One slice of the grid at `z` mm. */
export function sliceGrid(scene: AbdomenScene, size: number, z: number): Grid {
  const { spacing, origin } = gridOf(scene, size)
  return { shape: [size, size, 1], spacing, origin: [origin[0], origin[1], z] }
}

/** Hounsfield units on a grid. */
export function hounsfield(
  scene: AbdomenScene,
  grid: Grid,
  { contrast, without = new Set<number>() }: { contrast: number; without?: ReadonlySet<number> },
): Int16Array {
  const { anatomy } = scene
  const body = bodyOf(scene)
  const [columns, rows, slices] = grid.shape
  const values = new Float32Array(columns * rows * slices).fill(-1000)
  const fatty = texture(anatomy.seed, 'fat', 11)
  const paint = (
    solid: Solid,
    level: number | ((x: number, y: number, z: number, i: number) => number),
    amount = 1,
  ): void =>
    visitSolid(grid, solid, (i, covered, x, y, z) => {
      const v = typeof level === 'number' ? level : level(x, y, z, i)
      values[i] = (values[i] as number) + (v - (values[i] as number)) * covered * amount
    })
  scenery(scene, body, paint, fatty)
  scene.findings.forEach(({ name, shape, strength }, index) => {
    if (without.has(index)) return
    const k = Math.min(1, strength * contrast)
    const lesion = lesionOf(scene, index, body)
    const tissue = anatomy.enhancement[1]
    const around = (name.startsWith('Kidney') ? 36 : 40) + tissue
    const cells = texture(shape.seed, 'cells', 6)
    // Tumours take up less contrast medium than the organ; cysts are water.
    const tumour = (x: number, y: number, z: number): number => around - 36 - 0.35 * tissue + 9 * cells(x + z * 0.7, y)
    paint(lesion, name.endsWith('Cyst') ? 6 : tumour, k)
  })
  const { spacing } = grid
  const plane = columns * rows
  const stream = random(scene.seed, scene.domain, 'noise', scene.index)
  for (let k = 0; k < slices; k++) {
    const slice = values.subarray(k * plane, (k + 1) * plane)
    blur(slice, columns, rows, 0.8 / spacing[0])
    if (anatomy.noise === 0) continue
    // The reconstruction leaves grain a little wider than a voxel; thin slices are noisier.
    const grain = new Float32Array(plane)
    for (let i = 0; i < plane; i++) grain[i] = stream.normal()
    blur(grain, columns, rows, 0.6)
    const level = anatomy.noise * 1.9 * Math.sqrt(5 / spacing[2])
    for (let i = 0; i < plane; i++) slice[i] = (slice[i] as number) + level * (grain[i] as number)
  }
  return Int16Array.from(values, (v) => Math.max(-1024, Math.min(3000, Math.round(v))))
}

function scenery(
  { anatomy, tag }: AbdomenScene,
  body: Body,
  paint: (
    solid: Solid,
    level: number | ((x: number, y: number, z: number, i: number) => number),
    amount?: number,
  ) => void,
  fatty: (x: number, y: number) => number,
): void {
  const [vessels, tissue] = anatomy.enhancement
  const mottle = texture(anatomy.seed, 'mottle', 8)
  paint(body.skin, (x, y, z) => -102 + 7 * fatty(x + z, y))
  // The wall of muscle around the cavity, fat within.
  paint(body.inner, 52)
  paint({ ...body.inner, at: (x, y, z) => body.inner.at(x, y, z) - 9 }, (x, y, z) => -96 + 10 * fatty(x, y + z))
  for (const muscle of body.muscles) paint(muscle, 55)
  for (const lung of body.lungs) paint(lung, (x, y, z) => -840 + 40 * mottle(x * 1.4 + z, y * 1.4))
  for (const rib of body.ribs) {
    paint(rib, 420)
    paint({ ...rib, at: (x, y, z) => rib.at(x, y, z) - 2.2 }, 150)
  }
  paint(body.spine, 330)
  paint(
    { ...body.spine, at: (x, y, z) => body.spine.at(x, y, z) - 3 },
    (x, y, z) => 175 + 30 * mottle(x * 2, y * 2 + z) - 90 * Number(Math.abs((((z % 34) + 34) % 34) - 17) > 14.5),
  )
  paint(body.canal, 28)
  for (const { solid, gas } of body.bowel) {
    paint(solid, 48)
    paint({ ...solid, at: (x, y, z) => solid.at(x, y, z) - 3 }, gas ? -850 : 22)
  }
  const { organs } = body
  paint(organs.Stomach, 55)
  // Swallowed contrast medium: the cue of the shortcut dial.
  paint({ ...organs.Stomach, at: (x, y, z) => organs.Stomach.at(x, y, z) - 4 }, tag.boxed ? 240 : 16)
  paint({ ...body.gas, at: (x, y, z) => Math.min(body.gas.at(x, y, z), organs.Stomach.at(x, y, z) - 4) }, -900)
  paint(organs.Liver, (x, y, z) => 55 + tissue + 5 * mottle(x + 0.6 * z, y))
  paint(
    { ...body.portal, at: (x, y, z) => Math.min(body.portal.at(x, y, z), organs.Liver.at(x, y, z) + 6) },
    48 + 0.8 * vessels,
  )
  paint(organs.Spleen, (x, y, z) => 48 + 1.25 * tissue + 4 * mottle(x + z, y))
  paint(organs.Gallbladder, 8)
  paint(organs.Pancreas, (x, y, z) => 38 + 0.95 * tissue - 34 * Math.max(0, fatty(x * 2.6, y * 2.6 + z)))
  for (const sinus of body.sinuses) paint(sinus, -70)
  for (const side of ['Left Kidney', 'Right Kidney'] as const) {
    paint(organs[side], 36 + 1.1 * tissue)
    // The cortex takes up contrast first.
    const rim = {
      ...organs[side],
      at: (x: number, y: number, z: number) => Math.min(organs[side].at(x, y, z), 5 - organs[side].at(x, y, z)),
    }
    paint(rim, 42 + 0.85 * vessels)
  }
  paint(organs['Inferior Vena Cava'], 45 + 0.55 * vessels)
  paint(organs.Aorta, 42 + vessels)
}

/** 1 where the class is, on a grid; all zero when it is absent. */
export function classMask(scene: AbdomenScene, grid: Grid, label: string): Uint8Array {
  const [columns, rows, slices] = grid.shape
  const mask = new Uint8Array(columns * rows * slices)
  const solid = classSolid(scene, label, bodyOf(scene))
  if (solid)
    visitSolid(grid, solid, (i, covered) => {
      if (covered >= 0.5) mask[i] = 1
    })
  return mask
}
