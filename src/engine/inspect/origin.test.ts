import { describe, expect, it } from 'vitest'
import { clipLayers } from '../../models/clip-layers.ts'
import { batchNorm, conv, layerNorm, linear, type Scope, trace } from '../../nn/index.ts'
import { gradients } from '../gradients.ts'
import { input, relu, sum } from '../ops.ts'
import { type Node, type Tensor, topological } from '../tensor.ts'
import { nodeLabel, type Origin, origins, readLabel } from './origin.ts'

/** Each module's primitives, forward and backward, of the gradients of the sum of what a model returns. */
function placed(model: (scope: Scope) => Tensor): {
  of: (pass: Origin['pass'], module: string) => string[]
  order: Node[]
} {
  const { outputs, tensors } = trace(model, { training: true })
  const order = topological([outputs, ...gradients(sum(outputs), [...tensors.values()])])
  const known = origins(order)
  const of = (pass: Origin['pass'], module: string): string[] =>
    order
      .filter((n) => known.get(n)!.pass === pass && known.get(n)!.module === module && n.op !== 'parameter')
      .map((n) => n.op)
  return { of, order }
}

describe('origins', () => {
  it('a node that reads parameters belongs to their module, an activation to the layer before it', () => {
    const { of } = placed((scope) => {
      const x = relu(linear(scope.in('a', 'first'), input('x', [2, 3]), 4))
      return linear(scope.in('a', 'second'), x, 5)
    })
    expect(of('forward', 'a.first')).toEqual(['matmul', 'add', 'relu'])
    expect(of('forward', 'a.second')).toEqual(['matmul', 'add'])
  })

  it('attention belongs to its block, residual sums to the block they end in, block after block', () => {
    const config = { width: 8, layers: 3, heads: 2, activation: 'gelu' as const, epsilon: 1e-5 }
    const { of } = placed((scope) => {
      const x = layerNorm(scope.in('before'), input('x', [2, 4, 8]), 1e-5)
      return layerNorm(scope.in('after'), clipLayers(scope.in('encoder'), x, config).at(-1)!, 1e-5)
    })
    for (const layer of [0, 1, 2]) {
      const path = `encoder.layers.${layer}`
      expect([layer, of('forward', path)]).toEqual([layer, ['add', 'add']])
      expect(of('forward', `${path}.self_attn`)).toEqual(expect.arrayContaining(['softmax', 'matmul']))
      expect(of('forward', `${path}.mlp.fc1`)).toEqual(['matmul', 'add', 'gelu'])
    }
    expect(of('forward', 'encoder')).toEqual([])
    expect(of('forward', 'encoder.layers')).toEqual([])
  })

  it('derivatives belong to the module they are derivatives of', () => {
    const { of } = placed((scope) => linear(scope.in('b'), relu(linear(scope.in('a'), input('x', [2, 3]), 4)), 5))
    // The derivative of the activation is a step, made where the activation stands.
    expect(of('backward', 'a')).toEqual(expect.arrayContaining(['positive', 'matmul']))
    expect(of('backward', 'b')).not.toContain('positive')
    expect(of('backward', 'b')).toContain('matmul')
  })

  it('convolutions and batch statistics: every node has a place in the model', () => {
    const { of, order } = placed((scope) =>
      batchNorm(scope.in('bn'), conv(scope.in('conv'), input('x', [2, 3, 8, 8]), 4, { kernel: 3, bias: false })),
    )
    expect(of('forward', 'conv')).toEqual(['conv'])
    expect(of('forward', 'bn')).toEqual(['batchNorm'])
    expect(of('backward', 'conv')).toContain('convWeightGradient')
    expect(origins(order).size).toBe(order.length)
  })

  it('second derivatives are backward too', () => {
    const { outputs, tensors } = trace((scope) => sum(relu(linear(scope.in('a'), input('x', [2, 3]), 4))), {
      training: true,
    })
    const wrt = [...tensors.values()]
    const first = gradients(outputs, wrt)
    const second = gradients(sum(first[0]!), wrt)
    const order = topological(second)
    for (const [node, { pass, module }] of origins(order))
      if (node.derivativeOf !== undefined) expect([pass, module]).toEqual(['backward', 'a'])
  })
})

describe('labels', () => {
  it('are read back, with what ONNX Runtime adds to names', () => {
    const [node] = topological([linear({ ...scopeOf() }, input('x', [2, 3]), 4)]).filter((n) => n.op === 'matmul')
    const label = nodeLabel(node!, new Map([[node!, { module: 'a.b', pass: 'backward' as const }]]))
    const wanted = { module: 'a.b', pass: 'backward', primitive: 'matmul' }
    expect(readLabel(`${label}12`)).toEqual(wanted)
    expect(readLabel(`${label}12/MatMulAddFusion`)).toEqual(wanted)
    expect(readLabel('MatMul_7')).toBeUndefined()
    expect(readLabel('')).toBeUndefined()
  })
})

function scopeOf(): Scope {
  let found: Scope | undefined
  trace(
    (scope) => {
      found = scope
      return undefined
    },
    { training: true },
  )
  return found as Scope
}
