/** @file Positions of tokens: fixed waves, and learned ones resized to another grid. */

import { VesaliusError } from '../core/errors.ts'
import { concat, constant, reshape, resizeAxis, shapeError, slice, type Tensor } from '../engine/index.ts'

/** Sines then cosines of `at` at width / 2 frequencies from 1 down to 1 / 10000 (Vaswani et al. 2017). */
function waves(at: number, width: number): number[] {
  const half = width / 2
  const phases = Array.from({ length: half }, (_, i) => at / 10000 ** (i / half))
  return [...phases.map(Math.sin), ...phases.map(Math.cos)]
}

/** Positions 0 .. length - 1 as waves, constant [length, width]: sines in the first half, cosines in the second. */
export function sinCosPositions(length: number, width: number): Tensor {
  if (width % 2 !== 0) throw evenness('sinCosPositions', width, 2)
  return constant(Float32Array.from(Array.from({ length }, (_, i) => waves(i, width)).flat()), [length, width])
}

/**
 * Positions of a grid [rows, columns] as waves, constant [rows * columns, width], row by row: the first half of the width
 * tells the column, the second the row, as in MAE (He et al. 2022).
 */
export function sinCosGridPositions([rows, columns]: readonly [number, number], width: number): Tensor {
  if (width % 4 !== 0) throw evenness('sinCosGridPositions', width, 4)
  const values: number[] = []
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values.push(...waves(column, width / 2), ...waves(row, width / 2))
  }
  return constant(Float32Array.from(values), [rows * columns, width])
}

function evenness(op: string, width: number, multiple: number): VesaliusError {
  return new VesaliusError('MODEL_INVALID', `${op}: the width ${width} must be a multiple of ${multiple}.`)
}

export interface ResizeOptions {
  /** Leading rows that are no cell of the grid and stay as they are: class tokens, registers. */
  prefix?: number
  /** Averages while shrinking (timm); Hugging Face's models do not. */
  antialias?: boolean
}

/**
 * Learned positions [prefix + product(from), D] of a grid `from`, resized bicubically to the grid `to`: result
 * [prefix + product(to), D], differentiable, unchanged where the grids are equal. As torch's
 * `interpolate(mode='bicubic', align_corners=False)`, for grids of two axes or three.
 */
export function resizePositions(
  positions: Tensor,
  from: readonly number[],
  to: readonly number[],
  { prefix = 0, antialias = false }: ResizeOptions = {},
): Tensor {
  const [rows, d] = positions.shape as [number, number]
  const size = (grid: readonly number[]): number => grid.reduce((product, n) => product * n, 1)
  if (from.length !== to.length || rows !== prefix + size(from))
    shapeError('resizePositions', `do not hold ${prefix} rows and a grid [${from.join(', ')}]`, positions)
  if (from.every((n, i) => n === to[i])) return positions
  const grid = reshape(slice(positions, 0, prefix, rows), [...from, d])
  const resized = to.reduce((t, n, axis) => resizeAxis(t, axis, n, { mode: 'cubic', antialias }), grid)
  const cells = reshape(resized, [size(to), d])
  return prefix === 0 ? cells : concat([slice(positions, 0, 0, prefix), cells], 0)
}
