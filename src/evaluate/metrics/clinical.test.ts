/** @file Clinical efficacy, graphs of reports and VQA against scikit-learn, CXR-Report-Metric and difflib, and hand cases. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import originals from '../../../test/golden/metrics-originals.json' with { type: 'json' }
import golden from '../../../test/golden/metrics-text.json' with { type: 'json' }
import type { ObservationState } from '../../text/index.ts'
import { prepareBleu } from './bleu.ts'
import {
  chexpertObservations,
  labelerScore,
  type ObservationStates,
  type PrecisionRecall,
  prepareClinicalEfficacy,
} from './clinical.ts'
import { graphScore, prepareGraphScores, type ReportGraph } from './entity-relation.ts'
import { measure } from './measure.ts'
import { textCases } from './tokens.ts'
import {
  type AnsweredQuestion,
  answerCoverage,
  chooseOption,
  exactMatches,
  matchingRatio,
  normaliseAnswer,
  prepareVqa,
  softScores,
  tokenF1,
} from './vqa.ts'

const statesOf = (rows: readonly (readonly string[])[]): ObservationStates[] =>
  rows.map((row) => Object.fromEntries(row.map((state, k) => [chexpertObservations[k]!, state as ObservationState])))

const values = ({ precision, recall, f1 }: PrecisionRecall) => [precision.on(), recall.on(), f1.on()]

describe('clinical efficacy', () => {
  const generated = statesOf(golden.clinical.hypothesis)
  const real = statesOf(golden.clinical.reference)

  it.each(['positive', 'negative'] as const)('equals scikit-learn, uncertain as %s', (uncertain) => {
    const expected = golden.clinical[uncertain]
    const result = prepareClinicalEfficacy(generated, real, { uncertain })
    const near = (own: PrecisionRecall, of: number[]) =>
      values(own).forEach((value, i) => void expect(value).toBeCloseTo(of[i]!, 12))
    near(result.micro, expected.micro)
    near(result.macro, expected.macro)
    near(result.example, expected.samples)
    result.each.forEach(({ f1, positives }, k) => {
      if (positives === 0) expect(f1.on()).toBeNaN()
      else expect(f1.on()).toBeCloseTo(expected.each[k]!, 12)
    })
    const five = ['Cardiomegaly', 'Edema', 'Consolidation', 'Atelectasis', 'Pleural Effusion']
    near(prepareClinicalEfficacy(generated, real, { uncertain, observations: five }).micro, expected.five)
  })

  it('exchanging the texts exchanges precision and recall', () => {
    const [there, back] = [prepareClinicalEfficacy(generated, real), prepareClinicalEfficacy(real, generated)]
    expect(back.micro.f1.on()).toBe(there.micro.f1.on())
    expect(back.micro.precision.on()).toBe(there.micro.recall.on())
    expect(back.example.recall.on()).toBe(there.example.precision.on())
  })

  it('counts stand for repeated reports', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 30, maxLength: 30 }), (counts) => {
        const drawn = counts.flatMap((n, i) => new Array<number>(n).fill(i))
        fc.pre(drawn.length > 0)
        const fast = prepareClinicalEfficacy(generated, real)
        const plain = prepareClinicalEfficacy(
          drawn.map((i) => generated[i]!),
          drawn.map((i) => real[i]!),
        )
        expect(fast.micro.f1.on(counts)).toBeCloseTo(plain.micro.f1.on(), 12)
        expect(fast.example.f1.on(counts)).toBeCloseTo(plain.example.f1.on(), 12)
      }),
      { numRuns: 30 },
    )
  })

  it('a paraphrase with equal labels is 1 while BLEU is below; one inserted "no" hardly moves BLEU', () => {
    const present: ObservationStates = { 'Pleural Effusion': 'positive' }
    expect(prepareClinicalEfficacy([present], [present]).micro.f1.on()).toBe(1)
    expect(prepareClinicalEfficacy([{ 'Pleural Effusion': 'negative' }], [present]).micro.f1.on()).toBe(0)
    const real = 'a moderate left pleural effusion is again seen and the heart remains enlarged'
    const bleu = (text: string) => prepareBleu(textCases([text], [real]))[0]!.on()
    expect(bleu('fluid in the left pleural space')).toBeLessThan(0.5)
    expect(bleu(`no ${real}`)).toBeGreaterThan(0.9)
  })

  it('without reports, or without a positive, there is no value', () => {
    expect(measureless(prepareClinicalEfficacy([{}], [{}]).macro.f1)).toBe(true)
    expect(prepareClinicalEfficacy([{}], [{}]).micro.f1.on()).toBe(0)
    expect(prepareClinicalEfficacy([], []).micro.f1.on()).toBeNaN()
    expect(() => prepareClinicalEfficacy([{}], [])).toThrow('1 generated and 0 real')
  })

  it('judges a labeler by state, with kappa', () => {
    const found = statesOf(golden.clinical.hypothesis)
    const score = labelerScore(found, real, 'Edema', 'positive')
    expect(score.count).toBe(real.filter(({ Edema }) => Edema === 'positive').length)
    expect(labelerScore(real, real, 'Edema', 'mention')).toMatchObject({ f1: 1, kappa: 1 })
    // Half right by chance alone: agreement 1/2, chance 1/2.
    const half = labelerScore(
      [{ A: 'positive' }, { A: 'positive' }, {}, {}],
      [{ A: 'positive' }, {}, { A: 'positive' }, {}],
      'A',
      'positive',
    )
    expect(half).toEqual({ count: 2, found: 2, both: 1, f1: 0.5, kappa: 0 })
  })
})

function measureless(prepared: Parameters<typeof measure>[0]): boolean {
  const { value, reason } = measure(prepared, { resamples: 5 })
  return value === null && reason !== undefined
}

describe('entities and relations', () => {
  type RadGraph = { entities: Record<string, { tokens: string; label: string; relations: string[][] }> }
  function read({ entities }: RadGraph): ReportGraph {
    const ids = Object.keys(entities)
    return {
      entities: ids.map((id) => ({ tokens: entities[id]!.tokens, label: entities[id]!.label })),
      relations: ids.flatMap((id, from) =>
        entities[id]!.relations.map(([type, to]) => ({ from, to: ids.indexOf(to!), type: type! })),
      ),
    }
  }
  const { truth, generated, entity, relation } = golden.graphs
  const asMap = (graphs: unknown) => graphs as Record<string, RadGraph | undefined>
  const ids = Object.keys(truth)
  const real = ids.map((id) => read(asMap(truth)[id]!))
  const own = ids.map((id) => (asMap(generated)[id] === undefined ? null : read(asMap(generated)[id]!)))

  it("equals the authors' code", () => {
    ids.forEach((id, i) => {
      const score = graphScore(own[i]!, real[i]!)
      expect(score.entity).toBeCloseTo((entity as Record<string, number>)[id]!, 12)
      expect(score.relation).toBeCloseTo((relation as Record<string, number>)[id]!, 12)
      expect(score.combined).toBeCloseTo((score.entity + score.relation) / 2, 12)
    })
    const mean = Object.values(entity).reduce((sum, value) => sum + value, 0) / ids.length
    expect(prepareGraphScores(own, real, 'RadGraph').entity.on()).toBeCloseTo(mean, 12)
    expect(prepareGraphScores(own, real, 'RadGraph').combined.variant).toBe('combined-F1-exact-RadGraph')
  })

  it('words alone match at least as often; relations must name entities', () => {
    own.forEach((graph, i) => {
      expect(graphScore(graph, real[i]!, 'tokens').entity).toBeGreaterThanOrEqual(graphScore(graph, real[i]!).entity)
    })
    const broken: ReportGraph = { entities: [], relations: [{ from: 0, to: 1, type: 'modify' }] }
    expect(() => graphScore(broken, broken)).toThrow('entity 0 of 0')
    expect(() => prepareGraphScores([], real, 'x')).toThrow('0 generated graphs')
  })
})

describe('questions', () => {
  it("normal answers are those of the VQA challenge's code, but for x-rays", () => {
    for (const { text, normal } of originals.answers) {
      expect(normaliseAnswer(text), text).toBe(normal.replace('x ray', 'xray'))
    }
  })

  it.each([
    ['The Chest X-ray.', 'chest xray'],
    ['x ray', 'xray'],
    ['None', '0'],
    ['two', '2'],
    ['3.5 cm!', '3.5 cm'],
    ['Yes.', 'yes'],
    ['an  enlarged heart, (mild)', 'enlarged heart mild'],
    ['isnt', "isn't"],
    ['', ''],
    ['constructor', 'constructor'],
  ])('normalises %j to %j', (text, expected) => {
    expect(normaliseAnswer(text)).toBe(expected)
    expect(normaliseAnswer(expected)).toBe(expected)
  })

  it('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(normaliseAnswer(normaliseAnswer(text))).toBe(normaliseAnswer(text))
      }),
    )
  })

  const questions: AnsweredQuestion[] = [
    { predicted: 'Yes', answer: 'yes', type: 'presence' },
    { predicted: 'no', answer: 'yes', type: 'presence' },
    { predicted: 'the right lung', answer: 'right lung', kind: 'open', type: 'organ' },
    { predicted: 'axial', answer: 'axial', kind: 'closed', type: 'plane' },
    { predicted: 'left', answer: ['right', 'left lobe', 'Left', 'left'] },
  ]

  it('accuracy overall, open, closed and by type', () => {
    const { overall, open, closed, types } = prepareVqa(questions)
    expect([overall.on(), open.on(), closed.on()]).toEqual([0.8, 1, 2 / 3])
    expect([overall, open, closed].map(({ skipped }) => skipped)).toEqual([0, 3, 2])
    expect(types.map(({ type, accuracy }) => [type, accuracy.on()])).toEqual([
      ['organ', 1],
      ['plane', 1],
      ['presence', 0.5],
    ])
    expect(
      measure(prepareVqa([]).overall.count === 0 ? prepareVqa(questions.slice(0, 1)).open : overall),
    ).toMatchObject({ value: null, n: 0 })
    expect(prepareVqa(questions, tokenF1(questions)).overall.on()).toBe(0.8)
  })

  it('soft scores, overlap of words, coverage of answers', () => {
    expect([...softScores(questions)]).toEqual([1 / 3, 0, 1 / 3, 1 / 3, 2 / 3])
    const word = (predicted: string, answer: string) => tokenF1([{ predicted, answer }])[0]
    expect(word('left left lobe', 'left lower lobe')).toBeCloseTo(2 / 3, 12)
    expect(word('', '')).toBe(1)
    expect(word('left', '')).toBe(0)
    expect(exactMatches([{ predicted: '', answer: 'no' }])[0]).toBe(0)
    expect(answerCoverage(['Yes', 'no'], ['yes', 'axial'])).toBe(0.5)
    expect(answerCoverage(['yes'], [])).toBeNaN()
  })

  it('chooses options as difflib compares texts', () => {
    for (const [a, b, expected] of golden.ratios)
      expect(matchingRatio(String(a), String(b))).toBeCloseTo(Number(expected), 12)
    expect(chooseOption('it is an axial plane', ['coronal', 'axial', 'sagittal'])).toBe(1)
    expect(chooseOption('zzz', ['ab', 'cd'])).toBe(-1)
    expect(chooseOption('ab', ['xab', 'aby'])).toBe(0)
  })
})
