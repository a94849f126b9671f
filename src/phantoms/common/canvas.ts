/** @file A picture painted in body millimetres: shapes become soft-edged covers, covers mix or add into fields of grey. */

import { type Affine, bounds, mapPoints, type Points } from '../geometry.ts'
import { addPolygon, layer, resolve } from '../raster.ts'

/** Where and how large the picture is. Fields are row-major Float32Array [height * width]. */
export interface Canvas {
  width: number
  height: number
  /** Body millimetres to pixels. */
  pose: Affine
  /** Pixels a millimetre. */
  perMm: number
}

/** How the body lies in the picture. */
export interface Pose {
  /** Width of the picture in mm. */
  field: number
  /** Radians, clockwise. */
  roll: number
  /** mm by which the body is moved. */
  shift: readonly [number, number]
  /** True: left and right change places. */
  mirrored?: boolean
}

/** A square picture of `size` pixels with the body's origin in the middle before it is moved. */
export function canvasOf({ field, roll, shift, mirrored = false }: Pose, size: number): Canvas {
  const perMm = size / field
  const [cos, sin] = [Math.cos(roll) * perMm, Math.sin(roll) * perMm]
  const flip = mirrored ? -1 : 1
  const pose = {
    a: cos * flip,
    b: -sin,
    c: sin * flip,
    d: cos,
    e: size / 2 + shift[0] * perMm,
    f: size / 2 + shift[1] * perMm,
  }
  return { width: size, height: size, pose, perMm }
}

/** A field of one grey. */
export function fieldOf({ width, height }: Canvas, value = 0): Float32Array {
  return new Float32Array(width * height).fill(value)
}

/** How far closed curves (mm) cover each pixel, 0 to 1, with edges softened by `softness` mm. Overlaps count once. */
export function cover(canvas: Canvas, shapes: readonly Points[], softness = 0): Float32Array {
  const out = sum(canvas, shapes, softness)
  for (let i = 0; i < out.length; i++) if ((out[i] as number) > 1) out[i] = 1
  return out
}

/** As {@link cover}, but overlaps add up: thickness along a ray. */
export function sum(canvas: Canvas, shapes: readonly Points[], softness = 0, values?: readonly number[]): Float32Array {
  const ink = layer(canvas.width, canvas.height)
  shapes.forEach((points, i) => {
    addPolygon(ink, mapPoints(points, canvas.pose), values?.[i] ?? 1)
  })
  return resolve(ink, softness * canvas.perMm)
}

/** Mixes a grey (or a field of greys) into `field` where `mask` covers it. */
export function paint(field: Float32Array, mask: Float32Array, grey: number | Float32Array, opacity = 1): void {
  for (let i = 0; i < field.length; i++) {
    const c = (mask[i] as number) * opacity
    if (c <= 0) continue
    const v = typeof grey === 'number' ? grey : (grey[i] as number)
    field[i] = (field[i] as number) * (1 - c) + v * c
  }
}

/** Adds `value` times the mask. */
export function addTo(field: Float32Array, mask: Float32Array, value: number): void {
  for (let i = 0; i < field.length; i++) field[i] = (field[i] as number) + value * (mask[i] as number)
}

/** A function of body position (mm) as a field. */
export function fill(canvas: Canvas, at: (x: number, y: number) => number): Float32Array {
  const { width, height, pose } = canvas
  const out = new Float32Array(width * height)
  const det = pose.a * pose.d - pose.b * pose.c
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const px = column + 0.5 - pose.e
      const py = row + 0.5 - pose.f
      out[row * width + column] = at((pose.d * px - pose.b * py) / det, (pose.a * py - pose.c * px) / det)
    }
  }
  return out
}

/** The box [x, y, w, h] in whole pixels around curves (mm), grown by `pad` mm and cut to the picture; null outside it. */
export function boxAround(canvas: Canvas, shapes: readonly Points[], pad = 0): [number, number, number, number] | null {
  const [x0, y0, x1, y1] = bounds(shapes.map((points) => mapPoints(points, canvas.pose)))
  const grow = pad * canvas.perMm
  const left = Math.max(0, Math.floor(x0 - grow))
  const top = Math.max(0, Math.floor(y0 - grow))
  const width = Math.min(canvas.width, Math.ceil(x1 + grow)) - left
  const height = Math.min(canvas.height, Math.ceil(y1 + grow)) - top
  return width < 1 || height < 1 || !Number.isFinite(width + height) ? null : [left, top, width, height]
}

/** 255 where curves (mm) cover at least half of the pixel. */
export function maskOf(canvas: Canvas, shapes: readonly Points[]): Uint8Array {
  return Uint8Array.from(cover(canvas, shapes), (value) => (value >= 0.5 ? 255 : 0))
}
