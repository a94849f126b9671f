import { describe, expect, it } from 'vitest'
import { fillPrompts, loadPromptSet, selectPrompts } from '../../text/index.ts'
import { exclusivePrompts, labelList, pairPrompts } from '../prompts.ts'
import { type ClassMatrix, score, softmax } from './zero-shot.ts'

/** Unit rows in two dimensions at these cosines with (1, 0). */
const rowsAt = (cosines: number[]) => Float32Array.from(cosines.flatMap((c) => [c, Math.sqrt(1 - c * c)]))
const settings = { scale: 100, width: 2, nameOf: () => 'image' }

describe('equation (4)', () => {
  it('gives the probabilities of the worked example', () => {
    const [p] = [softmax([0.25, 0.24, 0.225, 0.21].map((c) => 100 * c))]
    const wanted = [0.681069, 0.250551, 0.055906, 0.012474]
    p.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 6)
    })
  })
  it('is stable at large logits', () => {
    expect(softmax([1000, 1000])).toEqual([0.5, 0.5])
  })
})

describe('score', () => {
  it('of exclusive classes is the softmax of the scaled cosines, whatever the length of the image vector', () => {
    const prompts = exclusivePrompts(['a', 'b', 'c'])
    const cosines = [0.25, 0.24, 0.2]
    const each = rowsAt(prompts.groups.flatMap(({ texts }, g) => texts.map(() => cosines[g]!)))
    const matrix: ClassMatrix = { prompts, groups: rowsAt(cosines), each }
    const [one, long] = score(Float32Array.of(1, 0, 7, 0), matrix, { ...settings, perPrompt: true })
    const wanted = softmax(cosines.map((c) => 100 * c))
    one!.probabilities.forEach((p, i) => {
      expect(p).toBeCloseTo(wanted[i]!, 4)
    })
    expect(long!.probabilities).toEqual(one!.probabilities)
    expect(one!.perPrompt!.map(({ name }) => name)).toEqual(['a', 'b', 'c'].flatMap((name) => Array(4).fill(name)))
  })

  it('of pairs decides each finding by itself: two can hold at once', () => {
    const prompts = pairPrompts(['edema', 'mass'])
    const groups = rowsAt([0.3, 0.2, 0.28, 0.2])
    const each = rowsAt(prompts.groups.flatMap(({ texts }, g) => texts.map(() => [0.3, 0.2, 0.28, 0.2][g]!)))
    const [{ probabilities }] = score(Float32Array.of(2, 0), { prompts, groups, each }, settings) as [
      { probabilities: number[] },
    ]
    expect(probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-10)), 4)
    expect(probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-8)), 4)
  })

  it('names the picture whose embedding is zero', () => {
    const prompts = exclusivePrompts(['a', 'b'])
    const matrix = { prompts, groups: rowsAt([0.1, 0.2]), each: rowsAt(Array(8).fill(0.1)) }
    expect(() => score(Float32Array.of(0, 0), matrix, { ...settings, nameOf: () => 'x.png' })).toThrow(/x\.png/)
  })
})

describe('labels typed by a user', () => {
  it('are split at commas and trimmed', () => {
    expect(labelList('chest X-ray, head CT')).toEqual(['chest X-ray', 'head CT'])
  })
  it.each(['a,,b', 'a,A', ''])('%j is refused', (text) => {
    expect(() => labelList(text)).toThrow(/label/i)
  })
})

describe("TIER's prompts", () => {
  it('rank pictures by cosine with the finding less cosine with its denial, each a mean over several prompts', async () => {
    const prompts = fillPrompts(selectPrompts(await loadPromptSet('tier'), ['Edema', 'Nodule']))
    for (const { texts } of prompts.groups) expect(texts.length).toBeGreaterThan(3)
    const denials = prompts.groups.filter(({ polarity }) => polarity === 0)
    for (const { texts } of denials) expect(texts).toContain('No acute cardiopulmonary process.')
    expect(denials.map(({ texts }) => texts[0])).toEqual(['No edema.', 'No nodule.'])

    const width = 3
    const groups = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0.6, 0.8, 0])
    const images = Float32Array.from({ length: 8 * width }, (_, i) => Math.sin(3 * i + 1))
    const matrix = { prompts, groups, each: new Float32Array() }
    const rows = score(images, matrix, { scale: 7, width, nameOf: String })
    const unit = (n: number) => {
      const row = [...images.subarray(n * width, (n + 1) * width)]
      return row.map((v) => v / Math.hypot(...row))
    }
    const cosine = (n: number, g: number) => unit(n).reduce((sum, v, c) => sum + v * groups[g * width + c]!, 0)
    const order = (values: number[]) =>
      values
        .map((v, i) => [v, i] as const)
        .sort(([a], [b]) => a - b)
        .map(([, i]) => i)
    for (const k of [0, 1]) {
      const differences = rows.map((_, n) => cosine(n, 2 * k) - cosine(n, 2 * k + 1))
      expect(order(rows.map(({ probabilities }) => probabilities[k]!))).toEqual(order(differences))
    }
  })
})
