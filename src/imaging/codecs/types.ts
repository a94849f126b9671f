/** @file What codecs take and give. */

/** Codecs for compressed streams. */
export type StreamCodec = 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'ht-jpeg-2000'

/** What the surrounding file says about a stream; a stream that says otherwise is refused before it is decoded. */
export interface StreamFrame {
  width: number
  height: number
  samples: 1 | 3
}

/** Samples of a stream, [height, width, samples]. */
export interface DecodedStream {
  values: Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array
  /** Significant bits of a sample. */
  precision: number
}

/** What is wrong with a stream, as the end of a sentence. */
export class CodecError extends Error {}
