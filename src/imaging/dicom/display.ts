/** @file A DICOM file as an image: greys or colours ready for display, and the order in which they were made. */

import { VesaliusError } from '../../core/errors.ts'
import { compactImage } from '../compact.ts'
import type { Samples } from '../resample-vectors.ts'
import type { DecodedImage, NamedWindow, ReadOptions, Step, Window } from '../types.ts'
import { fromPalette, toColors } from './colors.ts'
import { bytesOf, codeOf, decimalsOf, groupOf, itemOf, pixelValueOf, textOf, unsignedOf } from './fields.ts'
import { type GreyRules, isUsableWindow, type LookupTable, toGreys, type WindowFunction } from './greys.ts'
import { damagedDicom, readHeader } from './header.ts'
import { type PixelLayout, readLayout } from './layout.ts'
import type { DataSet } from './parse.ts'
import { readSamples } from './samples.ts'
import { syntaxName } from './syntaxes.ts'
import { namedWindow } from './windows.ts'

/** Item of a Modality or VOI LUT Sequence (PS3.3 C.11.1, C.11.2), or undefined when it is not usable. */
function tableOf(item: DataSet | undefined, signed: boolean): LookupTable | undefined {
  const packed = bytesOf(item, 0x00283006)
  const entries = unsignedOf(item, 0x00283002, 0)
  const first = pixelValueOf(item, 0x00283002, signed, 1)
  const bits = unsignedOf(item, 0x00283002, 2)
  if (packed === undefined || entries === undefined || first === undefined || bits === undefined) return undefined
  // 0 stands for 65536, which does not fit its field.
  const count = entries === 0 ? 65536 : entries
  if (bits < 1 || bits > 16) return undefined
  // Tables of 8-bit entries may be packed in bytes; otherwise an entry takes a word.
  if (packed.length < 2 * count) {
    return bits > 8 || packed.length < count ? undefined : { first, bits, data: packed.subarray(0, count) }
  }
  const data = Uint16Array.from({ length: count }, (_, i) => unsignedOf(item, 0x00283006, i) ?? 0)
  return { first, bits, data }
}

function windowFunctionOf(voi: DataSet): WindowFunction {
  const name = codeOf(voi, 0x00281056)
  return name === 'LINEAR_EXACT' || name === 'SIGMOID' ? name : 'LINEAR'
}

/** The windows of a frame, named as the file does. */
function windowsOf(voi: DataSet): NamedWindow[] {
  const centers = decimalsOf(voi, 0x00281050)
  const widths = decimalsOf(voi, 0x00281051)
  const names = textOf(voi, 0x00281055)?.split('\\') ?? []
  return centers.slice(0, widths.length).map((center, i) => {
    const name = names[i]?.trim() ?? ''
    // Free text of the scanner; only what looks like a name is passed on.
    return { name: /^[\w .+-]{1,32}$/.test(name) ? name : `window ${i + 1}`, center, width: widths[i]! }
  })
}

type WindowRules = Pick<GreyRules, 'window' | 'windowFrom' | 'windowName' | 'windows' | 'windowFunction'>

/** The window to use: the caller's by numbers or name, else the file's first, else none. */
function windowRules(
  asked: Window | string | undefined,
  ofFile: readonly NamedWindow[],
  windowFunction: WindowFunction,
  modality: string | undefined,
): WindowRules {
  if (typeof asked === 'string') {
    const own = ofFile.find(({ name }) => name.toLowerCase() === asked.toLowerCase())
    if (own !== undefined && isUsableWindow(own, windowFunction))
      return { window: own, windowName: own.name, windowFrom: 'file', windowFunction }
    const window = namedWindow(asked, modality, ofFile)
    return { window, windowName: asked, windowFrom: 'caller', windowFunction: 'LINEAR' }
  }
  if (asked !== undefined) {
    if (!isUsableWindow(asked, 'LINEAR')) {
      throw new VesaliusError('USAGE', 'The width of a window must be at least 1.', { where: 'window' })
    }
    return { window: asked, windowFrom: 'caller', windowFunction: 'LINEAR' }
  }
  const first = ofFile[0]
  if (first === undefined || !isUsableWindow(first, windowFunction)) return { windowFunction }
  return { window: first, windowFrom: 'file', windows: ofFile.length, windowFunction }
}

/** What the header says about showing a frame, with the caller's window before the file's. */
function greyRules(
  dataSet: DataSet,
  layout: PixelLayout,
  frame: number,
  where: string,
  window: WindowRules,
): GreyRules {
  const transformation = groupOf(dataSet, frame, 0x00289145)
  const modalityItem = itemOf(dataSet, 0x00283000)
  const modalityTable = tableOf(modalityItem, layout.signed)
  if (modalityItem !== undefined && modalityTable === undefined) {
    throw damagedDicom(where, 'its modality table (0028,3000) is incomplete')
  }
  const slope = decimalsOf(transformation, 0x00281053)[0] ?? 1
  const intercept = decimalsOf(transformation, 0x00281052)[0] ?? 0
  // Values are signed after rescale whenever they can be negative.
  const signed = layout.signed || intercept < 0

  const pad = pixelValueOf(dataSet, 0x00280120, layout.signed)
  const limit = pixelValueOf(dataSet, 0x00280121, layout.signed) ?? pad
  const reversed = layout.photometric === 'MONOCHROME1'
  const inverse = codeOf(dataSet, 0x20500020) === 'INVERSE'
  return {
    slope,
    intercept,
    ...(modalityTable === undefined ? {} : { modalityTable }),
    ...window,
    voiTable: tableOf(itemOf(dataSet, 0x00283010), signed),
    padding: pad === undefined || limit === undefined ? undefined : [Math.min(pad, limit), Math.max(pad, limit)],
    inverted: reversed || inverse,
    polarity: reversed ? 'MONOCHROME1' : 'Presentation LUT Shape INVERSE',
  }
}

/** mm a pixel [x, y]; DICOM gives the distance of rows first. Spacing at the detector where none at the patient is known. */
function spacingOf(dataSet: DataSet, frame: number): [number, number] | undefined {
  const measures = groupOf(dataSet, frame, 0x00289110)
  for (const [set, tag] of [
    [measures, 0x00280030],
    [dataSet, 0x00181164],
    [dataSet, 0x00182010],
  ] as const) {
    const [y, x] = decimalsOf(set, tag)
    if (x !== undefined && y !== undefined && x > 0 && y > 0) return [x, y]
  }
  return undefined
}

/**
 * Decodes a frame of a DICOM file: greys go stored -> rescale -> window -> polarity, colours and palettes become RGB.
 * `options.window` replaces the window of the file, `options.frame` (default 0) chooses a frame. Nothing about the patient is
 * read. Throws FORMAT_UNSUPPORTED, FILE_DAMAGED, DATA_INVALID or USAGE.
 */
export async function decodeDicom(bytes: Uint8Array, where: string, options: ReadOptions = {}): Promise<DecodedImage> {
  const header = readHeader(bytes, where)
  const { dataSet, transferSyntax } = header
  const layout = readLayout(header, where)
  const frame = options.frame ?? 0
  const modality = codeOf(dataSet, 0x00080060)
  const voi = groupOf(dataSet, frame, 0x00289132)
  const windows = windowsOf(voi)
  const window = windowRules(options.window, windows, windowFunctionOf(voi), modality)
  const stored = await readSamples(header, layout, frame, where, options.decodeMilliseconds)

  const decode: Step = { step: 'decode', format: 'DICOM', syntax: syntaxName(transferSyntax), bits: layout.bitsStored }
  if (layout.signed) decode.sign = 'signed'
  if (layout.frames > 1) {
    decode.frame = frame
    decode.frames = layout.frames
  }
  let samples: Samples
  let steps: Step[]
  let range = { black: 0, white: 2 ** layout.bitsStored - 1 }
  const palette = layout.photometric === 'PALETTE COLOR'
  if (palette) ({ steps, ...samples } = fromPalette(stored.values, dataSet, layout.signed, where))
  else if (layout.samples === 3) ({ steps, ...samples } = toColors(stored, layout))
  else ({ samples, steps, range } = toGreys(stored, greyRules(dataSet, layout, frame, where, window), where))
  const spacing = spacingOf(dataSet, frame)
  const image = {
    width: layout.columns,
    height: layout.rows,
    channels: palette ? 3 : layout.samples,
    bitDepth: layout.bitsAllocated,
    range,
    ...(spacing === undefined ? {} : { spacing }),
    ...(modality === undefined ? {} : { modality }),
    provenance: {
      format: 'dicom' as const,
      transferSyntax,
      photometric: layout.photometric,
      ...(windows.length === 0 ? {} : { windows }),
      steps: [decode, ...steps],
    },
  }
  return samples.table === undefined ? { ...image, pixels: samples.values } : compactImage(image, samples)
}
