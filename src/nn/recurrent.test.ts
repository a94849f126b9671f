import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLayer } from '../../test/nn-goldens.ts'
import { constant, input, openRuntime, type Runtime, type Tensor } from '../engine/index.ts'
import { gru, lstm } from './recurrent.ts'
import { trace } from './scope.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

describe('recurrent layers equal PyTorch', () => {
  // Lengths 4, 2 and 3 of the golden script, which packs the sequences.
  const mask = constant(Int32Array.of(1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0), [3, 4])
  const padded = { hidden: 4, layers: 2, bidirectional: true, mask }
  const shown = ({ output, ...states }: { output: Tensor; hidden: Tensor; cell?: Tensor }) => ({ y: output, ...states })

  it('LSTM, two layers both ways, padded', () =>
    checkLayer(runtime, 'lstm-padded', (s, { x }) => shown(lstm(s, x!, padded)), { whole: 'all' }))
  it('GRU, two layers both ways, padded', () =>
    checkLayer(runtime, 'gru-padded', (s, { x }) => shown(gru(s, x!, padded)), { whole: 'all' }))
  // The state's batch is its second axis: only the outputs and x are served by batch.
  it('LSTM from a given state', () =>
    checkLayer(
      runtime,
      'lstm-initial',
      (s, { x, hidden, cell }) => shown(lstm(s, x!, { hidden: 4, initial: { hidden: hidden!, cell: cell! } })),
      { whole: 'all' },
    ))
  it('GRU from a given state, without biases', () =>
    checkLayer(
      runtime,
      'gru-initial',
      (s, { x, hidden }) => shown(gru(s, x!, { hidden: 4, bias: false, initial: { hidden: hidden! } })),
      { whole: 'all' },
    ))

  it('refuses what is no sequence, and masks of another length', () => {
    const refuses = (x: Tensor, options: object, message: string): void =>
      expect(() => trace((s) => gru(s, x, { hidden: 4, ...options }).output, { training: true })).toThrow(message)
    refuses(input('x', [2, 3]), {}, 'needs [B, T, D] with a step or more')
    refuses(input('x', [2, 3, 4]), { mask: input('m', [2, 4], 'int32') }, 'the mask does not say which steps are real')
  })
})
