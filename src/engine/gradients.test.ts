import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal } from '../../test/operands.ts'
import { allCases, type Case, traced } from '../../test/primitive-cases.ts'
import { random } from '../core/random.ts'
import { gradients } from './gradients.ts'
import { interpret, type Values } from './interpreter.ts'
import * as op from './ops.ts'
import { type Shape, sizeOf, type Tensor } from './tensor.ts'

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

  it('goes through graphs deeper than the call stack', () => {
    const x = op.input('x', [])
    let y: Tensor = x
    for (let i = 0; i < 20_000; i++) y = op.add(y, x)
    const [g] = interpret(gradients(y, [x]), new Map([['x', Float64Array.of(1)]]))
    expect(g![0]).toBe(20_001)
  })
})
