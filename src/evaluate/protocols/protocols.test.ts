import { describe, expect, it } from 'vitest'
import { planted } from '../../../test/planted.ts'
import { withIntervals } from '../case-measures.ts'
import type { Measure } from '../metrics/measure.ts'
import type { Protocol } from '../protocol.ts'
import { survivalSection } from '../report/survival.ts'
import { cal } from './cal.ts'
import { grp } from './grp.ts'
import { protocols } from './index.ts'
import { denied, itc } from './itc.ts'
import { itr } from './itr.ts'
import { leak } from './leak.ts'
import { pgt } from './pgt.ts'
import { rg } from './rg.ts'
import { fitCox, riskHalves, sp } from './sp.ts'
import { vqa } from './vqa.ts'
import { zsc } from './zsc.ts'

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
