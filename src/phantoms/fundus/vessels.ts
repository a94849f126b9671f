/** @file The retinal vessel tree: four arcades of an artery and a vein each, grown by branching away from the disc. */

import { type Random, random } from '../../core/random.ts'
import { type Points, smoothPath } from '../geometry.ts'
import type { FundusScene } from './scene.ts'

/** One unbranched piece of a vessel, in retinal coordinates of a right eye. */
export interface Vessel {
  kind: 'artery' | 'vein'
  path: Points
  width: number
  endWidth: number
  /** Length of vessel between the disc and the start of this piece. */
  from: number
}

/** Waypoints of the main vessels relative to the disc, for an eye whose macula lies `d` to the left of the disc. */
function trunks(d: number, up: 1 | -1): { points: Points; width: number }[] {
  return [
    {
      width: 1,
      points: [
        0,
        0,
        -0.04,
        up * 0.2,
        -0.22 * d,
        up * 0.42,
        -0.6 * d,
        up * 0.56,
        -1.05 * d,
        up * 0.6,
        -1.6 * d,
        up * 0.5,
        -2.4 * d,
        up * 0.42,
      ],
    },
    { width: 0.72, points: [0, 0, 0.07, up * 0.16, 0.22, up * 0.42, 0.34, up * 0.72, 0.42, up * 1.05] },
  ]
}

/** All vessels of an eye, thick ones first. */
export function growVessels(scene: FundusScene): Vessel[] {
  const { anatomy } = scene
  const { disc } = anatomy
  const vessels: Vessel[] = []
  for (const kind of ['vein', 'artery'] as const) {
    for (const up of [-1, 1] as const) {
      trunks(disc.x, up).forEach((trunk, which) => {
        const stream = random(anatomy.seed, 'trunk', kind, up, which)
        const width = (kind === 'vein' ? 0.036 : 0.027) * anatomy.vesselWidth * trunk.width
        const aside = kind === 'vein' ? 0.035 : -0.035
        const points = trunk.points.map((value, i) => {
          const along = Math.floor(i / 2)
          const wander = along === 0 ? 0.012 : 0.028 + 0.02 * along * anatomy.tortuosity
          const apart =
            along === 0 ? 0 : i % 2 === 0 ? aside * 0.5 : aside * (1 + 0.3 * along) * (kind === 'vein' ? 1 : 1)
          return value + apart + stream.normal(0, wander) + (i % 2 === 0 ? disc.x : disc.y)
        })
        const path = smoothPath(points, 5)
        vessels.push({ kind, path, width, endWidth: width * 0.42, from: 0 })
        branch(vessels, scene, { kind, path, width, endWidth: width * 0.42, from: 0 }, stream, 0)
      })
    }
    // Small vessels that leave the disc straight towards the macula.
    const stream = random(anatomy.seed, 'macular', kind)
    for (const up of [-1, 1]) {
      grow(
        vessels,
        scene,
        kind,
        [disc.x, disc.y],
        Math.PI + up * stream.uniform(0.15, 0.4),
        0.011 * anatomy.vesselWidth,
        0,
        stream,
        1,
      )
    }
  }
  return vessels.sort((a, b) => b.width - a.width)
}

/** Side branches along a vessel, left and right in turn. */
function branch(vessels: Vessel[], scene: FundusScene, parent: Vessel, stream: Random, depth: number): void {
  const n = parent.path.length / 2
  let length = 0
  let next = stream.uniform(0.12, 0.22)
  let side = stream.chance(0.5) ? 1 : -1
  for (let i = 1; i < n; i++) {
    const x = parent.path[2 * i] as number
    const y = parent.path[2 * i + 1] as number
    const dx = x - (parent.path[2 * i - 2] as number)
    const dy = y - (parent.path[2 * i - 1] as number)
    length += Math.hypot(dx, dy)
    if (length < next) continue
    next = length + stream.uniform(0.1, 0.2) * (1 + 0.5 * depth)
    side = -side
    const width = (parent.width + ((parent.endWidth - parent.width) * i) / n) * stream.uniform(0.5, 0.72)
    if (width < 0.0055) continue
    const heading = Math.atan2(dy, dx) + side * stream.uniform(0.5, 0.95)
    grow(vessels, scene, parent.kind, [x, y], heading, width, parent.from + length, stream, depth + 1)
  }
}

/** A vessel that wanders on from a point until it is too thin, out of the field, or at the fovea. */
function grow(
  vessels: Vessel[],
  scene: FundusScene,
  kind: Vessel['kind'],
  [startX, startY]: readonly [number, number],
  startHeading: number,
  width: number,
  from: number,
  stream: Random,
  depth: number,
): void {
  const step = 0.045
  const steps = Math.round((width / 0.0012 + stream.uniform(4, 12)) * (depth === 1 ? 1 : 0.7))
  const path: Points = [startX, startY]
  let [x, y, heading] = [startX, startY, startHeading]
  let drift = 0
  for (let k = 0; k < steps; k++) {
    drift = 0.7 * drift + stream.normal(0, 0.1 + 0.12 * scene.anatomy.tortuosity)
    heading += drift
    // Away from the disc and from the macula, as vessels of the retina run.
    const outward = Math.atan2(y - scene.anatomy.disc.y, x - scene.anatomy.disc.x)
    heading += 0.05 * Math.sin(outward - heading)
    x += step * Math.cos(heading)
    y += step * Math.sin(heading)
    if (Math.hypot(x, y) < 0.13 || Math.hypot(x, y) > 1.6) break
    path.push(x, y)
  }
  if (path.length < 6) return
  const vessel: Vessel = { kind, path, width, endWidth: width * 0.35, from }
  vessels.push(vessel)
  if (depth < 3) branch(vessels, scene, vessel, stream, depth)
}
