/**
 * @file Stored DICOM values to display greys, in the order of the standard: stored -> rescale (or modality table) ->
 * window (or VOI table) -> polarity. Formulas of PS3.3 C.11.1 and C.11.2.1.
 */

import { VesaliusError } from '../core/errors.ts'
import type { Step, Window } from './types.ts'

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
  /** Windows in the file, of which the first is taken. */
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
  stored: Float64Array,
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

/**
 * Display greys in 0..1 of stored values, and the steps taken. Without window and table the range of the image, padding left
 * out, is spread over 0..1; an image of one value becomes 0 (before polarity).
 *
 * Throws DATA_INVALID for a rescale slope of 0 (the file's own error; every pixel would be equal).
 */
export function toGreys(
  stored: Float64Array,
  rules: GreyRules,
  where: string,
): { values: Float32Array; steps: Step[] } {
  const { slope, intercept, modalityTable, voiTable, windowFunction, inverted } = rules
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

  let shown: (x: number) => number
  if (rules.window !== undefined) {
    const { window } = rules
    shown = (x) => windowed(x, window, windowFunction)
    const step: Step = { step: 'window', center: window.center, width: window.width, function: windowFunction }
    if (rules.windowFrom !== undefined) step.from = rules.windowFrom
    if ((rules.windows ?? 1) > 1) step.note = `first of ${rules.windows} windows`
    steps.push(step)
  } else if (voiTable !== undefined) {
    const top = 2 ** voiTable.bits - 1
    shown = (x) => Math.min(1, lookUp(voiTable, x) / top)
    steps.push({ step: 'window', note: `VOI table of ${voiTable.data.length} entries` })
  } else {
    const range = rangeOf(stored, rules.padding, real)
    const { low, high } = range ?? { low: 0, high: 0 }
    const span = high - low
    shown = span === 0 ? () => 0 : (x) => Math.min(1, Math.max(0, (x - low) / span))
    const padding = rules.padding === undefined ? '' : ', padding left out'
    steps.push({ step: 'window', low, high, note: `no window in the file: smallest to largest value${padding}` })
  }

  const values = new Float32Array(stored.length)
  for (let i = 0; i < stored.length; i++) {
    const grey = shown(real(stored[i]!))
    values[i] = inverted ? 1 - grey : grey
  }
  if (inverted) steps.push({ step: 'polarity', note: `inverted, ${rules.polarity}` })
  return { values, steps }
}
