/**
 * @file Hugging Face's config.json for two-tower models: CLIPModel (ViT with CLIP text) and VisionTextDualEncoder (any
 * other pair). Reading accepts what transformers writes; what we write, transformers reads, as long as it knows the
 * towers (it has no residual net with torchvision's keys: such folders are ours alone, and say so).
 */

import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { VesaliusError } from '../../core/errors.ts'
import { type BertConfig, bertSchema, type ModelConfig, modelSchema } from '../config.ts'

const visionSchema = z.looseObject({
  model_type: z.string().default('clip_vision_model'),
  hidden_size: z.number().default(768),
  intermediate_size: z.number().default(3072),
  num_hidden_layers: z.number().default(12),
  num_attention_heads: z.number().default(12),
  num_channels: z.number().default(3),
  image_size: z.number().default(224),
  patch_size: z.number().default(32),
  hidden_act: z.string().default('quick_gelu'),
  layer_norm_eps: z.number().default(1e-5),
})

const clipTextConfigSchema = z.looseObject({
  model_type: z.string().default('clip_text_model'),
  vocab_size: z.number().default(49408),
  hidden_size: z.number().default(512),
  intermediate_size: z.number().default(2048),
  num_hidden_layers: z.number().default(12),
  num_attention_heads: z.number().default(8),
  max_position_embeddings: z.number().default(77),
  hidden_act: z.string().default('quick_gelu'),
  layer_norm_eps: z.number().default(1e-5),
  bos_token_id: z.number().nullish(),
  eos_token_id: z.number().nullish(),
  pad_token_id: z.number().nullish(),
})

const bertConfigSchema = z.looseObject({
  model_type: z.literal('bert'),
  vocab_size: z.number().default(30522),
  hidden_size: z.number().default(768),
  intermediate_size: z.number().default(3072),
  num_hidden_layers: z.number().default(12),
  num_attention_heads: z.number().default(12),
  max_position_embeddings: z.number().default(512),
  type_vocab_size: z.number().default(2),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().default(1e-12),
  pad_token_id: z.number().nullish(),
})

const folderSchema = z.looseObject({
  model_type: z.string(),
  projection_dim: z.number().default(512),
  logit_scale_init_value: z.number().default(2.6592),
  vision_config: z.looseObject({ model_type: z.string().optional() }).default({}),
  text_config: z.looseObject({ model_type: z.string().optional() }).default({}),
})

/** The id old configurations state as end of text; it means "the largest id of the row". */
const legacyEos = 2

function readImage(json: unknown, where: string): unknown {
  const type = (json as { model_type?: string }).model_type
  if (type === 'vesalius-resnet') {
    const { model_type: _, ...rest } = json as Record<string, unknown>
    return { kind: 'resnet', ...rest }
  }
  if (type !== undefined && type !== 'clip_vision_model') {
    throw new VesaliusError('MODEL_INVALID', `${where}: image towers of type "${type}" cannot be loaded yet.`, {
      where,
    })
  }
  const c = parseWith(visionSchema, json, `${where}, vision_config`, 'MODEL_INVALID')
  return {
    kind: 'vit',
    size: c.image_size,
    channels: c.num_channels,
    patch: c.patch_size,
    width: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    mlp: c.intermediate_size,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
  }
}

/** The configuration of a folder that holds a BERT alone, read out as its pooler does. */
export function readBertConfig(json: unknown, where: string): BertConfig {
  return parseWith(bertSchema, readText(json, where), where, 'MODEL_INVALID')
}

function readText(json: unknown, where: string): unknown {
  const type = (json as { model_type?: string }).model_type
  if (type === 'bert') {
    const c = parseWith(bertConfigSchema, json, `${where}, text_config`, 'MODEL_INVALID')
    if (c.hidden_act !== 'gelu') {
      throw new VesaliusError('MODEL_INVALID', `${where}: BERT with activation "${c.hidden_act}" cannot be loaded.`, {
        where,
      })
    }
    return {
      kind: 'bert',
      vocabulary: c.vocab_size,
      context: c.max_position_embeddings,
      width: c.hidden_size,
      layers: c.num_hidden_layers,
      heads: c.num_attention_heads,
      mlp: c.intermediate_size,
      types: c.type_vocab_size,
      epsilon: c.layer_norm_eps,
      pad: c.pad_token_id ?? 0,
      readOut: (json as { vesalius_read_out?: unknown }).vesalius_read_out ?? 'pooler',
    }
  }
  if (type !== undefined && type !== 'clip_text_model') {
    throw new VesaliusError('MODEL_INVALID', `${where}: text towers of type "${type}" cannot be loaded yet.`, { where })
  }
  const c = parseWith(clipTextConfigSchema, json, `${where}, text_config`, 'MODEL_INVALID')
  const legacy = c.eos_token_id === legacyEos
  return {
    kind: 'clip-text',
    vocabulary: c.vocab_size,
    context: c.max_position_embeddings,
    width: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    mlp: c.intermediate_size,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    bos: c.bos_token_id ?? c.vocab_size - 2,
    eos: legacy ? c.vocab_size - 1 : (c.eos_token_id ?? c.vocab_size - 1),
    pad: c.pad_token_id ?? c.vocab_size - 1,
    readOut: legacy ? 'largest-id' : 'eos',
  }
}

/** Our model configuration from the content of config.json. `where` names the file in errors. */
export function fromHuggingFace(json: unknown, where: string): ModelConfig {
  const c = parseWith(folderSchema, json, where, 'MODEL_INVALID')
  if (c.model_type !== 'clip' && c.model_type !== 'vision-text-dual-encoder') {
    throw new VesaliusError(
      'MODEL_INVALID',
      `${where}: models of type "${c.model_type}" cannot be loaded; CLIP and VisionTextDualEncoder can.`,
      { where },
    )
  }
  const config = {
    image: readImage(c.vision_config, where),
    text: readText(c.text_config, where),
    joint: c.projection_dim,
    projection: c.vesalius_projection,
    logitScale: c.logit_scale_init_value,
  }
  return parseWith(modelSchema, config, where, 'MODEL_INVALID')
}

function writeImage({ image }: ModelConfig, joint: number): Record<string, unknown> {
  if (image.kind === 'resnet') {
    const { kind: _, ...rest } = image
    return { model_type: 'vesalius-resnet', ...rest }
  }
  return {
    model_type: 'clip_vision_model',
    hidden_size: image.width,
    intermediate_size: image.mlp ?? 4 * image.width,
    num_hidden_layers: image.layers,
    num_attention_heads: image.heads,
    num_channels: image.channels,
    image_size: image.size,
    patch_size: image.patch,
    hidden_act: image.activation,
    layer_norm_eps: image.epsilon,
    projection_dim: joint,
  }
}

function writeText({ text }: ModelConfig, joint: number): Record<string, unknown> {
  const common = {
    vocab_size: text.vocabulary,
    hidden_size: text.width,
    intermediate_size: text.mlp ?? 4 * text.width,
    num_hidden_layers: text.layers,
    num_attention_heads: text.heads,
    max_position_embeddings: text.context,
    layer_norm_eps: text.epsilon,
    pad_token_id: text.pad,
  }
  if (text.kind === 'bert') {
    return {
      model_type: 'bert',
      ...common,
      hidden_act: 'gelu',
      type_vocab_size: text.types,
      ...(text.readOut === 'pooler' ? {} : { vesalius_read_out: text.readOut }),
    }
  }
  return {
    model_type: 'clip_text_model',
    ...common,
    hidden_act: text.activation,
    bos_token_id: text.bos,
    eos_token_id: text.readOut === 'largest-id' ? legacyEos : text.eos,
    projection_dim: joint,
  }
}

/** The content of config.json for a model of ours. */
export function toHuggingFace(config: ModelConfig): Record<string, unknown> {
  const clip = config.image.kind === 'vit' && config.text.kind === 'clip-text'
  return {
    architectures: [clip ? 'CLIPModel' : 'VisionTextDualEncoderModel'],
    model_type: clip ? 'clip' : 'vision-text-dual-encoder',
    projection_dim: config.joint,
    logit_scale_init_value: config.logitScale,
    ...(config.projection.kind === 'linear' ? {} : { vesalius_projection: config.projection }),
    vision_config: writeImage(config, config.joint),
    text_config: writeText(config, config.joint),
    dtype: 'float32',
  }
}
