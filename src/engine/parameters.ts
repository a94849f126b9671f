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

/** How a parameter is trained. */
export interface Treatment {
  /** Whether weight decay applies. */
  decay: boolean
  /** Factor of the learning rate. */
  factor: number
  /** Steps for which it stands still; Infinity for ever, and then it costs no gradient and no moments. */
  frozenUntil: number
  /** A table [N, D] that is only looked up: no gradient of its size is made, and a step moves only the rows in use. */
  sparse?: boolean
}

/** Trained parameters of one treatment: the elements [start, end). */
export interface Group extends Treatment {
  start: number
  end: number
}

export interface Entry extends Declaration {
  offset: number
  size: number
  /** Undefined for statistics, for parameters that are never trained, and for sparse ones. */
  group: Group | undefined
  /** How a sparse parameter is trained. */
  sparse?: Treatment
}

/** Places of all values: trained parameters first, group after group, then frozen and sparse ones, then statistics. */
export interface Layout {
  entries: readonly Entry[]
  byName: ReadonlyMap<string, Entry>
  groups: readonly Group[]
  /** Elements of the whole buffer, padding included. */
  length: number
  /** [0, trained) is trained: gradients, moments and averages have this length. */
  trained: number
  /** [statistics, length) are statistics. */
  statistics: number
}

/** Elements to which every value is aligned: 64 bytes. */
const alignment = 16

/** Everything trained, with the decay of its declaration. */
const plainly = ({ decay }: Declaration): Treatment => ({ decay, factor: 1, frozenUntil: 0 })

/**
 * Lays out declarations in a fixed order: the same model and treatments always have the same layout. Groups stand in the
 * order of their first member, those that decay before those that do not.
 */
export function layOut(
  declarations: Iterable<Declaration>,
  treatmentOf: (declaration: Declaration) => Treatment = plainly,
): Layout {
  const trained = new Map<string, { treatment: Treatment; members: Declaration[] }>()
  const frozen: Declaration[] = []
  const sparse = new Map<Declaration, Treatment>()
  const statistics: Declaration[] = []
  for (const d of declarations) {
    const treatment = treatmentOf(d)
    const { decay, factor, frozenUntil } = treatment
    if (d.kind === 'statistic') statistics.push(d)
    else if (frozenUntil === Number.POSITIVE_INFINITY) frozen.push(d)
    else if (treatment.sparse) {
      sparse.set(d, treatment)
      frozen.push(d)
    } else {
      const key = `${decay} ${factor} ${frozenUntil}`
      const group = trained.get(key) ?? { treatment: { decay, factor, frozenUntil }, members: [] }
      trained.set(key, group)
      group.members.push(d)
    }
  }
  const entries: Entry[] = []
  let offset = 0
  const place = (members: readonly Declaration[], group?: Group): number => {
    for (const d of members) {
      const size = sizeOf(d.shape)
      const rows = sparse.get(d)
      entries.push({ ...d, offset, size, group, ...(rows === undefined ? {} : { sparse: rows }) })
      offset += Math.ceil(size / alignment) * alignment
    }
    return offset
  }
  const byDecay = [...trained.values()].sort((a, b) => Number(b.treatment.decay) - Number(a.treatment.decay))
  const groups = byDecay.map(({ treatment, members }) => {
    const group = { ...treatment, start: offset, end: offset }
    group.end = place(members, group)
    return group
  })
  const ends = { trained: offset, statistics: place(frozen) }
  place(statistics)
  return { entries, byName: new Map(entries.map((e) => [e.name, e])), groups, length: offset, ...ends }
}

/** The groups that step number `step` (0, 1, ...) trains. */
export function activeGroups({ groups }: Layout, step: number): readonly Group[] {
  return groups.filter(({ frozenUntil }) => frozenUntil <= step)
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
