import { describe, expect, it } from 'vitest'
import { expectNear } from '../../../test/near.ts'
import { gradientError, ints, lossOf, noise, reordered, type Values } from '../../../test/objective-loss.ts'
import { passOf, smallStep, stepGradientError } from '../../../test/objective-pass.ts'
import { reachedBy } from '../../../test/objective-step.ts'
import { gradients, input, interpret, sum, type Tensor } from '../../engine/index.ts'
import { trace } from '../../nn/index.ts'
import { resolveRun } from '../config.ts'
import { readSlots } from '../parts/memory-slots.ts'
import { mtpm } from './mtpm.ts'

describe('a memory of slots', () => {
  const [n, d, slots] = [3, 4, 6]
  const x = noise([1, n, d], 'x')
  const memory = noise([slots, d], 'memory')
  const at = (top: number) => {
    const { outputs, tensors } = trace((scope) => readSlots(scope, input('x', [1, n, d]), { slots, top }), {
      training: true,
    })
    const feeds = new Map([
      ['x', Float64Array.from(x.data)],
      ['slots', Float64Array.from(memory.data)],
    ])
    const slope = gradients(sum(outputs.read), [tensors.get('slots') as Tensor])[0] as Tensor
    const [read, weights, byMemory] = interpret([outputs.read, outputs.weights, slope], feeds)
    return { read: read!, weights: weights!, byMemory: byMemory! }
  }
  const row = (values: ArrayLike<number>, i: number, width = d) => Array.from(values).slice(i * width, (i + 1) * width)
  const scores = (i: number) =>
    Array.from({ length: slots }, (_, k) =>
      row(memory.data, k).reduce((total, v, c) => total + v * row(x.data, i)[c]!, 0),
    ).map((v) => v / Math.sqrt(d))

  it('of reach one is the nearest slot itself; of full reach a softmax over all', () => {
    const [one, all] = [at(1), at(slots)]
    for (let i = 0; i < n; i++) {
      const s = scores(i)
      const best = s.indexOf(Math.max(...s))
      expectNear('nearest', row(one.read, i), row(memory.data, best), 1e-12)
      const total = s.reduce((sum, v) => sum + Math.exp(v), 0)
      expectNear(
        'softmax',
        row(all.weights, i, slots),
        s.map((v) => Math.exp(v) / total),
        1e-12,
      )
    }
  })

  it('reads its best slots only: others have no weight and no gradient', () => {
    const { weights, byMemory } = at(2)
    const read = new Set<number>()
    for (let i = 0; i < n; i++) {
      const best = [...scores(i).keys()].sort((a, b) => scores(i)[b]! - scores(i)[a]!).slice(0, 2)
      const some = row(weights, i, slots).flatMap((v, k) => (v > 0 ? [k] : []))
      expect(some).toEqual(best.toSorted((a, b) => a - b))
      expect(row(weights, i, slots).reduce((a, b) => a + b)).toBeCloseTo(1, 12)
      for (const k of best) read.add(k)
    }
    for (let k = 0; k < slots; k++) expect(row(byMemory, k).every((v) => v === 0)).toBe(!read.has(k))
  })
})

describe('MTPM', () => {
  const [b, k, t, d, slots] = [4, 3, 5, 6, 7]
  const given = {
    'pair.pixelError': { shape: [b], data: [3, 1, 2, 4] },
    'pair.pixelCount': { shape: [b], data: [5, 5, 5, 5] },
    'pair.wordError': { shape: [b], data: [3, 5, 2, 8] },
    'pair.wordCount': { shape: [b], data: [3, 2, 1, 4] },
    'pair.vg': noise([b, d], 'vg'),
    'pair.tg': noise([b, d], 'tg'),
    'pair.regions': noise([b, k, d], 'v'),
    'pair.tokens': noise([b, t, d], 't'),
    'pair.real': ints([b, t], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0]),
    'pair.memoryUse': { shape: [b, slots], data: new Array(b * slots).fill(1 / slots) },
  }
  const changed = (change: (x: Values, name: string) => Values) =>
    Object.fromEntries(Object.entries(given).map(([name, x]) => [name, change(x, name)]))

  it('means over what is hidden, of all studies together; a memory read evenly has the perplexity of its size', () => {
    const { losses } = lossOf(mtpm, { given })
    expectNear('losses', [losses.image!, losses.report!, losses.memoryPerplexity!], [0.5, 1.8, slots], 1e-6)
  })

  it('global: ln N where all pairs are the same', () => {
    const same = changed((x, name) => (/\.(vg|tg)$/.test(name) ? reordered(x, [0, 0, 0, 0]) : x))
    expect(lossOf(mtpm, { given: same }).losses.global).toBeCloseTo(Math.log(b), 6)
  })

  it('local: the mean of ln K and ln T where nothing in a study differs, and of words nothing for one word', () => {
    // One row for all patches and one for all tokens of a study: every softmax is even.
    const even = changed((x, name) => {
      const count = name === 'pair.regions' ? k : name === 'pair.tokens' ? t : 0
      if (count === 0) return x
      const rows = Array.from({ length: b }, (_, i) => Array.from(x.data).slice(i * count * d, i * count * d + d))
      return { shape: x.shape, data: rows.flatMap((row) => Array.from({ length: count }, () => row).flat()) }
    })
    const lengths = [5, 2, 1, 4]
    const words = lengths.reduce((sum, n) => sum + Math.log(n), 0) / b
    expect(lossOf(mtpm, { given: even }).losses.local).toBeCloseTo((Math.log(k) + words) / 2, 6)
  })

  it('does not change when studies are reordered together; padding has no gradient', () => {
    const before = lossOf(mtpm, { given })
    const moved = lossOf(mtpm, { given: changed((x) => reordered(x, [2, 0, 3, 1])) })
    expectNear('losses', Object.values(moved.losses), Object.values(before.losses), 1e-9)
    Array.from(given['pair.real'].data).forEach((real, i) => {
      const slope = before.gradients['pair.tokens']!.subarray(i * d, (i + 1) * d)
      // The only word of a study has nothing to be told from, but patches see it.
      expect(slope.every((v) => v === 0)).toBe(real === 0)
    })
    const wide = changed((x, name) => {
      if (name === 'pair.real')
        return ints(
          [b, t + 2],
          rowsOf(x, t, 1).flatMap((row) => [...row, 0, 0]),
        )
      if (name !== 'pair.tokens') return x
      const data = rowsOf(x, t, d).flatMap((row, i) => [...row, ...Array.from(noise([2 * d], 'padding', i).data)])
      return { shape: [b, t + 2, d], data }
    })
    expectNear('losses', Object.values(lossOf(mtpm, { given: wide }).losses), Object.values(before.losses), 1e-9)
  })

  it('has the gradient of its values', () => {
    expect(gradientError(mtpm, { given })).toBeLessThan(1e-6)
  })

  const config = { slots: 6, top: 2, heads: 2, decoderWidth: 16, decoderLayers: 1, decoderHeads: 2 }
  const small = smallStep('mtpm', config)
  const pair = passOf(small, 'pair')
  /** Features of the pass, study 0's pixels changed in the patches that pass: 16 of 4 x 4 pixels, three channels. */
  const features = (which?: (shown: boolean) => boolean) =>
    pair((feeds) => {
      if (which === undefined) return
      const chance = feeds.get('vision_model.embeddings.kept')!.subarray(0, 16)
      const shown = new Set([...chance.keys()].sort((i, j) => chance[i]! - chance[j]!).slice(0, 4))
      const pixels = feeds.get('pixels')!
      for (let i = 0; i < 3 * 256; i++) {
        const [y, x] = [Math.floor((i % 256) / 16), i % 16]
        if (which(shown.has(Math.floor(y / 4) * 4 + Math.floor(x / 4)))) pixels[i]! += 3
      }
    })
  const parts = ['regions', 'tokens', 'vg', 'tg', 'wordError'] as const

  it('no hidden patch is seen: neither by the tower, nor by words, nor by the alignment', () => {
    const [plain, hidden, shown] = [features(), features((seen) => !seen), features((seen) => seen)]
    for (const name of parts) expect([...hidden[name]!]).toEqual([...plain[name]!])
    expect(hidden.pixelError![0]).not.toBe(plain.pixelError![0])
    for (const name of ['regions', 'vg', 'wordError'] as const) expect([...shown[name]!]).not.toEqual([...plain[name]!])
    expect([...shown.tg!]).toEqual([...plain.tg!])
    expect(shown.wordError![1]).toBe(plain.wordError![1])
    expect([...plain.pixelCount!]).toEqual([12, 12])
  })

  it('aligns the masked report: a hidden word changes nothing but what is to be told', () => {
    const hidden = (at: number) =>
      pair((feeds) => {
        feeds.get('objective.hidden_words')!.fill(1)
        feeds.get('objective.hidden_words')![0] = 0 // word 0 is hidden: token 1
        const ids = feeds.get('ids')!
        ids[at] = ids[at] === 9 ? 10 : 9
      })
    const [one, other, seen] = [hidden(0), hidden(1), hidden(2)]
    // Token 0 is the start; what is compared is a changed token 1, hidden, and a changed token 2, shown.
    const plain = pair((feeds) => {
      feeds.get('objective.hidden_words')!.fill(1)
      feeds.get('objective.hidden_words')![0] = 0
    })
    expect([...other.tokens!]).toEqual([...plain.tokens!])
    expect([...other.tg!]).toEqual([...plain.tg!])
    expect(other.wordError![0]).not.toBe(plain.wordError![0])
    for (const changed of [one, seen]) expect([...changed.tokens!]).not.toEqual([...plain.tokens!])
  })

  it('its step, masks, memory and decoders included, has the gradient of its values', () => {
    expect(stepGradientError(small)).toBeLessThan(1e-5)
  })

  it('words are told from patches through the memory, pixels from patches alone', () => {
    const { image, report, global, local } = reachedBy('mtpm')
    const has = (names: ReadonlySet<string> | undefined, part: string) =>
      [...names!].some((name) => name.startsWith(part))
    const reach = (names: ReadonlySet<string> | undefined) =>
      ['vision_model', 'text_model', 'objective.memory', 'objective.decoder', 'objective.alignment'].map((part) =>
        has(names, part),
      )
    expect(reach(image)).toEqual([true, false, false, true, false])
    expect(reach(report)).toEqual([true, true, true, false, false])
    expect(reach(global)).toEqual([true, true, false, false, false])
    expect(reach(local)).toEqual([true, true, false, false, true])
  })

  it('refuses one study and towers without patches, with what to do', () => {
    const { model } = resolveRun({ data: 'd', objective: 'mtpm', image: 'resnet-tiny' }, 'x')
    expect(mtpm.refuse?.(8, model as never)).toContain('vision transformer')
    expect(mtpm.refuse?.(1)).toContain('no negatives')
    expect(mtpm.refuse?.(2)).toBeUndefined()
  })
})

/** Values of each study, `count` rows of `width`. */
function rowsOf({ data }: Values, count: number, width: number): number[][] {
  const size = count * width
  return Array.from({ length: data.length / size }, (_, i) => Array.from(data).slice(i * size, (i + 1) * size))
}
