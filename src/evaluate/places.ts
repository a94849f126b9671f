/** @file Where boxes and masks of studies lie in the square that a model sees. */

import { join } from 'node:path'
import type { Study } from '../data/study.ts'
import { fit, type Preprocess, placement, readImage } from '../imaging/index.ts'

/** A box in pixels of the model's square, cut to it: [x, y, w, h]. */
export interface PlacedBox {
  label: string
  phrase: string
  box: [number, number, number, number]
}

/** Boxes of the first picture of a study. Those that lie outside the model's crop are gone. */
export async function placedBoxes(folder: string, study: Study, preprocess: Preprocess): Promise<PlacedBox[]> {
  const first = study.boxes.filter(({ image, box }) => image === 0 && box.length === 4)
  if (first.length === 0) return []
  const { scale, shift } = placement(await readImage(join(folder, study.images[0]!.path)), preprocess)
  const cut = (value: number): number => Math.min(Math.max(value, 0), preprocess.size)
  return first.flatMap(({ label, phrase, box }) => {
    const [x, y, w, h] = box as [number, number, number, number]
    const [left, top] = [cut(x * scale[0] + shift[0]), cut(y * scale[1] + shift[1])]
    const [right, bottom] = [cut((x + w) * scale[0] + shift[0]), cut((y + h) * scale[1] + shift[1])]
    if (right - left <= 0 || bottom - top <= 0) return []
    return [{ label, phrase: phrase ?? label, box: [left, top, right - left, bottom - top] as PlacedBox['box'] }]
  })
}

/** Pixels [size, size] whose middle lies in one of the boxes are 1. */
export function maskOf(boxes: readonly PlacedBox['box'][], size: number): Uint8Array {
  const mask = new Uint8Array(size * size)
  for (const [x, y, w, h] of boxes) {
    for (let r = Math.max(0, Math.ceil(y - 0.5)); r < size && r + 0.5 <= y + h; r++) {
      for (let c = Math.max(0, Math.ceil(x - 0.5)); c < size && c + 0.5 <= x + w; c++) mask[r * size + c] = 1
    }
  }
  return mask
}

/** A mask of a study's first picture in the model's square [size, size]: 1 inside. Undefined if it has none of this label. */
export async function placedMask(
  folder: string,
  study: Study,
  label: string,
  preprocess: Preprocess,
): Promise<Uint8Array | undefined> {
  const found = study.masks.find((mask) => mask.image === 0 && mask.label === label)
  if (found === undefined) return undefined
  const image = await readImage(join(folder, found.path))
  const pixels = image.pixels.map((value) => (value > 0 ? 1 : 0))
  const { values } = fit({ ...image, pixels }, { ...preprocess, resample: 'bilinear', channels: 1 })
  return above(values, 0.5)
}

/** 1 where a value is at least `threshold`. */
export function above(values: ArrayLike<number>, threshold: number): Uint8Array {
  const mask = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) mask[i] = (values[i] as number) >= threshold ? 1 : 0
  return mask
}

/** A map on the grid [rows, columns] brought to [size, size], bilinear between the middles of the cells. */
export function enlarge(grid: ArrayLike<number>, rows: number, columns: number, size: number): Float64Array {
  const out = new Float64Array(size * size)
  const at = (position: number, count: number): [number, number, number] => {
    const place = Math.min(Math.max(((position + 0.5) * count) / size - 0.5, 0), count - 1)
    const low = Math.floor(place)
    return [low, Math.min(low + 1, count - 1), place - low]
  }
  for (let y = 0; y < size; y++) {
    const [top, bottom, fy] = at(y, rows)
    for (let x = 0; x < size; x++) {
      const [left, right, fx] = at(x, columns)
      const above = grid[top * columns + left]! * (1 - fx) + grid[top * columns + right]! * fx
      const below = grid[bottom * columns + left]! * (1 - fx) + grid[bottom * columns + right]! * fx
      out[y * size + x] = above * (1 - fy) + below * fy
    }
  }
  return out
}
