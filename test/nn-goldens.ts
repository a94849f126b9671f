/**
 * @file Layers against PyTorch (tools/reference/nn_layers.py): names and shapes of parameters, outputs, every gradient,
 * statistics left behind, and the serving lowering against the training one.
 */

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import {
  add,
  constant,
  type DType,
  gradients,
  type Inline,
  input,
  lowerServing,
  lowerTraining,
  mul,
  type Runtime,
  type Shape,
  sum,
  type Tensor,
} from '../src/engine/index.ts'
import { type Scope, trace } from '../src/nn/scope.ts'
import { expectNear } from './near.ts'

interface Packed {
  shape: number[]
  floats?: string
  ints?: number[]
}
type Values = Record<string, Packed>
interface Golden {
  training: boolean
  inputs: Values
  state: Values
  outputs: Values
  gradients: Values
  after: Values
}

const goldens = JSON.parse(readFileSync(new URL('./golden/nn-layers.json', import.meta.url), 'utf8')) as Record<
  string,
  Golden
>

/** What a test builds: the layer on the golden's inputs, each with the batch size that is asked for. */
export type Build = (scope: Scope, x: Record<string, Tensor>) => Tensor | Record<string, Tensor>

export interface CheckOptions {
  /** Largest error relative to the largest value. */
  tolerance?: number
  /** Inputs whose first axis is not the batch (edges, tables); `all`: the layer knows no batch and is not served. */
  whole?: readonly string[] | 'all'
}

function unpack({ floats, ints = [] }: Packed): Float32Array | Int32Array {
  if (floats === undefined) return Int32Array.from(ints)
  const bytes = Uint8Array.from(Buffer.from(floats, 'base64'))
  return new Float32Array(bytes.buffer)
}
const typeOf = ({ floats }: Packed): DType => (floats === undefined ? 'int32' : 'float32')
const feedOf = (packed: Packed): Inline => ({ shape: packed.shape, dtype: typeOf(packed), data: unpack(packed) })

/** The same numbers as in the script: an odd-looking but exact gradient to send into each output. */
function cotangent(shape: Shape): Tensor {
  const length = shape.reduce((product, n) => product * n, 1)
  return constant(
    Float32Array.from({ length }, (_, i) => (((7919 * i) % 23) - 11) / 8),
    shape,
  )
}

const record = (made: Tensor | Record<string, Tensor>): Record<string, Tensor> =>
  'node' in made ? { y: made as Tensor } : made

/** Values of one case, for tests that go their own way. */
export function valuesOf(name: string, part: 'inputs' | 'state' | 'outputs', key: string): Float32Array | Int32Array {
  return unpack(goldens[name]![part][key] as Packed)
}

/** Outputs under names that no input has. */
const labelled = (outputs: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(outputs).map(([key, y]) => [`= ${key}`, y]))

/** Checks one case of the golden file. */
export async function checkLayer(
  runtime: Runtime,
  name: string,
  build: Build,
  { tolerance = 1e-5, whole = [] }: CheckOptions = {},
): Promise<void> {
  const golden = goldens[name]
  if (golden === undefined) throw new Error(`There is no golden "${name}": run tools/reference/nn_layers.py.`)
  const { inputs, state, outputs, gradients: slopes, after, training } = golden
  const leaves = Object.fromEntries(Object.entries(inputs).map(([k, p]) => [k, input(k, p.shape, typeOf(p))]))
  const traced = trace((scope) => record(build(scope, leaves)), { training })

  const declared = traced.declarations.map((d) => [d.name, d.shape] as const)
  const wanted = Object.entries(state).map(([key, { shape }]) => [key, shape] as const)
  expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(wanted))

  const results = Object.entries(traced.outputs)
  const scalar = results.map(([, y]) => sum(mul(y, cotangent(y.shape)))).reduce((a, b) => add(a, b))
  const keys = Object.keys(slopes)
  const wrt = keys.map((key) => (leaves[key] ?? traced.tensors.get(key)) as Tensor)
  const named: Record<string, Tensor> = labelled(traced.outputs)
  gradients(scalar, wrt).forEach((g, i) => {
    named[`d ${keys[i]}`] = g
  })
  for (const [key, value] of traced.updates) named[`+ ${key}`] = value
  const feeds = Object.fromEntries(Object.entries({ ...inputs, ...state }).map(([k, p]) => [k, feedOf(p)]))
  const found = await run(runtime, lowerTraining(named), feeds, Object.keys(named))

  expect(results.map(([key]) => key).sort()).toEqual(Object.keys(outputs).sort())
  const compare = (what: string, key: string, { shape, ...rest }: Packed, floor: number): void => {
    expect([`${name}: ${what}`, found[key]?.shape]).toEqual([`${name}: ${what}`, shape])
    expectNear(`${name}: ${what}`, found[key]!.data, unpack({ shape, ...rest }), tolerance, floor)
  }
  for (const [key, packed] of Object.entries(outputs)) compare(key, `= ${key}`, packed, 1)
  for (const [key, packed] of Object.entries(slopes)) compare(`d ${key}`, `d ${key}`, packed, 1)
  expect([...traced.updates.keys()].sort()).toEqual(Object.keys(after).sort())
  for (const [key, packed] of Object.entries(after)) compare(`${key} after`, `+ ${key}`, packed, 1)
  if (whole !== 'all') await checkServing(runtime, name, build, golden, whole)
}

async function checkServing(
  runtime: Runtime,
  name: string,
  build: Build,
  { inputs, state }: Golden,
  whole: readonly string[],
): Promise<void> {
  const at = (batch: number): Record<string, Tensor> => {
    const leaves = Object.entries(inputs).map(([key, packed]) => {
      const shape = whole.includes(key) ? packed.shape : [batch, ...packed.shape.slice(1)]
      return [key, input(key, shape, typeOf(packed))] as const
    })
    return labelled(trace((scope) => record(build(scope, Object.fromEntries(leaves))), { training: false }).outputs)
  }
  const [batch] = Object.entries(inputs).find(([key]) => !whole.includes(key))![1].shape as [number]
  const held = new Map(Object.entries(state).map(([key, packed]) => [key, unpack(packed) as Float32Array]))
  const fed = (all: Values): Record<string, Inline> =>
    Object.fromEntries(Object.entries(all).map(([key, packed]) => [key, feedOf(packed)]))
  const outputs = at(batch)
  const fetch = Object.keys(outputs)
  const trained = await run(runtime, lowerTraining(outputs), fed({ ...inputs, ...state }), fetch)
  const served = await run(runtime, lowerServing(at, held), fed(inputs), fetch)
  for (const key of fetch) {
    expect([name, served[key]?.shape]).toEqual([name, trained[key]?.shape])
    expectNear(`${name}: ${key} served`, served[key]!.data, trained[key]!.data, 1e-5)
  }
}

async function run(
  runtime: Runtime,
  model: ReturnType<typeof lowerTraining>,
  feeds: Record<string, Inline>,
  fetch: string[],
): Promise<Record<string, Inline>> {
  const session = await runtime.load(model.bytes)
  const asked = model.inputs.map(({ name }) => [name, feeds[name] as Inline] as const)
  const { outputs } = await session.run({ feeds: Object.fromEntries(asked), fetch })
  await session.dispose()
  return outputs
}
