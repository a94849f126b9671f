import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal } from '../../test/operands.ts'
import { allCases, type Case, traced } from '../../test/primitive-cases.ts'
import { random } from '../core/random.ts'
import { gradients } from './gradients.ts'
import { interpret, type Values } from './interpreter.ts'
import * as op from './ops.ts'
import { type Shape, sizeOf, type Tensor, topological } from './tensor.ts'

type Feeds = Map<string, Values>

/** Σ c y + y²/2 over all outputs with fixed random c: no output and no element can hide, and linear rules get curvature. */
function scalarOf(outputs: readonly Tensor[]): Tensor {
  const parts = outputs.map((y, i) => {
    const stream = random('cotangent', i)
    const values = Float32Array.from({ length: sizeOf(y.shape) }, () => stream.normal())
    const value = op.cast(y, 'float32')
    return op.sum(op.add(op.mul(value, op.constant(values, y.shape)), op.mul(op.square(value), 0.5)))
  })
  return parts.reduce((a, b) => op.add(a, b))
}

/** Central differences of a scalar with respect to one input, in float64. */
function differences(scalar: Tensor, x: Tensor, feeds: Feeds): Values {
  const name = (x.node.attributes as { name: string }).name
  const values = feeds.get(name) as Values
  const step = 1e-5
  const at = (i: number, delta: number): number => {
    const moved = values.slice()
    moved[i] = (moved[i] as number) + delta
    return (interpret([scalar], new Map(feeds).set(name, moved))[0] as Values)[0] as number
  }
  return values.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step))
}

function expectClose(actual: Values, wanted: Values, tolerance: number): void {
  expect(actual.length).toBe(wanted.length)
  const scale = wanted.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
  actual.forEach((v, i) => {
    const off = Math.abs(v - (wanted[i] as number))
    // Not finite is never close.
    if (!(off <= tolerance * scale)) expect.fail(`element ${i} is ${v}, differences say ${wanted[i]}`)
  })
}

function check(scalar: Tensor, xs: readonly Tensor[], feeds: Feeds, tolerance: number): Tensor[] {
  const symbolic = gradients(scalar, xs)
  interpret(symbolic, feeds).forEach((values, i) => {
    expectClose(values, differences(scalar, xs[i] as Tensor, feeds), tolerance)
  })
  return symbolic
}

/** First derivative, then the derivative of the sum of its squares: the rules' own rules. */
function checkTwice(outputs: readonly Tensor[], xs: readonly Tensor[], feeds: Feeds): void {
  const first = check(scalarOf(outputs), xs, feeds, 1e-6)
  const squares = first.map((g) => op.sum(op.square(g))).reduce((a, b) => op.add(a, b))
  check(squares, xs, feeds, 1e-5)
}

function checkCase(one: Case): void {
  const { inputs, outputs, feeds } = traced(one)
  const floats = inputs.filter((x) => x.dtype === 'float32')
  if (floats.length === 0) return
  if (one.derivative === undefined) {
    checkTwice(outputs, floats, feeds)
    return
  }
  const total = outputs.map((y) => op.sum(op.cast(y, 'float32'))).reduce((a, b) => op.add(a, b))
  interpret(gradients(total, floats), feeds).forEach((values, i) => {
    const wanted = one.derivative === 'zero' ? new Float64Array(values.length) : Float64Array.from(one.derivative![i]!)
    expectClose(values, wanted, 1e-7)
  })
}

describe('the derivative of every primitive equals central differences, and so does its derivative', () => {
  it.each(allCases)('$name: $what', (entry) => checkCase(entry.case))
})

/** Shapes that broadcast to `full`: axes become 1 or are left out at the front. */
const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
const broadcastable = shapes.chain((full) =>
  fc.record({
    full: fc.constant(full as Shape),
    part: fc
      .tuple(fc.integer({ min: 0, max: full.length }), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
      .map(([cut, ones]) => full.slice(cut).map((n, i) => (ones[i] ? 1 : n)) as Shape),
  }),
)

function symbols(...shapes: Shape[]): { xs: Tensor[]; feeds: Feeds } {
  const operands = shapes.map((shape) => normal(...shape))
  return {
    xs: shapes.map((shape, i) => op.input(`x${i}`, shape)),
    feeds: new Map(operands.map(({ values }, i) => [`x${i}`, values])),
  }
}

describe('shapes at random', () => {
  it('products of broadcast operands, either side', () => {
    fc.assert(
      fc.property(broadcastable, fc.boolean(), ({ full, part }, swap) => {
        const { xs, feeds } = symbols(...(swap ? [part, full] : [full, part]))
        checkTwice([op.mul(op.tanh(xs[0]!), xs[1]!)], xs, feeds)
      }),
      { numRuns: 25 },
    )
  })

  it('sumTo undoes broadcast: it counts the copies', () => {
    fc.assert(
      fc.property(broadcastable, ({ full, part }) => {
        const { xs, feeds } = symbols(part)
        const back = op.sumTo(op.broadcast(xs[0]!, full), part)
        expect(back.shape).toEqual(part)
        const copies = sizeOf(full) / sizeOf(part)
        const wanted = feeds.get('x0')!.map((v) => v * copies)
        expectClose(interpret([back], feeds)[0]!, wanted, 1e-12)
        checkTwice([back], xs, feeds)
      }),
      { numRuns: 25 },
    )
  })

  it('any order of axes, cut and padded', () => {
    const orders = fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }), orders, (shape, order) => {
        const { xs, feeds } = symbols(shape)
        const turned = op.transpose(op.pad(xs[0]!, [0, 1, 0], [1, 0, 0]), order)
        checkTwice([op.sigmoid(op.slice(turned, 1, 0, 1))], xs, feeds)
      }),
      { numRuns: 20 },
    )
  })

  it('convolutions of any geometry', () => {
    const axis = fc.record({
      length: fc.integer({ min: 3, max: 6 }),
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      pad: fc.integer({ min: 0, max: 2 }),
    })
    fc.assert(
      fc.property(axis, axis, (h, w) => {
        const { xs, feeds } = symbols([1, 2, h.length, w.length], [2, 2, h.kernel, w.kernel])
        const y = op.conv2d(xs[0]!, xs[1]!, { strides: [h.stride, w.stride], pads: [h.pad, w.pad] })
        check(scalarOf([y]), xs, feeds, 1e-6)
      }),
      { numRuns: 20 },
    )
  })
})

describe('composites', () => {
  it('logSumExp: value and derivative, also where exp would overflow', () => {
    const { xs, feeds } = symbols([2, 3, 2])
    checkTwice([op.logSumExp(xs[0]!, 1), op.logSumExp(xs[0]!, -1, true)], xs, feeds)
    const far = op.input('x', [3])
    const at = new Map([['x', Float64Array.of(1000, 1000, -1000)]])
    expectClose(interpret([op.logSumExp(far)], at)[0]!, Float64Array.of(1000 + Math.log(2)), 1e-12)
    expectClose(interpret(gradients(op.logSumExp(far), [far]), at)[0]!, Float64Array.of(0.5, 0.5, 0), 1e-12)
  })

  it('hardSigmoid, hardSwish, logSigmoid: values, derivatives, and no overflow', () => {
    const x = op.input('x', [5])
    const feeds = new Map([['x', Float64Array.of(-4, -1.5, 0.5, 2, 9)]])
    const [sigmoid, swish] = interpret([op.hardSigmoid(x), op.hardSwish(x)], feeds)
    const held = [0, 0.25, 3.5 / 6, 5 / 6, 1]
    expectClose(sigmoid!, Float64Array.from(held), 1e-7)
    expectClose(
      swish!,
      Float64Array.from(held, (v, i) => v * feeds.get('x')![i]!),
      1e-7,
    )
    checkTwice([op.hardSigmoid(x), op.hardSwish(x), op.logSigmoid(x)], [x], feeds)
    const far = new Map([['x', Float64Array.of(-800, 800, 0, -1, 1)]])
    const wanted = Float64Array.of(-800, 0, -Math.log(2), -Math.log1p(Math.E), -Math.log1p(1 / Math.E))
    expectClose(interpret([op.logSigmoid(x)], far)[0]!, wanted, 1e-12)
  })

  it('xlogy: 0 at x = 0 whatever y is, with finite derivatives', () => {
    const [x, y] = [op.input('x', [4]), op.input('y', [4])]
    const feeds = new Map([
      ['x', Float64Array.of(0, 0, 2, 0.5)],
      ['y', Float64Array.of(0, -3, 3, 0.25)],
    ])
    const z = op.xlogy(x, y)
    const found = interpret([z, ...gradients(op.sum(z), [x, y])], feeds)
    expectClose(found[0]!, Float64Array.of(0, 0, 2 * Math.log(3), 0.5 * Math.log(0.25)), 1e-12)
    expectClose(found[1]!, Float64Array.of(0, 0, Math.log(3), Math.log(0.25)), 1e-12)
    expectClose(found[2]!, Float64Array.of(0, 0, 2 / 3, 2), 1e-12)
  })

  it('l2Normalize: unit rows, derivative at right angles to the row, zero rows harmless', () => {
    const { xs, feeds } = symbols([3, 4])
    const y = op.l2Normalize(xs[0]!)
    const norms = interpret([op.sum(op.square(y), 1)], feeds)[0]!
    expectClose(norms, Float64Array.of(1, 1, 1), 1e-12)
    checkTwice([y], xs, feeds)

    const x = op.input('x', [1, 3])
    const zero = new Map([['x', new Float64Array(3)]])
    const [value, slope] = interpret([op.l2Normalize(x), ...gradients(op.sum(op.l2Normalize(x)), [x])], zero)
    expect([...value!]).toEqual([0, 0, 0])
    expect(slope!.every(Number.isFinite)).toBe(true)
  })

  it('variance, standard deviation and norms: values, derivatives, and none at 0', () => {
    const { xs, feeds } = symbols([2, 3, 2])
    const x = xs[0]!
    const line = feeds.get('x0')!
    const mean = line.reduce((s, v) => s + v, 0) / 12
    const spread = line.reduce((s, v) => s + (v - mean) ** 2, 0)
    const found = interpret(
      [op.variance(x), op.standardDeviation(x, undefined, false, 1), op.l2Norm(x), op.l1Norm(x)],
      feeds,
    )
    const wanted = [spread / 12, Math.sqrt(spread / 11), Math.hypot(...line), line.reduce((s, v) => s + Math.abs(v), 0)]
    expectClose(
      Float64Array.from(found, (v) => v[0]!),
      Float64Array.from(wanted),
      1e-7,
    )
    checkTwice(
      [op.variance(x, [0, 2], true, 1), op.standardDeviation(x, 1), op.l2Norm(x, -1), op.l1Norm(x, 0)],
      xs,
      feeds,
    )
    const flat = new Map([['x0', new Float64Array(12)]])
    const total = op.add(op.l2Norm(x), op.standardDeviation(x))
    expect([...interpret(gradients(total, [x]), flat)[0]!]).toEqual(new Array(12).fill(0))
  })

  it('maskedLogSumExp: only what the mask shows counts; a line without any is harmless', () => {
    const x = op.input('x', [3, 3])
    const mask = op.input('mask', [3, 3], 'bool')
    const feeds = new Map([
      ['x', Float64Array.of(1, 900, 2, 0, 0, 0, 800, -3, 800)],
      ['mask', Float64Array.of(1, 0, 1, 0, 0, 0, 1, 1, 1)],
    ])
    const y = op.maskedLogSumExp(x, mask)
    const [value, slope] = interpret([y, ...gradients(op.sum(y), [x])], feeds)
    const [a, b] = [1 / (1 + Math.E), Math.E / (1 + Math.E)]
    expectClose(value!, Float64Array.of(2 + Math.log1p(1 / Math.E), -1e9, 800 + Math.log(2)), 1e-15)
    expectClose(slope!, Float64Array.of(a, 0, b, 0, 0, 0, 0.5, 0, 0.5), 1e-9)
    expect(op.maskedLogSumExp(x, mask, 0, true).shape).toEqual([1, 3])
  })

  it('any, all, also of nothing', () => {
    const x = op.input('x', [2, 2], 'bool')
    const none = op.constant(new Uint8Array(0), [0, 2])
    const feeds = new Map([['x', Float64Array.of(1, 0, 1, 1)]])
    const found = interpret([op.any(x, 0), op.all(x, 0), op.all(x), op.any(none, 0), op.all(none, 0)], feeds)
    expect(found.map((v) => [...v])).toEqual([[1, 1], [1, 0], [0], [0, 0], [1, 1]])
  })

  it('cumulativeProduct: any length, zeros included', () => {
    for (const n of [1, 2, 5, 8]) {
      const { xs, feeds } = symbols([2, n])
      const y = op.cumulativeProduct(xs[0]!, 1)
      let running = 1
      const wanted = feeds.get('x0')!.map((v, i) => {
        running = i % n === 0 ? v : running * v
        return running
      })
      expectClose(interpret([y], feeds)[0]!, wanted, 1e-12)
      checkTwice([y], xs, feeds)
    }
    const x = op.input('x', [3])
    const feeds = new Map([['x', Float64Array.of(2, 0, 3)]])
    expect([...interpret(gradients(op.sum(op.cumulativeProduct(x)), [x]), feeds)[0]!]).toEqual([1, 8, 0])
  })

  it('kthValue and median: from either end, odd and even', () => {
    const x = op.input('x', [2, 4])
    const feeds = new Map([['x', Float64Array.of(3, 1, 2, 9, 5, 5, 7, 0)]])
    const found = interpret(
      [...[0, 1, 2, 3].map((k) => op.kthValue(x, k)), op.median(x), op.median(op.slice(x, 1, 0, 3))],
      feeds,
    )
    expect(found.map((v) => [...v])).toEqual([
      [1, 0],
      [2, 5],
      [3, 5],
      [9, 7],
      [2.5, 5],
      [2, 5],
    ])
    const { xs, feeds: other } = symbols([3, 6])
    checkTwice([op.median(xs[0]!), op.kthValue(xs[0]!, 1, 0)], xs, other)
  })

  it('roll, tile, repeat, stack, unstack, padding by edges: elements where they belong, derivatives too', () => {
    const x = op.input('x', [2, 3])
    const feeds = new Map([['x', Float64Array.of(1, 2, 3, 4, 5, 6)]])
    const made = [
      op.roll(x, 1, 1),
      op.roll(x, -2, -1),
      op.tile(x, [1, 2]),
      op.repeat(x, 2, 0),
      op.stack(op.unstack(x, 0), 1),
      op.padReflect(x, [0, 2], [1, 1]),
      op.padEdge(x, [1, 0], [0, 2]),
      op.swapAxes(x, 0, 1),
    ]
    expect(interpret(made, feeds).map((v) => v.join(' '))).toEqual([
      '3 1 2 6 4 5',
      '3 1 2 6 4 5',
      '1 2 3 1 2 3 4 5 6 4 5 6',
      '1 2 3 1 2 3 4 5 6 4 5 6',
      '1 4 2 5 3 6',
      '3 2 1 2 3 2 6 5 4 5 6 5 3 2 1 2 3 2',
      '1 2 3 3 3 1 2 3 3 3 4 5 6 6 6',
      '1 4 2 5 3 6',
    ])
    checkTwice(made, [x], feeds)
  })

  it('triangles, grids, ranges, one-hot rows', () => {
    const x = op.input('x', [2, 3])
    const feeds = new Map([['x', Float64Array.of(1, 2, 3, 4, 5, 6)]])
    const [rows, columns] = op.meshGrid(op.range(2), op.range(3))
    const made = [op.tril(x), op.triu(x), op.tril(x, 1), op.triu(x, 1), rows!, columns!, op.linspace(-1, 1, 5)]
    const hot = op.oneHot(op.constant(Int32Array.of(1, 3, -1), [3]), 3)
    expect(interpret([...made, hot], feeds).map((v) => v.join(' '))).toEqual([
      '1 0 0 4 5 0',
      '1 2 3 0 5 6',
      '1 2 0 4 5 6',
      '0 2 3 0 0 6',
      '0 0 0 1 1 1',
      '0 1 2 0 1 2',
      '-1 -0.5 0 0.5 1',
      '0 1 0 0 0 0 0 0 0',
    ])
    checkTwice([op.tril(x), op.triu(x, 1)], [x], feeds)
  })

  it('sampling over three axes, and under boxes: derivative and its derivative', () => {
    const { xs, feeds } = symbols([1, 2, 2, 3, 2], [1, 4, 3])
    checkTwice([op.gridSample(xs[0]!, op.mul(xs[1]!, 0.4), { padding: 'border' })], xs, feeds)
    const map = symbols([2, 2, 4, 4])
    const boxes = op.constant(Float32Array.of(0.3, 0.6, 2.9, 3.1, 1.2, 0.1, 2.2, 1.7), [2, 4])
    const bins = op.roiAlign(map.xs[0]!, boxes, op.constant(Int32Array.of(1, 0), [2]), { size: 2 })
    checkTwice([bins], map.xs, map.feeds)
  })

  it('mean: over all, one and two axes', () => {
    const { xs, feeds } = symbols([2, 3, 2])
    const x = xs[0]!
    const given = feeds.get('x0')!
    const all = given.reduce((s, v) => s + v, 0) / 12
    expectClose(interpret([op.mean(x)], feeds)[0]!, Float64Array.of(all), 1e-12)
    checkTwice([op.mean(x), op.mean(x, 1), op.mean(x, [0, 2], true)], xs, feeds)
  })
})

describe('gradients', () => {
  it('adds up every path from a tensor to the scalar', () => {
    const x = op.input('x', [])
    const y = op.add(op.mul(x, x), op.mul(op.exp(x), x))
    const [g] = interpret(gradients(y, [x]), new Map([['x', Float64Array.of(2)]]))
    expectClose(g!, Float64Array.of(4 + 3 * Math.exp(2)), 1e-12)
  })

  it('is zero for what the scalar does not depend on, and one for itself', () => {
    const x = op.input('x', [2])
    const other = op.input('other', [3])
    const y = op.sum(x)
    const found = interpret(gradients(y, [other, y, x]), new Map([['x', Float64Array.of(2, 3)]]))
    expect(found.map((v) => [...v])).toEqual([[0, 0, 0], [1], [1, 1]])
  })

  it('differentiates with respect to a value in the middle of the graph', () => {
    const x = op.input('x', [])
    const middle = op.square(x)
    const found = interpret(gradients(op.exp(middle), [middle]), new Map([['x', Float64Array.of(1.5)]]))
    expectClose(found[0]!, Float64Array.of(Math.exp(2.25)), 1e-12)
  })

  it('refuses what is not a float32 scalar, with its shape', () => {
    expect(() => gradients(op.input('x', [2, 3]), [])).toThrow('gradients: needs a float32 scalar (float32 [2, 3]).')
  })

  it('refuses a given derivative of the wrong shape or number', () => {
    const x = op.input('x', [2])
    const wrong = op.customGradient(op.exp, ({ g }) => [op.sum(g)])
    expect(() => gradients(op.sum(wrong(x)), [x])).toThrow('The derivative of custom is float32 []')
    const few = op.customGradient(op.mul, ({ g }) => [g])
    expect(() => gradients(op.sum(few(x, x)), [x])).toThrow('customGradient: backward gave 1 gradients for 2 inputs')
  })

  it('makes a number of nodes, and takes a time, that grows as the graph does', () => {
    const cost = (length: number): { nodes: number; seconds: number } => {
      const x = op.input('x', [4, 4])
      const w = op.parameter('w', [4, 4])
      let y: Tensor = x
      for (let i = 0; i < length; i += 4) y = op.tanh(op.add(op.mul(op.matmul(y, w), x), y))
      const loss = op.sum(y)
      // Time of the processor, not of the clock: other work on the machine does not count.
      const start = process.cpuUsage()
      const found = gradients(loss, [x, w])
      const { user, system } = process.cpuUsage(start)
      return { nodes: topological(found).length, seconds: (user + system) / 1e6 }
    }
    const best = (length: number): { nodes: number; seconds: number } =>
      Array.from({ length: 4 }, () => cost(length)).reduce((a, b) => (b.seconds < a.seconds ? b : a))
    const [short, long] = [best(1000), best(10_000)]
    expect(long.nodes / short.nodes).toBeLessThan(10.1)
    // Ten times the nodes; a walk back over all of them at every node would take a hundred times as long.
    expect(long.seconds / short.seconds).toBeLessThan(40)
    expect(long.seconds).toBeLessThan(1)
  })

  it('keeps no branch that the result does not need', () => {
    const [x, y, c] = [op.input('x', [2, 2]), op.input('y', [2, 2]), op.input('c', [2, 2])]
    const loss = op.sum(op.mul(op.pow(x, y), op.stopGradient(op.exp(c))))
    const needed = topological(gradients(loss, [x])).map((node) => node.op)
    // Neither the derivative by the exponent, nor anything of a loss that is only its value.
    expect(needed).not.toContain('log')
    expect(needed).not.toContain('sum')
  })

  it('goes through graphs deeper than the call stack', () => {
    const x = op.input('x', [])
    let y: Tensor = x
    for (let i = 0; i < 20_000; i++) y = op.add(y, x)
    const [g] = interpret(gradients(y, [x]), new Map([['x', Float64Array.of(1)]]))
    expect(g![0]).toBe(20_001)
  })
})
