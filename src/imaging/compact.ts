/**
 * @file Images that are kept as the samples of the file, a byte or two each, until someone asks for their pixels. Resizing
 * reads the samples: most pictures never need their pixels at full size.
 */

import { pixelsOf, type Samples } from './resample-vectors.ts'
import type { DecodedImage } from './types.ts'

/** Whole-number samples and what each shows. */
export type CompactPixels = Extract<Samples, { lowest: number }>

/** Samples of images whose pixels nobody has seen, and so nobody has changed. */
const unseen = new WeakMap<DecodedImage, CompactPixels>()

/** An image whose `pixels` are made when they are first read. */
export function compactImage(rest: Omit<DecodedImage, 'pixels'>, samples: CompactPixels): DecodedImage {
  let pixels: Float32Array | undefined
  const image: DecodedImage = {
    ...rest,
    get pixels() {
      pixels ??= pixelsOf(samples)
      unseen.delete(image)
      return pixels
    },
  }
  unseen.set(image, samples)
  return image
}

/** The samples of an image whose pixels have not been read yet. */
export function samplesOf(image: DecodedImage): CompactPixels | undefined {
  return unseen.get(image)
}
