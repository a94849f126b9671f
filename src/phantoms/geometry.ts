/** @file Plane geometry of phantoms: points in millimetres, closed curves, ribbons along paths, the pose that maps them to pixels. */

/** A flat list x0, y0, x1, y1, ... in millimetres (body) or pixels (image). */
export type Points = number[]

/** Affine map: x' = a x + b y + e, y' = c x + d y + f. */
export interface Affine {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
}

/** The points after an affine map. */
export function mapPoints(points: Points, m: Affine): Points {
  const out: Points = new Array(points.length)
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] as number
    const y = points[i + 1] as number
    out[i] = m.a * x + m.b * y + m.e
    out[i + 1] = m.c * x + m.d * y + m.f
  }
  return out
}

/** Signed area of a closed polygon (unit squared). */
export function area(points: Points): number {
  let sum = 0
  const n = points.length
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n
    sum += (points[i] as number) * (points[j + 1] as number) - (points[j] as number) * (points[i + 1] as number)
  }
  return sum / 2
}

/** The polygon mirrored at x = 0. */
export function mirror(points: Points): Points {
  return points.map((value, i) => (i % 2 === 0 ? -value : value))
}

/** The polygon moved by (dx, dy). */
export function shift(points: Points, dx: number, dy: number): Points {
  return points.map((value, i) => value + (i % 2 === 0 ? dx : dy))
}

/** A smooth closed curve through the points (Catmull-Rom), `steps` points a span. */
export function smoothClosed(points: Points, steps = 6): Points {
  const n = points.length / 2
  const out: Points = []
  const at = (i: number, k: number): number => points[((i + n) % n) * 2 + k] as number
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < steps; s++) {
      for (let k = 0; k < 2; k++) out.push(spline(at(i - 1, k), at(i, k), at(i + 1, k), at(i + 2, k), s / steps))
    }
  }
  return out
}

/** A smooth open path through the points (Catmull-Rom). */
export function smoothPath(points: Points, steps = 6): Points {
  const n = points.length / 2
  const out: Points = []
  const at = (i: number, k: number): number => points[Math.min(n - 1, Math.max(0, i)) * 2 + k] as number
  for (let i = 0; i < n - 1; i++) {
    for (let s = 0; s < steps; s++) {
      for (let k = 0; k < 2; k++) out.push(spline(at(i - 1, k), at(i, k), at(i + 1, k), at(i + 2, k), s / steps))
    }
  }
  out.push(at(n - 1, 0), at(n - 1, 1))
  return out
}

function spline(p0: number, p1: number, p2: number, p3: number, t: number): number {
  return (
    0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t + (3 * p1 - p0 - 3 * p2 + p3) * t * t * t)
  )
}

/** A polygon of the given width around an open path; `width` may fall linearly to `endWidth`. */
export function ribbon(path: Points, width: number, endWidth = width): Points {
  const n = path.length / 2
  const left: Points = []
  const right: Points = []
  for (let i = 0; i < n; i++) {
    const a = Math.max(0, i - 1)
    const b = Math.min(n - 1, i + 1)
    let dx = (path[b * 2] as number) - (path[a * 2] as number)
    let dy = (path[b * 2 + 1] as number) - (path[a * 2 + 1] as number)
    const length = Math.hypot(dx, dy) || 1
    dx /= length
    dy /= length
    const half = (width + ((endWidth - width) * i) / Math.max(1, n - 1)) / 2
    const x = path[i * 2] as number
    const y = path[i * 2 + 1] as number
    left.push(x - dy * half, y + dx * half)
    // Stored y first: reversing the flat list then puts x first again.
    right.push(y - dx * half, x + dy * half)
  }
  return [...left, ...right.reverse()]
}

/** A path moved sideways by `distance` (positive: to the right of its direction in a y-down frame). */
export function offsetPath(path: Points, distance: number): Points {
  const n = path.length / 2
  const out: Points = []
  for (let i = 0; i < n; i++) {
    const a = Math.max(0, i - 1)
    const b = Math.min(n - 1, i + 1)
    const dx = (path[b * 2] as number) - (path[a * 2] as number)
    const dy = (path[b * 2 + 1] as number) - (path[a * 2 + 1] as number)
    const length = Math.hypot(dx, dy) || 1
    out.push((path[i * 2] as number) - (dy / length) * distance, (path[i * 2 + 1] as number) + (dx / length) * distance)
  }
  return out
}

/** An ellipse with half axes rx, ry turned by `angle` (radians); `wobble(k)` scales the radius at the k-th of `n` points. */
export function ellipse(
  x: number,
  y: number,
  rx: number,
  ry: number,
  angle = 0,
  n = 20,
  wobble: (k: number) => number = () => 1,
): Points {
  const out: Points = []
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  for (let k = 0; k < n; k++) {
    const t = (2 * Math.PI * k) / n
    const r = wobble(k)
    const ex = Math.cos(t) * rx * r
    const ey = Math.sin(t) * ry * r
    out.push(x + ex * cos - ey * sin, y + ex * sin + ey * cos)
  }
  return out
}

/** Least and greatest x where the polygon meets the horizontal line at y; undefined if it does not. */
export function spanAt(points: Points, y: number): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  const n = points.length
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n
    const y0 = points[i + 1] as number
    const y1 = points[j + 1] as number
    if (y0 < y === y1 < y) continue
    const x = (points[i] as number) + ((y - y0) / (y1 - y0)) * ((points[j] as number) - (points[i] as number))
    if (x < low) low = x
    if (x > high) high = x
  }
  return low <= high ? [low, high] : undefined
}

/** True when the point is inside the polygon (even-odd). */
export function inside(points: Points, x: number, y: number): boolean {
  let odd = false
  const n = points.length
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n
    const y0 = points[i + 1] as number
    const y1 = points[j + 1] as number
    if (y0 <= y === y1 <= y) continue
    if (x < (points[i] as number) + ((y - y0) / (y1 - y0)) * ((points[j] as number) - (points[i] as number))) odd = !odd
  }
  return odd
}

/** [xmin, ymin, xmax, ymax] of several polygons. */
export function bounds(polygons: readonly Points[]): [number, number, number, number] {
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  for (const points of polygons) {
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i] as number
      const y = points[i + 1] as number
      if (x < x0) x0 = x
      if (x > x1) x1 = x
      if (y < y0) y0 = y
      if (y > y1) y1 = y
    }
  }
  return [x0, y0, x1, y1]
}
