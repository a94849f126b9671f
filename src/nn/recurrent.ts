/**
 * @file LSTM and GRU as torch.nn.LSTM and GRU (batch first), unrolled over the length of the sequence. Parameter names
 * and gate order are PyTorch's: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `..._reverse`.
 */

import {
  add,
  cast,
  chunk,
  concat,
  full,
  type Initializer,
  matmul,
  mul,
  reshape,
  shapeError,
  sigmoid,
  stack,
  sub,
  type Tensor,
  tanh,
  transpose,
  unstack,
  where,
} from '../engine/index.ts'
import { dropout } from './dropout.ts'
import type { Scope } from './scope.ts'

export interface RecurrentOptions {
  /** Width H of the state. */
  hidden: number
  layers?: number
  /** A second pass from the end; outputs of both are joined. */
  bidirectional?: boolean
  bias?: boolean
  /** int32 [B, T], 1 = a real step, real ones first: the rest changes nothing, and its outputs are zeros. */
  mask?: Tensor
  /** Share of each layer's outputs dropped before the next one while training. */
  dropout?: number
  /** First state, [layers * directions, B, H]; zeros if not given. */
  initial?: { hidden: Tensor; cell?: Tensor }
}

export interface Recurrent {
  /** [B, T, directions * H] of the last layer. */
  output: Tensor
  /** State after the last real step, [layers * directions, B, H], layers outermost. */
  hidden: Tensor
}

type State = readonly Tensor[]
/** One step: projections of the input [B, gates * H] and of the state, the state -> the next state, its first part shown. */
type Cell = (fromInput: Tensor, fromState: Tensor, state: State) => State

/** x [B, T, D] through `layers` LSTMs (Hochreiter and Schmidhuber 1997; gates i, f, g, o). `cell` is shaped as `hidden`. */
export function lstm(scope: Scope, x: Tensor, options: RecurrentOptions): Recurrent & { cell: Tensor } {
  const { output, states } = run(scope, x, options, 4, ['hidden', 'cell'], (fromInput, fromState, [, c]) => {
    const [i, f, g, o] = chunk(add(fromInput, fromState), 4, 1) as [Tensor, Tensor, Tensor, Tensor]
    const cell = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)))
    return [mul(sigmoid(o), tanh(cell)), cell]
  })
  return { output, hidden: states[0]!, cell: states[1]! }
}

/** x [B, T, D] through `layers` GRUs (Cho et al. 2014, reset after the product as in PyTorch; gates r, z, n). */
export function gru(scope: Scope, x: Tensor, options: RecurrentOptions): Recurrent {
  const { output, states } = run(scope, x, options, 3, ['hidden'], (fromInput, fromState, [h]) => {
    const [ri, zi, ni] = chunk(fromInput, 3, 1) as [Tensor, Tensor, Tensor]
    const [rs, zs, ns] = chunk(fromState, 3, 1) as [Tensor, Tensor, Tensor]
    const keep = sigmoid(add(zi, zs))
    const fresh = tanh(add(ni, mul(sigmoid(add(ri, rs)), ns)))
    return [add(fresh, mul(keep, sub(h!, fresh)))]
  })
  return { output, hidden: states[0]! }
}

function run(
  scope: Scope,
  x: Tensor,
  options: RecurrentOptions,
  gates: number,
  parts: readonly ('hidden' | 'cell')[],
  cell: Cell,
): { output: Tensor; states: Tensor[] } {
  const { hidden, layers = 1, bidirectional = false, mask, initial, dropout: share = 0 } = options
  if (x.shape.length !== 3 || x.shape[1] === 0) shapeError('recurrent layer', 'needs [B, T, D] with a step or more', x)
  const [b, t] = x.shape as [number, number]
  if (mask !== undefined && (mask.shape.length !== 2 || mask.shape[0] !== b || mask.shape[1] !== t))
    shapeError('recurrent layer', 'the mask does not say which steps are real', x, mask)
  const directions = bidirectional ? 2 : 1
  const real = mask === undefined ? undefined : unstack(reshape(cast(mask, 'bool'), [b, t, 1]), 1) // T times [B, 1]
  const first = parts.map((part) => {
    const given = initial?.[part]
    return given === undefined ? undefined : unstack(given, 0)
  })

  const ends: State[] = []
  let y = x
  for (let layer = 0; layer < layers; layer++) {
    const outputs = Array.from({ length: directions }, (_, direction) => {
      const at = layer * directions + direction
      const start = first.map((given) => given?.[at] ?? full([b, hidden], 0))
      const weights = parametersOf(
        scope,
        y.shape[2] as number,
        options,
        gates,
        `l${layer}${direction ? '_reverse' : ''}`,
      )
      const { steps, end } = unroll(y, start, weights, cell, real, direction === 1)
      ends.push(end)
      return transpose(stack(steps, 0), [1, 0, 2]) //                                         [B, T, H]
    })
    y = outputs.length === 1 ? outputs[0]! : concat(outputs, 2)
    if (layer + 1 < layers) y = dropout(scope, y, share, `dropout_l${layer}`)
  }
  return { output: y, states: parts.map((_, part) => stack(ends.map((end) => end[part]!), 0)) } // biome-ignore format: short
}

interface Weights {
  input: Tensor
  state: Tensor
  inputBias?: Tensor
  stateBias?: Tensor
}

function parametersOf(
  scope: Scope,
  inputs: number,
  { hidden, bias = true }: RecurrentOptions,
  gates: number,
  suffix: string,
): Weights {
  const init: Initializer = { kind: 'uniform', bound: hidden ** -0.5 }
  const make = (name: string, shape: number[]): Tensor => scope.parameter(`${name}_${suffix}`, shape, init)
  const matrices = {
    input: make('weight_ih', [gates * hidden, inputs]),
    state: make('weight_hh', [gates * hidden, hidden]),
  }
  if (!bias) return matrices
  return { ...matrices, inputBias: make('bias_ih', [gates * hidden]), stateBias: make('bias_hh', [gates * hidden]) }
}

/** All steps of one direction; outputs in the order of time whichever way it runs. */
function unroll(
  x: Tensor,
  start: State,
  weights: Weights,
  cell: Cell,
  real: readonly Tensor[] | undefined,
  backwards: boolean,
): { steps: Tensor[]; end: State } {
  const shifted = (y: Tensor, bias: Tensor | undefined): Tensor => (bias === undefined ? y : add(y, bias))
  // The inputs of all steps in one product; time first, so that a step is one piece of memory.
  const projected = shifted(matmul(x, weights.input, { transposeB: true }), weights.inputBias)
  const fromInputs = unstack(transpose(projected, [1, 0, 2]), 0) //                           T times [B, gates * H]
  const steps: Tensor[] = []
  let state = start
  const order = fromInputs.map((_, i) => (backwards ? fromInputs.length - 1 - i : i))
  for (const i of order) {
    const fromState = shifted(matmul(state[0]!, weights.state, { transposeB: true }), weights.stateBias)
    const next = cell(fromInputs[i]!, fromState, state)
    const here = real?.[i]
    steps[i] = here === undefined ? next[0]! : where(here, next[0]!, 0)
    state = here === undefined ? next : next.map((value, part) => where(here, value, state[part]!))
  }
  return { steps, end: state }
}
