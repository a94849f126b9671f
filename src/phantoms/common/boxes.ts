/** @file Boxes of masks in volumes. */

/** [x, y, z, w, h, d] of what a mask holds; null when it is empty. */
export function solidBox(
  mask: Uint8Array,
  [columns, rows]: readonly [number, number, number],
): [number, number, number, number, number, number] | null {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const most = [-1, -1, -1]
  mask.forEach((value, i) => {
    if (value === 0) return
    const at = [i % columns, Math.floor(i / columns) % rows, Math.floor(i / (columns * rows))]
    at.forEach((v, axis) => {
      if (v < (least[axis] as number)) least[axis] = v
      if (v > (most[axis] as number)) most[axis] = v
    })
  })
  if ((most[0] as number) < 0) return null
  const [x, y, z] = least as [number, number, number]
  return [x, y, z, (most[0] as number) - x + 1, (most[1] as number) - y + 1, (most[2] as number) - z + 1]
}
