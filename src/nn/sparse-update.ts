/**
 * @file The sparse tables of a training: parameters that its treatments call sparse, the outputs of a pass that carry their
 * gradients, and one lazy step of each. The norm of the whole gradient, and so clipping, counts them in.
 */

import { VesaliusError } from '../core/errors.ts'
import type { Entry, Inline, Layout, Runtime, Tensor } from '../engine/index.ts'
import { type LazyOptimizer, openLazyRows, type RowGradients } from './sparse.ts'
import type { UpdateOptions } from './update.ts'

/** Parameters of which a step moves the rows in use. */
export function sparseEntries({ entries }: Layout): readonly Entry[] {
  return entries.filter(({ sparse }) => sparse !== undefined)
}

/** The outputs of a pass for one table, by the names under which {@link SparseUpdate} finds them. */
export function sparseOutputs(name: string, { ids, rows, squares }: RowGradients): Record<string, Tensor> {
  return { [`ids ${name}`]: ids, [`rows ${name}`]: rows, [`squares ${name}`]: squares }
}

type Fetched = Readonly<Record<string, Inline>>

export interface SparseUpdate {
  /** Buffers that belong to the state: name and length. */
  readonly slots: readonly (readonly [string, number])[]
  /** Whether an output of a pass is the business of this update, and no value to report. */
  owns(output: string): boolean
  /** Sum of squares of the tables' gradients. */
  squares(outputs: Fetched): number
  /** Moves the rows in use, step = 0, 1, ...; returns seconds. */
  apply(outputs: Fetched, step: number, rate: number, clip: number): Promise<number>
  reset(): Promise<void>
  dispose(): Promise<void>
}

/** What a training does that sparse tables cannot. */
export interface SparseLimits extends UpdateOptions {
  ranks: number
  caching: boolean
}

/** Opens the lazy optimizers of all sparse tables; the parameters are buffers of the runtime already. */
export async function openSparseUpdate(runtime: Runtime, layout: Layout, limits: SparseLimits): Promise<SparseUpdate> {
  const entries = sparseEntries(layout)
  if (entries.length > 0) refuse(entries[0]!.name, limits)
  const tables = await Promise.all(
    entries.map(async ({ name, offset, shape, size, sparse }) => {
      const place = { buffer: 'parameters', offset, shape }
      const lazy = await openLazyRows(runtime, name, place, lazyOf(name, limits))
      return { name, size, treatment: sparse!, lazy }
    }),
  )
  const slots = tables.flatMap(({ lazy, size }) => lazy.slots.map((slot) => [slot, size] as const))
  const owned = new Set(entries.flatMap(({ name }) => [`ids ${name}`, `rows ${name}`, `squares ${name}`]))
  return {
    slots,
    owns: (output) => owned.has(output),
    squares: (outputs) => tables.reduce((sum, { name }) => sum + (outputs[`squares ${name}`]!.data[0] as number), 0),
    async apply(outputs, step, rate, clip) {
      let seconds = 0
      for (const { name, treatment, lazy } of tables) {
        if (step < treatment.frozenUntil) continue
        const [ids, rows] = [outputs[`ids ${name}`]!, outputs[`rows ${name}`]!]
        const t = step + 1 - treatment.frozenUntil
        seconds += await lazy.step({ ids, rows, t, rate: rate * treatment.factor, clip })
      }
      return seconds
    },
    async reset() {
      for (const [name, length] of slots) await runtime.write(name, 0, new Float32Array(length))
    },
    async dispose() {
      for (const { lazy } of tables) await lazy.dispose()
    },
  }
}

/** The lazy counterpart of the optimizer: Adam's moments without decay, or plain gradient descent. */
function lazyOf(name: string, { optimizer }: SparseLimits): LazyOptimizer {
  if (optimizer.kind === 'adamw' || optimizer.kind === 'adam') {
    const { beta1, beta2, epsilon } = optimizer
    return { kind: 'adam', beta1, beta2, epsilon }
  }
  if (optimizer.kind === 'sgd' && optimizer.momentum === 0) return { kind: 'sgd' }
  throw new VesaliusError('CONFIG_INVALID', `"${name}" cannot be sparse under the optimizer ${optimizer.kind}.`, {
    where: 'train.parameters',
    hint: 'Sparse tables are trained with adamw, adam, or sgd without momentum.',
  })
}

function refuse(name: string, { ranks, caching, accumulates, average, clipValue }: SparseLimits): void {
  const reasons: [boolean, string][] = [
    [ranks > 1, 'several ranks'],
    [caching, 'gradient caching'],
    [accumulates === true, 'accumulation over batches'],
    [average !== undefined, 'a running average'],
    [clipValue !== undefined, 'clipping by value'],
  ]
  const reason = reasons.find(([holds]) => holds)?.[1]
  if (reason === undefined) return
  throw new VesaliusError('CONFIG_INVALID', `"${name}" cannot be sparse together with ${reason}.`, {
    where: 'train.parameters',
    hint: 'Let the table be dense, or do without the other.',
  })
}
