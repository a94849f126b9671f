/** @file Volumes turned so that their axes run to the patient's right, front and head, without resampling. */

import { type Affine, spacingOfAffine, type Volume } from './volume.ts'

/** For each voxel axis the patient axis it runs along (0 right-left, 1 front-back, 2 head-foot), and whether it runs up. */
export interface AxisDirection {
  axis: 0 | 1 | 2
  sign: 1 | -1
}

/** The patient axes closest to the voxel axes, each used once, largest cosines first (as nibabel's `io_orientation`). */
export function axisDirections(affine: Affine): [AxisDirection, AxisDirection, AxisDirection] {
  const spacing = spacingOfAffine(affine)
  const cosines = [0, 1, 2].flatMap((voxel) =>
    [0, 1, 2].map((axis) => ({ voxel, axis, cosine: affine[4 * axis + voxel]! / (spacing[voxel]! || 1) })),
  )
  cosines.sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine))
  const found: (AxisDirection | undefined)[] = [undefined, undefined, undefined]
  const taken = new Set<number>()
  for (const { voxel, axis, cosine } of cosines) {
    if (found[voxel] !== undefined || taken.has(axis)) continue
    found[voxel] = { axis: axis as 0 | 1 | 2, sign: cosine < 0 ? -1 : 1 }
    taken.add(axis)
  }
  return found as [AxisDirection, AxisDirection, AxisDirection]
}

/** Letters of the directions in which the voxel axes run, e.g. LPS or RAS. */
export function orientationCode(affine: Affine): string {
  return axisDirections(affine)
    .map(({ axis, sign }) => ['LR', 'PA', 'IS'][axis]![sign === 1 ? 1 : 0])
    .join('')
}

/** The same volume with axes exchanged and turned so that they are closest to right, front, head (RAS+). */
export function toCanonical(volume: Volume): Volume {
  const { size, frames, channels, values, affine } = volume
  const directions = axisDirections(affine)
  const code = orientationCode(affine)
  if (code === 'RAS') return volume
  // For each new axis the old one it is.
  const from = [0, 1, 2].map((axis) => directions.findIndex((each) => each.axis === axis)) as [number, number, number]
  const newSize = from.map((old) => size[old]!) as [number, number, number]
  const strides = [channels, channels * size[0], channels * size[0] * size[1]]
  const steps = from.map((old) => strides[old]! * directions[old]!.sign)
  const start = from.reduce(
    (sum, old) => sum + (directions[old]!.sign === -1 ? (size[old]! - 1) * strides[old]! : 0),
    0,
  )
  const out = values instanceof Float64Array ? new Float64Array(values.length) : new Float32Array(values.length)
  const voxels = size[0] * size[1] * size[2] * channels
  let to = 0
  for (let f = 0; f < frames; f++) {
    for (let k = 0; k < newSize[2]; k++) {
      for (let j = 0; j < newSize[1]; j++) {
        let at = f * voxels + start + k * steps[2]! + j * steps[1]!
        for (let i = 0; i < newSize[0]; i++, at += steps[0]!) {
          for (let c = 0; c < channels; c++) out[to++] = values[at + c]!
        }
      }
    }
  }
  const turned = new Array<number>(16).fill(0)
  turned[15] = 1
  for (let r = 0; r < 3; r++) {
    let origin = affine[4 * r + 3]!
    from.forEach((old, axis) => {
      const { sign } = directions[old]!
      turned[4 * r + axis] = affine[4 * r + old]! * sign
      if (sign === -1) origin += affine[4 * r + old]! * (size[old]! - 1)
    })
    turned[4 * r + 3] = origin
  }
  return {
    ...volume,
    size: newSize,
    values: out,
    affine: turned,
    spacing: spacingOfAffine(turned),
    provenance: { ...volume.provenance, steps: [...volume.provenance.steps, `turned from ${code} to RAS`] },
  }
}
