import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Build, checkLayer } from '../../test/nn-goldens.ts'
import { input, openRuntime, type Runtime, type Tensor } from '../engine/index.ts'
import { batchNorm, channelNorm, groupNorm, instanceNorm, rmsNorm } from './norm.ts'
import { type Scope, trace } from './scope.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const check = (name: string, build: Build) => checkLayer(runtime, name, build, { tolerance: 2e-5 })

describe('norms equal PyTorch', () => {
  it.each(['batch-norm-1d', 'batch-norm-1d-length', 'batch-norm-3d', 'batch-norm-3d-eval'])('%s', (name) =>
    check(name, (s, { x }) => batchNorm(s, x!)),
  )
  it('group', () => check('group-norm', (s, { x }) => groupNorm(s, x!, 2)))
  it('group, of vectors', () => check('group-norm-1d', (s, { x }) => groupNorm(s, x!, 3)))
  it('instance', () => check('instance-norm', (s, { x }) => instanceNorm(s, x!)))
  it('instance, affine, 3-D', () => check('instance-norm-affine', (s, { x }) => instanceNorm(s, x!, { affine: true })))
  it('root mean square', () => check('rms-norm', (s, { x }) => rmsNorm(s, x!, 1e-6)))
  it('over channels', () => check('channel-norm', (s, { x }) => channelNorm(s, x!, 1e-6)))

  it('refuse what has no statistics', () => {
    const refuses = (build: (scope: Scope) => Tensor, message: string): void =>
      expect(() => trace(build, { training: true })).toThrow(message)
    refuses((s) => batchNorm(s, input('x', [1, 3])), 'batchNorm: needs more than one value a channel while training')
    refuses((s) => groupNorm(s, input('x', [2, 6]), 4), 'groupNorm: 4 groups do not divide the 6 channels of axis 1')
    refuses((s) => instanceNorm(s, input('x', [2, 6, 1, 1])), 'instanceNorm: needs more than one position')
  })
})
