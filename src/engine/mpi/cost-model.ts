/**
 * @file What a step of data-parallel training costs on N ranks: a formula, no measurement. docs/scaling.md derives it,
 * compares it with two ranks on one machine and uses it to say what may be expected of more.
 *
 *   all-reduce of G bytes          A(G) = 2 (N - 1) latency + 2 (N - 1)/N G / bandwidth           ring
 *   all-gather, reduce-scatter     S(G) =   (N - 1) latency +   (N - 1)/N G / bandwidth           G = all ranks together
 *   loss over the global batch     L    = pairwise (N B)^2
 *   step                           T    = compute + L + 2 S(N B features) + max(0, A(first) - cover) + A(rest)
 *
 * Ring: the bandwidth term is the least that any algorithm needs (Patarasuk and Yuan 2009), the latency term is that of
 * large messages; libraries use trees for small ones, 2 log2 N in place of 2 (N - 1).
 */

/** The wire between two ranks. */
export interface Link {
  /** Seconds until the first byte of a message arrives. */
  latency: number
  /** Bytes a second that a rank can send while it receives as much. */
  bandwidth: number
}

/** What one rank does in a step. */
export interface Work {
  /** Pairs of one rank. */
  batch: number
  /** Seconds of one rank's towers, forward and backward, and optimizer. */
  compute: number
  /** Seconds of the loss for each pair of pairs: it grows with the square of the global batch. */
  pairwise: number
  /** Bytes that one pair gives to the all-gather: the features that the loss reads. */
  features: number
  /** Bytes of the gradients that are summed while the other tower's backward pass runs. */
  first: number
  /** Bytes of the gradients that nothing hides. */
  rest: number
  /** Seconds of the backward pass that hides `first`. */
  cover: number
}

/** Seconds of the parts of a step. */
export interface StepCost {
  compute: number
  loss: number
  /** All-gather of features and reduce-scatter of their gradients. */
  gather: number
  /** All-reduce that nothing hides. */
  reduce: number
  step: number
  pairsPerSecond: number
  /** Pairs a second of a rank, against one rank alone with the same batch: 1 is perfect. */
  efficiency: number
}

/** Seconds of an all-reduce of `bytes` on n ranks. */
export function allReduceSeconds(n: number, bytes: number, link: Link): number {
  return 2 * shareSeconds(n, bytes, link)
}

/** Seconds of an all-gather or reduce-scatter whose whole is `bytes`, on n ranks. */
export function shareSeconds(n: number, bytes: number, { latency, bandwidth }: Link): number {
  return (n - 1) * latency + (((n - 1) / n) * bytes) / bandwidth
}

/** What a step costs on n ranks. */
export function stepCost(n: number, work: Work, link: Link): StepCost {
  const { batch, compute, pairwise, features, first, rest, cover } = work
  const lossOf = (ranks: number): number => pairwise * (ranks * batch) ** 2
  const gather = 2 * shareSeconds(n, n * batch * features, link)
  const reduce = Math.max(0, allReduceSeconds(n, first, link) - cover) + allReduceSeconds(n, rest, link)
  const loss = lossOf(n)
  const step = compute + loss + gather + reduce
  const pairsPerSecond = (n * batch) / step
  return { compute, loss, gather, reduce, step, pairsPerSecond, efficiency: (compute + lossOf(1)) / step }
}

/** Latency and bandwidth that explain measured all-reduces best, each measurement weighing by its relative error. */
export function fitLink(n: number, measured: readonly { bytes: number; seconds: number }[]): Link {
  // seconds = a + b bytes, least squares of (a + b bytes) / seconds - 1.
  let [aa, ab, bb, a1, b1] = [0, 0, 0, 0, 0]
  for (const { bytes, seconds } of measured) {
    const [u, v] = [1 / seconds, bytes / seconds]
    aa += u * u
    ab += u * v
    bb += v * v
    a1 += u
    b1 += v
  }
  const determinant = aa * bb - ab * ab
  const a = (a1 * bb - b1 * ab) / determinant
  const b = (b1 * aa - a1 * ab) / determinant
  return { latency: a / (2 * (n - 1)), bandwidth: (2 * (n - 1)) / n / b }
}
