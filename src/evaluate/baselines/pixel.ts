/**
 * @file The pixel baseline: a linear model on 16 x 16 pooled pixels. A medical image model that does not beat it has
 * learnt exposure and pose, not medicine.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type Design, fitLogistic, fitSoftmax, hessianBound } from './logistic.ts'

/** Side of the pooled image. */
export const pooledSide = 16
/** Pooled pixels of one channel. */
export const pooledArea = pooledSide * pooledSide

/** Start, end and weight of the source pixels under each of 16 equal parts of an axis. */
function overlaps(size: number): { first: number; weights: number[] }[] {
  return Array.from({ length: pooledSide }, (_, part) => {
    const low = (part * size) / pooledSide
    const high = ((part + 1) * size) / pooledSide
    const first = Math.floor(low)
    const weights: number[] = []
    for (let i = first; i < Math.min(size, Math.ceil(high)); i++) {
      weights.push((Math.min(i + 1, high) - Math.max(i, low)) / (high - low))
    }
    return { first, weights }
  })
}

/**
 * Average-pools an image of any size to 16 x 16 by area.
 * @param values [height, width] row-major, one channel
 * @returns [256]; throws when the size does not fit or a value is not finite
 */
export function poolTo16(values: ArrayLike<number>, imageWidth: number, height: number): Float32Array {
  if (!(imageWidth >= 1 && height >= 1) || values.length !== imageWidth * height) {
    throw new VesaliusError('SHAPE_MISMATCH', `${values.length} pixels do not form ${imageWidth} x ${height}.`, {
      hint: 'Give one grey value for each pixel, row by row.',
    })
  }
  const columns = overlaps(imageWidth)
  const rows = overlaps(height)
  const pooled = new Float32Array(pooledArea)
  rows.forEach(({ first: top, weights: down }, y) => {
    columns.forEach(({ first: left, weights: across }, x) => {
      let sum = 0
      for (let r = 0; r < down.length; r++) {
        const base = (top + r) * imageWidth + left
        for (let c = 0; c < across.length; c++) sum += down[r]! * across[c]! * values[base + c]!
      }
      pooled[y * pooledSide + x] = sum
    })
  })
  const bad = pooled.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    const where = `row ${Math.floor(bad / pooledSide)}, column ${bad % pooledSide} of 16 x 16`
    throw new VesaliusError('NOT_FINITE', `The image has a value that is not finite near ${where}.`, {
      where,
      hint: 'Check how the image was decoded.',
    })
  }
  return pooled
}

/** Pools every channel of a picture [C, size, size]: [C * 256]. */
export function poolChannels(pixels: Float32Array, size: number): Float32Array {
  const area = size * size
  const pooled = new Float32Array((pixels.length / area) * pooledArea)
  for (let c = 0; c * area < pixels.length; c++)
    pooled.set(poolTo16(pixels.subarray(c * area, (c + 1) * area), size, size), c * pooledArea)
  return pooled
}

export interface PixelOptions {
  /** `multi-label` (default): one logistic model a finding. `exclusive`: one softmax over classes, labels one-hot. */
  mode?: 'multi-label' | 'exclusive'
  /**
   * C, the inverse strength of the penalty. Default 0.01 for 256 correlated pixels and often few studies, less in proportion
   * for more: a grey picture repeated in three channels then has the same baseline as in one.
   */
  strength?: number
  /** Pooled values W of a picture: 256 for each of its channels. Default 256. */
  width?: number
}

/** A fitted pixel baseline. Plain data: it can be stored as JSON after turning the arrays into lists. */
export interface PixelBaseline {
  mode: 'multi-label' | 'exclusive'
  strength: number
  /** Number of outputs K. */
  outputs: number
  /** [W] of the training images. */
  mean: Float64Array
  /** [W] standard deviation of the training images; 1 where a pixel never changes. */
  deviation: Float64Array
  /** [K, W], in units of standardised pixels. */
  weights: Float64Array
  /** [K]; -Infinity for a class or finding that training never shows, +Infinity for one it always shows. */
  intercepts: Float64Array
  /** Outputs that could not be fitted because training has one class of them only. */
  constant: number[]
  converged: boolean
}

function imageCount(images: Float32Array, width: number): number {
  if (images.length % width !== 0) {
    throw new VesaliusError('SHAPE_MISMATCH', `${images.length} values are not rows of ${width} pooled pixels.`, {
      hint: 'Pool each image with poolTo16 first.',
    })
  }
  const bad = images.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new VesaliusError('NOT_FINITE', `Pooled image ${Math.floor(bad / width)} holds a value that is not finite.`, {
      where: `image ${Math.floor(bad / width)}`,
      hint: 'Check how the image was decoded.',
    })
  }
  return images.length / width
}

function standardise(images: Float32Array, count: number, mean: Float64Array, deviation: Float64Array): Design {
  const width = mean.length
  const features = new Float64Array(images.length)
  for (let at = 0; at < images.length; at++) {
    features[at] = (images[at]! - mean[at % width]!) / deviation[at % width]!
  }
  return { features, count, width }
}

/**
 * Fits the baseline to convergence (deterministic; no random numbers).
 * @param images [N, W] pooled images
 * @param labels [N, K] 1 present, 0 absent, -1 left out of this finding; in `exclusive` mode each row has one 1, or is all
 * -1 to be left out
 */
export function fitPixelBaseline(images: Float32Array, labels: Int8Array, options: PixelOptions = {}): PixelBaseline {
  const { mode = 'multi-label', width = pooledArea } = options
  const { strength = (0.01 * pooledArea) / width } = options
  const count = imageCount(images, width)
  if (count === 0) {
    throw new VesaliusError('DATA_EMPTY', 'The pixel baseline has no training images.', {
      hint: 'Check that the training split has studies with images.',
    })
  }
  if (labels.length === 0 || labels.length % count !== 0) {
    throw new VesaliusError('SHAPE_MISMATCH', `${labels.length} labels are not ${count} equal rows.`, {
      hint: 'Give the labels as [images, findings], row by row.',
    })
  }
  const odd = labels.findIndex((label) => label < -1 || label > 1)
  if (odd >= 0) {
    const where = `image ${Math.floor((odd * count) / labels.length)}, output ${odd % (labels.length / count)}`
    throw new VesaliusError('DATA_INVALID', `The label of ${where} is ${labels[odd]}.`, {
      where,
      hint: 'Use 1 for present, 0 for absent and -1 for images to leave out.',
    })
  }
  if (!(strength > 0 && Number.isFinite(strength))) {
    throw new VesaliusError('CONFIG_INVALID', `The inverse penalty of the pixel baseline is ${strength}.`, {
      hint: 'Use a positive number such as 0.01.',
    })
  }
  const outputs = labels.length / count
  const mean = new Float64Array(width)
  const deviation = new Float64Array(width)
  for (let at = 0; at < images.length; at++) mean[at % width]! += images[at]! / count
  for (let at = 0; at < images.length; at++) deviation[at % width]! += (images[at]! - mean[at % width]!) ** 2 / count
  for (let d = 0; d < width; d++) {
    const spread = Math.sqrt(deviation[d]!)
    // A constant pixel can show a spread of rounding errors; dividing by that would blow noise up to a feature.
    deviation[d] = spread > 1e-9 * Math.max(1, Math.abs(mean[d]!)) ? spread : 1
  }
  const model: PixelBaseline = {
    mode,
    strength,
    outputs,
    mean,
    deviation,
    weights: new Float64Array(outputs * width),
    intercepts: new Float64Array(outputs),
    constant: [],
    converged: true,
  }
  const design = standardise(images, count, mean, deviation)
  if (mode === 'exclusive') fitExclusive(model, design, labels)
  else fitFindings(model, design, labels)
  return model
}

function fitFindings(model: PixelBaseline, design: Design, labels: Int8Array): void {
  const { outputs, strength } = model
  const { width } = design
  const precondition = hessianBound(design, strength, 1 / 4)
  for (let k = 0; k < outputs; k++) {
    const column = Int8Array.from({ length: design.count }, (_, i) => labels[i * outputs + k]!)
    const rows = Int32Array.from([...column.keys()].filter((i) => column[i] === 0 || column[i] === 1))
    const positives = rows.reduce((sum, i) => sum + column[i]!, 0)
    if (positives === 0 || positives === rows.length) {
      model.constant.push(k)
      // Without a label nothing is known, which is even odds.
      model.intercepts[k] =
        rows.length === 0 ? 0 : positives === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      continue
    }
    const { weights, intercepts, converged } = fitLogistic(design, rows, column, strength, precondition)
    model.weights.set(weights, k * width)
    model.intercepts[k] = intercepts[0]!
    model.converged &&= converged
  }
}

function fitExclusive(model: PixelBaseline, design: Design, labels: Int8Array): void {
  const { outputs, strength } = model
  const { width } = design
  const truth = Int32Array.from({ length: design.count }, (_, i) => {
    const row = labels.subarray(i * outputs, (i + 1) * outputs)
    if (row.every((label) => label === -1)) return -1
    if (row.filter((label) => label === 1).length === 1) return row.indexOf(1)
    throw new VesaliusError('DATA_INVALID', `Image ${i} does not have exactly one class.`, {
      where: `image ${i}`,
      hint: 'Exclusive classes need one 1 in each row; use multi-label mode for findings that can occur together.',
    })
  })
  const present = [...new Set(truth)].filter((k) => k >= 0).sort((a, b) => a - b)
  const rows = Int32Array.from([...truth.keys()].filter((i) => truth[i]! >= 0))
  for (let k = 0; k < outputs; k++) {
    if (present.includes(k)) continue
    model.constant.push(k)
    model.intercepts[k] = present.length === 0 ? 0 : Number.NEGATIVE_INFINITY
  }
  if (present.length < 2) {
    if (present.length === 1) model.constant.push(present[0]!)
    return
  }
  const classes = truth.map((k) => present.indexOf(k))
  const precondition = hessianBound(design, strength, 1 / 2)
  const fitted = fitSoftmax(design, rows, classes, present.length, strength, precondition)
  present.forEach((k, at) => {
    model.weights.set(fitted.weights.subarray(at * width, (at + 1) * width), k * width)
    model.intercepts[k] = fitted.intercepts[at]!
  })
  model.converged = fitted.converged
}

/** Probabilities [N, K] of pooled images [N, W]; rows sum to 1 in `exclusive` mode. */
export function predictPixelBaseline(model: PixelBaseline, images: Float32Array): Float32Array {
  const { outputs, weights, intercepts, mode } = model
  const width = model.mean.length
  const count = imageCount(images, width)
  const { features } = standardise(images, count, model.mean, model.deviation)
  const probabilities = new Float32Array(count * outputs)
  const z = new Float64Array(outputs)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < outputs; k++) {
      let sum = intercepts[k]!
      for (let d = 0; d < width; d++) sum += weights[k * width + d]! * features[i * width + d]!
      z[k] = sum
    }
    const row = probabilities.subarray(i * outputs, (i + 1) * outputs)
    if (mode === 'multi-label') row.set(z.map((value) => 1 / (1 + Math.exp(-value))))
    else {
      const top = z.reduce((max, value) => Math.max(max, value))
      const odds = z.map((value) => Math.exp(value - top))
      const total = odds.reduce((sum, value) => sum + value)
      row.set(odds.map((value) => value / total))
    }
  }
  return probabilities
}
