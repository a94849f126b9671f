/** @file Draws a placenta on a cloth in colour: disc, membranes, vessels of the chorionic plate, cord, lamp and ruler. mm. */

import { random } from '../../core/random.ts'
import {
  type Canvas as Colours,
  type Cover,
  canvas as colours,
  coverFrom,
  coverOf,
  expose,
  mix,
  shine,
} from '../colour.ts'
import type { Canvas } from '../common/canvas.ts'
import { ellipse, mapPoints, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import { cloths, type PlacentaScene, type PlacentaShape } from './scene.ts'

/** The border of the disc. */
export function discOf({ anatomy: { disc, seed } }: PlacentaScene, factor = 1): Points {
  const stream = random(seed, 'disc')
  const waves = Array.from(
    { length: 4 },
    (_, k) => [k + 2, stream.normal(0, 0.028 / (k * 0.5 + 1)), stream.uniform(0, 7)] as const,
  )
  return ellipse(0, 0, disc[0] * factor, disc[1] * factor, 0, 48, (k) =>
    waves.reduce((sum, [n, size, phase]) => sum + size * Math.sin((n * 2 * Math.PI * k) / 48 + phase), 1),
  )
}

/** Where the cord inserts. */
export function insertionOf({ anatomy: { disc, insertion } }: PlacentaScene): [number, number] {
  const [r, a] = insertion
  return [disc[0] * r * Math.cos(a), disc[1] * r * Math.sin(a)]
}

interface Vessel {
  path: Points
  width: number
  artery: boolean
}

/** Vessels run from the cord to the border and branch on the way. */
function vesselsOf(scene: PlacentaScene): Vessel[] {
  const { disc, seed } = scene.anatomy
  const stream = random(seed, 'vessels')
  const [x0, y0] = insertionOf(scene)
  const out: Vessel[] = []
  const inside = (x: number, y: number): boolean => (x / disc[0]) ** 2 + (y / disc[1]) ** 2 < 0.88
  const grow = (
    x: number,
    y: number,
    heading: number,
    width: number,
    length: number,
    artery: boolean,
    depth: number,
  ): void => {
    const path: Points = [x, y]
    let [px, py, turn] = [x, y, heading]
    for (let k = 0; k < 7; k++) {
      turn += stream.normal(0, 0.17)
      px += (Math.cos(turn) * length) / 7
      py += (Math.sin(turn) * length) / 7
      if (!inside(px, py)) break
      path.push(px, py)
      if (depth > 0 && k > 1 && stream.chance(0.5))
        grow(
          px,
          py,
          turn + (stream.chance(0.5) ? 1 : -1) * stream.uniform(0.4, 0.85),
          width * 0.62,
          length * 0.55,
          artery,
          depth - 1,
        )
    }
    if (path.length >= 6) out.push({ path: smoothPath(path, 3), width, artery })
  }
  for (let k = 0; k < 7; k++) {
    const heading = (2 * Math.PI * (k + stream.uniform(-0.25, 0.25))) / 7
    // The way to the border, longer on the far side.
    const reach = Math.hypot(disc[0] * Math.cos(heading) - x0, disc[1] * Math.sin(heading) - y0)
    grow(x0, y0, heading, 4.6, reach * 1.05, true, 2)
    grow(x0, y0, heading + 0.22, 5.6, reach, false, 2)
  }
  return out
}

/** The cord from its insertion outwards over the disc. */
function cordOf(scene: PlacentaScene): Points {
  const { disc, insertion, seed } = scene.anatomy
  const stream = random(seed, 'cord')
  const [x, y] = insertionOf(scene)
  const away = insertion[0] > 0.7 ? insertion[1] + stream.normal(0, 0.4) : stream.uniform(0, 2 * Math.PI)
  const bend = stream.normal(0, 0.8)
  const path: Points = []
  for (let k = 0; k <= 5; k++) {
    const r = (disc[0] * 1.25 * k) / 5
    const a = away + (bend * k) / 5
    path.push(x + r * Math.cos(a), y + r * Math.sin(a))
  }
  return smoothPath(path, 8)
}

/** Closed curves of a finding, in mm. */
export function placentaOutlines(scene: PlacentaScene, index: number): Points[][] {
  const { name, shape } = scene.findings[index] as PlacentaScene['findings'][number]
  switch (name) {
    case 'Meconium Staining':
      return [[discOf(scene)]]
    case 'Chorioamnionitis':
      return [[discOf(scene)]]
    case 'Fetal Inflammatory Response':
      return [[ribbon(cordOf(scene), 13)]]
    case 'Chorionic Thrombus':
      return [[thrombus(scene, shape)]]
    case 'Marginal Haematoma':
      return [[haematoma(scene, shape)]]
    case 'Marginal Cord Insertion':
      return [[ellipse(...insertionOf(scene), 13, 13, 0, 16)]]
  }
}

function thrombus(scene: PlacentaScene, shape: PlacentaShape): Points {
  const large = vesselsOf(scene).filter(({ width, path }) => width > 3.5 && path.length > 20)
  const { path, width } = (large[shape.vessel % Math.max(1, large.length)] ?? {
    path: [0, 0, 12, 4, 22, 6],
    width: 5,
  }) as Vessel
  const n = path.length / 2
  const from = Math.floor(n * 0.4)
  const to = Math.min(n, from + Math.max(4, Math.round(n * (0.28 + 0.15 * shape.amount))))
  return ribbon(path.slice(from * 2, to * 2), width * 1.4, width * 1.1)
}

function haematoma(scene: PlacentaScene, { angle, amount }: PlacentaShape): Points {
  const border = discOf(scene, 0.97)
  const n = border.length / 2
  const start = Math.floor((angle / (2 * Math.PI)) * n)
  const span = 6 + Math.round(6 * amount)
  const path: Points = []
  for (let k = 0; k <= span; k++) {
    const i = (start + k) % n
    path.push(border[2 * i] as number, border[2 * i + 1] as number)
  }
  const outer = path.map((v) => v * 1.03)
  const inner: Points = []
  for (let k = span; k >= 0; k--) {
    const depth = 1 - (0.1 + 0.12 * amount) * Math.sin((Math.PI * (k + 0.3)) / (span + 0.6))
    inner.push((path[2 * k] as number) * depth, (path[2 * k + 1] as number) * depth)
  }
  return smoothClosed([...outer, ...inner], 2)
}

/** A colour picture in [0, 1]. */
export function drawPlacenta(
  scene: PlacentaScene,
  place: Canvas,
  {
    contrast = 1,
    noise = 1,
    without = new Set<number>(),
  }: { contrast?: number; noise?: number; without?: ReadonlySet<number> } = {},
): Colours {
  const { anatomy } = scene
  const { width: size, pose, perMm } = place
  const picture = colours(size, size, cloths[anatomy.cloth])
  const cut = (shapes: readonly Points[], softness = 0.5): Cover | undefined =>
    coverOf(
      shapes.map((points) => mapPoints(points, pose)),
      picture,
      softness * perMm,
    )
  const weave = texture(anatomy.seed, 'weave', 3)
  const mottle = texture(anatomy.seed, 'mottle', 16)
  const fine = texture(anatomy.seed, 'fine', 5)
  const det = pose.a * pose.d - pose.b * pose.c
  const field = (value: (x: number, y: number) => number): Cover =>
    coverFrom(picture, (px, py) => {
      const [u, v] = [px - pose.e, py - pose.f]
      return value((pose.d * u - pose.b * v) / det, (pose.a * v - pose.c * u) / det)
    })
  shine(
    picture,
    field((x, y) => weave(x, y)),
    [0.025, 0.025, 0.025],
  )
  // The shadow on the cloth, the torn membranes around the disc, the disc.
  mix(picture, cut([discOf(scene, 1.06).map((v, i) => v + (i % 2 === 0 ? 3 : 4))], 5), [0.02, 0.02, 0.03], 0.5)
  mix(picture, cut([discOf(scene, 1.07)], 1.4), [0.58, 0.36, 0.34], 0.75)
  const disc = cut([discOf(scene)], 1.5)
  const blue = 1 - anatomy.hue
  mix(picture, disc, [0.5 - 0.1 * blue, 0.2 + 0.05 * blue, 0.22 + 0.13 * blue])
  const patches = field((x, y) => Math.max(0, mottle(x, y) + 0.4 * fine(x, y)))
  if (disc) {
    mix(picture, times(patches, disc), [0.42, 0.11, 0.13], 0.75)
    const pale = field((x, y) => Math.max(0, -mottle(x + 40, y) - 0.3 * fine(x, y)))
    mix(picture, times(pale, disc), [0.6, 0.42, 0.46], 0.5)
  }
  const on = (name: string): { k: number; index: number; shape: PlacentaShape } | undefined => {
    const index = scene.findings.findIndex((finding) => finding.name === name)
    const finding = scene.findings[index]
    return finding && !without.has(index) ? { k: finding.strength * contrast, index, shape: finding.shape } : undefined
  }
  const vessels = vesselsOf(scene)
  const lines = (artery: boolean, factor: number): Points[] =>
    vessels
      .filter((vessel) => vessel.artery === artery)
      .map(({ path, width }) => ribbon(path, width * factor, width * factor * 0.45))
  mix(picture, cut(lines(false, 1.2), 0.6), [0.24, 0.07, 0.15], 0.7)
  mix(picture, cut(lines(true, 0.9), 0.4), [0.3, 0.12, 0.27], 0.75)
  shine(picture, cut(lines(true, 0.28), 0.3), [0.16, 0.13, 0.17])

  const blood = on('Marginal Haematoma')
  if (blood)
    mix(
      picture,
      cut(placentaOutlines(scene, blood.index).flat(), 1.2),
      [0.14, 0.015, 0.02],
      0.95 * Math.min(1.05, blood.k),
    )
  const clot = on('Chorionic Thrombus')
  if (clot)
    mix(picture, cut(placentaOutlines(scene, clot.index).flat(), 0.9), [0.82, 0.73, 0.6], 0.95 * Math.min(1.05, clot.k))
  // Opaque membranes veil the vessels; meconium colours them.
  const opaque = on('Chorioamnionitis')
  if (opaque && disc) {
    const veil = texture(opaque.shape.seed, 'veil', 26)
    const cloud = field((x, y) => 0.5 + 0.5 * Math.max(-0.8, veil(x, y)) + 0.12 * fine(x, y))
    mix(picture, times(cloud, disc), [0.76, 0.68, 0.5], (0.4 + 0.25 * opaque.shape.amount) * Math.min(1.3, opaque.k))
  }
  const green = on('Meconium Staining')
  const stain = green ? (0.34 + 0.26 * green.shape.amount) * Math.min(1.3, green.k) : 0
  if (stain > 0) mix(picture, cut([discOf(scene, 1.06)], 2), [0.33, 0.36, 0.1], stain)

  const cord = cordOf(scene)
  const sick = on('Fetal Inflammatory Response')
  mix(
    picture,
    cut(
      [
        ribbon(
          cord.map((v, i) => v + (i % 2 === 0 ? 1.5 : 2.5)),
          12,
        ),
      ],
      2.5,
    ),
    [0.05, 0.02, 0.03],
    0.45,
  )
  const jelly: [number, number, number] = [0.78, 0.7, 0.72]
  mix(picture, cut([ribbon(cord, 11)], 0.7), jelly)
  if (sick)
    mix(
      picture,
      cut([ribbon(cord, 11)], 0.7),
      [0.8, 0.66, 0.3],
      (0.65 + 0.3 * sick.shape.amount) * Math.min(1.05, sick.k),
    )
  if (stain > 0) mix(picture, cut([ribbon(cord, 11)], 0.7), [0.45, 0.47, 0.16], stain * 0.7)
  mix(picture, cut(twists(cord, anatomy.coils), 0.8), [0.46, 0.22, 0.34], 0.5)
  shine(
    picture,
    cut(
      [
        ribbon(
          cord.map((v, i) => v - (i % 2 === 0 ? 1.4 : 1.8)),
          1.6,
        ),
      ],
      0.8,
    ),
    [0.2, 0.2, 0.2],
  )

  // Wet membranes shine under the lamp.
  const [direction, glare] = anatomy.lamp
  const wet = texture(anatomy.seed, 'wet', 9)
  const [lx, ly] = [Math.cos(direction) * 45, Math.sin(direction) * 40]
  if (disc) {
    const spots = field(
      (x, y) => Math.max(0, wet(x * 0.8, y * 1.4) - 0.55) * 2 * Math.exp(-((x - lx) ** 2 + (y - ly) ** 2) / 2600),
    )
    shine(picture, times(spots, disc), [0.9, 0.9, 0.95])
  }
  shine(
    picture,
    field((x, y) => (x * Math.cos(direction) + y * Math.sin(direction)) / 120),
    [glare * 0.3, glare * 0.3, glare * 0.28],
  )
  if (scene.tag.boxed) ruler(picture, size)
  const stream = random(scene.seed, scene.domain, 'noise', scene.index)
  const { camera } = anatomy
  expose(picture, { ...camera, blur: (camera.blur * size) / 240, noise: camera.noise * noise }, stream)
  return picture
}

/** One cover where another is too. */
function times(a: Cover, b: Cover): Cover {
  const values = new Float32Array(b.values.length)
  for (let y = 0; y < b.height; y++) {
    for (let x = 0; x < b.width; x++) {
      const other = a.values[(y + b.y - a.y) * a.width + x + b.x - a.x] as number
      values[y * b.width + x] = Math.min(1, b.values[y * b.width + x] as number) * other
    }
  }
  return { ...b, values }
}

/** The vessels that wind around each other in the cord. */
function twists(cord: Points, coils: number): Points[] {
  const n = cord.length / 2
  return [0, 2.6].map((phase) => {
    const path: Points = []
    for (let i = 0; i < n; i++) {
      const [a, b] = [Math.max(0, i - 1), Math.min(n - 1, i + 1)]
      const dx = (cord[2 * b] as number) - (cord[2 * a] as number)
      const dy = (cord[2 * b + 1] as number) - (cord[2 * a + 1] as number)
      const length = Math.hypot(dx, dy) || 1
      const off = 3.2 * Math.sin(phase + (coils * 2 * Math.PI * i) / n)
      path.push((cord[2 * i] as number) - (dy / length) * off, (cord[2 * i + 1] as number) + (dx / length) * off)
    }
    return ribbon(path, 3.6)
  })
}

/** A ruler along the lower edge, in pixels. */
function ruler(picture: Colours, size: number): void {
  const [x0, y0, w, h] = [size * 0.12, size * 0.935, size * 0.5, size * 0.045]
  const bar = (x: number, y: number, width: number, height: number): Points => [
    x,
    y,
    x + width,
    y,
    x + width,
    y + height,
    x,
    y + height,
  ]
  mix(picture, coverOf([bar(x0, y0, w, h)], picture), [0.86, 0.85, 0.8])
  const marks = Array.from({ length: 16 }, (_, k) =>
    bar(x0 + (w * (k + 0.5)) / 16, y0, size * 0.004, h * (k % 5 === 0 ? 0.7 : 0.4)),
  )
  mix(picture, coverOf(marks, picture), [0.1, 0.1, 0.1])
}
