/** @file Named sizes of towers, so that a run can be described in a word. Sizes of pictures and vocabularies are set by the run. */

import { VesaliusError } from '../core/errors.ts'

const imagePresets = {
  'resnet-tiny': {
    kind: 'resnet',
    block: 'basic',
    layers: [1, 1, 1, 1],
    widths: [24, 48, 80, 96],
    stem: { kernel: 3, stride: 2, pool: true },
    readOut: 'mean-max',
  },
  'resnet-18': { kind: 'resnet', block: 'basic', layers: [2, 2, 2, 2], widths: [64, 128, 256, 512] },
  'resnet-50': { kind: 'resnet', block: 'bottleneck', layers: [3, 4, 6, 3], widths: [64, 128, 256, 512] },
  'vit-tiny': { kind: 'vit', patch: 8, width: 128, layers: 4, heads: 4 },
  'vit-small': { kind: 'vit', patch: 16, width: 384, layers: 12, heads: 6 },
  'vit-base': { kind: 'vit', patch: 16, width: 768, layers: 12, heads: 12 },
} as const

const textPresets = {
  'bert-tiny': { kind: 'bert', width: 96, layers: 2, heads: 4, mlp: 192, context: 64, readOut: 'mean' },
  'bert-small': { kind: 'bert', width: 256, layers: 4, heads: 4, context: 128 },
  'bert-base': { kind: 'bert', width: 768, layers: 12, heads: 12, context: 512 },
  'clip-text-tiny': { kind: 'clip-text', width: 128, layers: 2, heads: 4, context: 77 },
  'clip-text-small': { kind: 'clip-text', width: 256, layers: 6, heads: 4, context: 77 },
  'clip-text-base': { kind: 'clip-text', width: 512, layers: 12, heads: 8, context: 77 },
} as const

export type ImagePreset = keyof typeof imagePresets
export type TextPreset = keyof typeof textPresets
export const imagePresetNames = Object.keys(imagePresets) as ImagePreset[]
export const textPresetNames = Object.keys(textPresets) as TextPreset[]

function lookUp<T>(presets: Readonly<Record<string, T>>, name: string, what: string): T {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (found !== undefined) return found
  const hint = `Use one of: ${Object.keys(presets).join(', ')}.`
  throw new VesaliusError('UNKNOWN_NAME', `There is no ${what} tower called "${name}".`, { where: what, hint })
}

/** The image tower of this name, without its picture size. */
export function imagePreset(name: string): (typeof imagePresets)[ImagePreset] {
  return lookUp(imagePresets, name, 'image')
}

/** The text tower of this name, without its vocabulary. */
export function textPreset(name: string): (typeof textPresets)[TextPreset] {
  return lookUp(textPresets, name, 'text')
}
