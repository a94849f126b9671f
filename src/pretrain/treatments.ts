/** @file Which parameters stand still, decay, or learn at a rate of their own. */

import { VesaliusError } from '../core/errors.ts'
import type { Declaration, Treatment } from '../engine/index.ts'
import type { ParameterRule } from './optimisation.ts'
import type { StepOptions } from './step.ts'

/** A pattern as a test of names: * stands for any letters. */
function matcher(pattern: string): RegExp {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`)
}

/** Rules for the parameters of a step: those of the objective, then those of the run, which win. */
export function rulesOf(
  { objective, config }: Pick<StepOptions, 'objective' | 'config'>,
  { parameters }: { parameters: readonly ParameterRule[] },
): readonly ParameterRule[] {
  const frozen = objective.frozen?.(config) ?? []
  return [...frozen.map((match) => ({ match, freeze: true as const })), ...parameters]
}

/**
 * Treatment of every parameter by name. Throws for a pattern without a parameter, and if nothing is left to train.
 * `layerDecay` d gives the layers of each tower the factors ..., d², d from the top down; what comes before the first
 * layer (embeddings) gets one d more, what comes after the last (final norm, projection) keeps the full rate (as in BEiT,
 * Bao et al. 2022).
 */
export function treatmentsOf(
  declarations: readonly Declaration[],
  { parameters: rules, layerDecay }: { parameters: readonly ParameterRule[]; layerDecay: number },
): (declaration: Declaration) => Treatment {
  const trainable = declarations.filter(({ kind }) => kind === 'parameter')
  const tests = rules.map((rule) => ({ rule, test: matcher(rule.match) }))
  for (const { rule, test } of tests) {
    if (trainable.some(({ name }) => test.test(name))) continue
    const tops = [...new Set(trainable.map(({ name }) => name.split('.')[0]))]
    throw new VesaliusError('CONFIG_INVALID', `No parameter is called "${rule.match}".`, {
      where: 'train.parameters',
      hint: `Names begin with ${tops.join(', ')}; use * for the rest, as in "${tops[0]}*".`,
    })
  }
  const depths = towerDepths(trainable.map(({ name }) => name))
  const treatments = new Map(
    trainable.map(({ name, decay }) => {
      const treatment: Treatment = { decay, factor: layerDecay ** (depths.get(name) ?? 0), frozenUntil: 0 }
      for (const { rule, test } of tests) {
        if (!test.test(name)) continue
        if (rule.rate !== undefined) treatment.factor *= rule.rate
        if (rule.decay !== undefined) treatment.decay = rule.decay
        if (rule.sparse !== undefined) treatment.sparse = rule.sparse
        if (rule.freeze !== undefined)
          treatment.frozenUntil = rule.freeze === true ? Number.POSITIVE_INFINITY : Number(rule.freeze)
      }
      return [name, treatment] as const
    }),
  )
  if ([...treatments.values()].every(({ frozenUntil }) => frozenUntil > 0)) {
    throw new VesaliusError('CONFIG_INVALID', 'Every parameter is frozen: the first step would train nothing.', {
      where: 'train.parameters',
    })
  }
  return ({ name, decay }) => treatments.get(name) ?? { decay, factor: 1, frozenUntil: 0 }
}

/** How many layers lie above each parameter of a tower, in its tower: 0 for what follows the last layer. */
function towerDepths(names: readonly string[]): Map<string, number> {
  // encoder.layers.3.x of a transformer, layer4.0.x of a residual net.
  const numbered = /^(.*?)\.(?:(?:layers?|stages|blocks)\.|layer)(\d+)\./
  const towers = new Map<string, { least: number; most: number }>()
  const found = names.map((name) => ({ name, layer: numbered.exec(name) }))
  for (const { layer } of found) {
    if (layer === null) continue
    const tower = layer[1]!.split('.')[0]!
    const number = Number(layer[2])
    const { least, most } = towers.get(tower) ?? { least: number, most: number }
    towers.set(tower, { least: Math.min(least, number), most: Math.max(most, number) })
  }
  const depths = new Map<string, number>()
  for (const { name, layer } of found) {
    const tower = towers.get(name.split('.')[0]!)
    if (tower === undefined) continue
    if (layer !== null) depths.set(name, tower.most - Number(layer[2]) + 1)
    else if (/^[^.]+\.(embed|pre_layrnorm|conv1|bn1)/.test(name)) depths.set(name, tower.most - tower.least + 2)
  }
  return depths
}
