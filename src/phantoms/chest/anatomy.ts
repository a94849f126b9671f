/**
 * @file The chest as closed curves in millimetres. Origin: midline at mid-thorax; x grows to the patient's left (right of
 * the image), y downwards. Shapes add attenuation to a layer; layers differ in softness and in how they combine.
 */

import { type Random, random } from '../../core/random.ts'
import {
  area,
  ellipse,
  mirror,
  offsetPath,
  type Points,
  ribbon,
  shift,
  smoothClosed,
  smoothPath,
  spanAt,
} from '../geometry.ts'
import type { Anatomy, Scene, Side } from './scene.ts'

/** How a shape acts on the ray: see render.ts. */
export type LayerName =
  | 'body'
  | 'chest'
  | 'lung'
  | 'solid'
  | 'fill'
  | 'haze'
  | 'water'
  | 'collapse'
  | 'vessel'
  | 'bone'
  | 'soft'
  | 'sharp'

/** A closed curve in mm that adds `value` to a layer. */
export interface Shape {
  layer: LayerName
  points: Points
  value: number
}

/** Inner half width of the rib cage at height y. */
export function halfAt(a: Anatomy, y: number): number {
  if (y >= 40) return a.halfWidth * (1 + (0.015 * (y - 40)) / 60)
  const t = Math.min(1, (40 - y) / (175 * a.height))
  return a.halfWidth * (1 - t ** 2.15) ** (1 / 1.95)
}

/** Height of the lung apex. */
export function apexOf(a: Anatomy): number {
  return 40 - 175 * a.height * 0.985
}

/** Height of the top of the dome on a side. */
export function domeOf(a: Anatomy, side: Side): number {
  return side < 0 ? a.rightDome : a.leftDome
}

/** Height of the dome's surface at lateral distance x from the midline. */
export function domeAt(a: Anatomy, side: Side, x: number): number {
  const top = domeOf(a, side)
  const peak = a.halfWidth * 0.52
  const edge = a.halfWidth * 1.01
  if (x > peak) return top + a.domeHeight * ((x - peak) / (edge - peak)) ** 2.3
  return top + Math.min(14, a.domeHeight * 0.45) * ((peak - x) / (peak - 20)) ** 2
}

/** The lung of one side. */
export function lungOf(a: Anatomy, side: Side): Points {
  const points: Points = []
  const apex = apexOf(a)
  const bottom = domeAt(a, side, a.halfWidth * 1.0)
  const steps = 26
  for (let i = 0; i <= steps; i++) {
    const y = apex + (bottom - apex) * (i / steps) ** 1.4
    points.push(Math.max(20, halfAt(a, y) - 1), y)
  }
  for (let i = 1; i <= 16; i++) {
    const x = a.halfWidth - ((a.halfWidth - 22) * i) / 16
    points.push(x, domeAt(a, side, x))
  }
  const base = domeAt(a, side, 22)
  for (let i = 1; i <= 8; i++) points.push(13 + 4 * Math.sin((i / 8) * Math.PI), base + ((apex + 4 - base) * i) / 8)
  return side < 0 ? mirror(points) : points
}

/** Area of both lungs in square mm in usual inspiration, heart included: what sizes are a share of. */
export function lungArea(anatomy: Anatomy): number {
  const { inspiration, rightDome, leftDome } = anatomy
  const a = { ...anatomy, rightDome: rightDome - inspiration, leftDome: leftDome - inspiration }
  return Math.abs(area(lungOf(a, -1))) + Math.abs(area(lungOf(a, 1)))
}

/** The heart with the great vessels' root; its width is the cardiothoracic ratio times the inner thorax. */
export function heartOf(scene: Scene): Points {
  const a = scene.anatomy
  const width = a.cardiothoracicRatio * 2 * a.halfWidth
  const r = width * 0.335
  const l = width * 0.665
  const base = (a.rightDome + a.leftDome) / 2 + 12
  const top = base - 118 - 16 * (a.cardiothoracicRatio - 0.45) * 4
  const h = base - top
  const at = (x: number, v: number): [number, number] => [x, top + v * h]
  return shift(
    smoothClosed(
      [
        ...at(-a.mediastinum * 0.9, 0),
        ...at(-r * 0.72, 0.28),
        ...at(-r * 0.97, 0.52),
        ...at(-r * 0.98, 0.74),
        ...at(-r * 0.66, 1),
        ...at(l * 0.2, 1.1),
        ...at(l * 0.74, 1.06),
        ...at(l * 0.985, 0.9),
        ...at(l * 0.96, 0.72),
        ...at(l * 0.74, 0.47),
        ...at(Math.max(34, l * 0.46), 0.22),
        ...at(a.mediastinum * 1.05, 0),
      ],
      5,
    ),
    scene.acquisition.yaw,
    0,
  )
}

/** The upper mediastinum: superior vena cava on the right, aortic knob on the left. */
export function mediastinumOf(scene: Scene): Points {
  const a = scene.anatomy
  const m = a.mediastinum
  const bulge = Math.max(0, m - 30) * 0.5
  return shift(
    smoothClosed(
      [
        ...[-m * 1.35, -180, -m * 1.05, -125, -m * 0.86 - bulge * 0.6, -88, -m * 0.92 - bulge, -50, -m * 0.8, -5],
        ...[0, 45, m * 0.8, -5, m * 0.9 + bulge, -36, m * 0.78 + a.aorticKnob * 0.75 + bulge, -60],
        ...[m * 0.84 + bulge * 0.6, -90, m * 1.0, -125, m * 1.35, -180],
      ],
      5,
    ),
    scene.acquisition.yaw * 0.5,
    0,
  )
}

/** Places a lung-relative point (u: 0 medial to 1 lateral of the lung that is seen free of the heart; v: apex to dome). */
export function placeIn(scene: Scene, side: Side, u: number, v: number): [number, number] {
  const a = scene.anatomy
  const apex = apexOf(a) + 12
  const y = apex + (domeOf(a, side) - 6 - apex) * v
  let medial = Math.max(26, a.mediastinum)
  for (const solid of [heartOf(scene), mediastinumOf(scene)]) {
    const span = spanAt(solid, y)
    if (span) medial = Math.max(medial, side < 0 ? -span[0] : span[1])
  }
  const lateral = Math.max(medial + 10, halfAt(a, y))
  return [side * (medial + (lateral - medial) * u), y]
}

/** Middle line of a posterior rib (index 0-9) of a side, from the spine to the lateral chest wall and round to the front. */
export function ribPath(a: Anatomy, side: Side, rib: number): { back: Points; front: Points } {
  const y0 = -122 * a.height + rib * a.ribSpacing
  const drop = 22 + 4.2 * rib
  const yl = y0 + drop
  const xl = Math.max(30, halfAt(a, yl) + 3)
  const back: Points = []
  for (let i = 0; i <= 12; i++) {
    const t = i / 12
    back.push(
      side * (17 + (xl - 17) * Math.sin((t * Math.PI) / 2) ** 0.92),
      y0 - 9 * Math.sin(Math.PI * t) + drop * t ** 2.4,
    )
  }
  const front: Points = []
  const end = 30 + 4.2 * rib
  const fall = 26 + 4.4 * rib
  for (let i = 0; i <= 8; i++) {
    const t = i / 8
    front.push(
      side * (end + (xl - end) * Math.cos((t * Math.PI) / 2) ** 0.9),
      yl + fall * Math.sin((t * Math.PI) / 2) ** 1.1,
    )
  }
  return { back, front }
}

/** Thickness of a rib, mm. */
export const ribWidth = 10

/** Everything that belongs to a healthy chest of this patient. Ribs named in `skip` ("side:rib") are left to the findings. */
export function anatomyShapes(scene: Scene, skip: ReadonlySet<string> = new Set()): Shape[] {
  const a = scene.anatomy
  const stream = random(a.seed, 'anatomy')
  const shapes: Shape[] = []
  const add = (layer: LayerName, points: Points, value: number): void => {
    shapes.push({ layer, points, value })
  }
  torso(a, add)
  for (const side of [-1, 1] as const) {
    add('lung', lungOf(a, side), 1)
    ribs(a, side, skip, add)
    shoulder(scene, side, add)
    vessels(scene, side, stream, add)
  }
  add('solid', heartOf(scene), 0.9)
  add('solid', mediastinumOf(scene), 0.9)
  spine(a, scene.acquisition.yaw, add)
  airways(scene, add)
  if (a.breast > 0) {
    for (const side of [-1, 1]) {
      add('body', ellipse(side * a.halfWidth * 0.62, 62, 52 * a.breast, 46 * a.breast, 0, 24), 0.2 * a.breast)
      add('soft', ellipse(side * a.halfWidth * 0.62, 64, 50 * a.breast, 44 * a.breast, 0, 24), 0.07)
    }
  }
  // Stomach bubble and a little bowel gas under the left dome.
  const gas = ellipse(
    stream.uniform(45, 75),
    a.leftDome + stream.uniform(24, 34),
    stream.uniform(14, 28),
    stream.uniform(8, 14),
  )
  add('soft', gas, -0.28)
  return shapes
}

type Add = (layer: LayerName, points: Points, value: number) => void

function torso(a: Anatomy, add: Add): void {
  const flank = a.halfWidth + 20 + a.fat
  const half: Points = [
    ...[44, -230, 48, -172, 90, -152, 165, -140, 205, -112, 222, -60, 226, 10, 240, 80, 205, 78, 178, 30],
    ...[flank + 14, 10, flank + 4, 60, flank, 120, flank + 6, 240],
  ]
  const left: Points = []
  for (let i = half.length - 2; i >= 0; i -= 2) left.push(-(half[i] as number), half[i + 1] as number)
  add('body', smoothClosed([...half, ...left], 4), 1.05 + a.fat * 0.008)
  const cage: Points = []
  for (let i = 0; i <= 24; i++) {
    const y = apexOf(a) - 2 + ((260 - apexOf(a)) * i) / 24
    cage.push(halfAt(a, y) + 3, y)
  }
  for (let i = cage.length - 2; i >= 0; i -= 2) cage.push(-(cage[i] as number), cage[i + 1] as number)
  add('chest', cage, 0.75)
}

function ribs(a: Anatomy, side: Side, skip: ReadonlySet<string>, add: Add): void {
  for (let rib = 0; rib < 10; rib++) {
    const { back, front } = ribPath(a, side, rib)
    const c = a.ribContrast
    if (!skip.has(`${side}:${rib}`)) ribShapes(back, c, add)
    if (rib < 8) {
      add('bone', ribbon(front, 10, 12), 0.09 * c)
      add('bone', ribbon(offsetPath(front, -side * 5.5), 2, 2), 0.06 * c)
    }
  }
}

/** A posterior rib along a path: body and denser margins (a shell seen from the side). */
export function ribShapes(path: Points, contrast: number, add: Add): void {
  add('bone', ribbon(path, ribWidth - 2, ribWidth), 0.17 * contrast)
  add('bone', ribbon(offsetPath(path, ribWidth * 0.45), 2.2), 0.11 * contrast)
  add('bone', ribbon(offsetPath(path, -ribWidth * 0.45), 2.2), 0.11 * contrast)
}

function shoulder(scene: Scene, side: Side, add: Add): void {
  const a = scene.anatomy
  const w = a.halfWidth / 138
  const yaw = scene.acquisition.yaw * 0.8
  const top = -108 * a.height
  const clavicle = smoothPath([
    ...[side * 16 + yaw, top + 8, side * 42 * w + yaw, top - 2, side * 85 * w, top - 16],
    ...[side * 125 * w, top - 30, side * 165 * w, top - 34],
  ])
  add('bone', ribbon(clavicle, 13, 11), 0.2)
  add('bone', ribbon(offsetPath(clavicle, 5.4), 2.2), 0.13)
  add('bone', ribbon(offsetPath(clavicle, -5.4), 2.2), 0.13)
  const blade: Points = [
    ...[side * 150 * w, -128, side * 178 * w, -100, side * 172 * w, -50, side * 150 * w, 20, side * 142 * w, 26],
    ...[side * 133 * w, -10, side * 128 * w, -70, side * 134 * w, -112],
  ]
  const edge = smoothClosed(blade, 5)
  add('soft', edge, 0.1)
  add('bone', ribbon(smoothPath(blade.slice(8), 6), 2.4), 0.16)
  add('bone', ribbon([side * 178 * w, -104, side * 152 * w, 16], 3), 0.16)
  add('bone', ribbon([side * 132 * w, -104, side * 182 * w, -132], 8), 0.14)
  add('bone', ellipse(side * 192 * w, -106, 24, 24), 0.4)
  add('bone', ribbon([side * 198 * w, -96, side * 216 * w, 60], 26), 0.35)
}

function spine(a: Anatomy, yaw: number, add: Add): void {
  add('soft', [-17, -240, 17, -240, 19, 240, -19, 240], 0.2)
  for (let y = -150; y < 180; y += 23.5 * a.height) {
    add('bone', [-17, y, 17, y, 17, y + 4.5, -17, y + 4.5], -0.1)
    add('bone', ellipse(-10, y + 13, 3.4, 4.2), 0.1)
    add('bone', ellipse(10, y + 13, 3.4, 4.2), 0.1)
    add('bone', ellipse(-yaw * 0.4, y + 16, 2.2, 5), 0.12)
  }
}

function airways(scene: Scene, add: Add): void {
  const yaw = scene.acquisition.yaw * 0.5
  const carina = -46 * scene.anatomy.height
  add('soft', ribbon(smoothPath([yaw, -230, yaw + 1, -120, yaw + 2, carina]), 17, 16), -0.24)
  add('soft', ribbon([yaw + 2, carina - 3, yaw - 26, carina + 28], 12, 9), -0.17)
  add('soft', ribbon([yaw + 2, carina - 3, yaw + 34, carina + 26], 11, 8), -0.17)
}

/** Hilum and branching vessels that fade outwards. */
function vessels(scene: Scene, side: Side, stream: Random, add: Add): void {
  const a = scene.anatomy
  const hx = side * (a.mediastinum + 6)
  const hy = (side < 0 ? -14 : -22) * a.height
  add('vessel', ellipse(hx, hy + 6, 9, 20, side * 0.35, 14), 0.3)
  const branch = (x: number, y: number, angle: number, length: number, width: number, depth: number): void => {
    const path: Points = [x, y]
    let heading = angle
    let [px, py] = [x, y]
    const bend = stream.uniform(-0.14, 0.14)
    for (let i = 0; i < 4; i++) {
      heading += bend + stream.normal(0, 0.07)
      px += (Math.cos(heading) * length) / 4
      py += (Math.sin(heading) * length) / 4
      path.push(px, py)
      if (depth > 0 && i > 0 && i < 4 && stream.chance(0.75)) {
        const turn = (stream.chance(0.5) ? 1 : -1) * stream.uniform(0.4, 0.8)
        branch(px, py, heading + turn, length * stream.uniform(0.45, 0.7), width * 0.55, depth - 1)
      }
    }
    add('vessel', ribbon(path, width, width * 0.35), (0.1 + 0.035 * width) * a.vesselContrast)
  }
  const fan = 9
  for (let k = 0; k < fan; k++) {
    // From straight up-and-out through lateral to down: more and wider vessels to the base.
    const angle = -1.25 + (2.65 * k) / (fan - 1) + stream.normal(0, 0.1)
    const down = k / (fan - 1)
    const heading = side > 0 ? angle : Math.PI - angle
    const width = (3.2 + 2.6 * down) * stream.uniform(0.8, 1.15)
    branch(hx, hy + 22 * (down - 0.4), heading, stream.uniform(62, 88) + 15 * down, width, 2)
  }
}
