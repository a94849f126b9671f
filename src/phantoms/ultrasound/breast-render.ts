/** @file Draws breast ultrasound of a linear probe: layers, lesion, what lies behind it, in decibels; then speckle and compression. */

import { random } from '../../core/random.ts'
import { type Canvas, cover, fieldOf, fill } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { BreastScene, BreastShape } from './breast-scene.ts'
import { compress, speckle } from './speckle.ts'

/** Depth that the picture shows, mm; the probe is at y = 0. */
export const breastDepth = 40

/** Closed curves of a finding, one list a part. */
export function breastOutlines(scene: BreastScene, index: number): Points[][] {
  const { name, shape } = scene.findings[index] as BreastScene['findings'][number]
  if (name === 'Calcifications') return [foci(shape)]
  if (name === 'Duct Ectasia') return ducts(shape).map((points) => [points])
  return [[lesionOf(shape)]]
}

/** The outline of a lesion. */
function lesionOf(shape: BreastShape): Points {
  const stream = random(shape.seed, 'lesion')
  const rough = shape.form === 'irregular' ? (shape.margin === 'spiculated' ? 0.3 : 0.2) : 0.03
  const n = shape.form === 'irregular' ? 15 : 12
  const tilt = stream.normal(0, 0.12)
  const wobble = (k: number): number =>
    1 + (shape.margin === 'spiculated' ? (k % 2 === 0 ? rough : -rough * 0.4) : stream.uniform(-rough, rough))
  const raw = ellipse(shape.at[0], shape.at[1], shape.radii[0], shape.radii[1], tilt, n, wobble)
  return shape.margin === 'angular' || shape.margin === 'spiculated' ? smoothClosed(raw, 2) : smoothClosed(raw, 4)
}

function foci(shape: BreastShape): Points[] {
  const stream = random(shape.seed, 'foci')
  return Array.from({ length: 5 + stream.int(4) }, () => {
    const r = Math.sqrt(stream.uniform())
    const a = stream.uniform(0, 2 * Math.PI)
    const [x, y] = [shape.at[0] + shape.radii[0] * r * Math.cos(a), shape.at[1] + shape.radii[1] * r * Math.sin(a)]
    return ellipse(x, y, stream.uniform(0.4, 0.6), stream.uniform(0.3, 0.42), 0, 8)
  })
}

function ducts(shape: BreastShape): Points[] {
  const stream = random(shape.seed, 'ducts')
  return [-1, 1].map((k) => {
    const [x, y] = shape.at
    const l = shape.radii[0]
    const bend = stream.normal(0, 1)
    const path = [x - l, y + k * 2.3, x, y + k * 2 + bend, x + l, y + k * 1.7]
    return ribbon(smoothPath(path, 5), stream.uniform(2, 2.6), 1.5)
  })
}

/** Greys in [0, 1]. */
export function drawBreast(
  scene: BreastScene,
  canvas: Canvas,
  { contrast, noise, without, stream }: Drawing,
): Float32Array {
  const { layers, gland, attenuation, range, seed } = scene.anatomy
  const [skin, fat, glandular, retro] = layers
  const wave = texture(seed, 'wave', 9)
  const lumps = texture(seed, 'lumps', 3.2)
  const clouds = texture(seed, 'clouds', 7)
  const fibre = texture(seed, 'fibre', 1.6)
  const bend = (x: number, k: number): number => 1.6 * wave(x, 31 * k)

  const db = fill(canvas, (x, y) => {
    if (y < 0) return -70
    if (y < skin + 0.2 * bend(x, 0)) return -8 + 3 * fibre(x, y * 3)
    if (y < fat + bend(x, 1)) return -33 + 2.5 * lumps(x, y)
    if (y < glandular + bend(x, 2)) return gland + 6 * clouds(x, y * 1.3) + 3 * lumps(x * 0.7, y)
    if (y < retro + bend(x, 3)) return -33 + 2 * lumps(x, y)
    // The pectoral muscle: dark, with bright lines along it.
    const line = fibre(x * 0.16, y * 1.3)
    return -36 + (line > 0.35 ? 22 * (line - 0.35) : 0)
  })
  // Ligaments in the fat and the fascia before the muscle.
  const stripes = random(seed, 'ligaments')
  const lines: Points[] = []
  for (let k = 0; k < 7; k++) {
    const x = stripes.uniform(-22, 22)
    const lean = stripes.normal(0, 5)
    lines.push(
      ribbon(
        smoothPath([x, fat + 1, x + lean * 0.4, (fat + skin) / 2, x + lean, skin + 0.5], 4),
        stripes.uniform(0.25, 0.55),
      ),
    )
  }
  const fascia = (depth: number, k: number, width: number): Points =>
    ribbon(Array.from({ length: 26 }, (_, i) => [-26 + i * 2, depth + bend(-26 + i * 2, k)]).flat(), width)
  lines.push(fascia(fat, 1, 0.5), fascia(retro, 3, 0.8))
  lift(db, cover(canvas, lines, 0.15), -9)

  scene.findings.forEach(({ name, strength, shape }, index) => {
    if (without.has(index)) return
    const k = Math.min(1, strength * contrast)
    const over = Math.max(1, strength * contrast)
    const curves = breastOutlines(scene, index).flat()
    if (name === 'Calcifications' || name === 'Duct Ectasia') {
      const bright = name === 'Calcifications'
      lift(db, cover(canvas, curves, bright ? 0.12 : 0.2), bright ? 4 : -52, k)
      return
    }
    const inner = name === 'Cyst' ? -64 : name === 'Benign Mass' ? -34 : -41
    const soft = shape.margin === 'indistinct' ? 1.1 : 0.22
    const body = cover(canvas, curves, soft)
    // A malignant mass has an echogenic halo, a benign one and a cyst a thin bright wall.
    const halo = cover(canvas, curves, name === 'Malignant Mass' ? 1.6 : 0.7)
    for (let i = 0; i < db.length; i++) {
      const rim = Math.max(0, (halo[i] as number) - (body[i] as number)) * 2
      db[i] = (db[i] as number) + k * rim * (name === 'Malignant Mass' ? 6 : 5)
    }
    behind(db, canvas, body, shape, k * over)
    lift(db, body, inner, k)
  })

  // Depth: what the gain curve does not take back, and the focus in the middle.
  const grains = speckle(canvas.width, canvas.height, 0.42 * canvas.perMm, 0.2 * canvas.perMm, stream)
  const out = fieldOf(canvas)
  const depth = fill(canvas, (_x, y) => y)
  for (let i = 0; i < out.length; i++) {
    const y = depth[i] as number
    const level = (db[i] as number) - Math.max(0, attenuation) * (y / 10) - 0.006 * (y - 18) ** 2
    const envelope = noise > 0 ? 1 + ((grains[i] as number) - 1) * Math.min(1, noise) : 0.9
    out[i] = y < 0 ? 0 : compress(level, envelope, range)
  }
  return out
}

/** Mixes a level (dB) in where the mask is. */
function lift(db: Float32Array, mask: Float32Array, level: number, amount = 1): void {
  for (let i = 0; i < db.length; i++) {
    const c = (mask[i] as number) * amount
    if (c > 0) db[i] = (db[i] as number) * (1 - c) + level * c
  }
}

/** Shadow or enhancement below a mask, down the columns of the picture. */
function behind(
  db: Float32Array,
  { width, height, perMm }: Canvas,
  body: Float32Array,
  shape: BreastShape,
  k: number,
): void {
  if (shape.posterior === 'no posterior feature') return
  const sign = shape.posterior === 'shadowing' ? -15 : 9
  for (let x = 0; x < width; x++) {
    let path = 0
    for (let y = 0; y < height; y++) {
      const i = y * width + x
      path += (body[i] as number) / perMm
      const passed = Math.min(1, path / (1.1 * shape.radii[1]))
      db[i] = (db[i] as number) + sign * k * passed * (1 - (body[i] as number))
    }
  }
}
