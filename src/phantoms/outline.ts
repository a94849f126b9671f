/** @file Spots and outlines that domains share, and the boxes and masks that come from outlines. */

import { random } from '../core/random.ts'
import type { Study } from '../data/study.ts'
import { bounds, ellipse, type Points } from './geometry.ts'
import { addPolygon, layer, resolve } from './raster.ts'

/** A spot: centre, radius, direction (radians), and the stream of its outline. */
export interface Spot {
  x: number
  y: number
  r: number
  angle: number
  seed: number
}

/** A box and the finding (index into the scene's) that it belongs to; null: of something that is no finding. */
export interface OwnedBox {
  finding: number | null
  box: Study['boxes'][number]
}

/** An uneven ellipse around a spot: `stretch` long for one wide, radii differ by the share `roughness`. */
export function rough({ x, y, r, angle, seed }: Spot, stretch: number, roughness: number, n = 14): Points {
  const stream = random(seed, 'outline')
  return ellipse(x, y, r * stretch, r / stretch, angle, n, () => 1 + stream.normal(0, roughness))
}

/** [x, y, w, h] around polygons (pixels), grown by `pad` for soft edges, cut to the picture; undefined when nothing is left. */
export function boxOf(
  polygons: readonly Points[],
  size: number,
  pad = 1,
): [number, number, number, number] | undefined {
  const [x0, y0, x1, y1] = bounds(polygons)
  const left = Math.max(0, Math.floor(x0 - pad))
  const top = Math.max(0, Math.floor(y0 - pad))
  const right = Math.min(size, Math.ceil(x1 + pad))
  const bottom = Math.min(size, Math.ceil(y1 + pad))
  return right > left && bottom > top ? [left, top, right - left, bottom - top] : undefined
}

/** 255 where polygons (pixels) cover at least half a pixel; row-major [size * size]. */
export function maskOf(polygons: readonly Points[], size: number): Uint8Array {
  const target = layer(size, size)
  for (const points of polygons) addPolygon(target, points, 1)
  return Uint8Array.from(resolve(target), (value) => (value >= 0.5 ? 255 : 0))
}

/** Unit coordinates (-1 to 1, origin in the middle, y down) to pixels. */
export function toPixels(points: Points, size: number): Points {
  return points.map((value) => ((value + 1) * size) / 2)
}
