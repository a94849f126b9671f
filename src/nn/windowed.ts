/** @file Attention within windows, and within windows shifted by half (Liu et al. 2021, Swin transformer). */

import {
  add,
  blocked,
  broadcast,
  chunk,
  constant,
  pad,
  reshape,
  roll,
  shapeError,
  slice,
  type Tensor,
  transpose,
} from '../engine/index.ts'
import { attention } from './attention.ts'
import { dropout, dropPath } from './dropout.ts'
import { truncatedNormal } from './initializers.ts'
import { linear } from './linear.ts'
import { type Activation, mlp } from './mlp.ts'
import { layerNorm } from './norm.ts'
import { windowBias } from './relative-position.ts'
import type { Scope } from './scope.ts'

type Pair = readonly [number, number]

/** x [B, H, W, C] -> [B n, h w, C], windows [h, w] row by row; the window must divide the axes. */
export function toWindows(x: Tensor, [h, w]: Pair): Tensor {
  const [b, height, width, c] = x.shape as [number, number, number, number]
  if (x.shape.length !== 4 || height % h !== 0 || width % w !== 0)
    shapeError('toWindows', `needs [B, H, W, C] with axes 1 and 2 multiples of ${h} and ${w}`, x)
  const [rows, columns] = [height / h, width / w]
  const cut = transpose(reshape(x, [b, rows, h, columns, w, c]), [0, 1, 3, 2, 4, 5])
  return reshape(cut, [b * rows * columns, h * w, c])
}

/** The inverse of {@link toWindows} for a map of `size` [H, W]. */
export function fromWindows(windows: Tensor, [h, w]: Pair, [height, width]: Pair): Tensor {
  const [rows, columns] = [height / h, width / w]
  const [count, , c] = windows.shape as [number, number, number]
  const cut = reshape(windows, [count / (rows * columns), rows, columns, h, w, c])
  return reshape(transpose(cut, [0, 1, 3, 2, 4, 5]), [count / (rows * columns), height, width, c])
}

export interface WindowedOptions {
  heads: number
  window: Pair
  /** Cells by which the windows are moved; [0, 0] by default. An axis with a single window is not moved. */
  shift?: Pair
  /** Share of attention weights, and of results, dropped while training. */
  dropout?: number
}

/**
 * Self-attention of x [B, H, W, C] within windows, as torchvision's ShiftedWindowAttention: axes that are no multiple of
 * the window are padded with zeros below and to the right, which take part. Shifted windows wrap around the edge, and
 * cells that were no neighbours do not see each other. Result [B, H, W, C]. Parameters: `qkv.*`, `proj.*`,
 * `relative_position_bias_table`.
 */
export function windowedAttention(
  scope: Scope,
  x: Tensor,
  { heads, window, shift = [0, 0], dropout: share = 0 }: WindowedOptions,
): Tensor {
  const [b, height, width, c] = x.shape as [number, number, number, number]
  if (x.shape.length !== 4 || c % heads !== 0)
    shapeError('windowedAttention', `needs [B, H, W, C] with C in ${heads} heads`, x)
  const size = [Math.ceil(height / window[0]) * window[0], Math.ceil(width / window[1]) * window[1]] as const
  const by = size.map((n, i) => (window[i]! >= n ? 0 : shift[i]!)) as [number, number]
  const padded = pad(x, [0, 0, 0, 0], [0, size[0] - height, size[1] - width, 0])

  const windows = toWindows(rolled(padded, by[0], by[1]), window) //                          [B n, N, C]
  const [count, n] = windows.shape as [number, number]
  const init = truncatedNormal(0.02)
  const all = linear(scope.in('qkv'), windows, 3 * c, { init }) //                            [B n, N, 3 C]
  const [q, k, v] = chunk(all, 3, 2) as [Tensor, Tensor, Tensor]
  const masks = [windowBias(scope, window, heads)]
  if (by[0] + by[1] > 0) {
    const each = shiftMask(size, window, by) //                                               [n, N, N]
    masks.push(reshape(broadcast(each, [b, ...each.shape]), [count, 1, n, n]))
  }
  const onWeights = (weights: Tensor): Tensor => dropout(scope, weights, share, 'attention_dropout')
  const { mixed } = attention(q, k, v, { heads, masks, onWeights })
  const projected = dropout(scope, linear(scope.in('proj'), mixed, c, { init }), share, 'dropout')
  const back = rolled(fromWindows(projected, window, size), -by[0], -by[1])
  return slice(slice(back, 1, 0, height), 2, 0, width)
}

/** Rows moved up by `up` and columns left by `left`, around the edge; negative numbers move them back. */
function rolled(x: Tensor, up: number, left: number): Tensor {
  return roll(roll(x, -up, 1), -left, 2)
}

/** Additive [n, N, N] for windows over a rolled map: cells from different sides of an edge do not see each other. */
function shiftMask([height, width]: Pair, [h, w]: Pair, [up, left]: Pair): Tensor {
  // After rolling, the last window of an axis holds cells of two sides; all others hold neighbours only.
  const side = (at: number, length: number, n: number, by: number): number =>
    at < length - n ? 0 : at < length - by ? 1 : 2
  const n = h * w
  const columns = width / w
  const count = (height / h) * columns
  const values = new Float32Array(count * n * n)
  for (let at = 0; at < count; at++) {
    const region = Array.from({ length: n }, (_, i) => {
      const row = Math.floor(at / columns) * h + Math.floor(i / w)
      const column = (at % columns) * w + (i % w)
      return 3 * side(row, height, h, up) + side(column, width, w, left)
    })
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) if (region[i] !== region[j]) values[(at * n + i) * n + j] = blocked
  }
  return constant(values, [count, n, n])
}

/**
 * Swin block x [B, H, W, C] -> [B, H, W, C], pre-norm, as torchvision's SwinTransformerBlock.
 * Parameters: `norm1.*`, `attn.*`, `norm2.*`, `mlp.0.*`, `mlp.3.*`.
 */
export function swinBlock(
  scope: Scope,
  x: Tensor,
  options: WindowedOptions & { hidden: number; activation?: Activation; dropPath?: number; epsilon?: number },
): Tensor {
  const { hidden, activation, dropPath: skip = 0, epsilon = 1e-5 } = options
  const attended = windowedAttention(scope.in('attn'), layerNorm(scope.in('norm1'), x, epsilon), options)
  const y = add(x, dropPath(scope, attended, skip, 'drop_path1'))
  const made = mlp(scope.in('mlp'), layerNorm(scope.in('norm2'), y, epsilon), {
    hidden,
    activation,
    dropout: options.dropout,
    names: ['0', '3'],
  })
  return add(y, dropPath(scope, made, skip, 'drop_path2'))
}

/**
 * Patch merging between stages: x [B, H, W, C] -> [B, ceil(H / 2), ceil(W / 2), 2 C]; odd axes are padded with zeros.
 * Parameters: `norm.*` [4 C], `reduction.weight` [2 C, 4 C].
 */
export function patchMerging(scope: Scope, x: Tensor, epsilon = 1e-5): Tensor {
  const [b, height, width, c] = x.shape as [number, number, number, number]
  if (x.shape.length !== 4) shapeError('patchMerging', 'needs [B, H, W, C]', x)
  const padded = pad(x, [0, 0, 0, 0], [0, height % 2, width % 2, 0])
  const [h, w] = [Math.ceil(height / 2), Math.ceil(width / 2)]
  // The four neighbours in torchvision's order: (0, 0), (1, 0), (0, 1), (1, 1) as (row, column).
  const cut = transpose(reshape(padded, [b, h, 2, w, 2, c]), [0, 1, 3, 4, 2, 5])
  const joined = layerNorm(scope.in('norm'), reshape(cut, [b, h, w, 4 * c]), epsilon)
  return linear(scope.in('reduction'), joined, 2 * c, { bias: false, init: truncatedNormal(0.02) })
}
