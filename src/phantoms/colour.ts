/**
 * @file Colour pictures of phantoms: three planes of light in [0, 1], shapes that are mixed in, absorb or shine, the camera
 * at the end. A cover is the soft coverage of some polygons on the part of the picture that they touch.
 */

import type { Random } from '../core/random.ts'
import { encodeRgbPng, quantise } from './encode.ts'
import { bounds, type Points } from './geometry.ts'
import { addPolygon, blur, layer, resolve } from './raster.ts'

/** Red, green, blue: light in [0, 1], or optical densities. */
export type Colour = readonly [number, number, number]

/** A picture of `width` x `height` pixels, one row-major plane a colour. */
export interface Canvas {
  width: number
  height: number
  planes: readonly [Float32Array, Float32Array, Float32Array]
}

/** Coverage in [0, 1] (more where polygons overlap) of the part of a picture that starts at (x, y). */
export interface Cover {
  x: number
  y: number
  width: number
  height: number
  values: Float32Array
}

/** A canvas of one colour. */
export function canvas(width: number, height: number, [r, g, b]: Colour): Canvas {
  const plane = (value: number): Float32Array => new Float32Array(width * height).fill(value)
  return { width, height, planes: [plane(r), plane(g), plane(b)] }
}

/** Soft coverage of polygons (pixels) blurred by `softness` pixels; undefined when all lie outside the picture. */
export function coverOf(
  polygons: readonly Points[],
  { width, height }: { width: number; height: number },
  softness = 0,
): Cover | undefined {
  if (polygons.length === 0) return undefined
  const [x0, y0, x1, y1] = bounds(polygons)
  const pad = Math.ceil(2.5 * softness) + 1
  const left = Math.max(0, Math.floor(x0) - pad)
  const top = Math.max(0, Math.floor(y0) - pad)
  const right = Math.min(width, Math.ceil(x1) + pad)
  const bottom = Math.min(height, Math.ceil(y1) + pad)
  if (!(right > left && bottom > top)) return undefined
  const part = layer(right - left, bottom - top)
  for (const points of polygons) {
    addPolygon(
      part,
      points.map((value, i) => value - (i % 2 === 0 ? left : top)),
      1,
    )
  }
  return { x: left, y: top, width: right - left, height: bottom - top, values: resolve(part, softness) }
}

/** A cover of the whole picture from a function of pixel centres. */
export function coverFrom(
  { width, height }: { width: number; height: number },
  value: (x: number, y: number) => number,
): Cover {
  const values = new Float32Array(width * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) values[y * width + x] = value(x + 0.5, y + 0.5)
  return { x: 0, y: 0, width, height, values }
}

function over(target: Canvas, cover: Cover | undefined, change: (at: number, amount: number) => void): void {
  if (!cover) return
  for (let y = 0; y < cover.height; y++) {
    let from = y * cover.width
    let to = (y + cover.y) * target.width + cover.x
    for (let x = 0; x < cover.width; x++, from++, to++) {
      const amount = cover.values[from] as number
      if (amount !== 0) change(to, amount)
    }
  }
}

/** Mixes a colour in: opaque paint of strength `alpha`, at most fully covering. */
export function mix(target: Canvas, cover: Cover | undefined, [r, g, b]: Colour, alpha = 1): void {
  const [red, green, blue] = target.planes
  over(target, cover, (i, amount) => {
    const a = Math.min(1, Math.max(0, amount) * alpha)
    red[i] = (red[i] as number) * (1 - a) + r * a
    green[i] = (green[i] as number) * (1 - a) + g * a
    blue[i] = (blue[i] as number) * (1 - a) + b * a
  })
}

/** Takes light away as a stain does: each plane falls by exp(-cover * density * amount). */
export function absorb(target: Canvas, cover: Cover | undefined, density: Colour, amount = 1): void {
  target.planes.forEach((plane, k) => {
    const d = (density[k] as number) * amount
    if (d !== 0)
      over(target, cover, (i, value) => {
        plane[i] = (plane[i] as number) * Math.exp(-value * d)
      })
  })
}

/** Adds light. */
export function shine(target: Canvas, cover: Cover | undefined, light: Colour, amount = 1): void {
  target.planes.forEach((plane, k) => {
    const l = (light[k] as number) * amount
    if (l !== 0)
      over(target, cover, (i, value) => {
        plane[i] = (plane[i] as number) + value * l
      })
  })
}

/** What a camera does to light. */
export interface Camera {
  exposure: number
  /** Gain of each plane. */
  balance: Colour
  /** Power of the tone curve; below 1 brightens. */
  gamma: number
  /** Pixels. */
  blur: number
  /** Standard deviation of noise at full light, in parts of full light. */
  noise: number
}

/** Passes light through the camera, in place: blur, gain, photon and read-out noise, tone curve. */
export function expose(target: Canvas, camera: Camera, stream: Random): void {
  target.planes.forEach((plane, k) => {
    blur(plane, target.width, target.height, camera.blur)
    const gain = camera.exposure * (camera.balance[k] as number)
    for (let i = 0; i < plane.length; i++) {
      let light = Math.max(0, (plane[i] as number) * gain)
      if (camera.noise > 0) light += stream.normal() * camera.noise * Math.sqrt(light + 0.02)
      // A soft shoulder keeps bright parts from clipping to a flat white.
      if (light > 0.85) light = 1 - 0.15 * Math.exp((0.85 - light) / 0.15)
      plane[i] = light <= 0 ? 0 : light ** camera.gamma
    }
  })
}

/** Red, green and blue of each pixel (8 bits) of a canvas whose planes are in [0, 1]. */
export function interleaved({ width, height, planes }: Canvas): Uint8Array {
  const mixed = new Float32Array(3 * width * height)
  planes.forEach((plane, k) => {
    for (let i = 0; i < plane.length; i++) mixed[3 * i + k] = plane[i] as number
  })
  return quantise(mixed, 8) as Uint8Array
}

/** A colour PNG (8 bits) of a canvas. */
export function encodeCanvas(canvas: Canvas): Promise<Buffer> {
  return encodeRgbPng(interleaved(canvas), canvas.width, canvas.height)
}
