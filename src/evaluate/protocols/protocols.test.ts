import { describe, expect, it } from 'vitest'
import { planted } from '../../../test/planted.ts'
import type { FilledPrompts } from '../../text/index.ts'
import { withIntervals } from '../case-measures.ts'
import type { Measure } from '../metrics/measure.ts'
import type { Finding } from '../metrics/ranked.ts'
import { applyPlatt, fitPlatt } from '../metrics/scaling.ts'
import { findingPrompts } from '../prompts.ts'
import type { Protocol } from '../protocol.ts'
import { survivalSection } from '../report/survival.ts'
import { labelsOf } from '../studies.ts'
import { cal } from './cal.ts'
import { cls } from './cls.ts'
import { grp } from './grp.ts'
import { protocols } from './index.ts'
import { denied, itc } from './itc.ts'
import { itr } from './itr.ts'
import { leak } from './leak.ts'
import { pgt } from './pgt.ts'
import { rg } from './rg.ts'
import { zeroShotScores } from './scores.ts'
import { fitCox, riskHalves, sp } from './sp.ts'
import { vqa } from './vqa.ts'
import { pairScores, zsc } from './zsc.ts'

async function measured(
  protocol: Protocol,
  world: Parameters<typeof planted>[0] = {},
): Promise<Record<string, Measure>> {
  const { measured: sets } = await protocol.run(planted(world).context)
  return Object.assign({}, ...sets.map((set) => withIntervals(set, { resamples: 200 }).values)) as Record<
    string,
    Measure
  >
}
const value = (measures: Record<string, Measure>, name: string): number => measures[name]!.value as number
const holds = ({ interval }: Measure, wanted: number): boolean => interval![0] <= wanted && wanted <= interval![1]

describe('protocols: true of a model that knows, at chance when pictures belong to other studies', () => {
  it('ZSC', async () => {
    expect(value(await measured(zsc), 'macroAuroc')).toBeGreaterThan(0.98)
    expect(holds((await measured(zsc, { shuffled: true })).macroAuroc!, 0.5)).toBe(true)
  })

  it('ZSC by own similarities: statements less denials, each the mean of its prompts', () => {
    const { studies } = planted({ test: 2 })
    const prompts = {
      kind: 'pairs',
      names: ['Edema', 'Nodule'],
      groups: [['a', 'b'], ['c'], ['d'], ['e', 'f']].map((texts, g) => ({ name: `${g}`, texts })),
      key: '',
    } as unknown as FilledPrompts
    const scores = pairScores(Float64Array.of(1, 3, 5, 7, 2, 6, 0, 0, 1, 4, 0, 2), prompts, studies)
    expect(scores.map((finding) => Array.from(finding.scores))).toEqual([
      [2 - 5, 0 - 1],
      [7 - 4, 4 - 1],
    ])
    expect(scores[1]!.labels).toEqual(labelsOf(studies, 'Nodule'))
  })

  it('CLS: a probe finds what features say, less well with one label in a hundred, and not at all in wrong pictures', async () => {
    const probed = async (world: Parameters<typeof planted>[0]) => {
      const { context } = planted(world)
      const { measured: sets } = await cls.run({ ...context, settings: { ...context.settings, fineTune: false } })
      return withIntervals(sets[0]!, { resamples: 200 }).values as Record<string, Measure>
    }
    const known = await probed({})
    expect(Object.keys(known)).toEqual(['probe1', 'probe10', 'probe100'])
    expect(value(known, 'probe100')).toBeGreaterThan(0.98)
    expect(value(known, 'probe1')).toBeLessThan(value(known, 'probe100') - 0.05)
    const lost = value(await probed({ shuffled: true, test: 600 }), 'probe100')
    expect(Math.abs(lost - 0.5)).toBeLessThan(0.1)
  })

  it('ITR', async () => {
    const known = await measured(itr)
    expect(value(known, 'imageToTextR1')).toBeGreaterThan(0.9)
    expect(value(known, 'textToImageMedianRank')).toBe(1)
    const lost = await measured(itr, { shuffled: true })
    expect(value(lost, 'imageToTextR5')).toBeLessThan(0.15)
    expect(value(lost, 'imageToTextMedianRank')).toBeGreaterThan(20)
  })

  it('ITC', async () => {
    const known = await measured(itc)
    expect(value(known, 'accuracy')).toBeGreaterThan(0.95)
    expect(value(known, 'accuracyDenial')).toBeGreaterThan(0.95)
    expect(holds((await measured(itc, { shuffled: true })).accuracy!, 0.2)).toBe(true)
  })

  it('ITC: a report that says the same word for word is no rival', async () => {
    const { context } = planted({ test: 20 })
    const texts = context.data.test.map(({ report }, i) => (i % 2 === 0 ? report! : context.data.test[i - 1]!.report!))
    const test = context.data.test.map((study, i) => ({ ...study, report: texts[i]! }))
    const embedded = await context.model.embedTexts(texts.map(({ findings }) => findings!))
    const features = async () => ({ shape: [embedded.length / 20], values: embedded })
    const { measured: sets } = await itc.run({ ...context, data: { ...context.data, test }, features })
    expect(withIntervals(sets[0]!, { resamples: 20 }).values.accuracy!.value).toBe(1)
  })

  it('RG: the decoder tells the right findings from the picture, and only frequent ones without it', async () => {
    const known = await measured(rg, { test: 60 })
    expect(value(known, 'microF1')).toBeGreaterThan(0.9)
    expect(value(known, 'microF1Nearest')).toBeGreaterThan(0.95)
    expect(value(known, 'entityF1')).toBeGreaterThan(value(known, 'entityF1Random') + 0.2)
    expect(value(known, 'bleu4')).toBeGreaterThan(value(known, 'bleu4Random') + 0.1)
    // In this world reports are true, and the labeler reads them without error: both counts are one.
    expect(value(known, 'truthF1')).toBe(value(known, 'microF1'))
    const lost = await measured(rg, { test: 60, shuffled: true })
    expect(value(lost, 'microF1')).toBeLessThan(0.7)
    expect(Math.abs(value(lost, 'microF1Nearest') - value(lost, 'microF1Random'))).toBeLessThan(0.2)
  })

  it('VQA: the picture answers, the question alone does not', async () => {
    const known = await measured(vqa)
    expect(value(known, 'closed')).toBeGreaterThan(0.95)
    expect(value(known, 'accuracyQuestionOnly')).toBeLessThan(0.75)
    expect(known.open!.value).toBeNull()
    const lost = await measured(vqa, { shuffled: true })
    expect(value(lost, 'accuracy')).toBeLessThan(0.75)
  })

  it('SP: risks in the order of the times; pixels that know nothing near one half', async () => {
    const known = await measured(sp)
    expect(value(known, 'cIndex')).toBeGreaterThan(0.8)
    expect(Math.abs(value(known, 'cIndexPixels') - 0.5)).toBeLessThan(0.12)
    expect(holds((await measured(sp, { shuffled: true })).cIndex!, 0.5)).toBe(true)
  })

  it('SP: the curves of the halves part where risks are known, and JSON holds them without NaN', async () => {
    const halvesOf = async (shuffled: boolean) =>
      (await sp.run(planted({ shuffled }).context)).details as ReturnType<typeof riskHalves>
    const known = await halvesOf(false)
    expect(known.groups.map(({ name, cases }) => [name, cases])).toEqual([
      ['lower risk', 60],
      ['higher risk', 60],
    ])
    expect(known.logRank.p).toBeLessThan(1e-6)
    expect(known.groups[1]!.median).toBeLessThan(known.groups[0]!.median!)
    expect((await halvesOf(true)).logRank.p).toBeGreaterThan(0.01)
    // By hand: the higher half dies at 1 (of two) and 2, the lower one at 4 and never.
    const { groups, logRank } = riskHalves(Float64Array.of(3, 4, 1, 2), [1, 2, 4, 5], [1, 1, 1, 0])
    expect(groups.map(({ events, curve }) => [events, curve.survival])).toEqual([
      [1, [1, 0.5, 0.5]],
      [2, [1, 0.5, 0]],
    ])
    expect(logRank.groups.map(({ observed }) => observed)).toEqual([2, 1])
    const page = survivalSection(groups, logRank)
    expect(page.plot).toContain('Kaplan-Meier')
    expect(survivalSection(groups, { ...logRank, p: null }).text).toContainEqual(expect.stringContaining('undefined'))
  })

  it('GRP and PGT: values of each group, and no loss where prompts name the group', async () => {
    const groups = await measured(grp)
    expect(Object.keys(groups)).toEqual(['age below 60', 'age 60 and above', 'sex F', 'sex M', 'view AP', 'view PA'])
    for (const group of Object.values(groups)) expect(group.value).toBeGreaterThan(0.95)
    expect(groups['sex F']!.n + groups['sex M']!.n).toBe(120)
    const prompts = await measured(pgt)
    expect(value(prompts, 'sex named')).toBeGreaterThan(0.95)
    expect(holds((await measured(pgt, { shuffled: true })).plain!, 0.5)).toBe(true)
  })

  it('PGT: prompts of the other group are those of the other group', async () => {
    const { context } = planted()
    const { data, model } = context
    const embedTexts = async (texts: readonly string[]): Promise<Float32Array> => {
      const rows = await model.embedTexts(texts)
      // In this world the same finding looks and reads the other way round in women.
      return rows.map((x, i) => (texts[Math.floor((i * texts.length) / rows.length)]!.includes('in a woman') ? -x : x))
    }
    const own = await context.features('test', 'global')
    const wide = own.shape[0]!
    const turned = own.values.map((x, i) => (data.test[Math.floor(i / wide)]!.attributes.sex === 'F' ? -x : x))
    const features = async () => ({ shape: own.shape, values: turned })
    const { measured: sets } = await pgt.run({ ...context, model: { ...model, embedTexts }, features })
    const { values } = withIntervals(sets[0]!, { resamples: 20 })
    expect(values['sex named']!.value).toBeGreaterThan(0.95)
    expect(values['sex of the other group']!.value).toBeLessThan(0.05)
  })

  it('CAL: what is scaled are log odds', async () => {
    const { context } = planted()
    const { measured: sets } = await cal.run(context)
    const { eceScaled, ecePlain } = sets[0]!.measures as unknown as Record<string, { findings: Finding[] }>
    const prompts = await findingPrompts(context.data.test, undefined)
    const { values } = await context.features('validate', 'global')
    const fitted = await zeroShotScores(context.model, values, context.data.validate, prompts)
    const odds = (scores: ArrayLike<number>): Float64Array => Float64Array.from(scores, (p) => Math.log(p / (1 - p)))
    fitted.forEach(({ scores, labels }, k) => {
      const scaled = applyPlatt(fitPlatt(odds(scores), labels)!, odds(ecePlain!.findings[k]!.scores))
      scaled.forEach((p, n) => void expect(eceScaled!.findings[k]!.scores[n]).toBeCloseTo(p, 6))
    })
  })

  it('CAL: scaling fitted on validation lowers the error of overconfident scores, and keeps the ranks', async () => {
    const lost = await measured(cal, { shuffled: true })
    expect(value(lost, 'eceScaled')).toBeLessThan(value(lost, 'ecePlain') / 3)
    expect(value(lost, 'brierScaled')).toBeLessThan(value(lost, 'brierPlain'))
  })

  it('LEAK reads files: it is skipped where there is no training study', () => {
    const { context } = planted()
    expect(leak.lacks({ ...context.data, train: [] })).toContain('no training studies')
  })

  it('all say what data without labels, words, boxes, masks, questions and times lack', () => {
    const { context } = planted()
    const bare = context.data.test.map((study) => ({
      ...study,
      report: null,
      labels: {},
      truth: undefined,
      questions: [],
      survival: undefined,
    }))
    const data = { ...context.data, train: bare, validate: bare, test: bare }
    const skipped = protocols.filter((protocol) => protocol.lacks(data) !== undefined).map(({ id }) => id)
    expect(skipped).toEqual([
      'CLS',
      'ZSC',
      'ITR',
      'ITC',
      'PG',
      'SEG',
      'DET',
      'VQA',
      'RG',
      'SP',
      'ROB',
      'GRP',
      'PGT',
      'CAL',
    ])
  })
})

describe('parts of protocols', () => {
  it('a denied report says the opposite of every statement', () => {
    expect(denied('There is a nodule. No edema. The lungs are clear. Heart size is normal.')).toBe(
      'There is no nodule. Edema. The lungs are not clear. Heart size is not normal.',
    )
  })

  it("Cox's weights are where the partial likelihood has its maximum: by brute force on one feature", () => {
    const rows = Float32Array.of(0.5, -1, 2, 0.1, 1.2, -0.3)
    const times = [3, 5, 1, 4, 2, 6]
    const events = [1, 0, 1, 1, 1, 1]
    const [w] = fitCox(rows, 1, times, events) as unknown as [number]
    const loss = (b: number): number => {
      let sum = (b * b) / 2
      times.forEach((time, i) => {
        if (events[i] !== 1) return
        const atRisk = times.flatMap((other, j) => (other >= time ? [Math.exp(b * rows[j]!)] : []))
        sum += Math.log(atRisk.reduce((a, c) => a + c)) - b * rows[i]!
      })
      return sum
    }
    const best = Array.from({ length: 4001 }, (_, i) => -2 + i / 1000).reduce((a, b) => (loss(b) < loss(a) ? b : a))
    expect(w).toBeCloseTo(best, 2)
  })
})
