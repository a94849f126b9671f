/** @file What a two-tower model is made of: sizes of both towers and of the joint space. */

import { z } from 'zod'

const count = z.number().int().positive()
const activation = z.enum(['gelu', 'quick_gelu']).describe('quick_gelu for models that started from OpenAI weights')

/** Vision transformer of CLIP (pre-norm, class token), with the keys of Hugging Face's CLIPVisionModel. */
export const vitSchema = z
  .strictObject({
    kind: z.literal('vit'),
    size: count.default(224).describe('side of the square input, pixels'),
    channels: count.default(3),
    patch: count.default(16).describe('side of a patch, pixels; divides size'),
    width: count.default(384),
    layers: count.default(12),
    heads: count.default(6),
    mlp: count.optional().describe('width of the hidden layer; 4 x width if absent'),
    activation: activation.default('quick_gelu'),
    epsilon: z.number().positive().default(1e-5),
  })
  .refine((c) => c.width % c.heads === 0, { message: 'width must be a multiple of heads', path: ['heads'] })
  .refine((c) => c.size % c.patch === 0, { message: 'size must be a multiple of patch', path: ['patch'] })

/** Residual net with torchvision's keys. */
export const resnetSchema = z
  .strictObject({
    kind: z.literal('resnet'),
    size: count.default(224).describe('side of the square input, pixels'),
    channels: count.default(3),
    block: z.enum(['basic', 'bottleneck']).default('bottleneck'),
    layers: z.array(count).length(4).default([3, 4, 6, 3]).describe('blocks a stage'),
    widths: z
      .array(count)
      .length(4)
      .default([64, 128, 256, 512])
      .describe('channels a stage, before the expansion of bottlenecks'),
    stem: z
      .strictObject({ kernel: count.default(7), stride: count.default(2), pool: z.boolean().default(true) })
      .default({ kernel: 7, stride: 2, pool: true })
      .describe('first convolution, and whether a 3x3/2 max pooling follows'),
    readOut: z
      .enum(['mean', 'mean-max'])
      .default('mean')
      .describe('pooling of the last stage; mean-max joins mean and maximum, for findings of few cells'),
  })
  .refine((c) => c.size % 32 === 0 || !c.stem.pool, { message: 'size must be a multiple of 32', path: ['size'] })

/** Causal transformer of CLIP, read out at the end-of-text token; keys of Hugging Face's CLIPTextModel. */
export const clipTextSchema = z
  .strictObject({
    kind: z.literal('clip-text'),
    vocabulary: count.default(49408),
    context: count.default(77),
    width: count.default(512),
    layers: count.default(12),
    heads: count.default(8),
    mlp: count.optional(),
    activation: activation.default('quick_gelu'),
    epsilon: z.number().positive().default(1e-5),
    bos: z.number().int().nonnegative().default(49406),
    eos: z.number().int().nonnegative().default(49407),
    pad: z.number().int().nonnegative().default(49407),
    readOut: z
      .enum(['eos', 'largest-id'])
      .default('eos')
      .describe('largest-id: old Hugging Face configurations that state eos_token_id 2'),
  })
  .refine((c) => c.width % c.heads === 0, { message: 'width must be a multiple of heads', path: ['heads'] })

/** BERT encoder (post-norm), read out at [CLS]; keys of Hugging Face's BertModel. */
export const bertSchema = z
  .strictObject({
    kind: z.literal('bert'),
    vocabulary: count.default(30522),
    context: count.default(512).describe('longest text, tokens'),
    width: count.default(768),
    layers: count.default(12),
    heads: count.default(12),
    mlp: count.optional(),
    types: count.default(2),
    epsilon: z.number().positive().default(1e-12),
    pad: z.number().int().nonnegative().default(0),
    readOut: z
      .enum(['pooler', 'cls', 'mean', 'max'])
      .default('pooler')
      .describe(
        'pooler: tanh(dense([CLS])), as VisionTextDualEncoder; cls: [CLS] itself; mean: of all tokens; max: of all but the special ones',
      ),
  })
  .refine((c) => c.width % c.heads === 0, { message: 'width must be a multiple of heads', path: ['heads'] })

export const imageTowerSchema = z.discriminatedUnion('kind', [vitSchema, resnetSchema])
export const textTowerSchema = z.discriminatedUnion('kind', [clipTextSchema, bertSchema])

/** From a tower's own features to the joint space. */
export const projectionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('linear') }),
  z.strictObject({
    kind: z.literal('mlp').describe('Linear, ReLU, Linear, with biases (ConVIRT)'),
    hidden: count.optional().describe('width of the layer between; that of the joint space if absent'),
  }),
])

export const modelSchema = z.strictObject({
  image: imageTowerSchema,
  text: textTowerSchema,
  joint: count.default(512).describe('width D of the joint space'),
  projection: projectionSchema.default({ kind: 'linear' }),
  logitScale: z
    .number()
    .default(Math.log(1 / 0.07))
    .describe('initial ln(1/tau)'),
})

export type VitConfig = z.output<typeof vitSchema>
export type ResnetConfig = z.output<typeof resnetSchema>
export type ClipTextConfig = z.output<typeof clipTextSchema>
export type BertConfig = z.output<typeof bertSchema>
export type ModelConfig = z.output<typeof modelSchema>
export type ModelConfigInput = z.input<typeof modelSchema>
