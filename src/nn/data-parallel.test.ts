import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mpis, onRanks } from '../../test/ranks.ts'
import { joined } from './data-parallel.ts'

it('ranges of neighbours hold their entries and no others', () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(sizes, (list) => {
      let offset = 0
      const entries = list.map(([size, wanted]) => {
        const entry = { offset, size, wanted }
        offset += Math.ceil(size / 16) * 16
        return entry
      })
      const ranges = joined(entries.filter(({ wanted }) => wanted).toReversed())
      const covered = (at: number): boolean => ranges.some(({ start, end }) => at >= start && at < end)
      for (const { offset: from, size, wanted } of entries) {
        for (let i = from; i < from + size; i++) expect(covered(i)).toBe(wanted)
      }
      ranges.slice(1).forEach(({ start }, i) => {
        expect(start - ranges[i]!.end).toBeGreaterThanOrEqual(16)
      })
    }),
  )
})

const nn = JSON.stringify(new URL('../../dist/nn/index.js', import.meta.url).href)

describe.each(mpis)('%s', (_, launcher) => {
  it.skipIf(launcher === undefined)(
    'dropout draws what one process draws; statistics are those of rank 0',
    async () => {
      const said = await onRanks(
        launcher!,
        2,
        `
      const { batchNorm, dropout, openTraining } = await import(${nn})
      const step = async (communicator, batches, normalise) => {
        const rows = 8 / communicator.size
        const runtime = e.openRuntime({ threads: 1 })
        const training = await openTraining({
          runtime,
          build(scope, n) {
            const x = e.mul(e.input('x', [n, 6, 1, 1]), scope.parameter('w', [6, 1, 1], { kind: 'ones' }))
            const y = normalise ? batchNorm(scope.in('norm'), x) : dropout(scope.in('drop'), x, 0.5)
            return { loss: e.mean(e.square(e.allGather(y, communicator))), watch: {} }
          },
          first: rows,
          optimizer: { kind: 'sgd', momentum: 0, nesterov: false, dampening: 0, weightDecay: 0 },
          accumulates: batches > 1,
          seed: 3,
          ranks: { communicator, rows },
        })
        const part = (i) => {
          const data = Float32Array.from({ length: rows * 6 }, (_, j) => Math.sin(48 * i + communicator.rank * rows * 6 + j))
          return { shape: rows, feeds: { x: { dtype: 'float32', shape: [rows, 6, 1, 1], data } } }
        }
        const { gradientNorm } = await training.stepOver(Array.from({ length: batches }, (_, i) => part(i)), 0.1)
        const found = { gradientNorm, gradients: [...await runtime.read('gradients', 0, 6)], parameters: [...await training.parameters()] }
        await training.dispose()
        await runtime.close()
        return found
      }
      const dropped = [await step(ranks, 1, false), await step(e.alone(), 1, false)]
      const summed = [await step(ranks, 2, false), await step(e.alone(), 2, false)]
      say([dropped, summed, (await step(ranks, 1, true)).parameters])`,
      )
      type Found = { gradientNorm: number; parameters: number[] }
      const [first, second] = said as [[Found, Found], [Found, Found], number[]][]
      for (const [[many, one], [manyTwice, oneTwice]] of [first!, second!]) {
        expect(many.gradientNorm).toBeGreaterThan(0.01)
        expect(many.gradientNorm / one.gradientNorm).toBeCloseTo(1, 6)
        expect(manyTwice.gradientNorm / oneTwice.gradientNorm).toBeCloseTo(1, 6)
        expect(manyTwice.gradientNorm).not.toBeCloseTo(many.gradientNorm, 4)
        many.parameters.forEach((v, i) => {
          expect(v).toBeCloseTo(one.parameters[i]!, 6)
        })
      }
      expect(first![2]).toEqual(second![2])
    },
  )
})
