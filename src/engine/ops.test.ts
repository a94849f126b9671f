import { describe, expect, it } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import { interpret } from './interpreter.ts'
import * as op from './ops.ts'
import type { DType, Shape, Tensor } from './tensor.ts'

const f = (...shape: number[]): Tensor => op.input('f', shape)
const t = (dtype: DType, ...shape: number[]): Tensor => op.input('t', shape, dtype)
const window = { strides: [1, 1], pads: [0, 0] } as const

/** Wrong calls, and everything their message must say: the operation first, then each operand. */
const wrong: readonly (readonly [() => unknown, string, ...string[]])[] = [
  [() => op.add(f(2, 3), f(4)), 'add', 'float32 [2, 3]', 'float32 [4]'],
  [() => op.sub(f(2), t('int32', 2)), 'sub', 'float32 [2]', 'int32 [2]'],
  [() => op.mul(t('int32', 2), 2), 'mul', 'int32 [2]', 'float32 []'],
  [() => op.add(t('bool', 2), t('bool', 2)), 'add', 'bool [2]'],
  [() => op.div(t('int32', 2), t('int32', 3)), 'div', 'int32 [2]', 'int32 [3]'],
  [() => op.maximum(f(2, 3), f(2)), 'maximum', 'float32 [2, 3]', 'float32 [2]'],
  [() => op.less(t('bool', 2), t('bool', 2)), 'less', 'bool [2]'],
  [() => op.and(f(2), t('bool', 2)), 'and', 'float32 [2]', 'bool [2]'],
  [() => op.not(t('int32', 2)), 'not', 'int32 [2]'],
  [() => op.where(f(2), f(2), f(2)), 'where', 'float32 [2]'],
  [() => op.where(t('bool', 2), f(2), t('int32', 2)), 'where', 'float32 [2]', 'int32 [2]'],
  [() => op.where(t('bool', 3), f(2), f(2)), 'where', 'bool [3]', 'float32 [2]'],
  [() => op.where(t('bool', 2), f(2), f(3)), 'where', 'float32 [2]', 'float32 [3]'],
  [() => op.exp(t('int32', 2)), 'exp', 'int32 [2]'],
  [() => op.pow(f(2, 3), f(2)), 'pow', 'float32 [2, 3]', 'float32 [2]'],
  [() => op.pow(t('int32', 2), t('int32', 2)), 'pow', 'int32 [2]'],
  [() => op.mod(f(2), t('int32', 2)), 'mod', 'float32 [2]', 'int32 [2]'],
  [() => op.mod(t('int32', 3), t('int32', 2)), 'mod', 'int32 [3]', 'int32 [2]'],
  [() => op.lessEqual(t('bool', 2), t('bool', 2)), 'lessEqual', 'bool [2]'],
  [() => op.or(t('bool', 2), t('bool', 3)), 'or', 'bool [2]', 'bool [3]'],
  [() => op.xor(t('bool', 2), f(2)), 'xor', 'bool [2]', 'float32 [2]'],
  [() => op.notANumber(t('int32', 2)), 'notANumber', 'int32 [2]'],
  [() => op.silu(t('int32', 2)), 'silu', 'int32 [2]'],
  [() => op.leakyRelu(t('int32', 2)), 'leakyRelu', 'int32 [2]'],
  [() => op.elu(t('int32', 2)), 'elu', 'int32 [2]'],
  [() => op.hardSwish(t('int32', 2)), 'hardSigmoid', 'int32 [2]'],
  [() => op.clip(f(2, 3), 2, 1), 'clip', '2 and 1', 'float32 [2, 3]'],
  [() => op.stopGradient(t('bool')), 'stopGradient', 'bool []'],
  [() => op.sum(f(2, 3), 2), 'sum', '[2]', 'float32 [2, 3]'],
  [() => op.sum(f(2, 3), [0, -2]), 'sum', '[0, -2]', 'float32 [2, 3]'],
  [() => op.sum(t('int32', 3)), 'sum', 'int32 [3]'],
  [() => op.mean(f(2, 0), 1), 'mean', 'nothing to average', 'float32 [2, 0]'],
  [() => op.max(f(2, 0)), 'max', 'an axis is empty', 'float32 [2, 0]'],
  [() => op.argMax(f(0, 2), 0), 'argMax', 'an axis is empty', 'float32 [0, 2]'],
  [() => op.argMax(t('bool', 2), 0), 'argMax', 'bool [2]'],
  [() => op.softmax(f(2), 1), 'softmax', 'float32 [2]'],
  [() => op.logSoftmax(t('int32', 2)), 'logSoftmax', 'int32 [2]'],
  [() => op.reshape(f(2, 3), [4, 2]), 'reshape', '[4, 2]', 'float32 [2, 3]'],
  [() => op.reshape(f(2, 3), [4, -1]), 'reshape', '[4, -1]', 'float32 [2, 3]'],
  [() => op.reshape(f(2, 3), [-1, -1]), 'reshape', '[-1, -1]', 'float32 [2, 3]'],
  [() => op.transpose(f(2, 3), [0, 0]), 'transpose', '[0, 0]', 'float32 [2, 3]'],
  [() => op.transpose(f(2, 3), [1, 0, 2]), 'transpose', '[1, 0, 2]', 'float32 [2, 3]'],
  [() => op.broadcast(f(2, 3), [2, 4]), 'broadcast', '[2, 4]', 'float32 [2, 3]'],
  [() => op.broadcast(f(2, 3), [3]), 'broadcast', '[3]', 'float32 [2, 3]'],
  [() => op.concat([f(2, 3), f(3, 3)], 1), 'concat', 'axis 1', 'float32 [2, 3]', 'float32 [3, 3]'],
  [() => op.concat([f(2), t('int32', 2)], 0), 'concat', 'float32 [2]', 'int32 [2]'],
  [() => op.slice(f(4), 0, 2, 5), 'slice', '2..5', 'float32 [4]'],
  [() => op.slice(f(4), 0, 3, 2), 'slice', '3..2', 'float32 [4]'],
  [() => op.slice(f(4), 0, -1, 2), 'slice', '-1..2', 'float32 [4]'],
  [() => op.pad(f(2, 2), [1], [0, 0]), 'pad', '[1]', 'float32 [2, 2]'],
  [() => op.pad(f(2), [-1], [0]), 'pad', '[-1]', 'float32 [2]'],
  [() => op.pad(t('int32', 2), [1], [0]), 'pad', 'int32 [2]'],
  [() => op.gather(f(2, 2), f(3)), 'gather', 'float32 [2, 2]', 'float32 [3]'],
  [() => op.gather(f(2, 2), t('int32', 3), 2), 'gather', 'axis 2', 'float32 [2, 2]'],
  [() => op.batchGather(f(2, 4, 3), t('int32', 3, 2)), 'batchGather', 'float32 [2, 4, 3]', 'int32 [3, 2]'],
  [() => op.batchGather(f(2, 4, 3), f(2, 2)), 'batchGather', 'float32 [2, 2]'],
  [() => op.batchScatterAdd(f(2, 3, 3), t('int32', 2, 4), 5), 'batchScatterAdd', 'float32 [2, 3, 3]', 'int32 [2, 4]'],
  [() => op.takeAlongAxis(f(2, 3), t('int32', 3, 1), 1), 'takeAlongAxis', 'axis 1', 'float32 [2, 3]', 'int32 [3, 1]'],
  [() => op.addAlongAxis(f(2, 3), t('int32', 2, 2), 1, 4), 'addAlongAxis', 'axis 1', 'float32 [2, 3]', 'int32 [2, 2]'],
  [() => op.putAlongAxis(f(2, 3), t('int32', 2, 2), f(2, 3), 1), 'putAlongAxis', 'int32 [2, 2]', 'float32 [2, 3]'],
  [() => op.putRows(f(4, 3), t('int32', 2), f(2, 2)), 'putRows', 'float32 [4, 3]', 'int32 [2]', 'float32 [2, 2]'],
  [() => op.oneHot(f(3), 4), 'oneHot', 'float32 [3]'],
  [() => op.topK(f(2, 3), 4), 'topK', 'axis 1', '4 elements', 'float32 [2, 3]'],
  [() => op.sort(t('bool', 2)), 'sort', 'bool [2]'],
  [() => op.kthValue(f(2, 3), 3), 'kthValue', 'place 3', 'float32 [2, 3]'],
  [() => op.median(f(2, 0)), 'median', 'float32 [2, 0]'],
  [() => op.min(f(2, 0)), 'min', 'an axis is empty', 'float32 [2, 0]'],
  [() => op.product(t('int32', 2)), 'product', 'int32 [2]'],
  [() => op.argMin(f(2, 3), 2), 'argMin', 'axis 2', 'float32 [2, 3]'],
  [() => op.cumulativeSum(f(2, 3), 2), 'cumulativeSum', 'axis 2', 'float32 [2, 3]'],
  [() => op.variance(f(1, 3), 0, false, 1), 'variance', '1 values', 'float32 [1, 3]'],
  [() => op.any(f(2)), 'any', 'float32 [2]'],
  [() => op.all(f(2)), 'all', 'float32 [2]'],
  [() => op.maskedLogSumExp(f(2, 3), t('bool', 4, 2, 3)), 'maskedLogSumExp', 'float32 [2, 3]', 'bool [4, 2, 3]'],
  [() => op.slice(f(4), 0, 0, 4, 0), 'slice', 'step 0', 'float32 [4]'],
  [() => op.split(f(2, 5), 1, [2, 2]), 'split', '[2, 2]', 'axis 1', 'float32 [2, 5]'],
  [() => op.chunk(f(2, 5), 2, 1), 'chunk', '2 parts', 'float32 [2, 5]'],
  [() => op.squeeze(f(2, 1), 0), 'squeeze', 'axis 0', 'float32 [2, 1]'],
  [() => op.unsqueeze(f(2), 3), 'unsqueeze', 'axis 3', 'float32 [2]'],
  [() => op.stack([f(2), f(3)], 0), 'concat', 'float32 [1, 2]', 'float32 [1, 3]'],
  [() => op.swapAxes(f(2, 3), 0, 2), 'swapAxes', 'axis 2', 'float32 [2, 3]'],
  [() => op.flip(f(2), 1), 'flip', '[1]', 'float32 [2]'],
  [() => op.roll(f(2), 0.5, 0), 'roll', '0.5', 'float32 [2]'],
  [() => op.tile(f(2, 3), [2]), 'tile', '[2]', 'float32 [2, 3]'],
  [() => op.repeat(f(2, 3), 2, 2), 'repeat', 'axis 2', 'float32 [2, 3]'],
  [() => op.padReflect(f(3), [3], [0]), 'padReflect', 'axis 0', 'float32 [3]'],
  [() => op.padEdge(f(0), [1], [0]), 'padEdge', 'axis 0', 'float32 [0]'],
  [() => op.meshGrid(f(2), f(2, 3)), 'meshGrid', 'float32 [2, 3]'],
  [() => op.tril(f(3)), 'tril', 'float32 [3]'],
  [() => op.gather(f(), t('int32', 3)), 'gather', 'float32 []', 'int32 [3]'],
  [() => op.scatterAdd(f(2, 3), t('int32', 3), 5), 'scatterAdd', 'float32 [2, 3]', 'int32 [3]'],
  [() => op.scatterAdd(f(2, 3), f(2), 5), 'scatterAdd', 'float32 [2, 3]', 'float32 [2]'],
  [() => op.scatterAdd(f(2, 3), t('int32', 2), -1), 'scatterAdd', '-1 elements', 'float32 [2, 3]', 'int32 [2]'],
  [() => op.matmul(f(2, 3), f(4, 5)), 'matmul', '3 and 4', 'float32 [2, 3]', 'float32 [4, 5]'],
  [() => op.matmul(f(2, 3), f(3, 4), { transposeB: true }), 'matmul', '3 and 4', 'float32 [2, 3]', 'float32 [3, 4]'],
  [() => op.matmul(f(2, 2, 3), f(3, 3, 4)), 'matmul', 'leading', 'float32 [2, 2, 3]', 'float32 [3, 3, 4]'],
  [() => op.matmul(f(3), f(3, 4)), 'matmul', 'float32 [3]', 'float32 [3, 4]'],
  [() => op.matmul(t('int32', 2, 3), f(3, 4)), 'matmul', 'int32 [2, 3]', 'float32 [3, 4]'],
  [() => op.conv2d(f(1, 3, 8, 8), f(4, 2, 3, 3), window), 'conv2d', 'float32 [1, 3, 8, 8]', 'float32 [4, 2, 3, 3]'],
  [() => op.conv2d(f(3, 8, 8), f(4, 3, 3, 3), window), 'conv2d', 'float32 [3, 8, 8]', 'float32 [4, 3, 3, 3]'],
  [() => op.conv2d(f(1, 1, 2, 2), f(1, 1, 5, 5), window), 'conv2d', '-2 elements', 'float32 [1, 1, 5, 5]'],
  [() => op.conv1d(f(1, 3, 8, 8), f(4, 3, 3)), 'conv1d', '[B, C, L]', 'float32 [1, 3, 8, 8]', 'float32 [4, 3, 3]'],
  [
    () => op.conv2d(f(1, 4, 8, 8), f(6, 4, 3, 3), { groups: 2 }),
    'conv2d',
    'axis 1 has 4',
    'takes 8',
    'float32 [6, 4, 3, 3]',
  ],
  [() => op.conv2d(f(1, 4, 8, 8), f(5, 2, 3, 3), { groups: 2 }), 'conv2d', '2 groups', 'float32 [5, 2, 3, 3]'],
  [
    () => op.conv3d(f(1, 1, 8, 8, 8), f(1, 1, 3, 3, 3), { strides: [1, 2] }),
    'conv3d',
    'stride',
    '3 spatial axes',
    'not 2',
  ],
  [() => op.conv2d(f(1, 1, 8, 8), f(1, 1, 3, 3), { pads: [0, [0, -1]] }), 'conv2d', 'padding of spatial axis 1', '-1'],
  [() => op.conv2d(f(1, 1, 8, 8), f(1, 1, 3, 3), { dilations: 0 }), 'conv2d', 'dilation of spatial axis 0', 'not 0'],
  [() => op.convTranspose2d(f(1, 3, 8, 8), f(4, 3, 3, 3)), 'convTranspose2d', 'axis 1 has 3', 'float32 [4, 3, 3, 3]'],
  [() => op.convTranspose1d(f(1, 3, 8), f(3, 4, 3), { outputPadding: 1 }), 'convTranspose1d', 'axis 2', 'the stride 1'],
  [
    () => op.convTranspose1d(f(1, 3, 2), f(3, 4, 1), { pads: 2 }),
    'convTranspose1d',
    '-2 elements',
    'float32 [3, 4, 1]',
  ],
  [() => op.maxPool2d(f(1, 8, 8), { ...window, kernel: [2, 2] }), 'maxPool2d', 'float32 [1, 8, 8]'],
  [() => op.maxPool2d(f(1, 1, 8, 8), { ...window, kernel: [2, 2], pads: [2, 0] }), 'maxPool2d', 'padding'],
  [() => op.averagePool1d(f(1, 8, 8, 8), { kernel: 2 }), 'averagePool1d', '[B, C, L]', 'float32 [1, 8, 8, 8]'],
  [() => op.averagePool2d(f(1, 1, 3, 8), { kernel: [4, 2] }), 'averagePool2d', 'axis 2', '0 elements', 'kernel [4, 2]'],
  [() => op.adaptiveAveragePool(f(1, 2, 5), [3, 3]), 'adaptiveAveragePool', 'size', 'not 2', 'float32 [1, 2, 5]'],
  [() => op.adaptiveMaxPool(f(2, 5), 2), 'adaptiveMaxPool', 'spatial axes', 'float32 [2, 5]'],
  [() => op.interpolate(f(1, 2, 4, 4), [3]), 'interpolate', '[3]', 'float32 [1, 2, 4, 4]'],
  [() => op.interpolate(f(1, 2, 4), 2.5), 'interpolate', 'axis 2', '2.5'],
  [() => op.interpolate(f(1, 2, 4), { scale: 0 }), 'interpolate', '0 is neither', 'float32 [1, 2, 4]'],
  [() => op.interpolate(f(1, 2, 4), { scale: 0.2 }), 'interpolate', 'from 4 to 0', 'float32 [1, 2, 4]'],
  [() => op.interpolate(f(1, 2, 4), 8, { alignCorners: true }), 'interpolate', 'alignCorners', 'nearest'],
  [() => op.resizeAxis(f(4, 2), 0, 0), 'resizeAxis', 'axis 0', 'float32 [4, 2]'],
  [() => op.mapAxis(f(4, 2), 0, 3, new Float32Array(6)), 'mapAxis', 'axis 0', '6 weights', 'float32 [4, 2]'],
  [() => op.unfold(f(1, 2, 2, 2), { kernel: 3 }), 'unfold', 'axis 2', '0 elements', 'float32 [1, 2, 2, 2]'],
  [() => op.fold(f(1, 8, 5), [4, 4], { kernel: 2, strides: 2 }), 'fold', '4 windows', 'float32 [1, 8, 5]'],
  [() => op.fold(f(1, 9, 4), [4, 4], { kernel: 2, strides: 2 }), 'fold', 'C * 4', 'float32 [1, 9, 4]'],
  [() => op.pixelShuffle(f(1, 6, 2, 2), 2), 'pixelShuffle', '4 does not divide', 'float32 [1, 6, 2, 2]'],
  [() => op.pixelUnshuffle(f(1, 1, 4, 5), 2), 'pixelUnshuffle', 'axis 3', 'float32 [1, 1, 4, 5]'],
  [() => op.gridSample(f(1, 2, 3), f(1, 4, 2)), 'gridSample', '[B, ..., 1]', 'float32 [1, 2, 3]', 'float32 [1, 4, 2]'],
  [() => op.gridSample(f(1, 2, 3, 3), f(2, 4, 2)), 'gridSample', 'axis 0', 'float32 [1, 2, 3, 3]', 'float32 [2, 4, 2]'],
  [() => op.gridSample(f(1, 2, 0, 3), f(1, 4, 2)), 'gridSample', 'empty', 'float32 [1, 2, 0, 3]'],
  [
    () => op.deformableSample(f(1, 2, 3, 4, 4), f(1, 5, 3, 2, 2), f(1, 5, 3, 2)),
    'deformableSample',
    'float32 [1, 2, 3, 4, 4]',
    'float32 [1, 5, 3, 2, 2]',
  ],
  [() => op.deformableSample(f(1, 2, 3, 4, 4), f(1, 5, 2, 2, 2), f(1, 5, 2)), 'deformableSample', 'one weight'],
  [() => op.roiAlign(f(1, 2, 4, 4), f(3, 4), t('int32', 2), { size: 2 }), 'roiAlign', 'int32', 'float32 [3, 4]'],
  [() => op.roiAlign(f(1, 2, 4, 4), f(3, 4), t('int32', 3), { size: 0 }), 'roiAlign', '0 x 0', 'float32 [3, 4]'],
  [() => op.layerNorm(f(2, 3), f(4), f(3), 1e-5), 'layerNorm', 'gain', 'float32 [2, 3]', 'float32 [4]'],
  [() => op.layerNorm(f(2, 3), f(3), f(1), 1e-5), 'layerNorm', 'bias', 'float32 [2, 3]', 'float32 [1]'],
  [() => op.standardize(f(), 1e-5), 'standardize', 'float32 []'],
  [() => op.channelAffine(f(2, 3, 4, 4), f(4), f(3)), 'channelAffine', 'float32 [2, 3, 4, 4]', 'float32 [4]'],
  [() => op.channelAffine(f(2), f(2), f(2)), 'channelAffine', 'float32 [2]'],
  [() => op.constant(Float32Array.of(1, 2), [3]), 'constant', '2 values', 'float32 [3]'],
]

describe('a wrong shape or dtype is refused where it is written', () => {
  it.each(wrong.map((w) => [w[1], ...w] as const))('%s', (_, call, name, ...said) => {
    let caught: unknown
    try {
      call()
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(VesaliusError)
    const { code, message } = caught as VesaliusError
    expect(code).toBe('SHAPE_MISMATCH')
    expect(message.startsWith(`${name}: `)).toBe(true)
    for (const part of said) expect(message).toContain(part)
  })

  it('says it in one sentence', () => {
    expect(() => op.matmul(f(2, 3), f(4, 5))).toThrow(
      'matmul: inner lengths 3 and 4 differ (float32 [2, 3] and float32 [4, 5]).',
    )
  })
})

describe('results', () => {
  const shapes: readonly (readonly [string, () => Tensor, Shape, DType])[] = [
    ['add', () => op.add(f(2, 1, 3), f(4, 1)), [2, 4, 3], 'float32'],
    ['add of ints', () => op.add(t('int32', 2), t('int32', 1)), [2], 'int32'],
    ['greater', () => op.greater(f(2, 1), f(3)), [2, 3], 'bool'],
    ['greaterEqual', () => op.greaterEqual(f(2, 1), f(3)), [2, 3], 'bool'],
    ['pow', () => op.pow(f(2, 1), f(3)), [2, 3], 'float32'],
    ['mod', () => op.mod(t('int32', 2, 1), t('int32', 3)), [2, 3], 'int32'],
    ['where of ints', () => op.where(t('bool', 3, 1), t('int32', 2), t('int32')), [3, 2], 'int32'],
    ['sum', () => op.sum(f(2, 3, 4), [0, -1]), [3], 'float32'],
    ['sum, kept', () => op.sum(f(2, 3, 4), [0, -1], true), [1, 3, 1], 'float32'],
    ['max of all', () => op.max(f(2, 3)), [], 'float32'],
    ['argMax', () => op.argMax(f(2, 3, 4), 1), [2, 4], 'int32'],
    ['reshape of ints', () => op.reshape(t('int32', 2, 6), [3, -1, 2]), [3, 2, 2], 'int32'],
    ['concat of bools', () => op.concat([t('bool', 2, 1), t('bool', 2, 2)], -1), [2, 3], 'bool'],
    ['gather of ints', () => op.gather(t('int32', 9, 4), t('int32', 2, 3)), [2, 3, 4], 'int32'],
    ['scatterAdd', () => op.scatterAdd(f(2, 3, 4), t('int32', 2, 3), 9), [9, 4], 'float32'],
    ['matmul', () => op.matmul(f(5, 1, 2, 3), f(7, 4, 3), { transposeB: true }), [5, 7, 2, 4], 'float32'],
    [
      'conv2d',
      () => op.conv2d(f(2, 3, 7, 8), f(4, 3, 3, 3), { strides: [2, 2], pads: [1, 1] }),
      [2, 4, 4, 4],
      'float32',
    ],
    [
      'conv1d, dilated, padded on one side',
      () => op.conv1d(f(2, 4, 9), f(6, 2, 3), { dilations: 2, pads: [[4, 0]], groups: 2 }),
      [2, 6, 9],
      'float32',
    ],
    [
      'convTranspose2d',
      () => op.convTranspose2d(f(2, 3, 4, 5), f(3, 6, 2, 2), { strides: 2 }),
      [2, 6, 8, 10],
      'float32',
    ],
    [
      'convTranspose3d, output padding',
      () =>
        op.convTranspose3d(f(2, 4, 4, 5, 6), f(4, 3, 3, 3, 3), {
          strides: 2,
          pads: 1,
          outputPadding: [1, 0, 1],
          groups: 2,
        }),
      [2, 6, 8, 9, 12],
      'float32',
    ],
    ['maxPool1d, ceil', () => op.maxPool1d(f(2, 3, 8), { kernel: 3, strides: 2, ceil: true }), [2, 3, 4], 'float32'],
    [
      'maxPool2d',
      () => op.maxPool2d(f(2, 3, 7, 8), { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }),
      [2, 3, 4, 4],
      'float32',
    ],
    ['standardize', () => op.standardize(f(2, 3), 1)[1], [2, 1], 'float32'],
    ['logSumExp', () => op.logSumExp(f(2, 3, 4), 1), [2, 4], 'float32'],
  ]
  it.each(shapes)('%s has the right shape and dtype', (_, make, shape, dtype) => {
    const made = make()
    expect([made.shape, made.dtype]).toEqual([shape, dtype])
  })

  it('what changes nothing makes no node', () => {
    const x = f(2, 3)
    expect(op.reshape(x, [2, 3])).toBe(x)
    expect(op.broadcast(x, [2, 3])).toBe(x)
    expect(op.slice(x, 1, 0, 3)).toBe(x)
    expect(op.cast(x, 'float32')).toBe(x)
    expect(op.sum(x, [])).toBe(x)
    for (const y of [op.add(x, 0), op.add(0, x), op.sub(x, 0), op.mul(x, 1), op.mul(1, x), op.div(x, 1), op.pow(x, 1)])
      expect(y).toBe(x)
    for (const y of [op.sub(0, x), op.div(1, x), op.add(x, 1), op.mul(x, 0)]) expect(y).not.toBe(x)
    expect(op.sumTo(x, [2, 3])).toBe(x)
  })

  it('the interpreter says which input it was not given', () => {
    expect(() => interpret([op.input('pixels', [2])], new Map())).toThrow('"pixels"')
  })
})
