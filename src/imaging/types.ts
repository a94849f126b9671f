/** @file What reading an image gives: display greys or colours in 0..1, and the list of what was done to get them. */

/** What kinds of file are told apart by their content. */
export type ImageFormat = 'png' | 'jpeg' | 'tiff' | 'dicom' | 'nifti' | 'nrrd' | 'metaimage'

/** One thing that was done to the pixels, in the order it was done, with the numbers it was done with. */
export interface Step {
  step: 'decode' | 'orientation' | 'color' | 'rescale' | 'window' | 'polarity' | 'resize' | 'crop' | 'pad' | 'normalize'
  [detail: string]: string | number
}

/** Where pixels came from and what was done to them. Holds no patient data. */
export interface Provenance {
  format: ImageFormat
  /** DICOM: UID of the transfer syntax. */
  transferSyntax?: string
  /** DICOM: photometric interpretation. Other formats: the colour space of the file. */
  photometric?: string
  /** DICOM: the windows of the file, of which one may have been used. */
  windows?: readonly NamedWindow[]
  /** In the order they were done. */
  steps: Step[]
}

/** An image ready for display or for {@link preprocess}. */
export interface DecodedImage {
  /** Number of pixels. */
  width: number
  height: number
  channels: 1 | 3
  /** Bits a sample takes in the file. */
  bitDepth: 1 | 8 | 16 | 32 | 64
  /** [height, width, channels] row-major, display values in 0..1 (0 black). */
  pixels: Float32Array
  /** Values of the file, after rescale (HU for CT), that are shown black and white. */
  range: { black: number; white: number }
  /** mm a pixel, [x, y]. */
  spacing?: [number, number]
  /** DICOM modality code: CR, CT, MR ... */
  modality?: string
  provenance: Provenance
}

/** A window in units after rescale (HU for CT). */
export interface Window {
  center: number
  width: number
}

/** A window and what it is called. */
export interface NamedWindow extends Window {
  /** From the file (Window Center & Width Explanation), or its place in the file. */
  name: string
}

/** Choices a person can make when a file leaves them open. */
export interface ReadOptions {
  /**
   * DICOM grey images: this window in place of the file's first, by numbers or by name: one of the file's own, or of
   * {@link ctWindows} for CT.
   */
  window?: Window | string
  /**
   * DICOM: a compressed frame that takes its decoder longer is given up [ms]; default 2 s, and 2 s more for each million
   * samples. In a worker thread of the caller, which can be ended as a whole, nothing is given up.
   */
  decodeMilliseconds?: number
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
