/**
 * @file Draws a breast in the cranio-caudal (CC) or the oblique (MLO) view: fat, glandular tissue that points to the nipple,
 * ligaments, skin, the pectoral muscle, and what is found. mm: x from the chest wall (0) to the nipple, y down.
 */

import { random } from '../../core/random.ts'
import { addTo, type Canvas, cover, fieldOf, fill, sum } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, inside, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { MammogramScene, MammogramShape } from './scene.ts'

export type MammogramView = 'CC' | 'MLO'

/** The skin line. The oblique breast hangs: its lower half is fuller. */
export function breastOf({ anatomy: { depth, half } }: MammogramScene, view: MammogramView, inset = 0): Points {
  const points: Points = [-40, -half * (view === 'MLO' ? 1.5 : 1.02) + inset]
  const n = 28
  for (let k = 0; k <= n; k++) {
    const t = (k / n) * Math.PI - Math.PI / 2
    const sag = view === 'MLO' ? 0.16 * half * Math.cos(t) : 0
    const x = (depth - inset) * Math.cos(t) ** 0.82
    const y = (half - inset) * Math.sin(t) * (view === 'MLO' && t < 0 ? 1.35 : 1)
    // The nipple.
    const bump = 4.5 * Math.exp(-((t / 0.05) ** 2))
    points.push(x + bump, y + sag)
  }
  points.push(-40, half * 1.02 - inset)
  return points
}

/** The muscle across the upper corner of the oblique view. */
export function pectoralOf({ anatomy: { pectoral, half } }: MammogramScene): Points {
  const [width, length] = pectoral
  const top = -half * 1.5
  return smoothClosed(
    [
      -40,
      top - 40,
      width + 14,
      top - 40,
      width,
      top,
      width * 0.6,
      top + length * 0.5,
      width * 0.2,
      top + length * 0.9,
      -14,
      top + length * 1.15,
      -40,
      top + length,
    ],
    4,
  )
}

/** Where a finding lies in the view. */
export function positionIn(shape: MammogramShape, view: MammogramView): [number, number] {
  const [depth, up, out] = shape.at
  return view === 'CC' ? [depth, -out] : [depth, -up * 0.92 - out * 0.25]
}

/** Closed curves of a finding; none where the view does not reach. */
export function mammogramOutlines(scene: MammogramScene, index: number, view: MammogramView): Points[][] {
  const { name, shape } = scene.findings[index] as MammogramScene['findings'][number]
  const [x, y] = positionIn(shape, view)
  switch (name) {
    case 'Mass': {
      const rays = shape.margin === 'spiculated' ? spicules(shape, x, y).map((path) => ribbon(path, 1.4, 0.8)) : []
      return [[massOutline(shape, x, y), ...rays]]
    }
    case 'Calcifications':
      return [specks(shape, x, y)]
    case 'Architectural Distortion':
      return [spicules(shape, x, y).map((path) => ribbon(path, 1.8, 1))]
    case 'Skin Thickening':
      return [[skinPatch(scene, shape, view)]]
    case 'Lymph Node':
      return view === 'MLO' ? [[ellipse(x, y, shape.size / 2, shape.size / 3, 0.9, 16)]] : []
  }
}

function massOutline(shape: MammogramShape, x: number, y: number): Points {
  const stream = random(shape.seed, 'mass')
  const r = shape.size / 2
  const ratio = shape.form === 'oval' ? 0.68 : 1
  const rough = shape.form === 'irregular' ? 0.24 : 0.04
  return smoothClosed(
    ellipse(x, y, r, r * ratio, stream.uniform(0, 3), 12, () => 1 + stream.uniform(-rough, rough)),
    4,
  )
}

/** Lines that run to a centre. */
function spicules(shape: MammogramShape, x: number, y: number): Points[] {
  const stream = random(shape.seed, 'spicules')
  const reach = shape.margin === 'spiculated' ? shape.size * 1.05 : shape.size / 2
  const n = 13
  return Array.from({ length: n }, (_, k) => {
    const angle = (2 * Math.PI * (k + stream.uniform(-0.3, 0.3))) / n
    const length = reach * stream.uniform(0.7, 1)
    const bend = stream.uniform(-0.25, 0.25)
    const from = shape.margin === 'spiculated' ? 0.08 : 0.2
    const at = (r: number, turn: number): [number, number] => [
      x + Math.cos(angle + turn) * r,
      y + Math.sin(angle + turn) * r,
    ]
    return smoothPath([...at(reach * from, 0), ...at(length * 0.55, bend * 0.5), ...at(length, bend)], 3)
  })
}

function specks(shape: MammogramShape, x: number, y: number): Points[] {
  const stream = random(shape.seed, 'specks')
  const coarse = shape.kind === 'coarse'
  const n = coarse ? 4 : 10 + stream.int(6)
  const radius = coarse ? 1.9 : shape.kind === 'punctate' ? 0.95 : 0.85
  return Array.from({ length: n }, () => {
    const r = (shape.size / 2) * Math.sqrt(stream.uniform())
    const a = stream.uniform(0, 2 * Math.PI)
    const long = shape.kind === 'fine pleomorphic' ? stream.uniform(1, 2.2) : 1
    const s = radius * stream.uniform(0.8, 1.25)
    return ellipse(x + r * Math.cos(a), y + r * Math.sin(a), s * long, s, stream.uniform(0, 3), 8)
  })
}

function skinPatch(scene: MammogramScene, shape: MammogramShape, view: MammogramView): Points {
  const skin = breastOf(scene, view, shape.size * 0.35)
  const n = skin.length / 2
  const from = Math.floor(n * (shape.at[1] > 0 ? 0.22 : 0.52))
  return ribbon(skin.slice(from * 2, (from + Math.floor(n * 0.26)) * 2), shape.size)
}

/** Greys in [0, 1]. */
export function drawMammogram(
  scene: MammogramScene,
  canvas: Canvas,
  view: MammogramView,
  { contrast, without }: Drawing,
): Float32Array {
  const { depth, half, density, seed } = scene.anatomy
  const skin = breastOf(scene, view)
  const body = cover(canvas, [skin], 0.4)
  const thick = cover(canvas, [skin], 9)
  const stream = random(seed, 'tissue', view)
  const gland = texture(seed, `gland-${view}`, 13)
  const fine = texture(seed, `fine-${view}`, 4.5)
  const fibre = texture(seed, `fibre-${view}`, 3)

  // Glandular tissue: a cone behind the nipple, patchy; more of it, and whiter, in dense breasts.
  const share = [0.16, 0.38, 0.64, 0.92][density] as number
  const lobes: Points[] = []
  for (let k = 0; k < 15; k++) {
    const d = stream.uniform(0.22, 0.86)
    const reach = half * (1 - d) * (0.35 + 0.5 * share)
    const y = stream.uniform(-reach, reach) + (view === 'MLO' ? 4 : 0)
    const r = stream.uniform(6, 17) * (0.6 + 0.55 * share)
    lobes.push(
      ellipse(d * depth, y, r * 1.4, r * 0.8, Math.atan2(-y, depth * (1.05 - d)), 14, () => stream.uniform(0.75, 1.2)),
    )
  }
  const tissue = sum(canvas, lobes, 4.2)
  const strands: Points[] = []
  for (let k = 0; k < 26; k++) {
    const y0 = stream.uniform(-0.85, 0.85) * half
    const d0 = stream.uniform(0.02, 0.5) * depth
    const length = stream.uniform(0.3, 0.75)
    const bend = stream.normal(0, 6)
    const end: [number, number] = [d0 + (depth - d0) * length, y0 * (1 - length)]
    strands.push(
      ribbon(
        smoothPath([d0, y0, (d0 + end[0]) / 2, (y0 + end[1]) / 2 + bend, ...end], 4),
        stream.uniform(0.7, 1.6),
        0.5,
      ),
    )
  }
  const ligaments = sum(
    canvas,
    strands.filter((points) => inside(skin, points[0] as number, points[1] as number)),
    0.35,
  )
  const greys = fieldOf(canvas, 0)
  const pattern = fill(canvas, (x, y) => 0.55 + 0.45 * gland(x, y * 1.3) + 0.3 * fine(x, y))
  const streaks = fill(canvas, (x, y) => fibre(x * 0.4, y))
  for (let i = 0; i < greys.length; i++) {
    const inBody = body[i] as number
    if (inBody <= 0) continue
    const p = Math.max(0, pattern[i] as number)
    const lobe = Math.min(1.3, tissue[i] as number)
    const fat = 0.17 + 0.13 * (thick[i] as number) + 0.018 * (streaks[i] as number)
    const gl = (0.16 + 0.22 * share) * lobe * (0.35 + 0.75 * p)
    greys[i] = inBody * (fat + gl + 0.05 * Math.min(1.5, ligaments[i] as number))
  }
  addTo(greys, cover(canvas, [ribbon(skin.slice(2, -2), 1.7)], 0.4), 0.14)
  if (view === 'MLO') {
    const muscle = cover(canvas, [pectoralOf(scene)], 1.2)
    for (let i = 0; i < greys.length; i++)
      greys[i] =
        (greys[i] as number) + 0.3 * (muscle[i] as number) * (body[i] as number) * (1 + 0.1 * (streaks[i] as number))
  }
  scene.findings.forEach(({ name, strength, shape }, index) => {
    if (without.has(index)) return
    const k = strength * contrast
    const curves = mammogramOutlines(scene, index, view).flat()
    if (curves.length === 0) return
    if (name === 'Mass') {
      const [core, ...rays] = curves as [Points, ...Points[]]
      const soft = shape.margin === 'circumscribed' ? 0.7 : shape.margin === 'spiculated' ? 1.4 : 2.4
      addTo(greys, cover(canvas, [core], soft), 0.27 * k)
      if (rays.length > 0) addTo(greys, cover(canvas, rays, 0.4), 0.17 * k)
    } else if (name === 'Calcifications') addTo(greys, cover(canvas, curves, 0.15), 0.62 * k)
    else if (name === 'Architectural Distortion') addTo(greys, cover(canvas, curves, 0.45), 0.2 * k)
    else if (name === 'Skin Thickening') {
      const patch = cover(canvas, curves, 0.8)
      for (let i = 0; i < greys.length; i++)
        greys[i] = (greys[i] as number) + 0.27 * k * (patch[i] as number) * (body[i] as number)
    } else {
      addTo(greys, cover(canvas, curves, 0.7), 0.3 * k)
      const [x, y] = positionIn(shape, view)
      addTo(greys, cover(canvas, [ellipse(x + 1, y - 1, shape.size / 5, shape.size / 8, 0.9, 12)], 0.6), -0.18 * k)
    }
  })
  // Dense parts saturate slowly, as film does.
  for (let i = 0; i < greys.length; i++) {
    const v = greys[i] as number
    greys[i] = v <= 0.75 ? v : 0.75 + 0.25 * (1 - Math.exp(-(v - 0.75) / 0.25))
  }
  return greys
}
