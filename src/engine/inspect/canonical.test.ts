import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gradients } from '../gradients.ts'
import type { Outputs } from '../onnx/lower.ts'
import * as op from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { canonicalText, graphChange, graphPrint } from './canonical.ts'

/** One step of a random program: what is done, and to which two of the values so far (as shares of their number). */
interface Instruction {
  kind: 'add' | 'mul' | 'exp' | 'transpose' | 'slice' | 'constant' | 'matmul'
  a: number
  b: number
  /** Selects among attributes. */
  choice: number
}

const instruction: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constantFrom('add', 'mul', 'exp', 'transpose', 'slice', 'constant', 'matmul'),
  a: fc.double({ min: 0, max: 0.999, noNaN: true }),
  b: fc.double({ min: 0, max: 0.999, noNaN: true }),
  choice: fc.integer({ min: 0, max: 1 }),
})
const program = fc.array(instruction, { minLength: 1, maxLength: 25 })

/** Runs a program over square matrices. Every value is an output, so that no instruction is without effect. */
function build(instructions: readonly Instruction[], { side = 3, debris = false } = {}): Outputs {
  const values: Tensor[] = [op.input('x', [side, side]), op.parameter('w', [side, side])]
  const at = (share: number): Tensor => values[Math.floor(share * values.length)] as Tensor
  for (const { kind, a, b, choice } of instructions) {
    // Nodes that nothing uses, and other objects for equal attributes, must not be seen.
    if (debris) op.mul(at(a), 7)
    const make: Record<Instruction['kind'], () => Tensor> = {
      add: () => op.add(at(a), at(b)),
      mul: () => op.mul(at(a), at(b)),
      exp: () => op.exp(at(a)),
      transpose: () => op.transpose(at(a), [1, 0]),
      slice: () => op.pad(op.slice(at(a), 0, choice, choice + 1), [0, 0], [side - 1, 0]),
      constant: () => op.constant(new Float32Array(side * side).fill(choice + 1), [side, side]),
      matmul: () => op.matmul(at(a), at(b), { transposeA: choice === 1 }),
    }
    values.push(make[kind]())
  }
  return Object.fromEntries(values.map((value, i) => [`y${i}`, value]))
}

const hashOf = (outputs: Outputs): string => graphPrint(outputs).hash

describe('hash of a graph', () => {
  it('does not depend on objects, on unused nodes, nor on the order in which outputs are listed', () => {
    fc.assert(
      fc.property(program, (instructions) => {
        const first = build(instructions)
        const again = build(structuredClone(instructions), { debris: true })
        const reversed = Object.fromEntries(Object.entries(again).reverse())
        expect(hashOf(again)).toBe(hashOf(first))
        expect(hashOf(reversed)).toBe(hashOf(first))
      }),
    )
  })

  it('does not depend on the order in which independent nodes are made', () => {
    const x = op.input('x', [2])
    const [a, b] = [op.exp(x), op.tanh(x)]
    const late = op.input('x', [2])
    const [d, c] = [op.tanh(late), op.exp(late)]
    expect(hashOf({ y: op.add(c, d) })).toBe(hashOf({ y: op.add(a, b) }))
  })

  it('changes with every attribute, operand, primitive and shape', () => {
    const change = fc.constantFrom('choice', 'operand', 'kind', 'shape')
    fc.assert(
      fc.property(program, fc.nat(), change, (instructions, place, what) => {
        const changed = structuredClone(instructions)
        const one = changed[place % changed.length] as Instruction
        const count = 2 + (place % changed.length)
        if (what === 'choice') {
          fc.pre(['slice', 'constant', 'matmul'].includes(one.kind))
          one.choice = 1 - one.choice
        }
        if (what === 'operand') {
          fc.pre(one.kind !== 'constant')
          one.a = (one.a + 1 / count + 1e-9) % 1
        }
        if (what === 'kind') one.kind = one.kind === 'exp' ? 'transpose' : 'exp'
        const after = what === 'shape' ? build(instructions, { side: 4 }) : build(changed)
        const [a, b] = [build(instructions), after]
        // Some programs are the same in spite of the change: those whose texts are equal node for node.
        const same =
          what === 'operand' &&
          Math.floor(one.a * count) === Math.floor((instructions[place % changed.length] as Instruction).a * count)
        fc.pre(!same)
        expect(hashOf(b)).not.toBe(hashOf(a))
      }),
    )
  })

  it('sees the difference between a value used twice and a value made twice', () => {
    const x = op.input('x', [2])
    const shared = op.exp(x)
    expect(hashOf({ y: op.add(shared, shared) })).not.toBe(hashOf({ y: op.add(op.exp(x), op.exp(x)) }))
  })

  it('names of parameters and outputs, values of constants and signs of zero are part of it', () => {
    const y = (name: string, value: number) => ({
      y: op.mul(op.parameter(name, [1]), op.constant(Float32Array.of(value), [1])),
    })
    const hashes = [y('a', 1), y('b', 1), y('a', 2), y('a', 0), y('a', -0), { z: y('a', 1).y }].map(hashOf)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('keeps numbers apart that JSON does not', () => {
    const y = (epsilon: number): Outputs => ({ y: op.standardize(op.input('x', [2, 3]), epsilon)[0] })
    const values = [0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    expect(new Set(values.map((value) => hashOf(y(value)))).size).toBe(values.length)
  })

  it('tells which output of a node is used', () => {
    const [xhat, r] = op.standardize(op.input('x', [2, 1]), 1e-5)
    expect(canonicalText({ y: xhat })).toContain('y = %1.0')
    expect(canonicalText({ y: r })).toContain('y = %1.1')
  })
})

describe('change of a graph', () => {
  const x = op.input('x', [2, 2])
  it('counts nodes by kind', () => {
    const before = graphPrint({ y: op.exp(op.exp(x)) })
    const after = graphPrint({ y: op.add(op.tanh(op.exp(x)), x) })
    expect(graphChange(before, after)).toBe('3 -> 4 nodes: add 0 -> 1, exp 2 -> 1, tanh 0 -> 1')
    expect(graphChange(before, before)).toBeUndefined()
  })
  it('says so where only attributes or edges changed', () => {
    const [a, b] = [graphPrint({ y: op.matmul(x, x) }), graphPrint({ y: op.matmul(x, x, { transposeA: true }) })]
    expect(graphChange(a, b)).toContain('attributes, shapes or edges')
  })
  it('derivatives are part of a graph, what is written on their nodes is not', () => {
    const w = op.parameter('w', [2, 2])
    const loss = op.sum(op.square(op.matmul(x, w)))
    const before = graphPrint({ loss })
    const slopes = gradients(loss, [w])
    expect(graphPrint({ loss })).toEqual(before)
    expect(graphPrint({ loss, g: slopes[0]! }).hash).not.toBe(before.hash)
  })
})
