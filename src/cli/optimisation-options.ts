/** @file Options of `pretrain` that say how to descend, and the part of a run configuration they stand for. */

import { VesaliusError } from '../core/errors.ts'
import type { Arguments, OptionSpecs } from './command.ts'

export const optimisationOptions = {
  rate: { type: 'number', help: 'peak learning rate' },
  optimizer: { type: 'string', choices: ['adamw', 'adam', 'sgd', 'lamb', 'lion'], help: 'default adamw' },
  'weight-decay': { type: 'number', help: 'of weights; gains and biases have none' },
  schedule: {
    type: 'string',
    choices: ['constant', 'cosine', 'linear', 'polynomial', 'step', 'one-cycle', 'inverse-sqrt'],
    help: 'course of the learning rate, default cosine',
  },
  warmup: { type: 'number', help: 'steps with rising rate: a share of all if below 1, else a number' },
  'clip-norm': { type: 'number', help: 'largest norm of the gradient; 0 for any' },
  accumulate: { type: 'integer', help: 'batches a step, gradients averaged' },
  ema: { type: 'number', value: 'DECAY', help: 'validate and export a running average of the parameters, e.g. 0.999' },
  freeze: {
    type: 'string',
    multiple: true,
    value: 'PATTERN',
    help: 'parameters that are not trained, e.g. "text_model.*"; "PATTERN@500": not before step 500',
  },
  'rate-of': {
    type: 'string',
    multiple: true,
    value: 'PATTERN=FACTOR',
    help: 'factor of the learning rate, e.g. "vision_model.*=0.1"',
  },
  'layer-decay': { type: 'number', help: 'factor of the rate from each layer to the one below, e.g. 0.75' },
} as const satisfies OptionSpecs

type Options = Arguments<typeof optimisationOptions>['options']

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

/** The part of `train` that these options stand for, over the one of a configuration file. */
export function optimisationOf(o: Options, file: Record<string, unknown>): Record<string, unknown> {
  const rules = [...o['rate-of'].map(rateRule), ...o.freeze.map(freezeRule)]
  const listed = Array.isArray(file.parameters) ? file.parameters : []
  return {
    ...defined({
      rate: o.rate,
      optimizer: part(file.optimizer, 'adamw', o.optimizer, { weightDecay: o['weight-decay'] }),
      schedule: part(file.schedule, 'cosine', o.schedule, { warmup: o.warmup }),
      clipNorm: o['clip-norm'] === 0 ? null : o['clip-norm'],
      accumulate: o.accumulate,
      average: o.ema === undefined ? undefined : { decay: o.ema },
      layerDecay: o['layer-decay'],
    }),
    ...(rules.length === 0 ? {} : { parameters: [...listed, ...rules] }),
  }
}

/** A choice with its numbers; those of the file belong to the file's choice and go with it. */
function part(
  file: unknown,
  usual: string,
  kind: string | undefined,
  numbers: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const given = defined(numbers)
  if (kind === undefined && Object.keys(given).length === 0) return undefined
  const old = typeof file === 'object' && file !== null ? (file as Record<string, unknown>) : {}
  const before = old.kind ?? usual
  return { ...(kind === undefined || kind === before ? old : {}), kind: kind ?? before, ...given }
}

function rateRule(text: string): Record<string, unknown> {
  const cut = text.lastIndexOf('=')
  const rate = cut < 1 ? Number.NaN : Number(text.slice(cut + 1) || Number.NaN)
  if (Number.isFinite(rate) && rate >= 0) return { match: text.slice(0, cut), rate }
  throw new VesaliusError('USAGE', `--rate-of is "${text}", which is not PATTERN=FACTOR.`, {
    hint: 'For example: --rate-of "vision_model.*=0.1"',
  })
}

function freezeRule(text: string): Record<string, unknown> {
  const until = /^(.+)@(\d+)$/.exec(text)
  return until === null ? { match: text, freeze: true } : { match: until[1], freeze: Number(until[2]) }
}
