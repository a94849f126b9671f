/** @file k-means as a host node: assignments carry no gradient, the means of the clusters do. */

import { random } from '../../core/random.ts'
import { type HostData, type HostRule, type HostValue, hostNode } from '../host.ts'
import * as op from '../ops.ts'
import { shapeError, type Tensor } from '../tensor.ts'

export interface KMeansOptions {
  clusters: number
  /** Lloyd's iterations at most; it stops when nothing moves. */
  iterations?: number
  /** Of the first centres (k-means++). The same points give the same clusters. */
  seed: number
}

/**
 * Clusters points x float32 [N, D]: `assignments` int32 [N] (Lloyd 1982 from the seeds of Arthur and Vassilvitskii 2007,
 * squared Euclidean distance, no cluster empty) and `centroids` [K, D], the means, through which gradients reach x.
 */
export function kMeans(
  x: Tensor,
  { clusters, iterations = 20, seed }: KMeansOptions,
): {
  assignments: Tensor
  centroids: Tensor
} {
  const [n, width] = x.shape as [number, number]
  if (x.dtype !== 'float32' || x.shape.length !== 2) shapeError('kMeans', 'needs float32 points [N, D]', x)
  if (!(clusters >= 1 && clusters <= n)) shapeError('kMeans', `${n} points do not make ${clusters} clusters`, x)
  const rule: HostRule = {
    name: 'k-means',
    forward: ([points]) => [lloyd((points as HostValue).data, n, width, clusters, iterations, seed)],
  }
  const [assignments] = hostNode(rule, [x], [{ shape: [n], dtype: 'int32' }]) as [Tensor]
  const counts = op.scatterAdd(op.full([n], 1), assignments, clusters) //                     [K], never 0
  const sums = op.scatterAdd(x, assignments, clusters) //                                     [K, D]
  return { assignments, centroids: op.div(sums, op.reshape(counts, [clusters, 1])) }
}

function lloyd(x: HostData, n: number, d: number, k: number, iterations: number, seed: number): Int32Array {
  const bad = x.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) throw new RangeError(`value ${bad} of the points is ${x[bad]}`)
  const centres = firstCentres(x, n, d, k, seed)
  const assigned = new Int32Array(n).fill(-1)
  const distances = new Float64Array(n)
  for (let round = 0; round < iterations; round++) {
    let moved = false
    for (let i = 0; i < n; i++) {
      const { index, distance } = nearest(x, i, centres, k, d)
      moved ||= assigned[i] !== index
      assigned[i] = index
      distances[i] = distance
    }
    moved = fillEmpty(assigned, distances, k) || moved
    if (!moved) break
    centres.fill(0)
    const counts = new Float64Array(k)
    for (let i = 0; i < n; i++) {
      const to = assigned[i] as number
      counts[to]! += 1
      for (let j = 0; j < d; j++) centres[to * d + j]! += x[i * d + j] as number
    }
    for (let c = 0; c < k; c++) for (let j = 0; j < d; j++) centres[c * d + j]! /= counts[c] as number
  }
  return assigned
}

/** k-means++: each further centre is a point drawn in proportion to its squared distance from the nearest centre. */
function firstCentres(x: HostData, n: number, d: number, k: number, seed: number): Float64Array {
  const stream = random(seed, 'k-means')
  const centres = new Float64Array(k * d)
  let pick = stream.int(n)
  for (let c = 0; c < k; c++) {
    centres.set(x.subarray(pick * d, (pick + 1) * d), c * d)
    const distances = Array.from({ length: n }, (_, i) => nearest(x, i, centres, c + 1, d).distance)
    const total = distances.reduce((sum, v) => sum + v, 0)
    const mark = stream.uniform() * total
    // Where all points lie on centres, any will do.
    if (total === 0) pick = (c + 1) % n
    else {
      let passed = 0
      for (pick = 0; pick < n - 1; pick++) {
        passed += distances[pick] as number
        if (passed > mark) break
      }
    }
  }
  return centres
}

function nearest(
  x: HostData,
  i: number,
  centres: Float64Array,
  k: number,
  d: number,
): { index: number; distance: number } {
  let index = 0
  let distance = Number.POSITIVE_INFINITY
  for (let c = 0; c < k; c++) {
    let sum = 0
    for (let j = 0; j < d; j++) sum += ((x[i * d + j] as number) - (centres[c * d + j] as number)) ** 2
    if (sum < distance) [index, distance] = [c, sum]
  }
  return { index, distance }
}

/** Gives each empty cluster the point that lies farthest from its centre, among clusters of several. */
function fillEmpty(assigned: Int32Array, distances: Float64Array, k: number): boolean {
  const counts = new Int32Array(k)
  for (const c of assigned) counts[c]! += 1
  let changed = false
  for (let c = 0; c < k; c++) {
    if (counts[c] !== 0) continue
    let far = -1
    for (let i = 0; i < assigned.length; i++) {
      const many = (counts[assigned[i] as number] as number) > 1
      if (many && (far < 0 || (distances[i] as number) > (distances[far] as number))) far = i
    }
    counts[assigned[far] as number]! -= 1
    counts[c] = 1
    assigned[far] = c
    distances[far] = 0
    changed = true
  }
  return changed
}
