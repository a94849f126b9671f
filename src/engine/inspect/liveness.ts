/**
 * @file How much memory the values of a lowered graph need at once: ONNX Runtime's order of execution, first and last use
 * of each value, buffers shared by views and by operators that work in place.
 */

/** A node of a lowered graph, as far as memory is concerned. */
export interface MemoryNode {
  op: string
  inputs: readonly string[]
  outputs: readonly string[]
}

/** Operators whose result is another view of their first input. */
const views: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity'])

/** Element-wise operators that may write over an input which nobody needs any more. */
const inPlace: ReadonlySet<string> = new Set(
  (
    'Add Sub Mul Div Neg Exp Log Sqrt Abs Sign Tanh Sigmoid Erf Relu Reciprocal Floor Ceil Round Sin Cos Pow Not Clip ' +
    'Softplus LeakyRelu Elu Selu HardSigmoid Softsign'
  ).split(' '),
)

/**
 * Order in which ONNX Runtime executes nodes given in the order of the model: depth first from the nodes whose outputs no
 * node reads, the last of them first, and of a node's inputs the one made by the latest node first (its
 * `Graph::ReverseDFSFrom` with `NodeCompare`). Weight gradients are such ends, so the last layer's come early.
 */
export function executionOrder(nodes: readonly MemoryNode[]): number[] {
  const producer = new Map<string, number>()
  nodes.forEach(({ outputs }, i) => {
    for (const name of outputs) producer.set(name, i)
  })
  const parents = nodes.map(({ inputs }) =>
    [...new Set(inputs.flatMap((name) => producer.get(name) ?? []))].sort((a, b) => a - b),
  )
  const read = new Set(parents.flat())
  const order: number[] = []
  const visited = new Set<number>()
  const stack: { node: number; leave: boolean }[] = nodes.flatMap((_, i) =>
    read.has(i) ? [] : [{ node: i, leave: false }],
  )
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.leave) order.push(top.node)
    else if (!visited.has(top.node)) {
      visited.add(top.node)
      stack.push({ node: top.node, leave: true })
      for (const parent of parents[top.node] as number[])
        if (!visited.has(parent)) stack.push({ node: parent, leave: false })
    }
  }
  return order
}

export interface MemoryCurve {
  /** Bytes in use while each node runs, in the order of execution. */
  inUse: number[]
  /** Largest of them. */
  peak: number
  /** Node (its place in the list given) that runs at the peak; -1 for a graph without nodes. */
  at: number
}

/** The arena hands out multiples of this many bytes. */
const granule = 256

/** Size of a value, and what it must share with another to take over its buffer: the shape and the size of elements. */
export interface ValueSize {
  bytes: number
  key: string
}

interface Buffer {
  bytes: number
  key: string
  from: number
  to: number
}

/**
 * Bytes in use step by step, with the buffers that ONNX Runtime's planner would use. `size` is that of every value that a
 * node makes; `outside` are values whose memory belongs to somebody else: inputs, constants, outputs written into buffers.
 *
 * A value lives until its last use. A view shares the buffer of its input; an element-wise operator takes over the buffer
 * of an input that it is the last to use, and reads but once; any other value takes over the buffer of a dead value of the same shape, the one
 * that died last. Such a buffer is not given back in between, which is why this is more than the bytes of living values.
 */
export function memoryCurve(
  nodes: readonly MemoryNode[],
  order: readonly number[],
  size: (value: string) => ValueSize,
  outside: ReadonlySet<string>,
): MemoryCurve {
  const lastUse = new Map<string, number>()
  order.forEach((index, time) => {
    for (const name of nodes[index]!.inputs) lastUse.set(name, time)
  })
  const bufferOf = new Map<string, Buffer>()
  const buffers: Buffer[] = []
  /** Buffers whose values are dead, the latest last. */
  const free: Buffer[] = []
  order.forEach((index, time) => {
    const { op, inputs, outputs } = nodes[index] as MemoryNode
    const made: Buffer[] = []
    outputs.forEach((name, i) => {
      if (name === '' || outside.has(name)) return
      const { bytes, key } = size(name)
      const end = lastUse.get(name) ?? time
      const view = i === 0 && views.has(op)
      // A view of an input or constant takes no memory.
      if (view && !bufferOf.has(inputs[0] as string)) return
      const shared = view
        ? bufferOf.get(inputs[0] as string)
        : i === 0 && inPlace.has(op)
          ? inputs
              .filter((input) => inputs.indexOf(input) === inputs.lastIndexOf(input))
              .map((input) => bufferOf.get(input))
              .find((b) => b !== undefined && b.to === time && b.key === key)
          : undefined
      const buffer = shared ??
        takeFree(free, key) ?? { bytes: granule * Math.ceil(bytes / granule), key, from: time, to: end }
      if (shared === undefined && buffer.from === time) buffers.push(buffer)
      buffer.to = Math.max(buffer.to, end)
      bufferOf.set(name, buffer)
      made.push(buffer)
    })
    const ended = [...inputs.flatMap((name) => bufferOf.get(name) ?? []), ...made].filter(({ to }) => to === time)
    for (const buffer of new Set(ended)) free.push(buffer)
  })
  return curveOf(buffers, order)
}

/** The buffer of this shape that died last, taken from the list. */
function takeFree(free: Buffer[], key: string): Buffer | undefined {
  const place = free.findLastIndex((buffer) => buffer.key === key)
  return place < 0 ? undefined : free.splice(place, 1)[0]
}

function curveOf(buffers: readonly Buffer[], order: readonly number[]): MemoryCurve {
  const change = new Float64Array(order.length + 1)
  for (const { bytes, from, to } of buffers) {
    change[from]! += bytes
    change[to + 1]! -= bytes
  }
  let now = 0
  let [peak, at] = [0, -1]
  const inUse = order.map((index, time) => {
    now += change[time]!
    if (now > peak) [peak, at] = [now, index]
    return now
  })
  return { inUse, peak, at }
}
