/** @file The training steps that are compared with PyTorch: models, batches and optimizer, as plain data. */

const vitSmall = { kind: 'vit', size: 224, channels: 3, patch: 16, width: 384, layers: 12, heads: 6 }
const textSmall = {
  kind: 'clip-text',
  vocabulary: 49_408,
  context: 77,
  width: 256,
  layers: 6,
  heads: 4,
  bos: 49_406,
  eos: 49_407,
  pad: 49_407,
}
const small = { image: vitSmall, text: textSmall, joint: 256, logitScale: Math.log(1 / 0.07) }
const base = {
  image: { ...vitSmall, width: 768, heads: 12 },
  text: { kind: 'bert', vocabulary: 30_522, context: 512, width: 768, layers: 12, heads: 12 },
  joint: 512,
  logitScale: Math.log(1 / 0.07),
}
const resnet50 = { kind: 'resnet', size: 224, channels: 3, block: 'bottleneck', layers: [3, 4, 6, 3] }

/** `warm` steps are not counted; then `rounds` times `steps` steps of each side in turn; `compile` adds torch.compile. */
export const cases = {
  'clip-8': { kind: 'clip', model: small, batch: 8, tokens: 77, warm: 2, rounds: 4, steps: 3, compile: true },
  'clip-32': { kind: 'clip', model: small, batch: 32, tokens: 77, warm: 4, rounds: 7, steps: 1 },
  'base-4': { kind: 'clip', model: base, batch: 4, tokens: 77, warm: 4, rounds: 7, steps: 1 },
  'resnet50-8': { kind: 'resnet', model: { ...small, image: resnet50 }, batch: 8, warm: 2, rounds: 4, steps: 3 },
  'unet3d-48': { kind: 'unet3d', base: 16, depth: 4, classes: 4, size: 48, batch: 1, warm: 2, rounds: 4, steps: 3 },
}

export const optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 }
export const rate = 1e-4
export const clipNorm = 1
