/** @file Display values to model input: channels, resize, crop or pad, normalise, each said in the steps. */

import { VesaliusError } from '../core/errors.ts'
import { samplesOf } from './compact.ts'
import type { Preprocess } from './preprocess-config.ts'
import { centerCrop, centerOffset, type Plane, padCenter, resizeSamples } from './resample.ts'
import type { Samples } from './resample-vectors.ts'
import type { DecodedImage, Step } from './types.ts'

/** ITU-R 601 weights of red, green and blue, as Pillow's convert('L'). */
const luma = [0.299, 0.587, 0.114] as const

function withChannels(image: Plane, channels: 1 | 3, steps: Step[]): Plane {
  if (image.channels === channels) return image
  const { width, height, values: from } = image
  const values = new Float32Array(width * height * channels)
  if (channels === 1) {
    for (let i = 0; i < values.length; i++) {
      values[i] = luma[0] * from[3 * i]! + luma[1] * from[3 * i + 1]! + luma[2] * from[3 * i + 2]!
    }
    steps.push({ step: 'color', note: 'RGB to grey by ITU-R 601 weights' })
  } else {
    for (let i = 0; i < values.length; i++) values[i] = from[Math.trunc(i / 3)]!
    steps.push({ step: 'color', note: 'grey repeated in three channels' })
  }
  return { width, height, channels, values }
}

type Size = Pick<Plane, 'width' | 'height' | 'channels'>

function resized(image: Size, samples: Samples, width: number, height: number, p: Preprocess, steps: Step[]): Plane {
  if (image.width !== width || image.height !== height) {
    steps.push({ step: 'resize', from: `${image.width}x${image.height}`, to: `${width}x${height}`, filter: p.resample })
  }
  return resizeSamples(image, samples, width, height, p.resample, { clamp: true })
}

/** The size after scaling, as Hugging Face computes it: the long side is cut to a whole number. */
function scaledSize({ width, height }: Pick<DecodedImage, 'width' | 'height'>, p: Preprocess): [number, number] {
  if (p.mode === 'stretch') return [p.size, p.size]
  if (p.mode === 'letterbox') {
    const scale = p.size / Math.max(width, height)
    return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  }
  const short = p.shortestEdge ?? p.size
  return width <= height ? [short, Math.trunc((short * height) / width)] : [Math.trunc((short * width) / height), short]
}

/** Where a pixel (x, y) of an image lies in the model's square: (x * scale[0] + shift[0], y * scale[1] + shift[1]). */
export function placement(
  image: Pick<DecodedImage, 'width' | 'height'>,
  p: Preprocess,
): { scale: [number, number]; shift: [number, number] } {
  const [width, height] = scaledSize(image, p)
  const shift = (side: number): number =>
    p.mode === 'shortest-edge-crop' ? -centerOffset(side, p.size) : Math.floor((p.size - side) / 2)
  return { scale: [width / image.width, height / image.height], shift: [shift(width), shift(height)] }
}

/** Refuses strips of a few pixels: their short edge would be blown up with the long one. */
function requireMemory(width: number, height: number): void {
  if (width * height > 256 * 1024 * 1024) {
    throw new VesaliusError(
      'DATA_INVALID',
      `An image this narrow would be ${width} x ${height} pixels after resizing.`,
      {
        hint: 'Crop it, or use the letterbox mode.',
      },
    )
  }
}

/**
 * Resizes and crops or pads an image to the square a model expects, without normalising. Values are [C, size, size] in 0..1.
 * Bicubic overshoot is held in 0..1.
 */
export function fit(image: DecodedImage, p: Preprocess): { values: Float32Array; steps: Step[] } {
  const steps: Step[] = []
  const [width, height] = scaledSize(image, p)
  requireMemory(width, height)
  // One channel is the cheaper one to resize; mixing and resizing are both linear, so the order changes nothing else.
  const mixes = p.channels === 1 && image.channels === 3
  const samples = mixes ? undefined : samplesOf(image)
  let plane: Plane
  if (samples !== undefined) plane = resized(image, samples, width, height, p, steps)
  else {
    const { width: imageWidth, height: imageHeight, channels, pixels } = image
    plane = { width: imageWidth, height: imageHeight, channels, values: pixels }
    if (mixes) plane = withChannels(plane, 1, steps)
    plane = resized(plane, plane, width, height, p, steps)
  }
  if (p.mode === 'shortest-edge-crop' && (width !== p.size || height !== p.size)) {
    steps.push({
      step: 'crop',
      to: `${p.size}x${p.size}`,
      left: centerOffset(width, p.size),
      top: centerOffset(height, p.size),
    })
    plane = centerCrop(plane, p.size, p.size)
  }
  if (p.mode === 'letterbox' && (width !== p.size || height !== p.size)) {
    steps.push({ step: 'pad', to: `${p.size}x${p.size}`, value: 0 })
    plane = padCenter(plane, p.size, p.size)
  }
  plane = withChannels(plane, p.channels, steps)
  return { values: channelFirst(plane), steps }
}

function channelFirst({ width, height, channels, values }: Plane): Float32Array {
  const pixels = width * height
  if (channels === 1) return values
  const out = new Float32Array(values.length)
  for (let i = 0; i < pixels; i++) for (let c = 0; c < channels; c++) out[c * pixels + i] = values[i * channels + c]!
  return out
}

/**
 * The input of an image tower: {@link fit}, then (value - mean) / std for each channel. Pixels are [C, size, size]; steps are
 * those of reading followed by those of preprocessing.
 */
export function preprocess(image: DecodedImage, p: Preprocess): { pixels: Float32Array; steps: Step[] } {
  const { values, steps } = fit(image, p)
  const area = p.size * p.size
  const pixels = new Float32Array(values.length)
  for (let c = 0; c < p.channels; c++) {
    const mean = p.mean[c]!
    const std = p.std[c]!
    for (let i = c * area; i < (c + 1) * area; i++) pixels[i] = (values[i]! - mean) / std
  }
  const normalize: Step = { step: 'normalize', mean: p.mean.join(' '), std: p.std.join(' ') }
  return { pixels, steps: [...image.provenance.steps, ...steps, normalize] }
}
