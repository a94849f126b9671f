/**
 * @file Embedding tables of which a step touches few rows: the gradient is delivered for the rows in use only, and only
 * these are updated (lazily: moments of rows that are not in use stand still). Costs grow with the ids of a batch, not with
 * the vocabulary.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  add,
  type BufferView,
  cast,
  concat,
  constant,
  cumulativeSum,
  div,
  type Feed,
  gather,
  type Inline,
  input,
  lowerTraining,
  mul,
  notEqual,
  type Outputs,
  type Runtime,
  reshape,
  type Session,
  scatterAdd,
  slice,
  sort,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  targetOf,
  topological,
} from '../engine/index.ts'

/** The gradient of a table [N, D] by rows. */
export interface RowGradients {
  /** int32 [n], ascending: the ids of a batch, repeated as often as they were looked up. */
  ids: Tensor
  /** [n, D]: the whole gradient of each id's row; equal where ids are equal. */
  rows: Tensor
  /** []: sum of squares of the gradient, each row counted once. */
  squares: Tensor
}

/** What is looked up in a table (by `gather` along its first axis) on the way to a scalar. */
export function lookUps(scalar: Tensor, table: Tensor, name: string): readonly Tensor[] {
  const uses = topological([scalar]).filter(({ inputs }) => inputs.includes(table))
  const whole = uses.find(({ op, inputs, attributes }) => {
    return op !== 'gather' || inputs[0] !== table || (attributes as { axis: number }).axis !== 0
  })
  if (whole !== undefined) {
    throw new VesaliusError('MODEL_INVALID', `"${name}" has sparse gradients, but ${whole.op} reads the whole table.`, {
      hint: 'A sparse embedding can only be looked up. Let it be dense, or give the other use a table of its own.',
    })
  }
  if (uses.length === 0) throw new VesaliusError('MODEL_INVALID', `The loss does not look anything up in "${name}".`)
  return uses.map(({ outputs }) => outputs[0] as Tensor)
}

/** The gradient of a table from those of its look-ups, without a tensor of the table's size. */
export function rowGradients(found: readonly Tensor[], slopes: readonly Tensor[]): RowGradients {
  const width = found[0]?.shape.at(-1) as number
  const asked = join(found.map(({ node }) => reshape(node.inputs[1] as Tensor, [-1])))
  const parts = join(slopes.map((g) => reshape(g, [-1, width])))

  const [ids, order] = sort(asked)
  const n = ids.shape[0] as number
  // Equal ids stand together; each run of them is one place, where its gradients are added.
  const starts = n === 1 ? [] : [cast(notEqual(slice(ids, 0, 1, n), slice(ids, 0, 0, n - 1)), 'float32')]
  const place = cast(cumulativeSum(join([constant(new Float32Array(1), [1]), ...starts]), 0), 'int32')
  const sums = scatterAdd(gather(parts, order), place, n) //                                  [places used, then zeros]
  return { ids, rows: gather(sums, place), squares: sum(square(sums)) }
}

const join = (parts: readonly Tensor[]): Tensor => (parts.length === 1 ? parts[0]! : concat(parts, 0))

/** `adam`: torch.optim.SparseAdam. `sgd`: exact, rows not in use have no gradient. */
export type LazyOptimizer = { kind: 'sgd' } | { kind: 'adam'; beta1: number; beta2: number; epsilon: number }

export interface LazyRows {
  /** Buffers that belong to the state, each as long as the table. */
  readonly slots: readonly string[]
  /** Moves the rows `ids` [n] of the table by their gradients `rows` [n, D], scaled by `clip`; step t = 1, 2, ... */
  step(call: { ids: Inline; rows: Feed; t: number; rate: number; clip?: number }): Promise<number>
  dispose(): Promise<void>
}

/**
 * The lazy optimizer of one table, which lies at `place` in a buffer of the runtime and is changed there. Moments are
 * buffers named `lazy NAME m` and `lazy NAME v`, zero at first.
 */
export async function openLazyRows(
  runtime: Runtime,
  name: string,
  place: BufferView,
  optimizer: LazyOptimizer,
): Promise<LazyRows> {
  const [count, width] = place.shape as [number, number]
  const vectors = optimizer.kind === 'adam' ? ['m', 'v'] : []
  const views: Record<string, BufferView> = { p: place }
  for (const vector of vectors) {
    const buffer = `lazy ${name} ${vector}`
    await runtime.allocate(buffer, count * width)
    views[vector] = { buffer, offset: 0, shape: [count, width] }
  }
  const sessions = new Map<number, Session>()
  const load = async (n: number): Promise<Session> => {
    const known = sessions.get(n)
    if (known !== undefined) return known
    const graph = optimizer.kind === 'adam' ? lazyAdam(count, width, n) : lazySgd(count, width, n)
    const made = await runtime.load(lowerTraining(graph, { target: targetOf(runtime.device) }).bytes)
    sessions.set(n, made)
    return made
  }
  return {
    slots: vectors.map((vector) => views[vector]!.buffer),
    async step({ ids, rows, t, rate, clip = 1 }) {
      // What is fed to a run is handed over with it.
      const which = Int32Array.from(ids.data)
      const n = which.length
      const data = ratesOf(optimizer, { t, rate, clip })
      const rates: Feed = { dtype: 'float32', shape: [data.length], data }
      const fetch = Object.keys(views).map((vector) => `${vector}+`)
      const { outputs, seconds } = await (await load(n)).run({ feeds: { ...views, ids, rows, rates }, fetch })
      for (const [vector, { buffer, offset }] of Object.entries(views)) {
        const made = outputs[`${vector}+`]!.data as Float32Array
        await runtime.writeRows(buffer, { offset, width }, which, made)
      }
      return seconds
    },
    async dispose() {
      for (const session of sessions.values()) await session.dispose()
    },
  }
}

function ratesOf(optimizer: LazyOptimizer, { t, rate, clip }: { t: number; rate: number; clip: number }): Float32Array {
  if (optimizer.kind === 'sgd') return Float32Array.of(clip, rate)
  const { beta1, beta2, epsilon } = optimizer
  const [one, two] = [1 - beta1 ** t, 1 - beta2 ** t]
  return Float32Array.of(clip, beta1, 1 - beta1, beta2, 1 - beta2, (rate * Math.sqrt(two)) / one, epsilon)
}

function lazyInputs(count: number, width: number, n: number, numbers: number) {
  const ids = input('ids', [n], 'int32')
  const rates = input('rates', [numbers])
  const rate = Array.from({ length: numbers }, (_, i) => slice(rates, 0, i, i + 1))
  const table = (name: string): Tensor => input(name, [count, width])
  return { ids, rate, g: mul(input('rows', [n, width]), rate[0]!), table }
}

/** New rows p - rate g. Equal ids bring equal rows, so which of them is written does not matter. */
function lazySgd(count: number, width: number, n: number): Outputs {
  const { ids, rate, g, table } = lazyInputs(count, width, n, 2)
  return { 'p+': sub(gather(table('p'), ids), mul(g, rate[1]!)) }
}

/** torch.optim.SparseAdam: moments and values of the rows in use, with the bias correction of the common step. */
function lazyAdam(count: number, width: number, n: number): Outputs {
  const { ids, rate, g, table } = lazyInputs(count, width, n, 7)
  const [, beta1, fresh1, beta2, fresh2, step, epsilon] = rate as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]
  const mean = add(mul(gather(table('m'), ids), beta1), mul(g, fresh1))
  const spread = add(mul(gather(table('v'), ids), beta2), mul(square(g), fresh2))
  const moved = sub(gather(table('p'), ids), div(mul(mean, step), add(sqrt(spread), epsilon)))
  return { 'p+': moved, 'm+': mean, 'v+': spread }
}
