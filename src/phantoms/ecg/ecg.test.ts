import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { studySchema } from '../../data/study.ts'
import { dictate } from '../common/dictate.ts'
import { planScene } from '../common/plan.ts'
import { readBack } from '../common/read-back.ts'
import { splitOf } from '../patients.ts'
import { ecg, ecgWords } from './domain.ts'
import { type EcgDials, type EcgFinding, type EcgScene, ecgPlanner } from './scene.ts'
import { axisOf, beatsOf, leads, signalsOf } from './signal.ts'

const dialsOf = (dials: object = {}): EcgDials => parseWith(ecg.dials, dials, 'dials') as EcgDials
const sceneOf = (index: number, dials: object = {}): EcgScene =>
  planScene(ecgPlanner, 9, { index, split: splitOf(9, index) }, dialsOf(dials))
const scenes = Array.from({ length: 400 }, (_, index) => sceneOf(index, { uncertaintyRate: 0.1 }))
const having = (name: EcgFinding): EcgScene[] =>
  scenes.filter((scene) => scene.findings.some((finding) => finding.name === name && finding.strength > 0.5))
const normal = scenes.filter(({ findings }) => findings.length === 0)

describe('the words of an ECG', () => {
  it.each([false, true])('say what is in the scene, and no more (held-out words: %s)', (heldOutSynonyms) => {
    const manner = { voice: 'report', heldOutSynonyms }
    const wrong = scenes.slice(0, 200).flatMap((s) => readBack(s, dictate(ecgWords, s, manner, 'report'), ecg, manner))
    expect(wrong).toEqual([])
  })
})

describe('the rhythm', () => {
  const intervals = (scene: EcgScene): number[] => {
    const beats = beatsOf(scene, 20, 0)
    return beats.slice(1).map(({ at }, i) => at - (beats[i] as (typeof beats)[0]).at)
  }
  const spread = (scene: EcgScene): number => {
    const all = intervals(scene)
    const mean = all.reduce((a, b) => a + b, 0) / all.length
    return Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length) / mean
  }
  it('is irregular in fibrillation only, slow and fast where it is called so', () => {
    for (const scene of having('Atrial Fibrillation').slice(0, 10)) expect(spread(scene)).toBeGreaterThan(0.09)
    for (const scene of normal.slice(0, 10)) expect(spread(scene)).toBeLessThan(0.06)
    for (const scene of having('Sinus Bradycardia')) expect(scene.anatomy.rate).toBeLessThan(60)
    for (const scene of having('Sinus Tachycardia')) expect(scene.anatomy.rate).toBeGreaterThan(100)
  })
})

describe('the leads', () => {
  const record = (scene: EcgScene, options: object = {}) =>
    // Without the calibration pulse, which no heart makes.
    signalsOf({ ...scene, tag: { ...scene.tag, boxed: false }, anatomy: { ...scene.anatomy, flat: null } }, 500, 10, {
      contrast: 1,
      noise: 0,
      ...options,
    })
  const lead = (scene: EcgScene, name: string): Float32Array =>
    record(scene).find((one) => one.name === name)?.millivolts as Float32Array
  const top = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b), 0)
  const bottom = (values: Float32Array): number => values.reduce((a, b) => Math.min(a, b), 0)
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

  it('obey Einthoven and Goldberger: III = II - I, aVR + aVL + aVF = 0', () => {
    const [i, ii, iii, r, l, f] = record(normal[0] as EcgScene).map(({ millivolts }) => millivolts) as Float32Array[]
    for (let t = 0; t < 5000; t += 37) {
      const at = (values: Float32Array | undefined): number => values?.[t] as number
      expect(at(iii)).toBeCloseTo(at(ii) - at(i), 5)
      expect(at(r) + at(l) + at(f)).toBeCloseTo(0, 5)
    }
    expect(leads.map((name) => axisOf(name).length)).toEqual(Array(12).fill(3))
  })

  it('show axis, voltage, infarction and blocks where doctors look for them', () => {
    const net = (scene: EcgScene, name: string): number => top(lead(scene, name)) + bottom(lead(scene, name))
    for (const scene of having('Left Axis Deviation').filter((s) => s.findings.length === 1)) {
      expect(net(scene, 'I')).toBeGreaterThan(0)
      expect(net(scene, 'aVF')).toBeLessThan(0)
    }
    const sokolow = (scene: EcgScene): number => top(lead(scene, 'V5')) - bottom(lead(scene, 'V1'))
    const thick = having('Left Ventricular Hypertrophy').slice(0, 8)
    expect(mean(thick.map(sokolow))).toBeGreaterThan(1.5 * mean(normal.slice(0, 8).map(sokolow)))
    // Against the same heart without the finding.
    const change = (scene: EcgScene, name: EcgFinding, where: string): number => {
      const index = scene.findings.findIndex((finding) => finding.name === name)
      const [on, off] = [new Set<number>(), new Set([index])].map(
        (without) => record(scene, { without }).find((one) => one.name === where)?.millivolts as Float32Array,
      ) as [Float32Array, Float32Array]
      return mean(Array.from(on, (v, i) => v - (off[i] as number)))
    }
    for (const scene of having('ST Depression').slice(0, 5))
      expect(change(scene, 'ST Depression', 'V5')).toBeLessThan(-0.01)
    for (const scene of having('Inferior Infarction').slice(0, 5)) {
      expect(change(scene, 'Inferior Infarction', 'III')).toBeGreaterThan(0.01)
      expect(change(scene, 'Inferior Infarction', 'I')).toBeLessThan(0)
    }
    for (const scene of having('Right Bundle Branch Block').slice(0, 5))
      expect(change(scene, 'Right Bundle Branch Block', 'V1')).toBeGreaterThan(0)
  })

  it('are the same from a copy, and flat where an electrode is off', () => {
    const scene = { ...(normal[0] as EcgScene), anatomy: { ...(normal[0] as EcgScene).anatomy, flat: 4 } }
    const copy = JSON.parse(JSON.stringify(scene)) as EcgScene
    const made = signalsOf(scene, 100, 10, { contrast: 1, noise: 1 })
    expect(signalsOf(copy, 100, 10, { contrast: 1, noise: 1 })).toEqual(made)
    expect(made[4]?.millivolts.every((v) => v === 0)).toBe(true)
  })
})

describe('the record', () => {
  it('names its header, whose samples lie beside it', async () => {
    const options = {
      seed: 9,
      size: 96,
      bits: 8,
      masks: false,
      dicom: false,
      heldOutSynonyms: false,
      voice: 'report',
    } as const
    const { study, files, preview } = await ecg.make(
      { index: 3, split: 'train' },
      { ...options, dials: dialsOf({ rate: 500, seconds: 5 }) },
    )
    expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
    expect(study.signals[0]).toEqual({ path: files[0]?.path, kind: 'ecg', rate: 500 })
    expect(Buffer.from(files[0]?.bytes ?? []).toString()).toContain('s000003 12 500 2500\ns000003.dat 16')
    expect(files[1]?.bytes.length).toBe(2500 * 12 * 2)
    expect((await sharp(await preview?.()).metadata()).format).toBe('png')
  })
})
