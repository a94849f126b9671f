import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal } from '../../test/operands.ts'
import { gradients } from './gradients.ts'
import { interpret, type Values } from './interpreter.ts'
import * as op from './ops.ts'
import { type Shape, sizeOf, type Tensor } from './tensor.ts'

function symbols(...shapes: Shape[]): { xs: Tensor[]; feeds: Map<string, Values> } {
  const operands = shapes.map((shape) => normal(...shape))
  return {
    xs: shapes.map((shape, i) => op.input(`x${i}`, shape)),
    feeds: new Map(operands.map(({ values }, i) => [`x${i}`, values])),
  }
}

function close(actual: Values, wanted: ArrayLike<number>, tolerance = 1e-10): void {
  expect(actual.length).toBe(wanted.length)
  actual.forEach((v, i) => {
    if (!(Math.abs(v - (wanted[i] as number)) <= tolerance * Math.max(1, Math.abs(wanted[i] as number))))
      expect.fail(`element ${i} is ${v}, wanted ${wanted[i]}`)
  })
}

/** Derivatives of Σ c y by central differences, c = 1, -2, 3, ... */
function expectDerivatives(y: Tensor, xs: readonly Tensor[], feeds: Map<string, Values>, tolerance = 1e-6): void {
  const weights = Float32Array.from({ length: sizeOf(y.shape) }, (_, i) => (i % 2 === 0 ? i + 1 : -i - 1))
  const scalar = op.sum(op.mul(y, op.constant(weights, y.shape)))
  interpret(gradients(scalar, xs), feeds).forEach((found, i) => {
    const values = feeds.get(`x${i}`) as Values
    const at = (j: number, step: number): number => {
      const moved = values.slice()
      moved[j]! += step
      return interpret([scalar], new Map(feeds).set(`x${i}`, moved))[0]![0]!
    }
    close(
      found,
      values.map((_, j) => (at(j, 1e-5) - at(j, -1e-5)) / 2e-5),
      tolerance,
    )
  })
}

/** Einstein's notation by its definition: every combination of all indices. */
function naive(subscripts: string, operands: readonly Values[], shapes: readonly Shape[]): Values {
  const [left, result] = subscripts.split('->') as [string, string]
  const terms = left.split(',')
  const lengths = new Map(
    terms.flatMap((term, i) => [...term].map((label, axis) => [label, shapes[i]![axis]!] as const)),
  )
  const labels = [...lengths.keys()]
  const place = (term: string, at: ReadonlyMap<string, number>): number =>
    [...term].reduce((flat, label) => flat * lengths.get(label)! + at.get(label)!, 0)
  const out = new Float64Array([...result].reduce((n, label) => n * lengths.get(label)!, 1))
  const total = labels.reduce((n, label) => n * lengths.get(label)!, 1)
  for (let flat = 0; flat < total; flat++) {
    let rest = flat
    const at = new Map(
      labels.map((label) => {
        const n = lengths.get(label)!
        const index = rest % n
        rest = Math.floor(rest / n)
        return [label, index]
      }),
    )
    out[place(result, at)]! += terms.reduce((product, term, i) => product * operands[i]![place(term, at)]!, 1)
  }
  return out
}

describe('einsum', () => {
  const lengths: Record<string, number> = { a: 2, b: 3, c: 4, d: 2, e: 1, z: 0 }
  const written = [
    'ab->ba', 'ab->a', 'abc->', 'ab,bc->ac', 'ab,bc->ca', 'ba,bc->ac', 'ab,cb->ac', 'abc,abd->acd', 'abc,acd->abd',
    'cab,dac->bad', 'a,b->ab', 'a,a->', 'ab,ab->a', 'ab,ab->ab', 'ab,c->a', 'ab,b->', 'abc,b->ac', 'ab,bc,cd->ad',
    'ab,ac,ad->bcd', 'a,ab,b->', 'abe,be->a', 'az,zb->ab', 'za,ab->zb', 'bac,cad->dab',
  ] // biome-ignore format: one list
  it.each(written)('%s equals the sum over all indices, with its derivatives', (subscripts) => {
    const shapes = subscripts
      .split('->')[0]!
      .split(',')
      .map((term) => [...term].map((label) => lengths[label]!))
    const { xs, feeds } = symbols(...shapes)
    const y = op.einsum(subscripts, ...xs)
    expect(y.shape).toEqual([...subscripts.split('->')[1]!].map((label) => lengths[label]))
    close(interpret([y], feeds)[0]!, naive(subscripts, [...feeds.values()], shapes))
    expectDerivatives(y, xs, feeds)
  })

  it('any two operands, any result', () => {
    const term = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 })
    const cases = fc
      .tuple(term, term)
      .chain(([a, b]) =>
        fc
          .shuffledSubarray([...new Set([...a, ...b])])
          .map((result) => ({ subscripts: `${a.join('')},${b.join('')}->${result.join('')}`, terms: [a, b] })),
      )
    fc.assert(
      fc.property(cases, ({ subscripts, terms }) => {
        const shapes = terms.map((labels) => labels.map((label) => lengths[label]!))
        const { xs, feeds } = symbols(...shapes)
        close(interpret([op.einsum(subscripts, ...xs)], feeds)[0]!, naive(subscripts, [...feeds.values()], shapes))
      }),
      { numRuns: 200 },
    )
  })

  it('"..." stands for leading axes', () => {
    const { xs, feeds } = symbols([2, 3, 4, 2], [2, 3, 2, 5])
    const spelled = op.einsum('xyab,xybc->xyac', ...xs)
    const [short, long] = interpret([op.einsum('...ab,...bc->...ac', ...xs), spelled], feeds)
    expect([...short!]).toEqual([...long!])
    expect(op.einsum('...ab, bc -> ...ac', xs[0]!, op.input('w', [2, 7])).shape).toEqual([2, 3, 4, 7])
  })

  it('reads an operand that lies the other way round transposed, and copies nothing', () => {
    const nodes = (y: Tensor): string[] => [y.node.op, ...y.node.inputs.map((x) => x.node.op)]
    const { xs } = symbols([3, 2], [3, 4])
    expect(nodes(op.einsum('ba,bc->ac', ...xs))).toEqual(['matmul', 'input', 'input'])
    expect(nodes(op.einsum('ab,cb->ac', op.transpose(xs[0]!, [1, 0]), op.transpose(xs[1]!, [1, 0])))[0]).toBe('matmul')
  })

  const [x, y] = [op.input('x', [2, 3]), op.input('y', [3, 4])]
  it.each([
    ['ab,bc', 'one "->"'],
    ['ab->ab', 'names 1 operands, given are 2'],
    ['abc,bc->a', 'names 3 axes of operand 0, which has 2'],
    ['ab,cd->ac', ''],
    ['ab,ac->bc', 'axis a with lengths 2 and 3'],
    ['ab,bc->ad', 'axis d in the result, which no operand has'],
    ['ab,bc->aa', 'names the axis a of the result twice'],
    ['aa,bc->a', 'axis a of operand 0 twice'],
    ['a1,bc->a', 'not letters'],
    ['...b,bc->c', '"..." in an operand and not in the result'],
  ])('%s: says what is wrong, with both shapes', (subscripts, said) => {
    const call = () => op.einsum(subscripts, x, y)
    if (said === '') expect(call).not.toThrow()
    else {
      expect(call).toThrow(said)
      expect(call).toThrow('(float32 [2, 3] and float32 [3, 4])')
    }
  })
})

describe('scaled dot-product attention', () => {
  it('is softmax(q k / sqrt(d)) v; masks of both kinds; derivatives', () => {
    const { xs, feeds } = symbols([2, 3, 2], [2, 4, 2], [2, 4, 3])
    const [q, k, v] = xs as [Tensor, Tensor, Tensor]
    const seen = op.lowerTriangle(3, 4, 1)
    const additive = op.where(seen, op.constant(new Float32Array(12), [3, 4]), -1e9)
    const y = op.scaledDotProductAttention(q, k, v, { mask: seen })
    const [masked, added] = interpret([y, op.scaledDotProductAttention(q, k, v, { mask: additive })], feeds)
    close(masked!, added!)
    const [qs, ks, vs] = [...feeds.values()] as [Values, Values, Values]
    const wanted = new Float64Array(2 * 3 * 3)
    for (let h = 0; h < 2; h++)
      for (let t = 0; t < 3; t++) {
        const scores = [0, 1, 2, 3].map((s) =>
          s <= t + 1
            ? (qs[h * 6 + t * 2]! * ks[h * 8 + s * 2]! + qs[h * 6 + t * 2 + 1]! * ks[h * 8 + s * 2 + 1]!) / Math.SQRT2
            : -Infinity,
        )
        const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
        scores.forEach((score, s) => {
          for (let e = 0; e < 3; e++)
            wanted[(h * 3 + t) * 3 + e]! += (Math.exp(score) / total) * vs[(h * 4 + s) * 3 + e]!
        })
      }
    close(masked!, wanted, 1e-6)
    expectDerivatives(op.scaledDotProductAttention(q, k, v, { scale: 0.3 }), xs, feeds)
  })

  it('a row that sees nothing is an average, and finite', () => {
    const { xs, feeds } = symbols([1, 2], [3, 2], [3, 1])
    const mask = op.constant(new Uint8Array(3), [1, 3])
    const y = op.scaledDotProductAttention(xs[0]!, xs[1]!, xs[2]!, { mask })
    const values = feeds.get('x2')!
    close(interpret([y], feeds)[0]!, [(values[0]! + values[1]! + values[2]!) / 3])
  })

  it('refuses what does not fit', () => {
    const f = (...shape: number[]): Tensor => op.input('f', shape)
    const attend = op.scaledDotProductAttention
    expect(() => attend(f(2, 3, 4), f(2, 5, 3), f(2, 5, 4))).toThrow('float32 [2, 5, 3]')
    expect(() => attend(f(2, 3, 4), f(2, 5, 4), f(2, 6, 4))).toThrow('float32 [2, 6, 4]')
    expect(() => attend(f(3, 4), f(5, 4), f(5, 4), { mask: f(7, 3, 5) })).toThrow('float32 [7, 3, 5]')
  })
})

describe('similarity', () => {
  it('dot, outer, cosine: values and derivatives', () => {
    const { xs, feeds } = symbols([2, 3], [2, 3])
    const [a, b] = [...feeds.values()] as [Values, Values]
    const made = [op.dot(xs[0]!, xs[1]!), op.outer(xs[0]!, xs[1]!), op.cosineSimilarity(xs[0]!, xs[1]!)]
    const found = interpret(made, feeds)
    const product = (r: number): number => [0, 1, 2].reduce((s, i) => s + a[r * 3 + i]! * b[r * 3 + i]!, 0)
    close(found[0]!, [product(0), product(1)])
    close(
      found[1]!,
      Array.from(
        { length: 18 },
        (_, i) => a[Math.floor(i / 9) * 3 + (Math.floor(i / 3) % 3)]! * b[Math.floor(i / 9) * 3 + (i % 3)]!,
      ),
    )
    const norm = (v: Values, r: number): number => Math.hypot(...v.subarray(r * 3, r * 3 + 3))
    close(
      found[2]!,
      [0, 1].map((r) => product(r) / norm(a, r) / norm(b, r)),
    )
    for (const y of made) expectDerivatives(y, xs, feeds)
  })

  it('distances of every row to every row; 0 to itself, with a finite derivative', () => {
    const { xs, feeds } = symbols([2, 3, 2], [2, 4, 2])
    const [a, b] = [...feeds.values()] as [Values, Values]
    const wanted = Array.from({ length: 24 }, (_, i) => {
      const [batch, r, c] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4]
      const [p, q] = [(batch * 3 + r) * 2, (batch * 4 + c) * 2]
      return Math.hypot(a[p]! - b[q]!, a[p + 1]! - b[q + 1]!)
    })
    close(interpret([op.distances(xs[0]!, xs[1]!)], feeds)[0]!, wanted, 1e-9)
    expectDerivatives(op.distances(xs[0]!, xs[1]!), xs, feeds, 1e-5)
    const x = op.input('x', [2, 2])
    const same = new Map([['x', Float64Array.of(1, 2, 1, 2)]])
    const [zero, slope] = interpret([op.distances(x, x), ...gradients(op.sum(op.distances(x, x)), [x])], same)
    expect([...zero!, ...slope!]).toEqual(new Array(8).fill(0))
    expect(() => op.squaredDistances(op.input('a', [2, 3]), op.input('b', [2, 4]))).toThrow('float32 [2, 4]')
  })
})

describe('Sinkhorn', () => {
  it('gives the sums that are asked for; the gradient flows through the iterations', () => {
    const { xs, feeds } = symbols([2, 3, 4])
    const sums = (plan: Tensor): Values[] => interpret([op.sum(plan, -1), op.sum(plan, -2)], feeds)
    const [rows, columns] = sums(op.sinkhorn(xs[0]!, { temperature: 0.5, iterations: 60 }))
    close(rows!, new Array(6).fill(1 / 3), 1e-7)
    close(columns!, new Array(8).fill(1 / 4), 1e-7)
    const masses = [0.5, 0.25, 0.25]
    const shares = [0.125, 0.375, 0.25, 0.25]
    const given = {
      rows: op.constant(Float32Array.from(masses), [3]),
      columns: op.constant(Float32Array.from(shares), [4]),
    }
    const other = sums(op.sinkhorn(xs[0]!, { temperature: 1, iterations: 80, ...given }))
    close(other[0]!, [...masses, ...masses], 1e-7)
    close(other[1]!, [...shares, ...shares], 1e-7)
    expectDerivatives(op.sinkhorn(xs[0]!, { temperature: 0.7, iterations: 3 }), xs, feeds)
  })

  it('at a low temperature is the best assignment', () => {
    const x = op.input('x', [3, 3])
    const feeds = new Map([['x', Float64Array.of(2, 1, 0, 1, 2, 2.5, 2.9, 0, 1)]])
    const [plan] = interpret([op.mul(op.sinkhorn(x, { temperature: 0.1, iterations: 400 }), 3)], feeds)
    // 1 + 2.5 + 2.9 = 6.4; the diagonal, next best, has 5.
    close(plan!, [0, 1, 0, 0, 0, 1, 1, 0, 0], 1e-2)
  })

  it('refuses what is out of range', () => {
    const x = op.input('x', [2, 3])
    expect(() => op.sinkhorn(x, { temperature: 0, iterations: 3 })).toThrow('temperature 0')
    expect(() => op.sinkhorn(x, { temperature: 1, iterations: 3, rows: op.input('r', [3]) })).toThrow('float32 [3]')
  })
})
