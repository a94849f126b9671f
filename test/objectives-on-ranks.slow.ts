/** @file Every objective on two ranks: the gradients of one process with the whole batch. */

import { expect, it } from 'vitest'
import { objectives } from '../src/pretrain/objectives.ts'
import { type OnRanks, onRanksAndAlone } from './objectives-on-ranks.ts'
import { mpis, onRanks } from './ranks.ts'

/** Batch normalisation of their own heads is over the rows of a rank, as PyTorch does (docs/scaling.md). */
const normalised = ['lovt', 'mueller-2022a']

it.skipIf(mpis[0]?.[1] === undefined)('all objectives', async () => {
  const ids = objectives.map(({ id }) => id).filter((id) => id !== 'supervised')
  const said = (await onRanks(mpis[0]![1]!, 2, onRanksAndAlone(ids))) as OnRanks[][]
  console.table(said[0])
  for (const { id, worst, norm, loss, size } of said.flat()) {
    expect(size).toBeGreaterThan(1e-3)
    const largest = Math.max(worst, Math.abs(norm), Math.abs(loss))
    if (normalised.includes(id)) expect([id, largest > 1e-5]).toEqual([id, true])
    else expect([id, largest < 1e-5, largest]).toEqual([id, true, largest])
  }
})
