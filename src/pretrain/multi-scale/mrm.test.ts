import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { goldenOf } from '../../../test/objective-golden.ts'
import type { Values } from '../../../test/objective-loss.ts'
import { passOf, smallStep, stepGradientError } from '../../../test/objective-pass.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { div, drawRandom, gradients, input, interpret, sum, type Tensor } from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { resolveRun } from '../config.ts'
import { overHidden, patchErrors } from '../parts/masked-image.ts'
import { covered, hideWords } from '../parts/words-to-fill.ts'
import { mrm } from './mrm.ts'

describe('masked patches', () => {
  type Case = { loss: number; gradient: Values }
  const golden = goldenOf<Record<'pixels' | 'predicted' | 'hidden', Values> & Record<'plain' | 'normalised', Case>>(
    'mrm',
  )
  it.each(['plain', 'normalised'] as const)("error and gradient are the authors': %s", (name) => {
    // Their patches are (row, column, channel), ours (channel, row, column).
    const [b, p, values] = golden.predicted.shape as [number, number, number]
    const side = Math.sqrt(values / 3)
    const place = Array.from({ length: values }, (_, i) => {
      const [c, at] = [Math.floor(i / (side * side)), i % (side * side)]
      return at * 3 + c
    })
    const turned = (x: Values) =>
      Float64Array.from(
        { length: b * p * values },
        (_, i) => x.data[Math.floor(i / values) * values + place[i % values]!]!,
      )
    const [pixels, predicted, hidden] = (['pixels', 'predicted', 'hidden'] as const).map((key) =>
      input(key, golden[key].shape),
    ) as [Tensor, Tensor, Tensor]
    const loss = div(sum(overHidden(patchErrors(predicted, pixels, side, name === 'normalised'), hidden)), sum(hidden))
    const feeds = new Map([
      ['pixels', Float64Array.from(golden.pixels.data)],
      ['predicted', turned(golden.predicted)],
      ['hidden', Float64Array.from(golden.hidden.data)],
    ])
    const [value, slope] = interpret([loss, gradients(loss, [predicted])[0] as Tensor], feeds)
    expectNear('loss', value!, [golden[name].loss], 1e-6)
    expectNear('gradient', slope!, turned(golden[name].gradient), 1e-6)
  })
})

describe('hidden words', () => {
  const wordIndex = [-1, 0, 1, 1, 2, -1, -1, 0, -1, -1, -1, -1]
  const hide = (share: number, step: number): { hidden: number[]; ids: number[] } => {
    const index = input('words', [2, 6], 'int32')
    const { outputs } = trace((scope) => hideWords(scope, index, share), { training: true })
    const chance = Float64Array.from(drawRandom({ seed: 1, step, name: 'hidden_words' }, { kind: 'uniform' }, [2, 6]))
    const feeds = new Map([
      ['words', Float64Array.from(wordIndex)],
      ['hidden_words', chance],
      ['ids', Float64Array.from({ length: 12 }, (_, i) => 10 + i)],
    ])
    const [hidden, ids] = interpret([outputs, covered(input('ids', [2, 6], 'int32'), outputs, 4)], feeds)
    return { hidden: [...hidden!], ids: [...ids!] }
  }
  it('are whole words, never special tokens nor padding, at least one a text, as often as asked', () => {
    let [first, steps] = [0, 400]
    for (let step = 0; step < steps; step++) {
      const { hidden, ids } = hide(0.5, step)
      expect(hidden[2]).toBe(hidden[3])
      for (const [i, word] of wordIndex.entries()) if (word < 0) expect(hidden[i]).toBe(0)
      expect([hidden.slice(0, 6), hidden.slice(6)].every((row) => row.includes(1))).toBe(true)
      expect(hidden[7]).toBe(1)
      ids.forEach((id, i) => {
        expect(id).toBe(hidden[i] === 1 ? 4 : 10 + i)
      })
      first += hidden[1] as number
    }
    // 0.5, and the share of texts in which no word was drawn and this one had the least chance: 1/8 * 1/3.
    expect(first / steps).toBeGreaterThan(0.5)
    expect(first / steps).toBeLessThan(0.59)
    steps = 0
  })
})

describe('MRM', () => {
  const small = smallStep('mrm', { decoderWidth: 16, decoderLayers: 1, decoderHeads: 2 })
  const record = passOf(small, 'record')
  /** Features of the pass whose pictures `change` has touched. */
  const features = (change: (pixels: Float64Array, kept: ReadonlySet<number>) => void = () => {}) =>
    record((feeds) => {
      const chance = feeds.get('vision_model.embeddings.kept')!.subarray(0, 16)
      const kept = new Set([...chance.keys()].sort((i, j) => chance[i]! - chance[j]!).slice(0, 4))
      change(feeds.get('pixels')!, kept)
    }) as Record<'pixelError' | 'wordError' | 'pixelCount' | 'wordCount', Float64Array>
  /** Changes study 0 in the patches that pass: 16 patches of 8 x 8 in pictures of 32 x 32, three channels. */
  const touch =
    (which: (patch: number, kept: ReadonlySet<number>) => boolean) =>
    (pixels: Float64Array, kept: ReadonlySet<number>) => {
      for (let i = 0; i < 3 * 32 * 32; i++) {
        const [y, x] = [Math.floor((i % 1024) / 32), i % 32]
        // Well inside: shrinking by half reads some pixels around.
        const inside = y % 8 >= 3 && y % 8 <= 4 && x % 8 >= 3 && x % 8 <= 4
        if (inside && which(Math.floor(y / 8) * 4 + Math.floor(x / 8), kept)) pixels[i]! += 3
      }
    }

  it('the tower sees no hidden patch: the words are filled in the same, bit for bit, whatever is there', () => {
    const plain = features()
    const hidden = features(touch((patch, kept) => !kept.has(patch)))
    const shown = features(touch((patch, kept) => kept.has(patch)))
    expect([...hidden.wordError]).toEqual([...plain.wordError])
    expect(hidden.pixelError[0]).not.toBe(plain.pixelError[0])
    expect(shown.wordError[0]).not.toBe(plain.wordError[0])
    expect(shown.wordError[1]).toBe(plain.wordError[1])
    expect([...plain.pixelCount]).toEqual([12, 12])
  })

  it('its step, masks and decoders included, has the gradient of its values', () => {
    expect(stepGradientError(small)).toBeLessThan(1e-5)
  })

  it('the report depends on the image only by what it adds to the words; the decoder of pixels not on the report', () => {
    const { image, report } = reachedBy('mrm')
    const has = (names: ReadonlySet<string>, part: string) => [...names].some((name) => name.startsWith(part))
    expect([has(image!, 'text_model'), has(image!, 'objective.condition')]).toEqual([false, false])
    expect([
      has(report!, 'vision_model'),
      has(report!, 'objective.condition'),
      has(report!, 'objective.decoder'),
    ]).toEqual([true, true, false])
  })

  it('refuses a tower without patches, with what to do', () => {
    const { model } = resolveRun({ data: 'd', objective: 'mrm', image: 'resnet-tiny' }, 'x')
    expect(mrm.refuse?.(8, model as never)).toContain('vision transformer')
    expect(mrm.refuse?.(1)).toBeUndefined()
  })
})
