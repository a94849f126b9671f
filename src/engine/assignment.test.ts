import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linearAssignment } from './assignment.ts'

interface Golden {
  rows: number
  columns: number
  cost: number[]
  column: number[]
  total: number
}

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/assignment.json', import.meta.url), 'utf8'),
) as Golden[]

function totalOf(cost: ArrayLike<number>, columns: number, column: Int32Array): number {
  return column.reduce((sum, j, i) => (j < 0 ? sum : sum + (cost[i * columns + j] as number)), 0)
}

/** The least total over all assignments of as many pairs as can be, by trying them all. */
function bruteForce(cost: readonly number[], rows: number, columns: number): number {
  const pairs = Math.min(rows, columns)
  const search = (row: number, left: number, used: ReadonlySet<number>): number => {
    if (left === 0) return 0
    if (rows - row < left) return Number.POSITIVE_INFINITY
    let best = search(row + 1, left, used)
    for (let j = 0; j < columns; j++) {
      if (used.has(j)) continue
      best = Math.min(best, (cost[row * columns + j] as number) + search(row + 1, left - 1, new Set([...used, j])))
    }
    return best
  }
  return search(0, pairs, new Set())
}

describe('linearAssignment', () => {
  it.each(golden.map((one) => [`${one.rows} x ${one.columns}`, one] as const))('%s equals SciPy', (_, one) => {
    const found = linearAssignment(Float64Array.from(one.cost), one.rows, one.columns)
    expect([...found]).toEqual(one.column)
    expect(totalOf(one.cost, one.columns, found)).toBeCloseTo(one.total, 9)
  })

  it('is the best of all assignments, with every row and column at most once, ties and forbidden pairs included', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.POSITIVE_INFINITY))
    const matrices = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        cost: fc.array(value, { minLength: rows * columns, maxLength: rows * columns }),
      }),
    )
    fc.assert(
      fc.property(matrices, ({ rows, columns, cost }) => {
        const best = bruteForce(cost, rows, columns)
        if (best === Number.POSITIVE_INFINITY) {
          expect(() => linearAssignment(cost, rows, columns)).toThrow('no complete assignment')
          return
        }
        const found = linearAssignment(cost, rows, columns)
        const taken = found.filter((j) => j >= 0)
        expect(taken.length).toBe(Math.min(rows, columns))
        expect(new Set(taken).size).toBe(taken.length)
        expect(totalOf(cost, columns, found)).toBe(best)
      }),
      { numRuns: 500 },
    )
  })

  it('of nothing is nothing; rows without columns stay alone', () => {
    expect([...linearAssignment([], 0, 3)]).toEqual([])
    expect([...linearAssignment([], 2, 0)]).toEqual([-1, -1])
  })

  it('refuses what is no cost, and says where it stands', () => {
    expect(() => linearAssignment([1, 2, 3], 2, 2)).toThrow('3 costs do not fill [2, 2]')
    expect(() => linearAssignment([1, 2, 3, Number.NaN], 2, 2)).toThrow('row 1, column 1 is NaN')
  })
})
