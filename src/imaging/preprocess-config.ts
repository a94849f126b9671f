/** @file How pixels become model input, and its file: Hugging Face's preprocessor_config.json. */

import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'

/** From display values to the input of an image tower. */
export interface Preprocess {
  /** Side of the square input, pixels. */
  size: number
  /** shortest-edge-crop: shortest edge to size, middle cut out. stretch: aspect is lost. letterbox: padded with black. */
  mode: 'shortest-edge-crop' | 'stretch' | 'letterbox'
  /** shortest-edge-crop only: length of the shortest edge before the crop, default `size`. */
  shortestEdge?: number
  resample: 'bicubic' | 'bilinear'
  channels: 1 | 3
  /** One a channel, in units of 0..1. */
  mean: number[]
  std: number[]
}

/** Means and deviations that CLIP was trained with. */
export const clipMean = [0.48145466, 0.4578275, 0.40821073]
export const clipStd = [0.26862954, 0.26130258, 0.27577711]

const side = z.number().int().min(1).max(8192)
const square = z.union([
  side.transform((value) => ({ height: value, width: value })),
  z.object({ height: side, width: side }),
])
const schema = z.object({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().default(true),
  size: z
    .union([
      side,
      z.object({ shortest_edge: side, longest_edge: side.optional() }),
      z.object({ height: side, width: side }),
    ])
    .optional(),
  resample: z.number().int().optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: square.optional(),
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: z.array(z.number()).optional(),
  image_std: z.array(z.number().positive()).optional(),
  do_convert_rgb: z.boolean().nullish(),
  vesalius_mode: z.literal('letterbox').optional(),
  vesalius_channels: z.union([z.literal(1), z.literal(3)]).default(3),
})
type Config = z.output<typeof schema>

/** What CLIPImageProcessor and ViTImageProcessor take for fields that are left out. */
const clipDefaults = { crop: true, resample: 3, mean: clipMean, std: clipStd }
const vitDefaults = { crop: false, resample: 2, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

/** Mode and sizes, or a complaint. */
function geometry(config: Config, cropByDefault: boolean): Pick<Preprocess, 'size' | 'mode' | 'shortestEdge'> | string {
  if (!config.do_resize) return 'do_resize: images of any size cannot be given to a model of one size'
  const cropped = config.do_center_crop ?? cropByDefault
  const size = config.size ?? (cropped ? { shortest_edge: 224 } : { height: 224, width: 224 })
  const crop = config.crop_size ?? { height: 224, width: 224 }
  if (cropped && crop.height !== crop.width) return `crop_size: ${crop.width} x ${crop.height} is not square`
  // A bare number meant the shortest edge for CLIP and the square for ViT.
  if (typeof size === 'number' ? cropped : 'shortest_edge' in size) {
    const edge = typeof size === 'number' ? size : (size as { shortest_edge: number }).shortest_edge
    if (!cropped) return 'do_center_crop: without it the shortest edge alone gives images of any shape'
    return { size: crop.height, mode: 'shortest-edge-crop', ...(edge === crop.height ? {} : { shortestEdge: edge }) }
  }
  const { height, width } =
    typeof size === 'number' ? { height: size, width: size } : (size as { height: number; width: number })
  if (height !== width) return `size: ${width} x ${height} is not square`
  if (cropped && crop.height !== height) return 'crop_size: a crop after stretching to a square is not supported'
  return { size: height, mode: config.vesalius_mode ?? 'stretch' }
}

/**
 * Reads the content of a preprocessor_config.json (CLIPImageProcessor, ViTImageProcessor and alike). Fields that are left out
 * take the processor's own defaults. `where` names the file in errors. Throws MODEL_INVALID.
 */
export function readPreprocess(json: unknown, where: string): Preprocess {
  const config = parseWith(schema, json, where, 'MODEL_INVALID')
  const refuse = (problem: string): never => {
    throw new VesaliusError('MODEL_INVALID', `${where} asks for what is not supported: ${problem}.`, { where })
  }
  const type = config.image_processor_type ?? config.feature_extractor_type ?? 'CLIPImageProcessor'
  const defaults = type.startsWith('CLIP') ? clipDefaults : vitDefaults
  const shape = geometry(config, defaults.crop)
  if (typeof shape === 'string') return refuse(shape)

  const resample = config.resample ?? defaults.resample
  if (resample !== 2 && resample !== 3) refuse(`resample: ${resample} (2, bilinear, and 3, bicubic, are)`)
  if (!config.do_rescale || Math.abs(config.rescale_factor * 255 - 1) > 1e-6) {
    refuse('do_rescale, rescale_factor: values must be scaled by 1/255')
  }
  const channels = config.vesalius_channels
  const mean = config.do_normalize
    ? (config.image_mean ?? defaults.mean.slice(0, channels))
    : new Array<number>(channels).fill(0)
  const std = config.do_normalize
    ? (config.image_std ?? defaults.std.slice(0, channels))
    : new Array<number>(channels).fill(1)
  if (mean.length !== channels || std.length !== channels) {
    refuse(`image_mean, image_std: ${mean.length} and ${std.length} values for ${channels} channels`)
  }
  return { ...shape, resample: resample === 2 ? 'bilinear' : 'bicubic', channels, mean, std }
}

/**
 * The content of preprocessor_config.json for Hugging Face. Letterboxing and single-channel input are unknown there and are
 * written in `vesalius_*` fields beside the nearest thing that is known.
 */
export function writePreprocess(p: Preprocess): object {
  const cropped = p.mode === 'shortest-edge-crop'
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_resize: true,
    size: cropped ? { shortest_edge: p.shortestEdge ?? p.size } : { height: p.size, width: p.size },
    resample: p.resample === 'bilinear' ? 2 : 3,
    do_center_crop: cropped,
    ...(cropped ? { crop_size: { height: p.size, width: p.size } } : {}),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: p.mean,
    image_std: p.std,
    do_convert_rgb: p.channels === 3,
    ...(p.mode === 'letterbox' ? { vesalius_mode: 'letterbox' } : {}),
    ...(p.channels === 1 ? { vesalius_channels: 1 } : {}),
  }
}
