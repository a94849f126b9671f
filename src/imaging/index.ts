/** @file Images in: files to display values, display values to model input, and what was done on the way. */

export { decodeImage, readImage } from './decode.ts'
export { type DeidentifyOptions, type DeidentifyReport, deidentify } from './deidentify/deidentify.ts'
export { deidentifyFolder, type FolderOptions, type FolderReport, readKey } from './deidentify/folder.ts'
export type { Rectangle } from './deidentify/pixels.ts'
export { type PrivateAttribute, parsePrivate } from './deidentify/private.ts'
export { type ProfileOption, profileOptions, usualOptions } from './deidentify/profile.ts'
export { type ContentItem, readStructuredReport, reportText, type StructuredReport } from './dicom/structured-report.ts'
export { ctWindows } from './dicom/windows.ts'
export { type FileFacts, type FolderFacts, inspectFile, inspectFolder } from './inspect.ts'
export { fit, placement, preprocess } from './preprocess.ts'
export { clipMean, clipStd, type Preprocess, readPreprocess, writePreprocess } from './preprocess-config.ts'
export {
  type BytePlane,
  centerCrop,
  type Filter,
  type Plane,
  padCenter,
  type ResizeOptions,
  resize,
  resizeBytes,
} from './resample.ts'
export { readSignals } from './signals/read.ts'
export type { Channel, Signal } from './signals/signal.ts'
export { openDicomSlide } from './slides/dicom.ts'
export type { Region, Slide, SlideLevel } from './slides/slide.ts'
export { openTiffSlide } from './slides/tiff.ts'
export {
  type DecodedImage,
  describeSteps,
  type ImageFormat,
  type NamedWindow,
  type Provenance,
  type ReadOptions,
  type Step,
  type Window,
} from './types.ts'
export { axisDirections, orientationCode, toCanonical } from './volumes/orientation.ts'
export { readVolume } from './volumes/read.ts'
export { readSeries, type Series, type SeriesVolume, sortSeries } from './volumes/series.ts'
export { type Affine, sameGrid, toPatient, type Volume } from './volumes/volume.ts'
