/**
 * @file Linear assignment: which column each row takes so that the sum of costs is least and no column is taken twice.
 * Shortest augmenting paths with potentials (Jonker and Volgenant 1987, for rectangular costs Crouse 2016).
 */

import { VesaliusError } from '../core/errors.ts'

/**
 * The column of each row of `cost` [rows, columns] (row-major), or -1 for the rows left over when there are more rows than
 * columns. Infinity marks a pair that must not be. Time O(small^2 large).
 */
export function linearAssignment(cost: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (cost.length !== rows * columns)
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `linearAssignment: ${cost.length} costs do not fill [${rows}, ${columns}].`,
    )
  for (let i = 0; i < cost.length; i++) {
    const value = cost[i] as number
    if (Number.isNaN(value) || value === Number.NEGATIVE_INFINITY)
      throw new VesaliusError(
        'NOT_FINITE',
        `linearAssignment: the cost of row ${Math.floor(i / columns)}, column ${i % columns} is ${value}.`,
      )
  }
  // The shorter side is assigned; every one of it gets a partner.
  if (rows <= columns) return assign((i, j) => cost[i * columns + j] as number, rows, columns)
  const rowOf = assign((i, j) => cost[j * columns + i] as number, columns, rows)
  const columnOf = new Int32Array(rows).fill(-1)
  rowOf.forEach((row, column) => {
    columnOf[row] = column
  })
  return columnOf
}

/** Assigns n <= m: the partner in 0 .. m-1 of each of 0 .. n-1. */
function assign(cost: (i: number, j: number) => number, n: number, m: number): Int32Array {
  const [u, v] = [new Float64Array(n), new Float64Array(m)]
  const partner = new Int32Array(n).fill(-1)
  const taken = new Int32Array(m).fill(-1)
  const distance = new Float64Array(m)
  const previous = new Int32Array(m)
  const done = new Uint8Array(m)
  const reached: number[] = []
  for (let start = 0; start < n; start++) {
    distance.fill(Number.POSITIVE_INFINITY)
    done.fill(0)
    reached.length = 0
    let [i, length, end] = [start, 0, -1]
    while (end === -1) {
      let nearest = -1
      let least = Number.POSITIVE_INFINITY
      for (let j = 0; j < m; j++) {
        if (done[j] === 1) continue
        const through = length + cost(i, j) - (u[i] as number) - (v[j] as number)
        if (through < (distance[j] as number)) {
          distance[j] = through
          previous[j] = i
        }
        const d = distance[j] as number
        // At a tie a free column: the path ends there.
        if (d < least || (d === least && nearest !== -1 && taken[j] === -1 && taken[nearest] !== -1)) {
          least = d
          nearest = j
        }
      }
      if (nearest === -1)
        throw new VesaliusError('DATA_INVALID', 'linearAssignment: the forbidden pairs leave no complete assignment.')
      length = least
      done[nearest] = 1
      if (taken[nearest] === -1) end = nearest
      else {
        reached.push(nearest)
        i = taken[nearest] as number
      }
    }
    u[start] = (u[start] as number) + length
    for (const j of reached) {
      const slack = length - (distance[j] as number)
      u[taken[j] as number] = (u[taken[j] as number] as number) + slack
      v[j] = (v[j] as number) - slack
    }
    // Back along the path, every row takes the column by which it was left.
    for (let j = end; ; ) {
      const row = previous[j] as number
      taken[j] = row
      const next = partner[row] as number
      partner[row] = j
      if (row === start) break
      j = next
    }
  }
  return partner
}
