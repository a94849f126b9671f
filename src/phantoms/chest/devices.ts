/** @file Tubes, lines and pacemakers: metal and plastic drawn over the chest. */

import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { domeOf, placeIn, type Shape } from './anatomy.ts'
import type { Finding, Part, Scene } from './scene.ts'
import type { PartShapes } from './shapes.ts'

/** Shapes of a support device; `u` and `v` of the part shift its tip. */
export function deviceShapes(scene: Scene, finding: Finding, k: number): PartShapes[] {
  return finding.parts.map((part) => {
    switch (finding.device) {
      case 'endotracheal tube':
        return endotracheal(scene, part, k)
      case 'nasogastric tube':
        return nasogastric(scene, part, k)
      case 'central line':
        return centralLine(scene, part, k)
      case 'chest tube':
        return chestTube(scene, part, k)
      default:
        return pacemaker(scene, part, k)
    }
  })
}

/** A tube is its wall twice, with a bright tip. */
function tube(path: Points, width: number, value: number): PartShapes {
  const smooth = smoothPath(path, 6)
  const outer = ribbon(smooth, width)
  const n = smooth.length
  const tip = ellipse(smooth[n - 2] as number, smooth[n - 1] as number, width * 0.75, width * 0.75, 0, 12)
  const shapes: Shape[] = [
    { layer: 'sharp', points: outer, value },
    { layer: 'sharp', points: ribbon(smooth, width * 0.4), value: value * 0.3 },
    { layer: 'sharp', points: tip, value: value * 0.7 },
  ]
  return { shapes, outline: [outer, tip] }
}

function endotracheal(scene: Scene, part: Part, k: number): PartShapes {
  const yaw = scene.acquisition.yaw * 0.5
  const tip = -46 * scene.anatomy.height - part.size
  return tube([yaw + 3, -185, yaw + 1, -130, yaw + 2, tip], 5.5, 0.85 * k)
}

function nasogastric(scene: Scene, part: Part, k: number): PartShapes {
  const yaw = scene.acquisition.yaw * 0.4
  const base = domeOf(scene.anatomy, 1)
  const path = [yaw - 5, -185, yaw - 3, -80, yaw + 8, 0, yaw + 14, base - 5, 30 + part.u * 20, base + 30]
  path.push(52 + part.u * 25, base + 48)
  return tube(path, 4.4, 0.85 * k)
}

function centralLine(scene: Scene, part: Part, k: number): PartShapes {
  const { anatomy, acquisition } = scene
  const s = part.side
  const cava = -anatomy.mediastinum * 0.62 + acquisition.yaw * 0.5
  const top = -108 * anatomy.height
  const tipY = -30 + part.v * 40
  const start = s * anatomy.halfWidth * 0.95
  const path = [
    start,
    top - 4,
    s * anatomy.halfWidth * 0.6,
    top - 2,
    s * 30,
    top + 16,
    cava * (s < 0 ? 1 : 0.6),
    top + 40,
  ]
  path.push(cava, -40, cava, tipY)
  return tube(path, 4, 0.85 * k)
}

function chestTube(scene: Scene, part: Part, k: number): PartShapes {
  const [x, y] = placeIn(scene, part.side, 0.35, 0.15 + 0.2 * part.v)
  const wall = part.side * (scene.anatomy.halfWidth + 26)
  return tube(
    [
      wall,
      62,
      part.side * scene.anatomy.halfWidth * 0.9,
      30,
      (x + part.side * scene.anatomy.halfWidth * 0.75) / 2,
      -10,
      x,
      y,
    ],
    6.5,
    0.48 * k,
  )
}

function pacemaker(scene: Scene, part: Part, k: number): PartShapes {
  const { anatomy, acquisition } = scene
  const s = part.side
  const x = s * anatomy.halfWidth * (0.66 + 0.16 * part.u)
  const y = -78 * anatomy.height + 16 * part.v
  const can = smoothClosed(
    [
      x - 20,
      y - 13,
      x - 4,
      y - 17,
      x + 14,
      y - 16,
      x + 21,
      y - 2,
      x + 16,
      y + 14,
      x,
      y + 18,
      x - 17,
      y + 14,
      x - 22,
      y,
    ],
    4,
  )
  const cava = -anatomy.mediastinum * 0.5 + acquisition.yaw
  const rv = acquisition.yaw + 20 + 14 * part.u
  const base = (anatomy.rightDome + anatomy.leftDome) / 2
  const lead = smoothPath(
    [
      x,
      y - 14,
      s * 62,
      -104 * anatomy.height,
      s * 26,
      -96 * anatomy.height,
      cava,
      -60,
      cava - 4,
      10,
      cava + 10,
      48,
      rv,
      base - 14,
    ],
    6,
  )
  const wire = ribbon(lead, 2.8)
  const tip = ellipse(rv, base - 14, 3.4, 2.6, 0, 10)
  return {
    shapes: [
      { layer: 'sharp', points: can, value: 1.15 * k },
      { layer: 'sharp', points: wire, value: 0.5 * k },
      { layer: 'sharp', points: tip, value: 0.4 * k },
    ],
    outline: [can, wire, tip],
  }
}
