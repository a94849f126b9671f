/** @file The graphs of gradient caching: the loss over features as inputs, and each tower over a chunk of rows. */

import { VesaliusError } from '../core/errors.ts'
import {
  add,
  type BufferView,
  type Entry,
  gradients,
  input,
  type Layout,
  mul,
  type Node,
  type Primitives,
  type Shape,
  type Tensor,
  topological,
  weightedGradients,
} from '../engine/index.ts'
import type { PassOptions, Step, TracedPass } from './pass.ts'
import { type Scope, trace } from './scope.ts'

/** A step whose towers can be run by themselves, on any number of rows. */
export interface Split<BatchShape> {
  /**
   * Named features of some rows of a batch, by tower; every float32 tensor among them leads with the rows. Forward passes
   * go in this order, backward passes in the other.
   */
  towers: Readonly<Record<string, (scope: Scope, shape: BatchShape, rows: number) => object>>
  /** Rows of a batch. */
  rows(shape: BatchShape): number
  /** The loss over all rows; it asks for the features of the towers that it reads. */
  loss(scope: Scope, shape: BatchShape, features: (tower: string) => object): Step
}

/** What lets a tower with batch statistics through: they are those of each chunk. */
export type BatchStatistics = 'refuse' | 'chunk'

/** A float32 feature that the loss reads, [rows, ...]. */
export interface Feature {
  tower: string
  key: string
  /** Name of the loss's input; its gradient is the output `d NAME`. */
  name: string
  shape: Shape
}

export interface LossGraph extends TracedPass {
  features: readonly Feature[]
  /** Shapes of the random leaves of each tower over all rows, by name. */
  randoms: ReadonlyMap<string, Shape>
  /** Names of all parameters and statistics, those of the towers included. */
  declared: ReadonlySet<string>
}

export interface TowerGraph {
  forward: TracedPass
  backward: TracedPass
  /** Inputs of both, by name. */
  inputs: ReadonlyMap<string, Shape>
  /** Trained parameters that the tower has a gradient for. */
  entries: readonly Entry[]
}

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'node' in value
const nameOf = (node: Node): string => (node.attributes as Primitives['input']).name

/** The step whole, as it is without caching. */
export function wholeStep<BatchShape>({ towers, rows, loss }: Split<BatchShape>) {
  return (scope: Scope, shape: BatchShape): Step => {
    const made = new Map<string, object>()
    return loss(scope, shape, (tower) => {
      const features = made.get(tower) ?? towers[tower]!(scope, shape, rows(shape))
      made.set(tower, features)
      return features
    })
  }
}

/** The loss over features; gradients of `share` times it, those of the features as `d NAME` without a place. */
export function traceLoss<BatchShape>(
  split: Split<BatchShape>,
  layout: Layout,
  shape: BatchShape,
  trained: readonly Entry[],
  { share = 1, ...options }: PassOptions & { share?: number | undefined },
): LossGraph {
  const rows = split.rows(shape)
  const leaves = new Map<Tensor, Feature>()
  const randoms = new Map<string, Shape>()
  const inputs = new Map<string, Tensor>()
  const declared = new Set<string>()
  const made = new Map<string, object>()
  const {
    outputs: step,
    tensors,
    updates,
  } = trace(
    (scope) =>
      split.loss(scope, shape, (tower) => {
        const known = made.get(tower)
        if (known !== undefined) return known
        const { outputs, tensors: inner } = trace((own) => split.towers[tower]!(own, shape, rows), {
          ...options,
          inputs,
          training: true,
        })
        for (const name of inner.keys()) declared.add(name)
        for (const node of topological(Object.values(outputs).filter(isTensor)))
          if (node.op === 'random') randoms.set(nameOf(node), (node.outputs[0] as Tensor).shape)
        const features = asInputs(tower, outputs, rows, leaves)
        made.set(tower, features)
        return features
      }),
    { ...options, inputs, training: true },
  )
  for (const name of tensors.keys()) declared.add(name)
  const reached = new Set(topological([step.loss, ...Object.values(step.watch)]))
  const used = [...leaves].filter(([leaf]) => reached.has(leaf.node))
  const own = trained.filter(({ name }) => tensors.has(name))
  const outputs: Record<string, Tensor> = { loss: step.loss, ...step.watch }
  const into: Record<string, BufferView> = {}
  const wrt = [...used.map(([leaf]) => leaf), ...own.map(({ name }) => tensors.get(name) as Tensor)]
  const found = gradients(share === 1 ? step.loss : mul(step.loss, share), wrt)
  used.forEach(([, { name }], i) => {
    outputs[`d ${name}`] = found[i] as Tensor
  })
  own.forEach(({ name, offset, shape: dims }, i) => {
    outputs[`d ${name}`] = found[used.length + i] as Tensor
    into[`d ${name}`] = { buffer: 'gradients', offset, shape: dims }
  })
  moveStatistics(layout, updates, outputs, into)
  return {
    outputs,
    into,
    fetch: ['loss', ...Object.keys(step.watch)],
    features: used.map(([, feature]) => feature),
    randoms,
    declared,
  }
}

/** The features with every float32 tensor as an input of its own, noted in `leaves`. */
function asInputs(tower: string, made: object, rows: number, leaves: Map<Tensor, Feature>): object {
  const features = Object.entries(made).map(([key, value]): [string, PropertyDescriptor] => {
    if (!isTensor(value) || value.dtype !== 'float32') return [key, { value, enumerable: true }]
    const name = `feature ${tower}.${key}`
    const leaf = input(name, value.shape)
    leaves.set(leaf, { tower, key, name, shape: value.shape })
    const get = (): Tensor => {
      if (value.shape[0] === rows) return leaf
      const problem = `The feature "${key}" of the ${tower} tower is [${value.shape.join(', ')}]: it does not lead with the ${rows} rows of the batch.`
      throw new VesaliusError('MODEL_INVALID', problem, { hint: 'Gradient caching runs towers on a part of the rows.' })
    }
    return [key, { get, enumerable: true }]
  })
  return Object.defineProperties({}, Object.fromEntries(features))
}

/**
 * A tower over `rows` rows. Forward: its features, `KEY` each, and its moved statistics. Backward: from gradients of the
 * features as inputs `d KEY`, what its parameters' gradients are when those of these rows are added, `d NAME` from
 * `sum NAME`.
 */
export function traceTower<BatchShape>(
  split: Split<BatchShape>,
  layout: Layout,
  shape: BatchShape,
  trained: readonly Entry[],
  options: PassOptions & { tower: string; rows: number; keys: readonly string[]; statistics: BatchStatistics },
): TowerGraph {
  const { tower, rows, keys, statistics, ...rest } = options
  const {
    outputs: made,
    tensors,
    updates,
  } = trace((scope) => split.towers[tower]!(scope, shape, rows), {
    ...rest,
    training: true,
  })
  const [moved] = updates.keys()
  if (moved !== undefined && statistics === 'refuse') {
    const problem = `The ${tower} tower normalises by statistics of the batch ("${moved}"): in chunks of ${rows} rows they would be those of the chunk, and the gradient not that of the whole batch.`
    throw new VesaliusError('CONFIG_INVALID', problem, {
      where: 'train.chunk',
      hint: 'Use a tower without batch normalisation (vit, bert, clip-text), or set train.batchStatistics to "chunk".',
    })
  }
  const features = keys.map((key) => (made as Record<string, Tensor>)[key] as Tensor)
  const order = topological(features)
  if (order.some((node) => node.op === 'host')) {
    throw new VesaliusError(
      'MODEL_INVALID',
      `A host node inside the ${tower} tower would run twice with gradient caching.`,
    )
  }
  const forward: TracedPass = { outputs: {}, into: {}, fetch: [] }
  const outputs: Record<string, Tensor> = {}
  keys.forEach((key, i) => {
    outputs[key] = features[i] as Tensor
  })
  moveStatistics(layout, updates, outputs, forward.into)

  const entries = trained.filter(({ name }) => tensors.has(name))
  const cotangents = keys.map((key, i) => input(`d ${key}`, (features[i] as Tensor).shape))
  const wrt = entries.map(({ name }) => tensors.get(name) as Tensor)
  const sums: Record<string, Tensor> = {}
  const into: Record<string, BufferView> = {}
  const reached: Entry[] = []
  weightedGradients(features, cotangents, wrt).forEach((gradient, i) => {
    const entry = entries[i] as Entry
    if (gradient === undefined) return
    reached.push(entry)
    sums[`d ${entry.name}`] = add(input(`sum ${entry.name}`, entry.shape), gradient)
    into[`d ${entry.name}`] = { buffer: 'gradients', offset: entry.offset, shape: entry.shape }
  })
  const inputs = order.filter(({ op }) => op === 'input').map((node) => [nameOf(node), node.outputs[0]!.shape] as const)
  return {
    forward: { ...forward, outputs },
    backward: { outputs: sums, into, fetch: [] },
    inputs: new Map(inputs),
    entries: reached,
  }
}

function moveStatistics(
  layout: Layout,
  updates: ReadonlyMap<string, Tensor>,
  outputs: Record<string, Tensor>,
  into: Record<string, BufferView>,
): void {
  for (const [name, value] of updates) {
    outputs[`+ ${name}`] = value
    into[`+ ${name}`] = { buffer: 'parameters', offset: layout.byName.get(name)!.offset, shape: value.shape }
  }
}
