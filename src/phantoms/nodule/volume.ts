/** @file A lung nodule as Hounsfield units in a cube: lung, vessels, emphysema, chest wall, and the nodule with its signs. */

import { random } from '../../core/random.ts'
import { waves } from '../abdomen/solids.ts'
import { texture } from '../noise.ts'
import { blur } from '../raster.ts'
import { backgroundStream, cube, type NoduleFinding, type NoduleScene, type NoduleShape } from './scene.ts'

/** Which slices (z) of the cube, in voxels; all by default. */
export interface Cut {
  from: number
  to: number
}

/** Signed depth in the nodule, mm (positive inside), without spikes. */
export function noduleAt(scene: NoduleScene, without: ReadonlySet<number> = new Set(), contrast = 1) {
  const { anatomy } = scene
  const lobes = drawn(scene, 'Lobulation', without)
  const amount = lobes ? (0.13 + 0.1 * lobes.shape.amount) * Math.min(1.2, lobes.strength * contrast) : 0
  const bumps = waves(anatomy.seed, 0.04)
  const large = waves(anatomy.seed + 1, amount, 6, 2.4)
  const radius = anatomy.diameter / 2
  const [sx, sy, sz] = anatomy.shift
  const [ax, ay, az] = anatomy.axes
  return (x: number, y: number, z: number): number => {
    const [a, b, c] = [(x - sx) / (radius * ax), (y - sy) / (radius * ay), (z - sz) / (radius * az)]
    const r = Math.sqrt(a * a + b * b + c * c)
    return (1 + bumps(a, b, c, r) + (amount > 0 ? large(a, b, c, r) : 0) - r) * radius
  }
}

function drawn(scene: NoduleScene, name: NoduleFinding, without: ReadonlySet<number>) {
  return scene.findings.find((finding, index) => finding.name === name && !without.has(index))
}

/** Strands from the surface outwards: direction, length, thickness. */
function spikes(
  scene: NoduleScene,
  shape: NoduleShape,
): { direction: [number, number, number]; length: number; width: number }[] {
  const stream = random(shape.seed, 'spikes')
  const n = 16 + Math.round(10 * shape.amount)
  return Array.from({ length: n }, (_, k) => {
    // Even over the sphere, then shaken.
    const z = 1 - (2 * (k + 0.5)) / n + stream.normal(0, 0.08)
    const angle = k * 2.399963 + stream.normal(0, 0.2)
    const flat = Math.sqrt(Math.max(0, 1 - z * z))
    const length = scene.anatomy.diameter * stream.uniform(0.28, 0.5) + 3
    return { direction: [flat * Math.cos(angle), flat * Math.sin(angle), z], length, width: stream.uniform(0.8, 1.2) }
  })
}

/** Hounsfield units of `size` voxels a side (x fastest), or of some of its slices. */
export function noduleVolume(
  scene: NoduleScene,
  size: number,
  { contrast, without = new Set<number>() }: { contrast: number; without?: ReadonlySet<number> },
  cut: Cut = { from: 0, to: size },
): Int16Array {
  const { anatomy } = scene
  const mm = cube / size
  const depth = cut.to - cut.from
  const values = new Float32Array(size * size * depth)
  const lung = texture(anatomy.seed, 'lung', 9)
  const holes = texture(anatomy.seed, 'holes', 7)
  const wall = anatomy.wall
  const place = (k: number): number => (k + 0.5) * mm - cube / 2
  each(
    values,
    size,
    cut,
    (x, y, z) => {
      const base = -865 + 45 * lung(x + 0.6 * z, y + 0.4 * z)
      const hole = anatomy.emphysema * Math.max(0, holes(x + z * 0.8, y - z * 0.5) - 0.25)
      return base - 130 * hole
    },
    place,
  )
  const put = (x: number, y: number, z: number, level: number, covered: number): void => {
    const i = x + size * (y + size * (z - cut.from))
    const old = values[i] as number
    if (level > old) values[i] = old + (level - old) * covered
  }
  for (const { path, radius } of vessels(scene)) {
    for (const [px, py, pz] of path) ball(px, py, pz, radius, (x, y, z, c) => put(x, y, z, 30, c))
  }
  function ball(
    px: number,
    py: number,
    pz: number,
    r: number,
    visit: (x: number, y: number, z: number, covered: number) => void,
  ): void {
    const range = (p: number): [number, number] => [
      Math.max(0, Math.floor((p - r + cube / 2) / mm - 1)),
      Math.min(size, Math.ceil((p + r + cube / 2) / mm + 1)),
    ]
    const [x0, x1] = range(px)
    const [y0, y1] = range(py)
    const [z0, z1] = range(pz)
    for (let z = Math.max(z0, cut.from); z < Math.min(z1, cut.to); z++) {
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const d = r - Math.hypot(place(x) - px, place(y) - py, place(z) - pz)
          if (d > -mm / 2) visit(x, y, z, Math.min(1, d / mm + 0.5))
        }
      }
    }
  }
  if (scene.tag.boxed)
    for (const [px, py, pz] of wire(scene)) ball(px, py, pz, 0.45, (x, y, z, c) => put(x, y, z, 2200, c))
  const [sx, sy, sz] = anatomy.shift
  const spiked = drawn(scene, 'Spiculation', without)
  if (spiked) {
    const k = spiked.strength * contrast
    for (const { direction, length, width } of spikes(scene, spiked.shape)) {
      const from = anatomy.diameter * 0.42
      const steps = Math.max(3, Math.ceil((length * 1.6) / mm))
      for (let s = 0; s <= steps; s++) {
        const r = from + (length * s) / steps
        const [x, y, z] = direction.map((d, axis) => d * r + ([sx, sy, sz][axis] as number)) as [number, number, number]
        ball(x, y, z, width * (1.15 - (0.7 * s) / steps), (i, j, l, c) =>
          put(i, j, l, -860 + (780 - 330 * (s / steps)) * Math.min(1.1, k), c),
        )
      }
    }
  }
  const at = noduleAt(scene, without, contrast)
  const glass = drawn(scene, 'Ground Glass', without)
  const thin = glass ? Math.min(1, glass.strength * contrast) : 0
  const calcified = drawn(scene, 'Calcification', without)
  const cells = texture(anatomy.seed, 'cells', 3.5)
  const reach = anatomy.diameter * 0.85 + 3
  const specks = calcified ? clumps(scene, calcified.shape) : []
  ball(sx, sy, sz, reach, (i, j, l) => {
    const [x, y, z] = [place(i), place(j), place(l)]
    const d = at(x, y, z)
    const covered = 1 / (1 + Math.exp((-2.2 * d) / Math.max(0.5 * mm, anatomy.softness)))
    if (covered < 0.02) return
    let level = 45 + 20 * cells(x + z, y)
    if (thin > 0)
      level +=
        thin *
        (-610 +
          130 * cells(x * 1.3, y + z) +
          250 * (1 - (glass?.shape.amount ?? 1)) * Math.min(1, Math.max(0, d / 3)) -
          level)
    if (calcified) {
      const k = calcified.strength * contrast
      const r = 1 - d / (anatomy.diameter / 2)
      const { kind } = calcified.shape
      const inside =
        kind === 'central'
          ? r < 0.45
          : kind === 'laminated'
            ? Math.abs(r - 0.62) < 0.13 || r < 0.2
            : specks.some(([px, py, pz, pr]) => Math.hypot(x - px, y - py, z - pz) < pr)
      if (inside && d > 0) level += 620 * k
    }
    put(i, j, l, level, covered)
  })
  if (wall) {
    const [angle, distance] = wall
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    const rib = texture(anatomy.seed, 'rib', 16)
    each(
      values,
      size,
      cut,
      (x, y, z, old) => {
        const along = x * c + y * s
        const across = -x * s + y * c
        const beyond = along - distance - sx * c - sy * s - 0.006 * across * across
        if (beyond <= -mm / 2) return old
        const covered = Math.min(1, beyond / mm + 0.5)
        const bone = beyond > 5 && beyond < 13 && Math.sin((z + across * 0.4) / 6) > 0.35
        const level = beyond < 2.2 ? 45 : bone ? 420 : beyond < 5 ? -70 : 40 + 15 * rib(across, z)
        return old + (level - old) * covered
      },
      place,
    )
  }
  return grainy(scene, values, size, depth, mm)
}

/** Changes every voxel of the cut. */
function each(
  values: Float32Array,
  size: number,
  cut: Cut,
  value: (x: number, y: number, z: number, old: number) => number,
  place: (k: number) => number,
): void {
  for (let k = cut.from; k < cut.to; k++) {
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) {
        const at = i + size * (j + size * (k - cut.from))
        values[at] = value(place(i), place(j), place(k), values[at] as number)
      }
    }
  }
}

/** Branching vessels that pass by the nodule. */
function vessels(scene: NoduleScene): { path: [number, number, number][]; radius: number }[] {
  const { anatomy } = scene
  const stream = backgroundStream(scene, 'vessels')
  return Array.from({ length: anatomy.vessels }, () => {
    const radius = stream.uniform(0.7, 1.9)
    const gap = anatomy.diameter * 0.6 + radius + stream.uniform(1, 8)
    const normal = stream.uniform(0, 2 * Math.PI)
    const rise = stream.normal(0, 0.6)
    const heading = normal + Math.PI / 2
    const [cx, cy, cz] = [Math.cos(normal) * gap, Math.sin(normal) * gap, stream.normal(0, 9)]
    const bend = stream.normal(0, 0.012)
    const path: [number, number, number][] = []
    for (let t = -34; t <= 34; t += 0.5) {
      const out = Math.abs(bend) * t * t
      path.push([
        cx + Math.cos(heading) * t + Math.cos(normal) * out,
        cy + Math.sin(heading) * t + Math.sin(normal) * out,
        cz + rise * t,
      ])
    }
    return { path, radius }
  })
}

/** A localisation wire that ends beside the nodule, as surgeons have it placed: the cue of the shortcut dial. */
function wire(scene: NoduleScene): [number, number, number][] {
  const stream = backgroundStream(scene, 'wire')
  const angle = stream.uniform(0, 2 * Math.PI)
  const gap = scene.anatomy.diameter / 2 + stream.uniform(4, 7)
  const height = stream.normal(0, 1.5)
  return Array.from({ length: 60 }, (_, k) => {
    const out = gap + 0.5 * k
    return [Math.cos(angle) * out, Math.sin(angle) * out, height + 0.04 * k]
  })
}

function clumps(scene: NoduleScene, shape: NoduleShape): [number, number, number, number][] {
  const stream = random(shape.seed, 'clumps')
  const r = scene.anatomy.diameter / 2
  const [sx, sy, sz] = scene.anatomy.shift
  return Array.from({ length: 7 }, () => {
    const at = (): number => stream.uniform(-0.5, 0.5) * r
    return [sx + at(), sy + at(), sz + at() * 0.8, r * stream.uniform(0.16, 0.26)]
  })
}

/** Detector blur in the slice, and noise. Of a single slice the same values as in the whole cube. */
function grainy(scene: NoduleScene, values: Float32Array, size: number, depth: number, mm: number): Int16Array {
  const plane = size * size
  for (let k = 0; k < depth; k++) blur(values.subarray(k * plane, (k + 1) * plane), size, size, 0.45 / mm)
  const stream = backgroundStream(scene, 'noise')
  const level = scene.anatomy.noise / Math.sqrt(scene.anatomy.slice)
  return Int16Array.from(values, (v) => {
    const noisy = level > 0 ? v + stream.normal() * level : v
    return Math.max(-1024, Math.min(3000, Math.round(noisy)))
  })
}
