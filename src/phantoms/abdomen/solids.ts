/**
 * @file Deformed solids: bodies given by an inside test that is smooth at the border, in millimetres. x to the patient's
 * left, y to the back, z to the head.
 */

import { random } from '../../core/random.ts'

/** A point in mm. */
export type Point = readonly [number, number, number]

/** A body: `at` is positive inside, about the distance to the surface in mm near it; nothing of it lies outside `box`. */
export interface Solid {
  at(x: number, y: number, z: number): number
  /** [x0, y0, z0, x1, y1, z1] */
  box: readonly [number, number, number, number, number, number]
}

/** An ellipsoid turned by `turn` radians about z and `tilt` about y, its surface waved by `wave` (share of the radius). */
export function ellipsoid(
  [cx, cy, cz]: Point,
  [rx, ry, rz]: Point,
  { turn = 0, tilt = 0, wave = 0, seed = 0 }: { turn?: number; tilt?: number; wave?: number; seed?: number } = {},
): Solid {
  const [ct, st, ci, si] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)]
  const least = Math.min(rx, ry, rz)
  const bumps = wave > 0 ? waves(seed, wave) : undefined
  // A body that is not turned fills its own axes only; columns are thousands of mm long.
  const longest = Math.max(rx, ry, rz)
  const reach = (radius: number): number => (turn === 0 && tilt === 0 ? radius : longest) * (1 + 2 * wave) + 2
  return {
    at(x, y, z) {
      const [dx, dy, dz] = [x - cx, y - cy, z - cz]
      const [ux, uy] = [ct * dx + st * dy, -st * dx + ct * dy]
      const [vx, vz] = [ci * ux + si * dz, -si * ux + ci * dz]
      const [a, b, c] = [vx / rx, uy / ry, vz / rz]
      const r = Math.sqrt(a * a + b * b + c * c)
      const edge = bumps ? 1 + bumps(a, b, c, r) : 1
      return (edge - r) * least
    },
    box: [cx - reach(rx), cy - reach(ry), cz - reach(rz), cx + reach(rx), cy + reach(ry), cz + reach(rz)],
  }
}

/** A smooth function of direction in about [-wave, wave]: a few plane waves over the sphere. */
export function waves(seed: number, wave: number, count = 5, pitch = 2.2) {
  const stream = random(seed, 'waves')
  const rows = Array.from({ length: count }, () => [
    stream.normal(0, pitch),
    stream.normal(0, pitch),
    stream.normal(0, pitch),
    stream.uniform(0, 2 * Math.PI),
  ])
  return (a: number, b: number, c: number, r: number): number => {
    const s = 1 / Math.max(1e-6, r)
    let sum = 0
    for (const [kx, ky, kz, p] of rows as [number, number, number, number][])
      sum += Math.sin((kx * a + ky * b + kz * c) * s + p)
    return (wave * sum * 1.2) / Math.sqrt(count)
  }
}

/** A tube along a path with the radius of each point. */
export function tube(path: readonly Point[], radii: readonly number[]): Solid {
  const most = Math.max(...radii) + 1
  const axis = (k: 0 | 1 | 2): number[] => path.map((point) => point[k])
  return {
    at(x, y, z) {
      let best = Number.NEGATIVE_INFINITY
      for (let i = 0; i + 1 < path.length; i++) {
        const [a, b] = [path[i] as Point, path[i + 1] as Point]
        const d: Point = [b[0] - a[0], b[1] - a[1], b[2] - a[2]]
        const along = (x - a[0]) * d[0] + (y - a[1]) * d[1] + (z - a[2]) * d[2]
        const t = Math.min(1, Math.max(0, along / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] || 1)))
        const off = Math.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1], z - a[2] - t * d[2])
        const radius = (radii[i] as number) * (1 - t) + (radii[i + 1] as number) * t
        if (radius - off > best) best = radius - off
      }
      return best
    },
    box: [
      Math.min(...axis(0)) - most,
      Math.min(...axis(1)) - most,
      Math.min(...axis(2)) - most,
      Math.max(...axis(0)) + most,
      Math.max(...axis(1)) + most,
      Math.max(...axis(2)) + most,
    ],
  }
}

const boxOf = (solids: readonly Solid[]): Solid['box'] => {
  const pick = (k: number, choose: (...values: number[]) => number): number =>
    choose(...solids.map(({ box }) => box[k] as number))
  return [
    pick(0, Math.min),
    pick(1, Math.min),
    pick(2, Math.min),
    pick(3, Math.max),
    pick(4, Math.max),
    pick(5, Math.max),
  ]
}

/** All of several bodies. */
export function union(...solids: Solid[]): Solid {
  return { at: (x, y, z) => Math.max(...solids.map((solid) => solid.at(x, y, z))), box: boxOf(solids) }
}

/** mm outside a surface beyond which it does not matter how far. */
const far = -12

/** One body without others. */
export function minus(solid: Solid, ...others: Solid[]): Solid {
  return {
    at(x, y, z) {
      let d = solid.at(x, y, z)
      for (const other of others) {
        if (d < far) return d
        d = Math.min(d, -other.at(x, y, z))
      }
      return d
    },
    box: solid.box,
  }
}

/** What two bodies share. */
export function both(a: Solid, b: Solid): Solid {
  return {
    at(x, y, z) {
      const d = a.at(x, y, z)
      return d < far ? d : Math.min(d, b.at(x, y, z))
    },
    box: a.box,
  }
}

/** The grid of a volume: voxel (i, j, k) lies at (x0 + i sx, y0 + j sy, z0 + k sz). */
export interface Grid {
  shape: readonly [number, number, number]
  spacing: readonly [number, number, number]
  origin: Point
}

/** Calls `visit` for each voxel of the body's box, with how far it covers the voxel (0 to 1, soft over one voxel). */
export function visitSolid(
  { shape, spacing, origin }: Grid,
  solid: Solid,
  visit: (index: number, covered: number, x: number, y: number, z: number) => void,
): void {
  const [columns, rows, slices] = shape
  const from = [0, 1, 2].map((k) =>
    Math.max(0, Math.floor(((solid.box[k] as number) - (origin[k] as number)) / (spacing[k] as number))),
  ) as [number, number, number]
  const to = [0, 1, 2].map((k) =>
    Math.min(
      shape[k] as number,
      Math.ceil(((solid.box[k + 3] as number) - (origin[k] as number)) / (spacing[k] as number)) + 1,
    ),
  ) as [number, number, number]
  const soft = 0.5 * Math.min(...spacing)
  for (let k = from[2]; k < Math.min(to[2], slices); k++) {
    const z = origin[2] + k * spacing[2]
    for (let j = from[1]; j < Math.min(to[1], rows); j++) {
      const y = origin[1] + j * spacing[1]
      for (let i = from[0]; i < Math.min(to[0], columns); i++) {
        const x = origin[0] + i * spacing[0]
        const d = solid.at(x, y, z)
        if (d <= -soft) continue
        visit(i + columns * (j + rows * k), d >= soft ? 1 : (d + soft) / (2 * soft), x, y, z)
      }
    }
  }
}
