/**
 * @file Surface Dice weighted by area, as DeepMind's surface-distance and MONAI with `use_subvoxels=True` define it (Nikolov
 * et al. 2018): the surface runs between voxel centres, one element in every neighbourhood of 2 x 2 (x 2) voxels that is
 * neither all inside nor all outside, as marching squares and marching cubes draw it. An element lies at the middle of its
 * neighbourhood and counts by its length or area in mm or mm^2. Outside the image is background.
 */

import { VesaliusError } from '../../core/errors.ts'
import { sameSize } from './masks.ts'
import { checkGrid, type Grid, squaredDistances, stridesOf } from './surface.ts'

type Point = readonly number[]

/** Corners of a neighbourhood: bit i of a code is corner i, whose coordinates are the bits of i, slowest axis first. */
const cornerOf = (i: number, axes: number): number[] =>
  Array.from({ length: axes }, (_, a) => (i >> (axes - 1 - a)) & 1)

const middle = (a: Point, b: Point): number[] => a.map((value, k) => (value + b[k]!) / 2)

/** Segments in which the surface cuts one face (four corners in order round it): between middles of edges. */
function faceSegments(ring: readonly { at: Point; inside: boolean }[]): [Point, Point][] {
  const edge = (i: number): Point => middle(ring[i % 4]!.at, ring[(i + 1) % 4]!.at)
  const cut = [0, 1, 2, 3].filter((i) => ring[i]!.inside !== ring[(i + 1) % 4]!.inside)
  if (cut.length === 2) return [[edge(cut[0]!), edge(cut[1]!)]]
  if (cut.length === 0) return []
  // Two corners across from each other are apart, not joined.
  return [0, 1, 2, 3].flatMap((i): [Point, Point][] => (ring[i]!.inside ? [[edge(i + 3), edge(i)]] : []))
}

const scaled = (point: Point, spacing: Point): number[] => point.map((value, k) => value * spacing[k]!)
const apart = (a: Point, b: Point): number => Math.hypot(...a.map((value, k) => value - b[k]!))

/** Twice the area of a triangle is the length of a cross product. */
function triangle(a: Point, b: Point, c: Point): number {
  const [u, v] = [b, c].map((point) => point.map((value, k) => value - a[k]!)) as [number[], number[]]
  return Math.hypot(u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!, u[0]! * v[1]! - u[1]! * v[0]!) / 2
}

/** Area of a closed line as a fan of triangles from one of its points. */
function fan(line: readonly Point[], start: number, spacing: Point): number {
  const points = line.map((_, i) => scaled(line[(start + i) % line.length]!, spacing))
  let area = 0
  for (let i = 1; i + 1 < points.length; i++) area += triangle(points[0]!, points[i]!, points[i + 1]!)
  return area
}

/** Segments joined to closed lines. */
function closedLines(segments: readonly [Point, Point][]): Point[][] {
  const key = (point: Point): string => point.join()
  const next = new Map<string, Point[]>()
  for (const [a, b] of segments) {
    next.set(key(a), [...(next.get(key(a)) ?? []), b])
    next.set(key(b), [...(next.get(key(b)) ?? []), a])
  }
  const seen = new Set<string>()
  const lines: Point[][] = []
  for (const [start] of segments) {
    const line: Point[] = []
    let at: Point | undefined = start
    while (at !== undefined && !seen.has(key(at))) {
      seen.add(key(at))
      line.push(at)
      at = next.get(key(at))!.find((point) => !seen.has(key(point)))
    }
    if (line.length > 2) lines.push(line)
  }
  return lines
}

/** Length (2-D) or area (3-D) of the surface in a neighbourhood of each code. */
function elementSizes(spacing: Point): Float64Array {
  const axes = spacing.length
  const count = 1 << axes
  const ones = new Array<number>(axes).fill(1)
  return Float64Array.from({ length: 1 << count }, (_, code) => {
    // What is fewer, inside or outside, is cut off corner by corner: a code and its opposite have the same surface.
    const bits = code.toString(2).replaceAll('0', '').length
    const own = 2 * bits <= count ? code : (1 << count) - 1 - code
    const corners = Array.from({ length: count }, (_, i) => ({ at: cornerOf(i, axes), inside: ((own >> i) & 1) === 1 }))
    const ring = (fixed: number, side: number): [Point, Point][] => {
      const face = corners.filter(({ at }) => fixed < 0 || at[fixed] === side)
      return faceSegments([0, 1, 3, 2].map((i) => face[i]!))
    }
    if (axes === 2) return ring(-1, 0).reduce((sum, [a, b]) => sum + apart(scaled(a, spacing), scaled(b, spacing)), 0)
    const segments = [0, 1, 2].flatMap((axis) => [...ring(axis, 0), ...ring(axis, 1)])
    return closedLines(segments).reduce((sum, line) => {
      // Of the fans the one with the largest area at equal spacing is the one that follows the corners.
      const starts = [...line.keys()].sort((a, b) => fan(line, b, ones) - fan(line, a, ones) || a - b)
      return sum + fan(line, starts[0]!, spacing)
    }, 0)
  })
}

interface Elements {
  /** Places on a grid that is one longer than the image along each axis. */
  places: Int32Array
  sizes: Float64Array
}

function elementsOf(mask: ArrayLike<number>, size: readonly number[], table: Float64Array): Elements {
  const wider = size.map((n) => n + 1)
  const [strides, widerStrides] = [stridesOf(size), stridesOf(wider)]
  const axes = size.length
  const codes = new Int32Array(wider.reduce((product, n) => product * n, 1))
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    const at = size.map((n, axis) => Math.floor(i / strides[axis]!) % n)
    // A voxel is the last corner of the neighbourhood that ends at it and the first of the one that begins there.
    for (let corner = 0; corner < 1 << axes; corner++) {
      let place = 0
      for (let axis = 0; axis < axes; axis++)
        place += (at[axis]! + ((corner >> (axes - 1 - axis)) & 1)) * widerStrides[axis]!
      codes[place]! |= 1 << ((1 << axes) - 1 - corner)
    }
  }
  const places: number[] = []
  codes.forEach((code, place) => {
    if (code !== 0 && code !== table.length - 1) places.push(place)
  })
  return { places: Int32Array.from(places), sizes: Float64Array.from(places, (place) => table[codes[place]!]!) }
}

/**
 * Share of the surface of both masks, by length (2-D) or area (3-D), that lies within `tolerance` mm of the other's, in
 * 0..1. Both masks empty is undefined (NaN), one empty gives 0.
 */
export function surfaceDiceByArea(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  grid: Grid,
  tolerance: number,
): number {
  sameSize(predicted, truth)
  checkGrid(predicted.length, grid)
  const { size, spacing = size.map(() => 1) } = grid
  if (size.length !== 2 && size.length !== 3) {
    throw new VesaliusError('SHAPE_MISMATCH', `Surfaces are measured in 2 or 3 dimensions, not in ${size.length}.`)
  }
  const table = elementSizes(spacing)
  const [p, y] = [elementsOf(predicted, size, table), elementsOf(truth, size, table)]
  if (p.places.length === 0 && y.places.length === 0) return Number.NaN
  if (p.places.length === 0 || y.places.length === 0) return 0
  const wider = { size: size.map((n) => n + 1), spacing }
  let [close, total] = [0, 0]
  for (const [own, other] of [
    [p, y],
    [y, p],
  ] as const) {
    const squared = squaredDistances(other.places, wider)
    own.places.forEach((place, i) => {
      total += own.sizes[i]!
      if (Math.sqrt(squared[place]!) <= tolerance) close += own.sizes[i]!
    })
  }
  return close / total
}
