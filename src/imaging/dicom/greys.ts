/**
 * @file Stored DICOM values to display greys, in the order of the standard: stored -> rescale (or modality table) ->
 * window (or VOI table) -> polarity. Formulas of PS3.3 C.11.1 and C.11.2.1.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { Samples } from '../resample-vectors.ts'
import type { DecodedImage, Step, Window } from '../types.ts'
import type { StoredFrame } from './samples.ts'
import type { StoredValues } from './unpack.ts'

export type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID'

/** A table of values: input `first` gives data[0]; inputs outside take the nearest end. */
export interface LookupTable {
  first: number
  /** Bits of the data: the largest output is 2^bits - 1. */
  bits: number
  data: ArrayLike<number>
}

/** How one frame is shown. */
export interface GreyRules {
  slope: number
  intercept: number
  /** In place of slope and intercept. */
  modalityTable?: LookupTable
  window?: Window
  windowFunction: WindowFunction
  /** Who chose the window: the file or the caller. */
  windowFrom?: 'file' | 'caller'
  /** Name of the window, where it has one. */
  windowName?: string
  /** Windows in the file. */
  windows?: number
  /** Used when there is no window. */
  voiTable?: LookupTable
  /** Stored values that mean "no picture here", inclusive; left out of the range when there is no window. */
  padding?: readonly [low: number, high: number]
  inverted: boolean
  /** Why inverted, for the step. */
  polarity: string
}

/** A window is usable when its width is: at least 1 for LINEAR, above 0 for the others. */
export function isUsableWindow({ center, width }: Window, kind: WindowFunction): boolean {
  return Number.isFinite(center) && Number.isFinite(width) && (kind === 'LINEAR' ? width >= 1 : width > 0)
}

/** The value of `x` under a window, in 0..1 (PS3.3 C.11.2.1.2 and C.11.2.1.3). */
export function windowed(x: number, { center, width }: Window, kind: WindowFunction): number {
  if (kind === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (x - center)) / width))
  // LINEAR counts the steps between whole values: a width of 256 has 255 of them, centred half a value lower.
  const middle = kind === 'LINEAR' ? center - 0.5 : center
  const span = kind === 'LINEAR' ? width - 1 : width
  if (x <= middle - span / 2) return 0
  if (x > middle + span / 2) return 1
  return (x - middle) / span + 0.5
}

function lookUp({ first, data }: LookupTable, x: number): number {
  const index = Math.min(data.length - 1, Math.max(0, Math.round(x) - first))
  return data[index]!
}

/** Smallest and largest value, without padding; undefined when nothing but padding is there. */
function rangeOf(
  stored: StoredValues,
  padding: readonly [number, number] | undefined,
  real: (x: number) => number,
): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const s of stored) {
    if (padding !== undefined && s >= padding[0] && s <= padding[1]) continue
    const x = real(s)
    if (x < low) low = x
    if (x > high) high = x
  }
  return low > high ? undefined : { low, high }
}

/** How real values become display values in 0..1, what they are at both ends, and the step that says so. */
interface Display {
  shown: (x: number) => number
  range: DecodedImage['range']
  step: Step
}

function byWindow(window: Window, rules: GreyRules): Display {
  const { windowFunction, windowFrom, windowName, windows = 1 } = rules
  const step: Step = { step: 'window', center: window.center, width: window.width, function: windowFunction }
  if (windowName !== undefined) step.name = windowName
  if (windowFrom !== undefined) step.from = windowFrom
  if (windows > 1 && windowFrom === 'file' && windowName === undefined) step.note = `first of ${windows} windows`
  const middle = windowFunction === 'LINEAR' ? window.center - 0.5 : window.center
  const half = (windowFunction === 'LINEAR' ? window.width - 1 : window.width) / 2
  return {
    shown: (x) => windowed(x, window, windowFunction),
    range: { black: middle - half, white: middle + half },
    step,
  }
}

function byTable(table: LookupTable): Display {
  const top = 2 ** table.bits - 1
  return {
    shown: (x) => Math.min(1, lookUp(table, x) / top),
    range: { black: table.first, white: table.first + table.data.length - 1 },
    step: { step: 'window', note: `VOI table of ${table.data.length} entries` },
  }
}

function byRange(stored: StoredValues, rules: GreyRules, real: (s: number) => number): Display {
  const { low, high } = rangeOf(stored, rules.padding, real) ?? { low: 0, high: 0 }
  const span = high - low
  const padding = rules.padding === undefined ? '' : ', padding left out'
  return {
    shown: span === 0 ? () => 0 : (x) => Math.min(1, Math.max(0, (x - low) / span)),
    range: { black: low, white: high },
    step: { step: 'window', low, high, note: `no window in the file: smallest to largest value${padding}` },
  }
}

/** A function of a stored value for all of them; where values repeat, as a table. */
function mapped(stored: StoredValues, bits: number, grey: (s: number) => number): Samples {
  if (stored instanceof Uint8Array || stored instanceof Uint16Array || stored instanceof Int16Array) {
    let low = stored instanceof Int16Array ? -(2 ** (bits - 1)) : 0
    let high = low + 2 ** bits - 1
    // Looking for the values that are there costs more than a short table.
    if (high - low > stored.length / 64) {
      low = Number.POSITIVE_INFINITY
      high = Number.NEGATIVE_INFINITY
      for (let i = 0; i < stored.length; i++) {
        const value = stored[i]!
        if (value < low) low = value
        if (value > high) high = value
      }
    }
    if (low <= high && high - low < stored.length / 2) {
      const table = Float32Array.from({ length: high - low + 1 }, (_, i) => grey(i + low))
      return { values: stored, table, lowest: low }
    }
  }
  const values = new Float32Array(stored.length)
  for (let i = 0; i < stored.length; i++) values[i] = grey(stored[i]!)
  // Floating-point pixels may hold what is not a number: shown black.
  if (stored instanceof Float32Array || stored instanceof Float64Array)
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) values[i] = 0
  return { values }
}

/**
 * Display greys in 0..1 of stored values, as values or by a table, and the steps taken. Without window and table the range of the image, padding left
 * out, is spread over 0..1; an image of one value becomes 0 (before polarity).
 *
 * Throws DATA_INVALID for a rescale slope of 0 (the file's own error; every pixel would be equal).
 */
export function toGreys(
  { values: stored, bits }: Pick<StoredFrame, 'values' | 'bits'>,
  rules: GreyRules,
  where: string,
): { samples: Samples; steps: Step[]; range: DecodedImage['range'] } {
  const { slope, intercept, modalityTable, voiTable, inverted } = rules
  const steps: Step[] = []
  if (slope === 0 || !Number.isFinite(slope) || !Number.isFinite(intercept)) {
    throw new VesaliusError('DATA_INVALID', `${where} has a rescale slope of ${slope}, which makes all pixels equal.`, {
      where,
      hint: 'Rescale Slope (0028,1053) must not be 0.',
    })
  }
  let real = (s: number): number => s
  if (modalityTable !== undefined) {
    real = (s) => lookUp(modalityTable, s)
    steps.push({ step: 'rescale', note: `modality table of ${modalityTable.data.length} entries` })
  } else if (slope !== 1 || intercept !== 0) {
    real = (s) => s * slope + intercept
    steps.push({ step: 'rescale', slope, intercept })
  }
  const { window } = rules
  let display: Display
  if (window !== undefined) display = byWindow(window, rules)
  else if (voiTable !== undefined) display = byTable(voiTable)
  else display = byRange(stored, rules, real)
  const { shown, range } = display
  steps.push(display.step)
  if (inverted) steps.push({ step: 'polarity', note: `inverted, ${rules.polarity}` })
  return {
    samples: mapped(stored, bits, inverted ? (s) => 1 - shown(real(s)) : (s) => shown(real(s))),
    steps,
    range: inverted ? { black: range.white, white: range.black } : range,
  }
}
