/**
 * @file Sampling between elements: by a grid of coordinates, at the places that deformable attention looks at, and over
 * boxes. Coordinates come as (x, y[, z]), the last spatial axis first, as in PyTorch.
 */

import { node, type Shape, shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { clip } from './activations.ts'
import { floats } from './check.ts'
import { linspace } from './constants.ts'
import { asIndex, asRows, coordinates, cornersOf, placesOf, sampleByCorners, within } from './corners.ts'
import { abs, add, constant, div, floor, mul, round, stopGradient, sub } from './elementwise.ts'
import { batchGather, gather } from './indexing.ts'
import { matmul } from './products.ts'
import { mean, sum } from './reductions.ts'
import { broadcast, concat, reshape, transpose, unsqueeze } from './shape.ts'

export interface GridSampleOptions {
  /** Linear between elements (the default), or the nearest element, whose coordinates then get no gradient. */
  mode?: 'linear' | 'nearest'
  /** What lies beyond the border: zeros, the border itself, or the image mirrored. */
  padding?: 'zeros' | 'border' | 'reflection'
  /** -1 and 1 are the centres of the first and last element, instead of their outer edges. */
  alignCorners?: boolean
}

/** Coordinates -1..1 of an axis, counted in its elements, brought back inside where the padding says so. */
function inElements(at: Tensor, n: number, { padding = 'zeros', alignCorners = false }: GridSampleOptions): Tensor {
  const place = alignCorners ? mul(add(at, 1), (n - 1) / 2) : sub(mul(add(at, 1), n / 2), 0.5)
  if (padding === 'zeros') return place
  return clip(padding === 'border' ? place : mirrored(place, n, alignCorners), 0, n - 1)
}

/** The triangular wave between the outermost centres (aligned) or the outer edges of an axis of n elements. */
function mirrored(place: Tensor, n: number, alignCorners: boolean): Tensor {
  const [low, span] = alignCorners ? [0, n - 1] : [-0.5, n]
  if (span === 0) return mul(place, 0)
  const from = sub(place, low)
  const once = sub(from, mul(floor(div(from, 2 * span)), 2 * span)) //                      0 .. 2 span
  return add(sub(span, abs(sub(once, span))), low)
}

/** x [B, C, ...n] at points [B, P, rank], whose coordinates count elements -> [B, C, P]; zeros beyond the border. */
function samplePoints(x: Tensor, points: Tensor): Tensor {
  if (x.shape.length !== 4) return sampleByCorners(x, points)
  const [b, c] = x.shape as [number, number]
  const p = points.shape[1] as number
  return reshape(node('sample', [x, reshape(points, [b, 1, p, 2])], {}, [b, c, 1, p]), [b, c, p])
}

/** x [B, C, ...n] at the elements nearest to points [B, P, rank] -> [B, C, P]; zeros beyond the border. */
function nearestPoints(x: Tensor, points: Tensor): Tensor {
  const spatial = x.shape.slice(2)
  const at = coordinates(stopGradient(points)).map(round).reverse()
  const places = placesOf(at.map((t, i) => asIndex(t, spatial[i]! - 1)), spatial) // biome-ignore format: one call
  const inside = at.map((t, i) => within(t, 0, spatial[i]! - 1)).reduce((a, b) => mul(a, b))
  return transpose(mul(batchGather(asRows(x), places), unsqueeze(inside, 2)), [0, 2, 1])
}

/**
 * x [B, C, ...n] read at grid [B, ...m, rank] of coordinates -1..1 -> [B, C, ...m], over one to three spatial axes, as
 * torch.nn.functional.grid_sample. Differentiable in both.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  floats('gridSample', x, grid)
  const rank = x.shape.length - 2
  if (rank < 1 || rank > 3) shapeError('gridSample', 'needs [B, C, ...spatial] with one to three spatial axes', x, grid)
  const fits = grid.shape.length >= 2 && grid.shape[0] === x.shape[0] && grid.shape.at(-1) === rank
  if (!fits) shapeError('gridSample', `the grid must be [B, ..., ${rank}] over the same batch (axis 0)`, x, grid)
  if (sizeOf(x.shape.slice(2)) === 0) shapeError('gridSample', 'a spatial axis is empty', x, grid)
  const [b, c, ...spatial] = x.shape as [number, number, ...number[]]
  const middle = grid.shape.slice(1, -1)
  const flat = reshape(grid, [b, sizeOf(middle), rank])
  const axes = coordinates(flat).map((at, i) => inElements(at, spatial[rank - 1 - i]!, options))
  const points = concat(axes.map((at) => unsqueeze(at, 2)), 2) // biome-ignore format: one call
  const sampled = (options.mode === 'nearest' ? nearestPoints : samplePoints)(x, points)
  return reshape(sampled, [b, c, ...middle])
}

/**
 * What multi-head deformable attention sums up (Zhu et al., ICLR 2021, eq 2): values [B, heads, d, H, W] read at
 * locations [B, Q, heads, P, 2], 0..1 from edge to edge, weighted by weights [B, Q, heads, P] -> [B, Q, heads * d]. With
 * several feature levels, the results of the levels add up.
 */
export function deformableSample(values: Tensor, locations: Tensor, weights: Tensor): Tensor {
  floats('deformableSample', values, locations, weights)
  const [b, heads, d, h, w] = values.shape as [number, number, number, number, number]
  const [b2, q, heads2, p, two] = locations.shape as [number, number, number, number, number]
  if (values.shape.length !== 5 || locations.shape.length !== 5 || b !== b2 || heads !== heads2 || two !== 2)
    shapeError('deformableSample', 'needs [B, heads, d, H, W] and locations [B, Q, heads, P, 2]', values, locations)
  if (weights.shape.length !== 4 || weights.shape.some((n, i) => n !== locations.shape[i]))
    shapeError('deformableSample', 'needs one weight a location', locations, weights)
  const images = reshape(values, [b * heads, d, h, w])
  const places = reshape(transpose(locations, [0, 2, 1, 3, 4]), [b * heads, q * p, 2])
  const inPixels = sub(mul(places, constant(Float32Array.of(w, h), [2])), 0.5)
  const sampled = reshape(samplePoints(images, inPixels), [b, heads, d, q, p])
  const shares = reshape(transpose(weights, [0, 2, 1, 3]), [b, heads, 1, q, p])
  const mixed = sum(mul(sampled, shares), 4) //                                             [B, heads, d, Q]
  return reshape(transpose(mixed, [0, 3, 1, 2]), [b, q, heads * d])
}

export interface RoiAlignOptions {
  /** Rows and columns of bins. */
  size: number | readonly [number, number]
  /** Elements of x for each unit of the boxes. */
  scale?: number
  /** Samples along each side of a bin. */
  samples?: number
}

/** Coordinates [R, bins * samples] along one axis: the centres of equal parts of every box, and whether they count. */
function boxCoordinates(from: Tensor, to: Tensor, n: number, parts: number): { at: Tensor; counts: Tensor } {
  const centres = linspace(0.5 / parts, 1 - 0.5 / parts, parts)
  const at = add(unsqueeze(from, 1), mul(unsqueeze(sub(to, from), 1), centres))
  return { at: clip(at, 0, n - 1), counts: within(at, -1, n) }
}

/**
 * Features under boxes: x [B, C, H, W], boxes [R, 4] as (x1, y1, x2, y2), images int32 [R] -> [R, C, ...size], the mean of
 * samples in every bin, as torchvision.ops.roi_align with `aligned` and a fixed sampling ratio. As there, boxes get no
 * gradient.
 */
export function roiAlign(x: Tensor, boxes: Tensor, images: Tensor, options: RoiAlignOptions): Tensor {
  floats('roiAlign', x, boxes)
  const { size, scale = 1, samples = 2 } = options
  const [rows, columns] = typeof size === 'number' ? [size, size] : size
  if (x.shape.length !== 4 || boxes.shape.length !== 2 || boxes.shape[1] !== 4)
    shapeError('roiAlign', 'needs [B, C, H, W] and boxes [R, 4]', x, boxes)
  if (images.dtype !== 'int32' || images.shape.length !== 1 || images.shape[0] !== boxes.shape[0])
    shapeError('roiAlign', 'needs one int32 image a box', boxes, images)
  if (![rows, columns, samples].every((n) => Number.isInteger(n) && n > 0))
    shapeError('roiAlign', `cannot have ${rows} x ${columns} bins of ${samples} samples a side`, x, boxes)
  const [b, c, h, w] = x.shape as [number, number, number, number]
  const r = boxes.shape[0] as number
  const [x1, y1, x2, y2] = coordinates(sub(mul(stopGradient(boxes), scale), 0.5)) as [Tensor, Tensor, Tensor, Tensor]
  const across = boxCoordinates(x1, x2, w, columns * samples)
  const down = boxCoordinates(y1, y2, h, rows * samples)
  // Every pair of a row and a column, as points [R, P, 2] and whether they count [R, P].
  const grid: Shape = [r, rows * samples, columns * samples]
  const perColumn = (t: Tensor): Tensor => broadcast(unsqueeze(t, 1), grid)
  const perRow = (t: Tensor): Tensor => broadcast(unsqueeze(t, 2), grid)
  const points = concat([unsqueeze(perColumn(across.at), 3), unsqueeze(perRow(down.at), 3)], 3)
  const { places, weights } = cornersOf(reshape(points, [r, sizeOf(grid.slice(1)), 2]), [h, w])
  const starts = reshape(mul(images, constant(Int32Array.of(h * w), [])), [r, 1, 1])
  const corners = gather(reshape(asRows(x), [b * h * w, c]), add(places, starts)) //        [R, P, 4, C]
  const mixed = reshape(matmul(unsqueeze(weights, 2), corners), [...grid, c])
  const counts = unsqueeze(mul(unsqueeze(down.counts, 2), unsqueeze(across.counts, 1)), 3)
  const bins = reshape(mul(mixed, counts), [r, rows, samples, columns, samples, c])
  return transpose(mean(bins, [2, 4]), [0, 3, 1, 2])
}
