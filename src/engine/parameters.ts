/**
 * @file The parameter store's layout: named float32 values at fixed places in one flat buffer, so that gradients,
 * moments and checkpoints are the same places in other flat buffers.
 */

import { VesaliusError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import { drawInitial, type Initializer } from './initial-values.ts'
import { type Shape, sizeOf } from './tensor.ts'

export interface Declaration {
  name: string
  shape: Shape
  init: Initializer
  /** `statistic`: moved by the forward pass (batch statistics), never by the optimizer. */
  kind: 'parameter' | 'statistic'
  /** Whether weight decay applies: matrices yes; gains, biases and scales no. */
  decay: boolean
}

export interface Entry extends Declaration {
  offset: number
  size: number
}

/** Places of all values: decayed parameters first, then the others, then statistics. */
export interface Layout {
  entries: readonly Entry[]
  byName: ReadonlyMap<string, Entry>
  /** Elements of the whole buffer, padding included. */
  length: number
  /** [0, decayed) decays, [decayed, trained) does not, [trained, length) is not trained. */
  decayed: number
  trained: number
}

/** Elements to which every value is aligned: 64 bytes. */
const alignment = 16

/** Lays out declarations in a fixed order: the same model always has the same layout. */
export function layOut(declarations: Iterable<Declaration>): Layout {
  const groups: [Declaration[], Declaration[], Declaration[]] = [[], [], []]
  for (const d of declarations) groups[d.kind === 'statistic' ? 2 : d.decay ? 0 : 1].push(d)
  const entries: Entry[] = []
  let offset = 0
  const ends = groups.map((group) => {
    for (const d of group) {
      const size = sizeOf(d.shape)
      entries.push({ ...d, offset, size })
      offset += Math.ceil(size / alignment) * alignment
    }
    return offset
  }) as [number, number, number]
  return {
    entries,
    byName: new Map(entries.map((e) => [e.name, e])),
    length: offset,
    decayed: ends[0],
    trained: ends[1],
  }
}

/** Fresh values: each a pure function of (seed, name), whatever the order or company of the others. */
export function initialValues({ entries, length }: Layout, seed: number): Float32Array {
  const flat = new Float32Array(length)
  for (const { name, shape, init, offset, size } of entries) {
    drawInitial(init, shape, random(seed, 'parameter', name), flat.subarray(offset, offset + size))
  }
  return flat
}

/** The named values of a flat buffer, as views. */
export function valuesByName({ entries }: Layout, flat: Float32Array): Map<string, Float32Array> {
  return new Map(entries.map(({ name, offset, size }) => [name, flat.subarray(offset, offset + size)]))
}

/** A flat buffer from named values; every entry must be there with its shape. `where` names the source in errors. */
export function flatten(
  layout: Layout,
  values: ReadonlyMap<string, { shape: Shape; data: Float32Array }>,
  where: string,
): Float32Array {
  const flat = new Float32Array(layout.length)
  for (const { name, shape, offset } of layout.entries) {
    const found = values.get(name)
    if (found === undefined) {
      throw new VesaliusError('MODEL_INVALID', `${where} has no tensor "${name}".`, {
        where,
        hint: 'Does config.json belong to these weights?',
      })
    }
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
      const problem = `${where}: "${name}" has shape [${found.shape.join(', ')}], the configuration asks for [${shape.join(', ')}].`
      throw new VesaliusError('MODEL_INVALID', problem, { where })
    }
    flat.set(found.data, offset)
  }
  return flat
}
