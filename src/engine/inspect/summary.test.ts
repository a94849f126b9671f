import { describe, expect, it } from 'vitest'
import { batchNorm, conv, linear, type Scope, trace } from '../../nn/index.ts'
import { gradients } from '../gradients.ts'
import { add, input, matmul, relu, reshape, square, sum } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { flopsOf, type GraphSummary, summarize } from './summary.ts'

function summaryOf(model: (scope: Scope) => Tensor, depth?: number): GraphSummary {
  const { outputs: loss, tensors } = trace((scope) => sum(square(model(scope))), { training: true })
  const outputs: Record<string, Tensor> = { loss }
  for (const [i, g] of gradients(loss, [...tensors.values()]).entries()) outputs[`d${i}`] = g
  return summarize(outputs, depth)
}

describe('floating-point operations', () => {
  it('2 m n k for a product, whichever way round its operands are read, times the leading axes', () => {
    const [m, k, n] = [3, 5, 7]
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const a = input('a', [2, ...(transposeA ? [k, m] : [m, k])])
        const b = input('b', transposeB ? [n, k] : [k, n])
        expect(flopsOf(matmul(a, b, { transposeA, transposeB }).node)).toBe(2 * 2 * m * n * k)
      }
  })

  it('a convolution: every output element is one filter; both derivatives cost the same as it', () => {
    const two = (scope: Scope): Tensor =>
      conv(scope.in('b'), conv(scope.in('a'), input('x', [2, 3, 8, 8]), 4, { kernel: 3, bias: false }), 5, {
        kernel: 3,
        stride: 2,
        bias: false,
      })
    const first = 2 * (2 * 4 * 6 * 6) * (3 * 3 * 3)
    const second = 2 * (2 * 5 * 2 * 2) * (4 * 3 * 3)
    const { modules, forwardFlops } = summaryOf(two)
    expect(modules.find(({ module }) => module === 'a')).toMatchObject({ forwardFlops: first, backwardFlops: first })
    expect(modules.find(({ module }) => module === 'b')).toMatchObject({
      forwardFlops: second,
      backwardFlops: 2 * second,
    })
    expect(forwardFlops).toBe(first + second)
  })
})

describe('summary of a graph', () => {
  it('parameters by module, as deep as asked', () => {
    const model = (scope: Scope): Tensor =>
      linear(scope.in('tower', 'two'), relu(linear(scope.in('tower', 'one'), input('x', [2, 3]), 4)), 5)
    const two = summaryOf(model, 2)
    expect(two.parameters).toBe(3 * 4 + 4 + 4 * 5 + 5)
    expect(two.modules.map(({ module, parameters }) => [module, parameters])).toEqual(
      expect.arrayContaining([
        ['tower.one', 16],
        ['tower.two', 25],
      ]),
    )
    expect(summaryOf(model, 1).modules.find(({ module }) => module === 'tower')?.parameters).toBe(41)
  })

  it('what the backward pass reads of the forward pass is kept, views once', () => {
    const x = input('x', [4, 6])
    // Inputs are not kept.
    const y = matmul(x, input('w', [6, 2]))
    const loss = sum(square(reshape(relu(y), [2, 4])))
    const [g] = gradients(loss, [y])
    // The derivatives of relu and of square both read relu(y).
    expect(summarize({ loss, g: g! }).keptBytes).toBe(8 * 4)
    const twice = add(sum(square(reshape(y, [2, 4]))), sum(square(reshape(y, [8]))))
    expect(summarize({ twice, g: gradients(twice, [y])[0]! }).keptBytes).toBe(8 * 4)
  })

  it('counts nodes forward and backward apart', () => {
    const { kinds, nodes } = summaryOf((scope) =>
      batchNorm(scope.in('bn'), conv(scope.in('conv'), input('x', [2, 3, 8, 8]), 4, { kernel: 3, bias: false })),
    )
    expect(kinds.reduce((all, { forward, backward }) => all + forward + backward, 0)).toBe(nodes)
    expect(kinds.find(({ kind }) => kind === 'batchNorm')).toMatchObject({ forward: 1, backward: 0 })
  })
})
