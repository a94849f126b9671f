import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import {
  div,
  gradients,
  initialValues,
  input,
  interpret,
  layOut,
  type Tensor,
  valuesByName,
} from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { nextWordErrors, tellReport } from '../parts/report-decoder.ts'
import { gatedViews } from '../parts/view-fusion.ts'
import { refers } from './refers.ts'

/** Values of some outputs of a module with fresh weights. */
function run(module: Parameters<typeof trace<readonly Tensor[]>>[0], feeds: Record<string, Values>): Float64Array[] {
  const { outputs, declarations } = trace(module, { training: false })
  const layout = layOut(declarations)
  const all = new Map(
    [...valuesByName(layout, initialValues(layout, 4))].map(([name, x]) => [name, Float64Array.from(x)]),
  )
  for (const [name, { data }] of Object.entries(feeds)) all.set(name, Float64Array.from(data))
  return interpret(outputs, all)
}

describe('REFERS', () => {
  it("its contrast is the authors', the gradient that of their first half", () => {
    const golden = goldenOf<Record<'v' | 'u' | 'd v' | 'd u', Values> & { loss: number; imageToText: number }>('refers')
    const [v, u] = [input('v', golden.v.shape), input('u', golden.u.shape)]
    const logits = div(cosineMatrix(v, u), 0.1)
    const first = contrastive(logits, { imageToText: 1 })
    const feeds = new Map([
      ['v', Float64Array.from(golden.v.data)],
      ['u', Float64Array.from(golden.u.data)],
    ])
    const found = interpret([contrastive(logits, { imageToText: 0.75 }), first, ...gradients(first, [v, u])], feeds)
    expectNear('loss', found[0]!, [golden.loss], 1e-5)
    expectNear('image to text', found[1]!, [golden.imageToText], 1e-5)
    expectNear('d v', found[2]!, golden['d v'].data, 1e-5)
    expectNear('d u', found[3]!, golden['d u'].data, 1e-5)
  })

  const [b, a, p, d, t, vocabulary] = [2, 3, 4, 6, 5, 11]
  it('opens every cell of every view by a gate that sees that cell of all views', () => {
    const views = noise([b, a, p, d], 'views')
    const build = (x: Values) =>
      run(
        (scope) => {
          const { fused, gates } = gatedViews(scope, input('views', [b, a, p, d]))
          return [fused, gates]
        },
        { views: x },
      ) as [Float64Array, Float64Array]
    const [fused, gates] = build(views)
    for (let i = 0; i < fused.length; i++)
      expect(fused[i]).toBeCloseTo((views.data[i] as number) * (gates[Math.floor(i / d)] as number), 9)
    // Cell 0 of view 2 of study 0 moves the gates of cell 0 in all views of study 0, and nothing else.
    const other = Array.from(views.data)
    other[2 * p * d] = 9
    const moved = build({ ...views, data: other })[1]
    const changed = [...gates].flatMap((v, i) => (v === moved[i] ? [] : [i]))
    expect(changed).toEqual([0, p, 2 * p])
  })

  it('tells each word from those before it and from the image; padding is not told', () => {
    const options = { width: 8, layers: 1, heads: 2, hidden: 16, dropout: 0.1, vocabulary, context: 8 }
    const errors = (ids: number[], mask: number[], memory: Values) =>
      run(
        (scope) => {
          const [words, real] = [input('ids', [1, t], 'int32'), input('mask', [1, t], 'int32')]
          const scores = tellReport(scope, input('memory', [1, p, d]), words, real, options)
          const { error, count } = nextWordErrors(scores, words, real)
          return [scores, error, count]
        },
        { ids: ints([1, t], ids), mask: ints([1, t], mask), memory },
      ) as [Float64Array, Float64Array, Float64Array]
    const image = noise([1, p, d], 'image')
    const [scores, , count] = errors([2, 7, 8, 9, 3], [1, 1, 1, 1, 1], image)
    const [later] = errors([2, 7, 8, 10, 4], [1, 1, 1, 1, 1], image)
    expect([...later.subarray(0, 3 * vocabulary)]).toEqual([...scores.subarray(0, 3 * vocabulary)])
    expect([...later.subarray(3 * vocabulary)]).not.toEqual([...scores.subarray(3 * vocabulary)])
    expect(count[0]).toBe(4)
    expect(errors([2, 7, 8, 9, 3], [1, 1, 1, 1, 1], noise([1, p, d], 'other'))[1][0]).not.toBeCloseTo(
      errors([2, 7, 8, 9, 3], [1, 1, 1, 1, 1], image)[1][0]!,
      4,
    )
    const [, short, three] = errors([2, 7, 3, 0, 0], [1, 1, 1, 0, 0], image)
    expect([three[0], errors([2, 7, 3, 5, 9], [1, 1, 1, 0, 0], image)[1][0]]).toEqual([2, short[0]])
  })

  it('its loss: mean over told words, both directions of contrast, any order of studies', () => {
    const given = {
      'study.views': noise([4, 6], 'V'),
      'study.error': { shape: [4], data: [3, 5, 2, 8] },
      'study.count': { shape: [4], data: [3, 2, 1, 4] },
      'text.globalRaw': noise([4, 5], 't'),
    }
    const { losses, gradients: slopes } = lossOf(refers, { given })
    expect(losses.generation).toBeCloseTo(1.8, 9)
    const moved = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, reordered(x, [2, 0, 3, 1])]))
    expect(lossOf(refers, { given: moved }).losses.contrast).toBeCloseTo(losses.contrast!, 9)
    expect([...slopes['text.globalRaw']!].every((v) => v !== 0)).toBe(true)
    expect(gradientError(refers, { given })).toBeLessThan(1e-5)
    const [same] = [reordered(given['study.views'], [0, 0, 0, 0])]
    const collapsed = {
      ...given,
      'study.views': same,
      'text.globalRaw': reordered(given['text.globalRaw'], [0, 0, 0, 0]),
    }
    expect(lossOf(refers, { given: collapsed }).losses.contrast).toBeCloseTo(Math.log(4), 6)
  })

  it('the decoder trains the image tower, not the text tower; one study is refused', () => {
    const { generation, contrast } = reachedBy('refers')
    const has = (names: ReadonlySet<string>, part: string) => [...names].some((name) => name.startsWith(part))
    expect([
      has(generation!, 'vision_model.'),
      has(generation!, 'text_model.'),
      has(generation!, 'objective.fusion'),
    ]).toEqual([true, false, true])
    expect([has(contrast!, 'text_model.'), has(contrast!, 'objective.decoder')]).toEqual([true, false])
    expect(refers.refuse?.(1)).toContain('no negatives')
  })
})
