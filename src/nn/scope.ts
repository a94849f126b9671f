/**
 * @file Scopes: where a model's parameters get their names. A layer is a plain function `(scope, x) => y` that asks its
 * scope for what it needs; the path of the scope is the prefix of the parameter's name, so names equal the state-dict
 * keys of the architecture. Asking twice for one name gives the same tensor: that is how weights are shared.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type Declaration,
  type Distribution,
  type DType,
  type HostState,
  type Initializer,
  input,
  parameter,
  randomLeaf,
  recomputed,
  type Shape,
  type Tensor,
} from '../engine/index.ts'

export interface Scope {
  /** Full prefix of the names made here, '' at the root. */
  readonly path: string
  /** Batch statistics are computed and updated when true, read when false. */
  readonly training: boolean
  /** The scope one level down. */
  in(...names: (string | number)[]): Scope
  /** A trained value. Weight decay applies to values with two axes or more, unless told. */
  parameter(name: string, shape: Shape, init: Initializer, options?: { decay?: boolean }): Tensor
  /** A value that the forward pass maintains (running mean and variance). */
  statistic(name: string, shape: Shape, init: Initializer): Tensor
  /** The statistic's value after this pass. */
  update(name: string, value: Tensor): void
  /**
   * `compute(...inputs)`, marked as a layer whose inner values need not be kept for the backward pass (see `recomputed`).
   * `inputs` are all values from outside that are not leaves.
   */
  layer<Results extends Tensor | readonly Tensor[]>(
    compute: (...inputs: Tensor[]) => Results,
    ...inputs: Tensor[]
  ): Results
  /** Memory of host nodes that outlives the step and is part of checkpoints: the same one in every trace of a training. */
  state<State extends HostState>(name: string, make: () => State): State
  /** A value supplied at each run under this name, whatever the path: the same tensor each time it is asked for. */
  input(name: string, shape: Shape, dtype?: DType): Tensor
  /** Random values, drawn anew for each step under the full name; a name can be asked for once in a trace. */
  random(name: string, shape: Shape, distribution: Distribution): Tensor
}

/** Memories of host nodes by full name, shared by all traces of a training. */
export type HostStates = Map<string, HostState>

/** What is computed again in the backward pass instead of being kept: nothing, or the inside of every layer. */
export type Recompute = 'none' | 'layers'

export interface TraceOptions {
  training: boolean
  recompute?: Recompute | undefined
  states?: HostStates | undefined
  /** Inputs by name, for traces that become one graph. */
  inputs?: Map<string, Tensor> | undefined
}

/** What one trace of a model declared. */
export interface Trace<T> {
  outputs: T
  declarations: readonly Declaration[]
  /** Symbolic tensor of each declared value. */
  tensors: ReadonlyMap<string, Tensor>
  /** New values of statistics, by full name. */
  updates: ReadonlyMap<string, Tensor>
}

/** Runs a model function once, symbolically, and collects what it declared. */
export function trace<T>(
  model: (scope: Scope) => T,
  { training, recompute = 'none', states = new Map(), inputs = new Map() }: TraceOptions,
): Trace<T> {
  const declarations = new Map<string, Declaration>()
  const tensors = new Map<string, Tensor>()
  const updates = new Map<string, Tensor>()
  const drawn = new Set<string>()

  const declare = (declaration: Declaration): Tensor => {
    const { name, shape } = declaration
    const known = tensors.get(name)
    if (known !== undefined) {
      if (known.shape.length !== shape.length || known.shape.some((n, i) => n !== shape[i])) {
        throw new VesaliusError(
          'SHAPE_MISMATCH',
          `"${name}" is used with shapes [${known.shape.join(', ')}] and [${shape.join(', ')}].`,
        )
      }
      return known
    }
    const made = parameter(name, shape)
    declarations.set(name, declaration)
    tensors.set(name, made)
    return made
  }

  const scopeAt = (path: string): Scope => {
    const full = (name: string): string => (path === '' ? name : `${path}.${name}`)
    return {
      path,
      training,
      in: (...names) => scopeAt(full(names.join('.'))),
      parameter: (name, shape, init, { decay = shape.length >= 2 } = {}) =>
        declare({ name: full(name), shape, init, kind: 'parameter', decay }),
      statistic: (name, shape, init) => declare({ name: full(name), shape, init, kind: 'statistic', decay: false }),
      update(name, value) {
        updates.set(full(name), value)
      },
      layer: (compute, ...inputs) =>
        training && recompute === 'layers' ? recomputed(compute, ...inputs) : compute(...inputs),
      state<State extends HostState>(name: string, make: () => State): State {
        // One name is one kind of memory: whoever made it is the only one to ask for it.
        const found = (states.get(full(name)) as State | undefined) ?? make()
        states.set(full(name), found)
        return found
      },
      input(name, shape, dtype) {
        const made = inputs.get(name) ?? input(name, shape, dtype)
        inputs.set(name, made)
        return made
      },
      random(name, shape, distribution) {
        const path = full(name)
        if (drawn.has(path)) {
          throw new VesaliusError('MODEL_INVALID', `Random values "${path}" are asked for twice in one trace.`, {
            hint: 'Equal names would be equal numbers: give each its own name, or go into a scope of its own with scope.in(...).',
          })
        }
        drawn.add(path)
        return randomLeaf(path, shape, distribution)
      },
    }
  }
  const outputs = model(scopeAt(''))
  return { outputs, declarations: [...declarations.values()], tensors, updates }
}
