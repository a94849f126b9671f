import { describe, expect, it } from 'vitest'
import { type Declaration, layOut } from '../engine/index.ts'
import { resolveRun, runSchema } from './config.ts'
import { treatmentsOf } from './treatments.ts'

const declare = (name: string, kind: Declaration['kind'] = 'parameter'): Declaration => ({
  name,
  kind,
  shape: [2, 2],
  init: { kind: 'zeros' },
  decay: !name.endsWith('bias'),
})
const names = [
  'vision_model.conv1.weight',
  'vision_model.layer1.0.conv1.weight',
  'vision_model.layer2.0.conv1.weight',
  'text_model.embeddings.word_embeddings.weight',
  'text_model.encoder.layer.0.output.dense.weight',
  'text_model.encoder.layer.0.output.dense.bias',
  'text_model.encoder.layer.1.output.dense.weight',
  'text_projection.weight',
  'logit_scale',
]
const declarations = [...names.map((name) => declare(name)), declare('vision_model.bn1.running_mean', 'statistic')]
const treat = (
  parameters: unknown[],
  layerDecay = 1,
): Record<string, { decay: boolean; factor: number; frozenUntil: number }> => {
  const config = runSchema.shape.train.parse({ parameters, layerDecay })
  const treatmentOf = treatmentsOf(declarations, config)
  return Object.fromEntries(declarations.map((d) => [d.name, treatmentOf(d)]))
}

describe('rules for parameters', () => {
  it('later rules win, factors multiply, stars reach over dots', () => {
    const found = treat([
      { match: 'text_model.*', freeze: true, rate: 0.5 },
      { match: 'text_model.encoder.layer.1.*', freeze: 20, rate: 0.5 },
      { match: '*weight', decay: false },
    ])
    const never = Number.POSITIVE_INFINITY
    expect(found[names[3]!]).toEqual({ decay: false, factor: 0.5, frozenUntil: never })
    expect(found[names[5]!]).toEqual({ decay: false, factor: 0.5, frozenUntil: never })
    expect(found[names[6]!]).toEqual({ decay: false, factor: 0.25, frozenUntil: 20 })
    expect(found.logit_scale).toEqual({ decay: true, factor: 1, frozenUntil: 0 })
  })

  it('frozen parameters lie behind the trained ones, statistics last', () => {
    const config = runSchema.shape.train.parse({ parameters: [{ match: 'vision_model.*', freeze: true }] })
    const layout = layOut(declarations, treatmentsOf(declarations, config))
    const behind = layout.entries.filter(({ offset }) => offset >= layout.trained).map(({ name }) => name)
    expect(behind).toEqual([...names.slice(0, 3), 'vision_model.bn1.running_mean'])
    expect(layout.statistics).toBe(layout.length - 16)
  })

  it('say which pattern names nothing, and when nothing is left', () => {
    expect(() => treat([{ match: 'vision.*', freeze: true }])).toThrow('No parameter is called "vision.*".')
    expect(() => treat([{ match: '*', freeze: 3 }])).toThrow('Every parameter is frozen')
  })

  it('layers below learn more slowly, tower by tower', () => {
    const found = treat([{ match: 'text_projection.weight', rate: 10 }], 0.5)
    expect(names.map((name) => found[name]!.factor)).toEqual([0.125, 0.25, 0.5, 0.125, 0.25, 0.25, 0.5, 10, 1])
  })
})

describe('configurations', () => {
  const resolve = (train: Record<string, unknown>) =>
    resolveRun({ data: 'data', overrides: { train } }, 'The configuration').train

  it('of before there was a choice mean what they meant', () => {
    const { optimizer, schedule } = resolve({ weightDecay: 0.02, beta2: 0.9, warmup: 0.3, floor: 0 })
    expect(optimizer).toEqual({ kind: 'adamw', weightDecay: 0.02, beta1: 0.9, beta2: 0.9, epsilon: 1e-6 })
    expect(schedule).toEqual({ kind: 'cosine', warmup: 0.3, floor: 0 })
  })

  it('refuse numbers that the chosen optimizer does not have', () => {
    expect(() => resolve({ optimizer: { kind: 'lion' }, beta2: 0.9 })).toThrow('beta2')
    expect(() => resolve({ optimizer: { kind: 'sgd', nesterov: true, momentum: 0 } })).toThrow('Nesterov')
    expect(() => resolve({ optimizer: { kind: 'adagrad' } })).toThrow('train.optimizer')
  })
})
