/** @file Axis-parallel boxes in 2-D and 3-D: `[x, y, w, h]` or `[x, y, z, w, h, d]`, origin and size, continuous coordinates. */

import { VesaliusError } from '../../core/errors.ts'

/** Origin along each axis, then size along each axis, in the order of the study's record. */
export type Box = readonly number[]

/** Refuses boxes that are no 2-D or 3-D boxes, have negative sizes, or values that are not finite. */
export function checkBox(box: Box, where: string): void {
  const axes = box.length / 2
  const bad = (axes !== 2 && axes !== 3) || box.some((v, i) => !Number.isFinite(v) || (i >= axes && v < 0))
  if (!bad) return
  throw new VesaliusError('DATA_INVALID', `[${box.join(', ')}] is not a box in 2-D or 3-D.`, {
    where,
    hint: 'Give [x, y, w, h] or [x, y, z, w, h, d] with finite numbers and sizes of at least 0.',
  })
}

/** Area or volume of a box. */
export function boxSize(box: Box): number {
  let size = 1
  for (let i = box.length / 2; i < box.length; i++) size *= box[i]!
  return size
}

/** Intersection over union of two boxes of the same dimension, in 0..1; 0 when both have no extent. */
export function boxIou(a: Box, b: Box): number {
  const common = commonSize(a, b)
  return common === 0 ? 0 : common / (boxSize(a) + boxSize(b) - common)
}

/** Share of box `a` that lies in `b`, in 0..1: COCO's overlap with a region of many objects. */
export function boxShare(a: Box, b: Box): number {
  const common = commonSize(a, b)
  return common === 0 ? 0 : common / boxSize(a)
}

/** Area or volume that two boxes have in common. */
function commonSize(a: Box, b: Box): number {
  const axes = a.length / 2
  let common = 1
  for (let i = 0; i < axes; i++) {
    const low = Math.max(a[i]!, b[i]!)
    const high = Math.min(a[i]! + a[axes + i]!, b[i]! + b[axes + i]!)
    if (high <= low) return 0
    common *= high - low
  }
  return common
}

/** Whether the centre of `a` lies in `b`, border included. */
export function centreInside(a: Box, b: Box): boolean {
  const axes = a.length / 2
  for (let i = 0; i < axes; i++) {
    const centre = a[i]! + a[axes + i]! / 2
    if (centre < b[i]! || centre > b[i]! + b[axes + i]!) return false
  }
  return true
}

/**
 * Pixels whose centre lies in one of the boxes, as a mask [H, W] of 0 and 1. Boxes may reach beyond the image; the boxes of
 * one phrase belong into one mask.
 */
export function maskOfBoxes(boxes: readonly Box[], height: number, width: number): Uint8Array {
  const mask = new Uint8Array(height * width)
  for (const [i, box] of boxes.entries()) {
    checkBox(box, `box ${i}`)
    const [x = 0, y = 0, w = 0, h = 0] = box
    // The centre of pixel j is j + 0.5: inside when x <= j + 0.5 < x + w.
    const left = Math.max(0, Math.ceil(x - 0.5))
    const right = Math.min(width, Math.ceil(x + w - 0.5))
    const top = Math.max(0, Math.ceil(y - 0.5))
    const bottom = Math.min(height, Math.ceil(y + h - 0.5))
    for (let row = top; row < bottom; row++) if (right > left) mask.fill(1, row * width + left, row * width + right)
  }
  return mask
}
