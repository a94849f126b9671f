/** @file Systems of several passes and views on two ranks (all of them: objectives-on-ranks.slow.ts). */

import { expect, it } from 'vitest'
import { type OnRanks, onRanksAndAlone } from './objectives-on-ranks.ts'
import { mpis, onRanks } from './ranks.ts'

it.skipIf(mpis[0]?.[1] === undefined)(
  'MTPM and TCSA have the gradients of one process with the whole batch',
  async () => {
    const said = (await onRanks(mpis[0]![1]!, 2, onRanksAndAlone(['mtpm', 'tcsa']))) as OnRanks[][]
    expect(said.map((found) => found.map(({ id }) => id))).toEqual([
      ['mtpm', 'tcsa'],
      ['mtpm', 'tcsa'],
    ])
    for (const { worst, norm, loss, size } of said.flat()) {
      expect(size).toBeGreaterThan(1e-3)
      for (const difference of [worst, norm, loss]) expect(Math.abs(difference)).toBeLessThan(2e-6)
    }
  },
)
