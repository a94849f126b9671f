/**
 * @file The same chest from the side. Origin: mid-thorax; d grows from the sternum (left of the image) to the spine, y
 * downwards as in the frontal view, so heights of both views agree. Both lungs lie over each other: each counts half.
 */

import { type Random, random } from '../../core/random.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath, spanAt } from '../geometry.ts'
import { apexOf, domeOf, type LayerName, type Shape } from './anatomy.ts'
import type { Anatomy, Finding, Part, Scene, Side } from './scene.ts'
import { hernia, lumpAt, type PartShapes, patchAt } from './shapes.ts'

/** Half of the inner depth of the thorax, mm: a barrel when the lungs hold too much air. */
export function depthOf(a: Anatomy): number {
  return a.halfWidth * (a.air > 1.15 ? 0.82 : 0.71)
}

/** Where the front of the dome of a side meets the chest wall, and how deep it falls at the back. */
function domeLine(a: Anatomy, side: Side): Points {
  const D = depthOf(a)
  const top = domeOf(a, side)
  const fall = a.domeHeight
  const line: Points = []
  for (let i = 0; i <= 16; i++) {
    const d = -0.93 + (1.86 * i) / 16
    const rise = d < -0.25 ? 0.45 * fall * ((-0.25 - d) / 0.68) ** 2 : 1.25 * fall * ((d + 0.25) / 1.18) ** 2.2
    line.push(d * D, top + rise)
  }
  return line
}

/** One lung from the side. */
export function lateralLung(a: Anatomy, side: Side): Points {
  const D = depthOf(a)
  const apex = apexOf(a)
  const dome = domeLine(a, side)
  const last = dome[dome.length - 1] as number
  // Down the front, along the dome to the deep angle behind, up along the spine.
  const points = [-0.12 * D, apex + 1, -0.42 * D, apex + 22, -0.72 * D, apex + 62, -0.9 * D, apex + 112, -0.97 * D, 30]
  points.push(...dome)
  points.push(0.99 * D, last - 45, 0.97 * D, 10, 0.86 * D, -60, 0.62 * D, apex + 26, 0.28 * D, apex + 3)
  return smoothClosed(points, 3)
}

/** The heart from the side: on the dome, behind the lower sternum. */
export function lateralHeart(scene: Scene): Points {
  const a = scene.anatomy
  const D = depthOf(a)
  const size = a.cardiothoracicRatio / 0.45
  const base = (a.rightDome + a.leftDome) / 2 + 10
  const width = 0.5 * D * size
  return smoothClosed(
    [
      ...[-0.84 * D, base - 8, -0.83 * D, base - 52 * size, -0.62 * D, base - 88, -0.36 * D, base - 112],
      ...[
        -0.1 * D,
        base - 104,
        -0.34 * D + width,
        base - 66,
        -0.36 * D + width,
        base - 28,
        -0.3 * D + 0.7 * width,
        base + 4,
      ],
    ],
    5,
  )
}

/** The vessels above the heart, in front of the windpipe: they fill the space behind the sternum when they are wide. */
export function lateralMediastinum(scene: Scene): Points {
  const a = scene.anatomy
  const D = depthOf(a)
  const front = Math.min(0.82, 0.3 + Math.max(0, a.mediastinum - 30) * 0.021)
  const base = (a.rightDome + a.leftDome) / 2
  return smoothClosed(
    [
      ...[-front * D, base - 92, -front * D, -62, -0.26 * D, -112 * a.height, 0.02 * D, -116 * a.height],
      ...[0.12 * D, -66, 0.05 * D, base - 98],
    ],
    5,
  )
}

/** Share of the way from sternum to spine at which a part lies: the words of its lobe allow no other. */
function shareOf(part: Part, zone: Finding['zone']): number {
  const at = random(part.seed, 'depth').uniform()
  if (zone === 'mid') return 0.2 + 0.28 * at
  return zone === 'lower' ? 0.6 + 0.24 * at : 0.38 + 0.34 * at
}

/** Height of a lung-relative point, as in the frontal view, and its depth. */
function placeOf(scene: Scene, part: Part, zone: Finding['zone']): [number, number] {
  const a = scene.anatomy
  const apex = apexOf(a) + 12
  const y = apex + (domeOf(a, part.side) - 6 - apex) * part.v
  const [front, back] = spanAt(lateralLung(a, part.side), y) ?? [-60, 60]
  return [front + (back - front) * shareOf(part, zone), y]
}

type Add = (layer: LayerName, points: Points, value: number) => void

/** Everything that belongs to a healthy chest of this patient. */
export function lateralAnatomy(scene: Scene): Shape[] {
  const a = scene.anatomy
  const D = depthOf(a)
  const shapes: Shape[] = []
  const add: Add = (layer, points, value) => shapes.push({ layer, points, value })
  const stream = random(a.seed, 'lateral')
  const wall = 16 + a.fat * 0.7
  const front = -D - wall
  const back = D + 32 + a.fat * 0.4
  const torso = [
    ...[
      -0.45 * D,
      -240,
      -0.5 * D,
      -170,
      front + 26,
      -120,
      front + 6,
      -70,
      front,
      0,
      front - 4,
      80,
      front - 8 - a.fat,
      240,
    ],
    ...[back + 2, 240, back, 80, back + 6, -20, back + 2, -90, back - 22, -150, 0.75 * D, -200, 0.7 * D, -240],
  ]
  add('body', smoothClosed(torso, 4), 1.35 + a.fat * 0.008)
  if (a.breast > 0) add('body', ellipse(front - 8, 62, 34 * a.breast, 44 * a.breast, 0, 24), 0.5 * a.breast)
  // Arms are lifted; their roots lie over the apices.
  add('body', ellipse(0.1 * D, -165, 70, 38, -0.2, 20), 0.35)
  for (const side of [-1, 1] as const) add('lung', lateralLung(a, side), 0.5)
  add('chest', smoothClosed([-1.04 * D, -130, 1.06 * D, -130, 1.06 * D, 260, -1.04 * D, 260], 3), 0.55)
  add('solid', lateralHeart(scene), 0.42)
  add('solid', lateralMediastinum(scene), 0.26)
  const base = (a.rightDome + a.leftDome) / 2
  const arch = smoothPath(
    [-0.2 * D, base - 100, -0.08 * D, -74, 0.24 * D, -80, 0.46 * D, -52, 0.56 * D, 20, 0.55 * D, base + 20],
    5,
  )
  add('solid', ribbon(arch, 19 + a.aorticKnob * 0.35), 0.16)
  spineAndSternum(a, D, add)
  for (let rib = 0; rib < 9; rib++) {
    for (const side of [-1, 1]) {
      const y = -118 * a.height + rib * a.ribSpacing + side * 2.5
      const path = smoothPath([0.86 * D, y, 0.45 * D, y + 8, -0.2 * D, y + 34, -0.86 * D, y + 66], 4)
      add('bone', ribbon(path, 8.5), 0.045 * a.ribContrast)
    }
  }
  airway(a, D, add)
  hilum(a, stream, add)
  add('soft', ellipse(stream.uniform(-30, 5), a.leftDome + stream.uniform(24, 34), stream.uniform(14, 26), 10), -0.26)
  return shapes
}

function spineAndSternum(a: Anatomy, D: number, add: Add): void {
  const step = 23.5 * a.height
  for (let i = 0; i < 13; i++) {
    const y = -150 * a.height + i * step
    // Lung over the spine grows towards the base: vertebrae turn darker downwards.
    const value = 0.32 - 0.012 * i
    const d = 0.86 * D - 0.06 * D * Math.sin((Math.PI * i) / 12)
    add('bone', [d - 15, y, d + 16, y + 1, d + 16, y + step - 4, d - 15, y + step - 5], value)
    add('bone', ellipse(d + 30, y + 12, 8, 5, 0.5, 12), 0.12)
  }
  add(
    'bone',
    ribbon(smoothPath([-0.62 * D, -104 * a.height, -0.93 * D, -60, -1.03 * D, 10, -1.03 * D, 46], 5), 9),
    0.24,
  )
}

function airway(a: Anatomy, D: number, add: Add): void {
  const carina = -40 * a.height
  add('soft', ribbon(smoothPath([0.02 * D, -230, 0.06 * D, -130, 0.16 * D, carina]), 16, 15), -0.24)
  add('soft', ellipse(0.18 * D, carina + 10, 7, 8, 0, 14), -0.16)
}

function hilum(a: Anatomy, stream: Random, add: Add): void {
  add('vessel', ellipse(6, -14 * a.height, 17, 22, 0.2, 16), 0.3)
  for (let k = 0; k < 16; k++) {
    const angle = (k / 16) * 2 * Math.PI + stream.normal(0, 0.15)
    const length = stream.uniform(45, 80)
    const bend = stream.uniform(-0.3, 0.3)
    const path: Points = [6, -14 * a.height]
    for (let i = 1; i <= 3; i++) {
      const r = (length * i) / 3
      path.push(6 + Math.cos(angle + (bend * i) / 3) * r, -14 * a.height + Math.sin(angle + (bend * i) / 3) * r)
    }
    add('vessel', ribbon(path, 4, 1.4), 0.17 * a.vesselContrast)
  }
}

/** What a finding adds to the lateral picture; nothing where it cannot be told from the overlap of both sides. */
export function lateralFinding(scene: Scene, finding: Finding, contrast: number): PartShapes[] {
  const k = finding.strength * contrast
  const a = scene.anatomy
  const D = depthOf(a)
  const stream = (part: Part): Random => random(part.seed, 'lateral')
  switch (finding.name) {
    case 'Nodule':
    case 'Mass':
      return finding.parts.map((part) =>
        lumpAt(part, ...placeOf(scene, part, finding.zone), finding.name === 'Mass' ? 0.5 * k : 0.7 * k),
      )
    case 'Consolidation':
      return finding.parts.map((part) => {
        const at = placeOf(scene, part, finding.zone)
        const patch = patchAt(part, ...at)
        return {
          shapes: [{ layer: 'fill', points: patch, value: 0.46 * Math.min(1.2, k) }],
          outline: [patchAt({ ...part, size: part.size + 18 }, ...at)],
        }
      })
    case 'Atelectasis':
      return finding.parts.map((part) => {
        const [d, y] = placeOf(scene, part, finding.zone)
        const tilt = 14 * stream(part).uniform(-1, 1)
        const line = ribbon(
          smoothPath([d - part.size * 0.4, y - tilt, d, y + 2, d + part.size * 0.4, y + tilt], 5),
          part.extra,
        )
        return { shapes: [{ layer: 'soft', points: line, value: 0.5 * k }], outline: [line] }
      })
    case 'Pleural Effusion':
      return finding.parts.map((part) => lateralEffusion(a, part, k))
    case 'Cardiomegaly':
      return [{ shapes: [], outline: [lateralHeart(scene)] }]
    case 'Enlarged Mediastinum':
      return [{ shapes: [], outline: [lateralMediastinum(scene)] }]
    case 'Edema':
      return finding.parts.map((part) => {
        const cloud = ellipse(4, 4, 34 + part.size * 0.3, 56 + part.size * 0.3, 0, 24)
        return { shapes: [{ layer: 'haze', points: cloud, value: 0.32 * k }], outline: [cloud] }
      })
    case 'Fibrosis':
      return finding.parts.map((part) => lateralNet(a, part, k, stream(part)))
    case 'Hiatal Hernia':
      return finding.parts.map((part) => {
        const at: [number, number] = [0.24 * D, a.leftDome - 8 - part.size * 0.3]
        return hernia(part, ...at, { wall: 0.3 * k, body: 0.42 * k, air: -0.62 * k })
      })
    case 'Support Devices':
      return finding.parts.map((part) => lateralDevice(scene, finding, part, k))
    default:
      return []
  }
}

function lateralEffusion(a: Anatomy, part: Part, k: number): PartShapes {
  const D = depthOf(a)
  const dome = domeLine(a, part.side)
  const bottom = (dome[dome.length - 1] as number) + 4
  const level = bottom - part.size * 0.9
  const reach = Math.min(1.7, 0.5 + part.size / 80) * D
  const line: Points = []
  for (let i = 0; i <= 12; i++) {
    const t = i / 12
    line.push(1.02 * D - reach * t, level + (bottom - level) * 0.72 * t ** 1.6 - 10 * (1 - t) ** 4)
  }
  const pool = [...line, 1.02 * D - reach, bottom, 1.02 * D, bottom]
  return { shapes: [{ layer: 'water', points: pool, value: Math.min(0.5, 0.47 * k) }], outline: [pool] }
}

function lateralNet(a: Anatomy, part: Part, k: number, stream: Random): PartShapes {
  const D = depthOf(a)
  const shapes: Shape[] = []
  const base = domeOf(a, part.side)
  for (let i = 0; i < 70; i++) {
    const y = base - part.size * 0.7 * stream.uniform() ** 1.4 + 12
    const d = D * (0.92 - 0.9 * stream.uniform() ** 1.3)
    const angle = stream.uniform(0, Math.PI)
    const [x1, y1] = [Math.cos(angle) * 5.5, Math.sin(angle) * 5.5]
    const points = ribbon([d - x1, y - y1, d + stream.normal(0, 1), y, d + x1, y + y1], stream.uniform(1.5, 2.4))
    shapes.push({ layer: 'soft', points, value: stream.uniform(0.16, 0.28) * k })
  }
  return { shapes, outline: shapes.map((shape) => shape.points) }
}

function lateralDevice(scene: Scene, finding: Finding, part: Part, k: number): PartShapes {
  const a = scene.anatomy
  const D = depthOf(a)
  const base = (a.rightDome + a.leftDome) / 2
  const tube = (path: Points, width: number, value: number): PartShapes => {
    const outer = ribbon(smoothPath(path, 6), width)
    return { shapes: [{ layer: 'sharp', points: outer, value }], outline: [outer] }
  }
  switch (finding.device) {
    case 'endotracheal tube':
      return tube([0.02 * D, -185, 0.05 * D, -130, 0.12 * D, -46 * a.height - part.size], 5.5, 0.85 * k)
    case 'nasogastric tube':
      return tube([0.18 * D, -185, 0.26 * D, -80, 0.4 * D, 0, 0.3 * D, base - 5, 0.05 * D, base + 40], 4.4, 0.85 * k)
    case 'central line':
      return tube(
        [-0.3 * D, -150, -0.34 * D, -112 * a.height, -0.16 * D, -84, -0.14 * D, -30 + part.v * 40],
        4,
        0.85 * k,
      )
    case 'chest tube':
      return tube([0.3 * D, 66, 0.36 * D, 20, 0.2 * D, -40, 0.05 * D, -96], 6.5, 0.48 * k)
    default: {
      const y = -78 * a.height + 16 * part.v
      const can = smoothClosed([-1.12 * D, y - 17, -1.02 * D, y - 15, -0.98 * D, y + 16, -1.1 * D, y + 18], 5)
      const lead = tube(
        [-1.04 * D, y - 12, -0.5 * D, y - 26, -0.14 * D, -60, -0.12 * D, 30, -0.55 * D, base - 12],
        2.8,
        0.5 * k,
      )
      return {
        shapes: [{ layer: 'sharp', points: can, value: 1.15 * k }, ...lead.shapes],
        outline: [can, ...lead.outline],
      }
    }
  }
}
