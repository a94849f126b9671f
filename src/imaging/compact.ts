/**
 * @file Images that are kept as the samples of the file, a byte or two each, until someone asks for their pixels. Resizing
 * reads the samples: most pictures never need their pixels at full size.
 */

import { pixelsOf, type Samples } from './resample-vectors.ts'
import type { DecodedImage } from './types.ts'

/** Whole-number samples and what each shows. */
export type CompactPixels = Extract<Samples, { lowest: number }>

/**
 * Samples of an image whose pixels nobody has seen, and so nobody has changed. Kept on the image: in a WeakMap they would
 * outlive it until the next full collection, and every picture would be decoded into new memory.
 */
const unseen = Symbol('samples')
interface Compact extends DecodedImage {
  [unseen]?: CompactPixels | undefined
}

/** An image whose `pixels` are made when they are first read. */
export function compactImage(rest: Omit<DecodedImage, 'pixels'>, samples: CompactPixels): DecodedImage {
  let pixels: Float32Array | undefined
  const image: Compact = {
    ...rest,
    get pixels() {
      pixels ??= pixelsOf(samples)
      image[unseen] = undefined
      return pixels
    },
  }
  Object.defineProperty(image, unseen, { value: samples, writable: true })
  return image
}

/** The samples of an image whose pixels have not been read yet. */
export function samplesOf(image: DecodedImage): CompactPixels | undefined {
  return (image as Compact)[unseen]
}
