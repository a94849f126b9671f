/** @file NIfTI-1 files (.nii.gz, .nii) of a volume or a mask, in scanner coordinates (RAS+). */

import { gzipSync } from 'node:zlib'
import { VesaliusError } from '../core/errors.ts'

/** A volume, x fastest: voxel (i, j, k) is at i + columns * (j + rows * k). */
export interface NiftiVolume {
  /** [x, y, z] in voxels. x runs to the patient's left, y to the back, z to the head, as CT slices are stored. */
  shape: readonly [number, number, number]
  /** mm between voxels along x, y, z. */
  spacing: readonly [number, number, number]
  /** int16 for intensities (Hounsfield units), uint8 for masks. */
  voxels: Int16Array | Uint8Array
  /** At most 79 ASCII characters. */
  description?: string
  /** False: .nii, whose size says nothing about what is in it. Default true. */
  compress?: boolean
}

const headerBytes = 352

/**
 * The bytes of a NIfTI-1 file, gzipped unless said otherwise; the same volume gives the same bytes on every machine. The affine has its origin in
 * the middle of the volume. Throws when the voxels do not fill the shape or a dimension is above 32767.
 */
export function encodeNifti({ shape, spacing, voxels, description = '', compress = true }: NiftiVolume): Buffer {
  const [columns, rows, slices] = shape
  if (columns * rows * slices !== voxels.length || Math.max(...shape) > 32767 || Math.min(...shape) < 1) {
    throw new VesaliusError('RUNTIME_FAILED', `${voxels.length} voxels do not fill a volume of ${shape.join(' x ')}.`, {
      where: 'voxels',
    })
  }
  const bits = voxels instanceof Int16Array ? 16 : 8
  const header = Buffer.alloc(headerBytes)
  header.writeInt32LE(348, 0)
  ;[3, columns, rows, slices, 1, 1, 1, 1].forEach((value, i) => {
    header.writeInt16LE(value, 40 + 2 * i)
  })
  header.writeInt16LE(bits === 16 ? 4 : 2, 70) // datatype: INT16 or UINT8
  header.writeInt16LE(bits, 72)
  // The first entry is the sign of the third axis in the quaternion form.
  ;[1, ...spacing, 0, 0, 0, 0].forEach((value, i) => {
    header.writeFloatLE(value, 76 + 4 * i)
  })
  header.writeFloatLE(headerBytes, 108) // vox_offset
  header.writeFloatLE(1, 112) // scl_slope
  header.writeUInt8(2, 123) // xyzt_units: mm
  header.write(description.slice(0, 79), 148, 'latin1')
  header.writeInt16LE(1, 252) // qform: scanner coordinates
  header.writeInt16LE(1, 254) // sform: scanner coordinates
  // x to the left and y to the back are -x and -y in RAS+: half a turn about z, quaternion (0, 0, 1).
  const middle = shape.map((n, i) => ((n - 1) / 2) * (spacing[i] as number)) as [number, number, number]
  const origin = [middle[0], middle[1], -middle[2]]
  ;[0, 0, 1, ...origin].forEach((value, i) => {
    header.writeFloatLE(value, 256 + 4 * i)
  })
  const affine = [-spacing[0], 0, 0, origin[0], 0, -spacing[1], 0, origin[1], 0, 0, spacing[2], origin[2]]
  affine.forEach((value, i) => {
    header.writeFloatLE(value as number, 280 + 4 * i)
  })
  header.write('n+1\0', 344, 'latin1')
  const plain = Buffer.concat([header, littleEndian(voxels)])
  if (!compress) return plain
  const file = gzipSync(plain, { level: 4 })
  file.writeUInt8(255, 9) // The operating system in the gzip header: unknown, so that bytes do not depend on it.
  return file
}

function littleEndian(voxels: Int16Array | Uint8Array): Buffer {
  if (voxels instanceof Uint8Array) return Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)
  const bytes = Buffer.alloc(voxels.length * 2)
  for (let i = 0; i < voxels.length; i++) bytes.writeInt16LE(voxels[i] as number, 2 * i)
  return bytes
}
