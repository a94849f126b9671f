/** @file Lesions as polygons in retinal coordinates: the picture paints them, boxes and masks come from the same outlines. */

import { random } from '../../core/random.ts'
import { type Affine, ellipse, type Points, ribbon, smoothPath } from '../geometry.ts'
import { rough, type Spot } from '../outline.ts'
import type { FundusScene, Lesion } from './scene.ts'

/** How a shape is painted. */
export type Ink = 'blood' | 'exudate' | 'cotton' | 'drusen' | 'lace' | 'boat' | 'scar' | 'pigment' | 'pale' | 'hole'

export interface Shape {
  ink: Ink
  points: Points
  strength: number
}

/** Retinal coordinates to pixels of a square picture. */
export function poseOf({ camera, eye }: FundusScene, size: number): Affine {
  const scale = size / 2 / camera.half
  const mirror = eye === 'right' ? 1 : -1
  const [cos, sin] = [Math.cos(camera.turn) * scale, Math.sin(camera.turn) * scale]
  const x = camera.x * mirror
  return {
    a: cos * mirror,
    b: -sin,
    c: sin * mirror,
    d: cos,
    e: size / 2 - cos * x + sin * camera.y,
    f: size / 2 - sin * x - cos * camera.y,
  }
}

/** Outlines of a lesion, a list for each of its groups; the groups are those of the lesion. */
export function lesionShapes(scene: FundusScene, lesion: Lesion): Shape[][] {
  const { strength, name } = lesion
  const { disc } = scene.anatomy
  const as = (ink: Ink, points: Points, factor = 1): Shape => ({ ink, points, strength: strength * factor })
  const each = (shape: (spot: Spot) => Shape[]): Shape[][] => lesion.groups.map((group) => group.flatMap(shape))
  switch (name) {
    case 'Microaneurysms':
      return each((spot) => [as('blood', rough(spot, 1, 0.06, 10))])
    case 'Haemorrhages':
      return each((spot) => {
        // Flames lie along the nerve fibres, which run from the disc; blots are round.
        const flame = random(spot.seed, 'kind').chance(0.35)
        const along = Math.atan2(spot.y - disc.y, spot.x - disc.x)
        return [as('blood', flame ? rough({ ...spot, angle: along }, 1.6, 0.12) : rough(spot, 1.1, 0.13))]
      })
    case 'Hard Exudates':
      return each((spot) => [as('exudate', rough(spot, 1.1, 0.16, 9))])
    case 'Cotton Wool Spots':
      return each((spot) => [as('cotton', rough(spot, 1.2, 0.14))])
    case 'Drusen':
      return each((spot) => [as('drusen', rough(spot, 1, 0.08, 10))])
    case 'Laser Scars':
      return each((spot) => [
        as('scar', rough(spot, 1, 0.08, 12)),
        as('pigment', rough({ ...spot, r: spot.r * 0.45 }, 1.2, 0.2, 8), 0.7),
      ])
    case 'New Vessels':
      return each((spot) => lace(spot).map((points) => as('lace', points)))
    case 'Preretinal Haemorrhage':
      return each((spot) => [as('boat', boat(spot))])
    case 'Macular Hole':
      return each((spot) => [
        as('pale', ellipse(spot.x, spot.y, spot.r * 1.9, spot.r * 1.9, 0, 20), 0.28),
        as('hole', rough(spot, 1, 0.04, 16)),
      ])
    case 'Peripapillary Atrophy':
      return each((spot) => [as('pale', crescent(spot, disc.r))])
    case 'Bone Spicules':
      return each((spot) => spicule(spot).map((points) => as('pigment', points)))
    case 'Glaucomatous Cupping':
      return each((spot) => [{ ink: 'pale', points: ellipse(spot.x, spot.y, spot.r, spot.r, 0, 24), strength: 0 }])
    case 'Media Opacity':
      return []
  }
}

/** A tangle of fine loops. */
function lace({ x, y, r, seed }: Spot): Points[] {
  const stream = random(seed, 'lace')
  return Array.from({ length: 11 }, () => {
    const points: Points = []
    let a = stream.uniform(0, 2 * Math.PI)
    let reach = r * stream.uniform(0.05, 0.3)
    const turn = stream.pick([-1, 1])
    for (let k = 0; k < 7; k++) {
      points.push(x + reach * Math.cos(a), y + reach * Math.sin(a))
      a += turn * stream.uniform(0.1, 0.75)
      reach = Math.min(r * 0.97, Math.max(0, reach + r * stream.uniform(-0.1, 0.32)))
    }
    return ribbon(smoothPath(points, 4), 0.013, 0.008)
  })
}

/** Blood that settles in front of the retina: level above, round below. */
function boat({ x, y, r, angle, seed }: Spot): Points {
  const stream = random(seed, 'boat')
  const depth = stream.uniform(0.55, 0.85)
  const points: Points = []
  for (let k = 0; k <= 14; k++) {
    const t = (Math.PI * k) / 14
    points.push(-Math.cos(t) * r, Math.sin(t) * r * depth)
  }
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const out: Points = []
  for (let i = 0; i < points.length; i += 2) {
    const [px, py] = [points[i] as number, (points[i + 1] as number) - r * 0.3]
    out.push(x + px * cos - py * sin, y + px * sin + py * cos)
  }
  return out
}

/** A pale crescent on the temporal side of the disc. */
function crescent({ x, y, r }: Spot, discRadius: number): Points {
  return ellipse(x - (r - discRadius) * 0.75, y, r, discRadius * 1.12, 0, 24)
}

/** A star of pigment with three to five arms. */
function spicule({ x, y, r, angle, seed }: Spot): Points[] {
  const stream = random(seed, 'spicule')
  const arms = 3 + stream.int(3)
  return Array.from({ length: arms }, (_, k) => {
    const a = angle + (2 * Math.PI * k) / arms + stream.normal(0, 0.25)
    const reach = r * stream.uniform(0.7, 1.2)
    const bend = a + stream.normal(0, 0.4)
    const path = [x, y, x + (reach * Math.cos(a)) / 2, y + (reach * Math.sin(a)) / 2]
    path.push((path[2] as number) + (reach * Math.cos(bend)) / 2, (path[3] as number) + (reach * Math.sin(bend)) / 2)
    return ribbon(path, r * 0.36, r * 0.08)
  })
}
