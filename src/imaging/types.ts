/** @file What reading an image gives: display greys or colours in 0..1, and the list of what was done to get them. */

/** What kinds of file are told apart by their content. */
export type ImageFormat = 'png' | 'jpeg' | 'tiff' | 'dicom'

/** One thing that was done to the pixels, in the order it was done, with the numbers it was done with. */
export interface Step {
  step: 'decode' | 'orientation' | 'color' | 'rescale' | 'window' | 'polarity' | 'resize' | 'crop' | 'pad' | 'normalize'
  [detail: string]: string | number
}

/** Where pixels came from. Holds no patient data. */
export interface ImageSource {
  format: ImageFormat
  /** DICOM: UID of the transfer syntax. */
  transferSyntax?: string
  /** DICOM: photometric interpretation. Other formats: the colour space of the file. */
  photometric?: string
}

/** An image ready for display or for {@link preprocess}. */
export interface DecodedImage {
  /** Pixels. */
  width: number
  height: number
  channels: 1 | 3
  /** Bits a channel in the file: 8, or 16 for anything deeper. */
  bitDepth: 8 | 16
  /** [height, width, channels] row-major, display values in 0..1 (0 black). */
  values: Float32Array
  /** mm a pixel, [x, y]. */
  spacing?: [number, number]
  /** DICOM modality code: CR, CT, MR ... */
  modality?: string
  source: ImageSource
  steps: Step[]
}

/** A window in units after rescale (HU for CT). */
export interface Window {
  center: number
  width: number
}

/** Choices a person can make when a file leaves them open. */
export interface ReadOptions {
  /** DICOM grey images: this window in place of the file's own. */
  window?: Window
  /** Frame of a multi-frame file or page of a TIFF, from 0. */
  frame?: number
}

function number(value: string | number | undefined): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value)
}

/**
 * Steps as lines for people: `window: center 40, width 400, function LINEAR`. One line a step.
 */
export function describeSteps(steps: readonly Step[]): string[] {
  return steps.map(({ step, ...details }) => {
    const parts = Object.entries(details).map(([key, value]) =>
      key === 'note' ? number(value) : `${key} ${number(value)}`,
    )
    return parts.length === 0 ? step : `${step}: ${parts.join(', ')}`
  })
}
