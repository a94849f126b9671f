/**
 * @file One tiny model a family of layers, with fixed inputs: what must train alike on every device. A new family is one
 * more entry. Runs in Node and in a browser, so it imports nothing of Node.
 */

import { random } from '../src/core/random.ts'
import * as op from '../src/engine/ops.ts'
import { initialValues, valuesByName } from '../src/engine/parameters.ts'
import type { Inline } from '../src/engine/runtime/protocol.ts'
import type { Runtime } from '../src/engine/runtime/runtime.ts'
import { type Shape, sizeOf, type Tensor } from '../src/engine/tensor.ts'
import {
  batchNorm,
  conv,
  decoderBlock,
  dropout,
  embedding,
  encoderBlock,
  gatedMlp,
  graphAttention,
  groupNorm,
  gru,
  layerNorm,
  linear,
  lstm,
  mlp,
  openTraining,
  paddingMask,
  rmsNorm,
  type Scope,
  swinBlock,
  unet,
  withLoops,
} from '../src/nn/index.ts'

export interface Family {
  name: string
  /** Whatever comes out; the loss is made of it. */
  build: (scope: Scope) => Tensor
  /** Inputs by name: shape, and for indices the number of values they choose from. */
  inputs: Readonly<Record<string, { shape: Shape; below?: number }>>
}

const float = (name: string, shape: Shape): Tensor => op.input(name, shape)
const index = (name: string, shape: Shape): Tensor => op.input(name, shape, 'int32')

/** A weight of a convolution, drawn like the layers'. */
const kernel = (scope: Scope, name: string, shape: Shape): Tensor =>
  scope.parameter(name, shape, { kind: 'uniform', bound: 1 / Math.sqrt(sizeOf(shape.slice(1))) })

export const families: readonly Family[] = [
  {
    name: 'linear, MLP, gated MLP, RMS norm',
    inputs: { x: { shape: [6, 12] } },
    build(scope) {
      const wide = mlp(scope.in('mlp'), linear(scope.in('in'), float('x', [6, 12]), 16), { hidden: 24 })
      return gatedMlp(scope.in('gated'), rmsNorm(scope.in('norm'), wide, 1e-6), { hidden: 20 })
    },
  },
  {
    name: 'embedding, transformer encoder with padding, layer norm, dropout',
    inputs: { ids: { shape: [3, 7], below: 20 }, mask: { shape: [3, 7], below: 2 } },
    build(scope) {
      const ids = index('ids', [3, 7])
      const x = embedding(scope.in('words'), ids, 20, 16, 0.5)
      const masks = [paddingMask(index('mask', [3, 7]))]
      const options = { heads: 2, hidden: 32, masks, dropout: 0.1, activation: op.gelu }
      const y = encoderBlock(scope.in('pre'), x, { ...options, normFirst: true })
      return layerNorm(scope.in('last'), encoderBlock(scope.in('post'), y, options), 1e-5)
    },
  },
  {
    name: 'causal decoder with cross-attention, quick GELU',
    inputs: { x: { shape: [2, 5, 16] }, memory: { shape: [2, 6, 16] } },
    build(scope) {
      const options = { heads: 2, hidden: 24, causal: true, activation: op.quickGelu }
      return decoderBlock(scope, float('x', [2, 5, 16]), float('memory', [2, 6, 16]), options).output
    },
  },
  {
    name: 'windowed attention (Swin)',
    inputs: { x: { shape: [2, 4, 4, 8] } },
    build: (scope) =>
      swinBlock(scope, float('x', [2, 4, 4, 8]), { heads: 2, window: [2, 2], shift: [1, 1], hidden: 16 }),
  },
  {
    name: 'residual convolutions, batch norm, max pooling',
    inputs: { x: { shape: [3, 2, 12, 12] } },
    build(scope) {
      const stem = op.relu(batchNorm(scope.in('bn0'), conv(scope.in('conv0'), float('x', [3, 2, 12, 12]), 8, { bias: false, kernel: 7, stride: 2, padding: 3 }))) // biome-ignore format: one chain
      const pooled = op.maxPool2d(stem, { kernel: 3, strides: 2, pads: 1 })
      const first = op.relu(
        batchNorm(scope.in('bn1'), conv(scope.in('conv1'), pooled, 8, { bias: false, kernel: 3, padding: 1 })),
      )
      const second = batchNorm(
        scope.in('bn2'),
        conv(scope.in('conv2'), first, 12, { bias: false, kernel: 3, stride: 2, padding: 1 }),
      )
      const short = batchNorm(
        scope.in('bn3'),
        conv(scope.in('conv3'), pooled, 12, { bias: false, kernel: 1, stride: 2 }),
      )
      return op.mean(op.relu(op.add(second, short)), [2, 3])
    },
  },
  {
    name: '3-D convolution and its transpose, group norm, U-Net joint',
    inputs: { x: { shape: [2, 2, 4, 6, 6] } },
    build(scope) {
      const x = float('x', [2, 2, 4, 6, 6])
      const fine = op.relu(
        groupNorm(scope.in('gn0'), op.conv3d(x, kernel(scope, 'down0', [4, 2, 3, 3, 3]), { pads: 1 }), 2),
      )
      const coarse = op.relu(
        groupNorm(scope.in('gn1'), op.conv3d(fine, kernel(scope, 'down1', [6, 4, 2, 2, 2]), { strides: 2 }), 3),
      )
      const up = op.convTranspose3d(coarse, kernel(scope, 'up', [6, 4, 2, 2, 2]), { strides: 2 })
      return op.conv3d(op.concat([fine, up], 1), kernel(scope, 'out', [3, 8, 1, 1, 1]))
    },
  },
  {
    name: '1-D, dilated, grouped and transposed convolution',
    inputs: { x: { shape: [2, 4, 15] }, p: { shape: [2, 4, 7, 7] } },
    build(scope) {
      const line = op.conv1d(float('x', [2, 4, 15]), kernel(scope, 'line', [6, 4, 3]), { dilations: 2, pads: 2 })
      const depthwise = op.conv2d(float('p', [2, 4, 7, 7]), kernel(scope, 'deep', [4, 1, 3, 3]), { groups: 4, pads: 1 })
      const back = op.convTranspose2d(depthwise, kernel(scope, 'back', [4, 3, 4, 4]), { strides: 2, pads: 1 })
      return op.concat([op.reshape(line, [2, -1]), op.reshape(back, [2, -1])], 1)
    },
  },
  {
    name: 'gather, scatter, minima, masks, log-softmax, dropout',
    inputs: { x: { shape: [5, 6] }, ids: { shape: [4], below: 5 } },
    build(scope) {
      const ids = index('ids', [4])
      const x = linear(scope, float('x', [5, 6]), 6)
      const rows = op.gather(x, ids) //                                                      [4, 6]
      const spread = op.scatterAdd(op.mul(rows, 2), ids, 5) //                               [5, 6]
      const clipped = op.maximum(op.minimum(spread, 1), -0.5)
      const chosen = op.where(op.greater(x, 0), clipped, op.abs(x))
      return op.logSoftmax(dropout(scope.in('drop'), op.add(chosen, op.sigmoid(x)), 0.2), 1)
    },
  },
  {
    name: '2-D U-Net, linear resizing, group norm',
    inputs: { x: { shape: [1, 2, 8, 8] } },
    build: (scope) =>
      unet(scope, float('x', [1, 2, 8, 8]), { outputs: 2, base: 4, depth: 1, norm: 2, up: 'interpolated' }).logits,
  },
  {
    name: 'LSTM and GRU',
    inputs: { x: { shape: [2, 3, 6] } },
    build(scope) {
      const { output, cell } = lstm(scope.in('lstm'), float('x', [2, 3, 6]), { hidden: 5 })
      const { hidden } = gru(scope.in('gru'), output, { hidden: 4, bidirectional: true })
      return op.concat([op.reshape(hidden, [-1]), op.reshape(cell, [-1])], 0)
    },
  },
  {
    name: 'graph attention over edges',
    inputs: { x: { shape: [5, 6] }, from: { shape: [8], below: 5 }, to: { shape: [8], below: 5 } },
    build(scope) {
      const edges = withLoops({ sources: index('from', [8]), targets: index('to', [8]) }, 5)
      return graphAttention(scope, float('x', [5, 6]), edges, { heads: 2, width: 3 }).output
    },
  },
  {
    name: 'sorting, top-k, cumulative sums, flips, products by letters, Sinkhorn',
    inputs: { x: { shape: [4, 6] }, y: { shape: [3, 6] } },
    build(scope) {
      const x = linear(scope.in('a'), float('x', [4, 6]), 6)
      const y = linear(scope.in('b'), float('y', [3, 6]), 6)
      const [sorted] = op.sort(x, 1, { descending: true })
      const [best] = op.topK(x, 2, 0)
      const plan = op.sinkhorn(op.einsum('id,jd->ij', x, y), { temperature: 1, iterations: 3 })
      const parts = [op.cumulativeSum(sorted, 1), best, op.flip(op.roll(x, 2, 1), 0), plan]
      return op.concat(
        parts.map((part) => op.reshape(part, [-1])),
        0,
      )
    },
  },
  {
    name: 'average and adaptive pooling, cubic resizing, softplus, SiLU, powers',
    inputs: { x: { shape: [2, 2, 7, 5] } },
    build(scope) {
      const x = conv(scope, float('x', [2, 2, 7, 5]), 3, { kernel: 3, padding: 1 })
      const pooled = op.averagePool2d(op.silu(x), { kernel: 3, strides: 2, pads: 1 })
      const adapted = op.adaptiveAveragePool(op.softplus(x), [3, 2])
      const wide = op.interpolate(op.pow(op.abs(x), 1.5), [9, 8], { mode: 'cubic' })
      return op.concat(
        [pooled, adapted, wide].map((part) => op.reshape(part, [-1])),
        0,
      )
    },
  },
]

/** Fixed values of a family's inputs. */
function inputsOf({ name, inputs }: Family): Record<string, Inline> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, { shape, below }]): [string, Inline] => {
      const stream = random('family', name, key)
      const values = Array.from({ length: sizeOf(shape) }, () => (below ? stream.int(below) : stream.normal()))
      return [
        key,
        below
          ? { dtype: 'int32', shape, data: Int32Array.from(values) }
          : { dtype: 'float32', shape, data: Float32Array.from(values) },
      ]
    }),
  )
}

export interface FamilyResult {
  /** Losses of two steps with AdamW between them. */
  losses: number[]
  /** Gradient of the second step by parameter. */
  gradients: Record<string, number[]>
  /** Statistics after the second step by name. */
  statistics: Record<string, number[]>
}

/** Two steps of training: the second starts from what the first left in the buffers. */
export async function trainFamily(runtime: Runtime, family: Family): Promise<FamilyResult> {
  const training = await openTraining<null>({
    runtime,
    build(scope) {
      const y = family.build(scope)
      return { loss: op.mean(op.square(op.sub(y, 0.3))), watch: {} }
    },
    first: null,
    optimizer: { kind: 'adamw', weightDecay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-3 },
    clipNorm: 1,
    seed: 5,
  })
  const losses: number[] = []
  for (let step = 0; step < 2; step++)
    losses.push((await training.step(null, inputsOf(family), 1e-2)).values.loss as number)
  const { layout } = training
  const flat = initialValues(layout, 0)
  flat.set(await runtime.read('gradients', 0, layout.trained))
  const parameters = valuesByName(layout, await training.parameters())
  const all = valuesByName(layout, flat)
  const pick = (kind: string, values: Map<string, Float32Array>) =>
    Object.fromEntries(
      layout.entries.flatMap((entry) => (entry.kind === kind ? [[entry.name, [...values.get(entry.name)!]]] : [])),
    )
  await training.dispose()
  return { losses, gradients: pick('parameter', all), statistics: pick('statistic', parameters) }
}

/**
 * The first difference beyond `tolerance`, in words, or undefined: losses relative to themselves, gradients and statistics
 * relative to the largest of their kind.
 */
export function familyDifference(found: FamilyResult, wanted: FamilyResult, tolerance: number): string | undefined {
  for (const [i, loss] of wanted.losses.entries())
    if (!(Math.abs(found.losses[i]! - loss) <= tolerance * Math.abs(loss)))
      return `loss of step ${i + 1} is ${found.losses[i]}, on the CPU ${loss}`
  for (const kind of ['gradients', 'statistics'] as const) {
    const names = Object.keys(wanted[kind])
    if (Object.keys(found[kind]).join() !== names.join()) return `other names of ${kind}`
    const largest = Math.max(...names.flatMap((name) => wanted[kind][name]!.map(Math.abs)), 0)
    for (const name of names)
      for (const [i, value] of wanted[kind][name]!.entries())
        if (!(Math.abs(found[kind][name]![i]! - value) <= tolerance * largest))
          return `${kind} of ${name}[${i}] is ${found[kind][name]![i]}, on the CPU ${value} (largest ${largest})`
  }
  return undefined
}
