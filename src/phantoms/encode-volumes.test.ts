import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readNifti } from '../imaging/volumes/nifti.ts'
import { encodeNifti } from './encode-nifti.ts'
import { encodeWfdb } from './encode-wfdb.ts'

describe('NIfTI files', () => {
  const voxels = Int16Array.from({ length: 24 }, (_, i) => i * 100 - 1000)
  const file = encodeNifti({ shape: [2, 3, 4], spacing: [0.8, 0.7, 5], voxels })
  const raw = gunzipSync(file)

  it('hold the header fields of the standard, the voxels in order, and a half turn from left-posterior to RAS', () => {
    expect(raw.length).toBe(352 + 48)
    expect([raw.readInt32LE(0), raw.toString('latin1', 344, 347)]).toEqual([348, 'n+1'])
    expect(Array.from({ length: 4 }, (_, i) => raw.readInt16LE(40 + 2 * i))).toEqual([3, 2, 3, 4])
    expect([raw.readInt16LE(70), raw.readInt16LE(72), raw.readFloatLE(108)]).toEqual([4, 16, 352])
    const mm = Array.from({ length: 3 }, (_, i) => Math.round(raw.readFloatLE(80 + 4 * i) * 100) / 100)
    expect(mm).toEqual([0.8, 0.7, 5])
    expect(Array.from({ length: 24 }, (_, i) => raw.readInt16LE(352 + 2 * i))).toEqual([...voxels])
    const row = (k: number): number[] => Array.from({ length: 4 }, (_, i) => raw.readFloatLE(280 + 16 * k + 4 * i))
    expect(row(0)[0]).toBeCloseTo(-0.8)
    expect(row(1)[1]).toBeCloseTo(-0.7)
    expect(row(2)[2]).toBe(5)
    // The middle of the volume is the origin of the scanner.
    expect((row(0)[0] as number) * 0.5 + (row(0)[3] as number)).toBeCloseTo(0)
    expect((row(2)[2] as number) * 1.5 + (row(2)[3] as number)).toBeCloseTo(0)
  })

  it('hold masks as bytes, and do not name the machine', () => {
    const mask = gunzipSync(encodeNifti({ shape: [2, 2, 1], spacing: [1, 1, 1], voxels: Uint8Array.of(0, 1, 1, 0) }))
    expect([mask.readInt16LE(70), mask.readInt16LE(72), [...mask.subarray(352)]]).toEqual([2, 8, [0, 1, 1, 0]])
    expect(file[9]).toBe(255)
    expect(file.readUInt32LE(4)).toBe(0)
  })

  it('are read by the reader of volumes, which agrees with nibabel', () => {
    const volume = readNifti(file, 'phantom.nii.gz')
    expect(volume.size).toEqual([2, 3, 4])
    expect([...volume.values]).toEqual([...voxels])
    expect(volume.provenance.orientation).toBe('sform')
    ;[0.8, 0.7, 5].forEach((mm, axis) => {
      expect(volume.spacing[axis]).toBeCloseTo(mm)
    })
  })

  it('are refused when the voxels do not fill the shape', () => {
    expect(() => encodeNifti({ shape: [2, 2, 2], spacing: [1, 1, 1], voxels: new Uint8Array(7) })).toThrow(/2 x 2 x 2/)
  })
})

describe('WFDB records', () => {
  it('hold interleaved microvolts with checksums', () => {
    const leads = [
      { name: 'I', millivolts: Float32Array.of(0.001, 0.002, 40) },
      { name: 'II', millivolts: Float32Array.of(1, -1, 0.5) },
    ]
    const { header, samples } = encodeWfdb({ name: 's000001', rate: 100, leads, comments: ['Age: 60'] })
    const stored = Array.from({ length: 6 }, (_, i) => samples.readInt16LE(2 * i))
    expect(stored).toEqual([1, 1000, 2, -1000, 32767, 500])
    expect(header.toString()).toBe(
      's000001 2 100 3\n' +
        's000001.dat 16 1000(0)/mV 16 0 1 -32766 0 I\n' +
        's000001.dat 16 1000(0)/mV 16 0 1000 500 0 II\n' +
        '# Age: 60\n',
    )
  })

  it('need leads of one length and a plain name', () => {
    const lead = (n: number) => ({ name: 'I', millivolts: new Float32Array(n) })
    expect(() => encodeWfdb({ name: 'a', rate: 100, leads: [lead(3), lead(4)] })).toThrow(/equally long/)
    expect(() => encodeWfdb({ name: '../a', rate: 100, leads: [lead(3)] })).toThrow(/plain name/)
  })
})
