/** @file Ways to descend that the quick and the long test of kill and resume go through. */

/** Optimizers by name, with numbers under which the tiny run learns. */
const optimizers = {
  adamw: { optimizer: { kind: 'adamw' } },
  adam: { optimizer: { kind: 'adam' } },
  sgd: { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true }, rate: 1e-2 },
  lamb: { optimizer: { kind: 'lamb' }, rate: 1e-2 },
  lion: { optimizer: { kind: 'lion' }, rate: 1e-4 },
}

/** Everything else that has a state or a position: average, several batches in chunks, groups, a tower that joins later. */
const more = {
  accumulate: 2,
  batch: 8,
  chunk: 4,
  average: { decay: 0.9 },
  schedule: { kind: 'one-cycle' },
  clipValue: 0.5,
  layerDecay: 0.8,
  parameters: [
    { match: 'text_model.*', freeze: 7 },
    { match: 'text_model.embeddings.*', freeze: true },
    { match: 'logit_scale', rate: 0.1 },
  ],
}

/** For every optimizer, alone and with everything else: a part of `train` of a run configuration. */
export const optimisations: Readonly<Record<string, Record<string, unknown>>> = Object.fromEntries(
  Object.entries(optimizers).flatMap(([name, train]) => [
    [name, train],
    [`${name}, with everything`, { ...more, ...train }],
  ]),
)
