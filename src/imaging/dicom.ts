/** @file A DICOM file as an image: greys or colours ready for display, and the order in which they were made. */

import type { DataSet } from 'dicom-parser'
import { VesaliusError } from '../core/errors.ts'
import {
  codeOf,
  damagedDicom,
  decimalsOf,
  groupOf,
  itemOf,
  pixelValueOf,
  readHeader,
  syntaxName,
  unsignedOf,
} from './dicom-header.ts'
import { type PixelLayout, readLayout, readSamples } from './dicom-pixels.ts'
import { type GreyRules, isUsableWindow, type LookupTable, toGreys, type WindowFunction } from './greys.ts'
import type { DecodedImage, ReadOptions, Step } from './types.ts'

/** Item of a Modality or VOI LUT Sequence (PS3.3 C.11.1, C.11.2), or undefined when it is not usable. */
function tableOf(item: DataSet | undefined, signed: boolean): LookupTable | undefined {
  const element = item?.elements.x00283006
  const entries = unsignedOf(item, 'x00283002', 0)
  const first = pixelValueOf(item, 'x00283002', signed, 1)
  const bits = unsignedOf(item, 'x00283002', 2)
  if (
    item === undefined ||
    element === undefined ||
    entries === undefined ||
    first === undefined ||
    bits === undefined
  ) {
    return undefined
  }
  // 0 stands for 65536, which does not fit its field.
  const count = entries === 0 ? 65536 : entries
  if (bits < 1 || bits > 16) return undefined
  // Tables of 8-bit entries may be packed in bytes; otherwise an entry takes a word.
  if (element.length < 2 * count) {
    if (bits > 8 || element.length < count || element.dataOffset + count > item.byteArray.length) return undefined
    return { first, bits, data: item.byteArray.subarray(element.dataOffset, element.dataOffset + count) }
  }
  const data = Array.from({ length: count }, (_, i) => unsignedOf(item, 'x00283006', i))
  return data.every((value) => value !== undefined) ? { first, bits, data } : undefined
}

function windowFunctionOf(voi: DataSet): WindowFunction {
  const name = codeOf(voi, 'x00281056')
  return name === 'LINEAR_EXACT' || name === 'SIGMOID' ? name : 'LINEAR'
}

/** What the header says about showing a frame, with the caller's window before the file's. */
function greyRules(
  dataSet: DataSet,
  layout: PixelLayout,
  frame: number,
  where: string,
  options: ReadOptions,
): GreyRules {
  const transformation = groupOf(dataSet, frame, 'x00289145')
  const voi = groupOf(dataSet, frame, 'x00289132')
  const modalityItem = itemOf(dataSet, 'x00283000')
  const modalityTable = tableOf(modalityItem, layout.signed)
  if (modalityItem !== undefined && modalityTable === undefined) {
    throw damagedDicom(where, 'its modality table (0028,3000) is incomplete')
  }
  const slope = decimalsOf(transformation, 'x00281053')[0] ?? 1
  const intercept = decimalsOf(transformation, 'x00281052')[0] ?? 0
  // Values are signed after rescale whenever they can be negative.
  const signed = layout.signed || intercept < 0

  const centers = decimalsOf(voi, 'x00281050')
  const widths = decimalsOf(voi, 'x00281051')
  const windowFunction = windowFunctionOf(voi)
  const ofFile = centers.length > 0 && widths.length > 0 ? { center: centers[0]!, width: widths[0]! } : undefined
  let rules: Pick<GreyRules, 'window' | 'windowFrom' | 'windows' | 'windowFunction'> = { windowFunction }
  if (options.window !== undefined) {
    if (!isUsableWindow(options.window, 'LINEAR')) {
      throw new VesaliusError('USAGE', 'The width of a window must be at least 1.', { where: 'window' })
    }
    rules = { window: options.window, windowFrom: 'caller', windowFunction: 'LINEAR' }
  } else if (ofFile !== undefined && isUsableWindow(ofFile, windowFunction)) {
    rules = { window: ofFile, windowFrom: 'file', windows: Math.min(centers.length, widths.length), windowFunction }
  }

  const pad = pixelValueOf(dataSet, 'x00280120', layout.signed)
  const limit = pixelValueOf(dataSet, 'x00280121', layout.signed) ?? pad
  const reversed = layout.photometric === 'MONOCHROME1'
  const inverse = codeOf(dataSet, 'x20500020') === 'INVERSE'
  return {
    slope,
    intercept,
    ...(modalityTable === undefined ? {} : { modalityTable }),
    ...rules,
    voiTable: tableOf(itemOf(dataSet, 'x00283010'), signed),
    padding: pad === undefined || limit === undefined ? undefined : [Math.min(pad, limit), Math.max(pad, limit)],
    inverted: reversed || inverse,
    polarity: reversed ? 'MONOCHROME1' : 'Presentation LUT Shape INVERSE',
  }
}

/** Colour samples to RGB in 0..1; YBR by the equations of PS3.3 C.7.6.3.1.2. */
function toColors(
  samples: Float64Array,
  { bitsStored, photometric }: PixelLayout,
  isRgb: boolean,
): [Float32Array, Step[]] {
  const top = 2 ** bitsStored - 1
  const values = new Float32Array(samples.length)
  if (isRgb) {
    for (let i = 0; i < samples.length; i++) values[i] = samples[i]! / top
    return [values, photometric === 'RGB' ? [] : [{ step: 'color', note: `${photometric} to RGB by the JPEG decoder` }]]
  }
  const half = 2 ** (bitsStored - 1)
  const unit = (x: number): number => Math.min(1, Math.max(0, x / top))
  for (let i = 0; i < samples.length; i += 3) {
    const y = samples[i]!
    const cb = samples[i + 1]! - half
    const cr = samples[i + 2]! - half
    values[i] = unit(y + 1.402 * cr)
    values[i + 1] = unit(y - 0.344136 * cb - 0.714136 * cr)
    values[i + 2] = unit(y + 1.772 * cb)
  }
  return [values, [{ step: 'color', note: `${photometric} to RGB` }]]
}

/** mm a pixel [x, y]; DICOM gives the distance of rows first. Spacing at the detector where none at the patient is known. */
function spacingOf(dataSet: DataSet, frame: number): [number, number] | undefined {
  const measures = groupOf(dataSet, frame, 'x00289110')
  for (const [set, tag] of [
    [measures, 'x00280030'],
    [dataSet, 'x00181164'],
    [dataSet, 'x00182010'],
  ] as const) {
    const [y, x] = decimalsOf(set, tag)
    if (x !== undefined && y !== undefined && x > 0 && y > 0) return [x, y]
  }
  return undefined
}

/**
 * Decodes a DICOM file (uncompressed, or JPEG baseline): greys go stored -> rescale -> window -> polarity, colours become RGB.
 * `options.window` replaces the window of the file, `options.frame` (default 0) chooses a frame. Nothing about the patient is
 * read. Throws FORMAT_UNSUPPORTED, FILE_DAMAGED, DATA_INVALID or USAGE.
 */
export async function decodeDicom(bytes: Uint8Array, where: string, options: ReadOptions = {}): Promise<DecodedImage> {
  const header = readHeader(bytes, where)
  const { dataSet, transferSyntax } = header
  const layout = readLayout(header, where)
  const frame = options.frame ?? 0
  const samples = await readSamples(header, layout, frame, where)

  const decode: Step = { step: 'decode', format: 'DICOM', syntax: syntaxName(transferSyntax), bits: layout.bitsStored }
  if (layout.signed) decode.sign = 'signed'
  if (layout.frames > 1) {
    decode.frame = frame
    decode.frames = layout.frames
  }
  let values: Float32Array
  let steps: Step[]
  if (layout.samples === 1) {
    ;({ values, steps } = toGreys(samples, greyRules(dataSet, layout, frame, where, options), where))
  } else {
    const isRgb = layout.photometric === 'RGB' || transferSyntax.startsWith('1.2.840.10008.1.2.4.')
    ;[values, steps] = toColors(samples, layout, isRgb)
  }
  const spacing = spacingOf(dataSet, frame)
  const modality = codeOf(dataSet, 'x00080060')
  return {
    width: layout.columns,
    height: layout.rows,
    channels: layout.samples,
    bitDepth: layout.bitsAllocated,
    values,
    ...(spacing === undefined ? {} : { spacing }),
    ...(modality === undefined ? {} : { modality }),
    source: { format: 'dicom', transferSyntax, photometric: layout.photometric },
    steps: [decode, ...steps],
  }
}
