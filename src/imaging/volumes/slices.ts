/** @file Where slices of a DICOM series lie, from their headers: position, orientation, spacing. No patient data. */

import { codeOf, codesOf, decimalsOf, doublesOf, groupOf, textOf, uidOf } from '../dicom/fields.ts'
import { type DicomHeader, readHeader } from '../dicom/header.ts'
import { type PixelLayout, readLayout } from '../dicom/layout.ts'
import type { DataSet } from '../dicom/parse.ts'

/** One frame that lies in space. */
export interface Slice {
  /** Names the file in reports. */
  path: string
  frame: number
  /** Position of the first pixel, mm, LPS. */
  position: [number, number, number]
  /** Directions of a row and of a column (unit vectors, LPS). */
  row: [number, number, number]
  column: [number, number, number]
  /** mm between columns and between rows. */
  spacing: [number, number]
  rows: number
  columns: number
  instance: number
  /** Slices of one volume share this: series, orientation, size, spacing. */
  group: string
  /** What tells volumes of one place apart: echo time, time, diffusion weight. */
  variant: string
  slope: number
  intercept: number
  modality: string | undefined
}

type Triple = [number, number, number]

function triple(values: readonly number[], from = 0): Triple | undefined {
  const [x, y, z] = values.slice(from, from + 3)
  return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z]
}

/** The slice of one frame, or what it lacks. */
function sliceOf(path: string, dataSet: DataSet, layout: PixelLayout, frame: number): Slice | string {
  const position = triple(decimalsOf(groupOf(dataSet, frame, 0x00209113), 0x00200032))
  const orientation = decimalsOf(groupOf(dataSet, frame, 0x00209116), 0x00200037)
  const [row, column] = [triple(orientation), triple(orientation, 3)]
  const [between, along] = decimalsOf(groupOf(dataSet, frame, 0x00289110), 0x00280030)
  if (position === undefined) return 'has no position (0020,0032)'
  if (row === undefined || column === undefined) return 'has no orientation (0020,0037)'
  const dot = row[0] * column[0] + row[1] * column[1] + row[2] * column[2]
  if (Math.abs(Math.hypot(...row) - 1) > 0.01 || Math.abs(Math.hypot(...column) - 1) > 0.01 || Math.abs(dot) > 0.01)
    return 'has an orientation that is none (0020,0037)'
  if (between === undefined || along === undefined || !(between > 0) || !(along > 0))
    return 'has no pixel spacing (0028,0030)'
  const transformation = groupOf(dataSet, frame, 0x00289145)
  const round = (values: readonly number[]): string => values.map((value) => value.toFixed(3)).join(' ')
  const { rows, columns } = layout
  return {
    path,
    frame,
    position,
    row,
    column,
    spacing: [along, between],
    rows,
    columns,
    instance: (decimalsOf(dataSet, 0x00200013)[0] ?? 0) + frame / 1e6,
    group: [uidOf(dataSet, 0x0020000e), rows, columns, round([...row, ...column]), round([between, along])].join('|'),
    variant: [
      decimalsOf(dataSet, 0x00180081)[0],
      decimalsOf(dataSet, 0x00200100)[0],
      doublesOf(groupOf(dataSet, frame, 0x00189117), 0x00189087)[0],
      codesOf(dataSet, 0x00080008).join(' '),
      textOf(dataSet, 0x00080032),
    ].join('|'),
    slope: decimalsOf(transformation, 0x00281053)[0] ?? 1,
    intercept: decimalsOf(transformation, 0x00281052)[0] ?? 0,
    modality: codeOf(dataSet, 0x00080060),
  }
}

/** The frames of a file that lie in space. Throws what reading a header throws. */
export function slicesOf(
  bytes: Uint8Array,
  path: string,
): { slices: Slice[]; problems: string[]; header: DicomHeader; layout: PixelLayout } {
  const header = readHeader(bytes, path)
  const layout = readLayout(header, path)
  const { dataSet } = header
  const slices: Slice[] = []
  const problems: string[] = []
  if (layout.samples !== 1 || layout.photometric === 'PALETTE COLOR')
    return { slices, problems: ['is in colour'], header, layout }
  if (codesOf(dataSet, 0x00080008).includes('MOSAIC'))
    return { slices, problems: ['is a mosaic of slices in one picture'], header, layout }
  // Each frame needs its own position; one for all frames is a film, not a volume.
  if (layout.frames > 1 && !dataSet.elements.has(0x52009230))
    return { slices, problems: [`has ${layout.frames} frames without positions of their own`], header, layout }
  for (let frame = 0; frame < layout.frames; frame++) {
    const found = sliceOf(path, dataSet, layout, frame)
    if (typeof found === 'string') return { slices, problems: [found], header, layout }
    slices.push(found)
  }
  return { slices, problems, header, layout }
}
