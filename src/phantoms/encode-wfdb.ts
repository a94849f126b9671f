/** @file WFDB records (PhysioNet): a header (.hea, text) and its samples (.dat, format 16). */

import { VesaliusError } from '../core/errors.ts'

/** Signals sampled together. */
export interface WfdbRecord {
  /** Name of the record: letters, digits, underscores and hyphens. */
  name: string
  /** Samples a second. */
  rate: number
  leads: readonly { name: string; millivolts: Float32Array }[]
  /** Comment lines of the header, without '#'. */
  comments?: readonly string[]
}

/** Units of the converter a millivolt: 1 uV steps, as PTB-XL has. */
const gain = 1000

/** The header and the samples; a sample out of the 16-bit range is cut. Leads must be equally long. */
export function encodeWfdb({ name, rate, leads, comments = [] }: WfdbRecord): { header: Buffer; samples: Buffer } {
  const length = leads[0]?.millivolts.length ?? 0
  if (length === 0 || leads.some(({ millivolts }) => millivolts.length !== length) || !/^[\w-]+$/.test(name)) {
    throw new VesaliusError('RUNTIME_FAILED', `The record "${name}" needs a plain name and equally long leads.`, {
      where: 'leads',
    })
  }
  const samples = Buffer.alloc(2 * length * leads.length)
  const lines = leads.map((lead, k) => {
    let sum = 0
    let first = 0
    for (let i = 0; i < length; i++) {
      const value = Math.max(-32767, Math.min(32767, Math.round((lead.millivolts[i] as number) * gain)))
      samples.writeInt16LE(value, 2 * (i * leads.length + k))
      sum = (sum + value) | 0
      if (i === 0) first = value
    }
    // File, format, gain(baseline)/units, bits, zero, first value, 16-bit checksum, block size, lead.
    return `${name}.dat 16 ${gain}(0)/mV 16 0 ${first} ${(sum << 16) >> 16} 0 ${lead.name}`
  })
  const text = [`${name} ${leads.length} ${rate} ${length}`, ...lines, ...comments.map((line) => `# ${line}`)]
  return { header: Buffer.from(`${text.join('\n')}\n`, 'latin1'), samples }
}
