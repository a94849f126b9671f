import { describe, expect, it } from 'vitest'
import { VesaliusError } from '../../core/errors.ts'
import { area } from '../geometry.ts'
import { placesOf, splitOf, visitOf } from '../patients.ts'
import { lungArea, lungOf } from './anatomy.ts'
import { dialsOf } from './dials.ts'
import { findings, smallFindings } from './findings.ts'
import { render } from './render.ts'
import { sampleScene } from './sample.ts'
import { findingShapes, shareOfLungs } from './shapes.ts'

const many = Array.from({ length: 1500 }, (_, index) => sampleScene(5, index))

describe('scenes', () => {
  it('are plain records and the same for the same seed and index, in any order', () => {
    const scene = sampleScene(9, 42)
    sampleScene(9, 3)
    sampleScene(1, 42)
    expect(sampleScene(9, 42)).toEqual(scene)
    expect(JSON.parse(JSON.stringify(scene))).toEqual(scene)
    expect(sampleScene(10, 42)).not.toEqual(scene)
  })

  it('give the same pixels twice, and the same from a copy through JSON', () => {
    const scene = sampleScene(9, 7)
    const copy = JSON.parse(JSON.stringify(scene)) as typeof scene
    expect(render(copy, 64).pixels).toEqual(render(scene, 64).pixels)
  })

  it('have about the asked share of normals and every finding in 4-20 percent', () => {
    const normal = many.filter((scene) => scene.findings.length === 0).length / many.length
    expect(normal).toBeGreaterThan(0.3)
    expect(normal).toBeLessThan(0.48)
    for (const name of findings) {
      const share = many.filter((scene) => scene.findings.some((f) => f.name === name)).length / many.length
      expect(share, name).toBeGreaterThan(0.04)
      expect(share, name).toBeLessThan(0.2)
    }
    expect(smallFindings.every((name) => findings.includes(name))).toBe(true)
  })

  it('bring effusion with edema, and stop doing so when co-occurrence is off', () => {
    const lift = (cooccurrence: number): number => {
      const scenes = Array.from({ length: 3000 }, (_, i) => sampleScene(2, i, { dials: { cooccurrence, normals: 0 } }))
      const has = (i: number, name: string): boolean =>
        (scenes[i] as (typeof scenes)[0]).findings.some((f) => f.name === name)
      const all = scenes.map((_, i) => i)
      const edema = all.filter((i) => has(i, 'Edema'))
      const rest = all.filter((i) => !has(i, 'Edema'))
      const rate = (set: number[]): number => set.filter((i) => has(i, 'Pleural Effusion')).length / set.length
      return rate(edema) / rate(rest)
    }
    expect(lift(1)).toBeGreaterThan(1.6)
    expect(lift(0)).toBeLessThan(1.3)
  })

  it('have a cardiothoracic ratio over a half exactly when the heart is called large', () => {
    for (const scene of many) {
      const large = scene.findings.some((f) => f.name === 'Cardiomegaly')
      expect(scene.anatomy.cardiothoracicRatio > 0.5).toBe(large)
    }
  })

  it('keep nodules at 0.2-1 %, masses at 2-8 % and consolidation at 4-30 % of the lungs', () => {
    const range: Record<string, [number, number]> = {
      Nodule: [0.002, 0.01],
      Mass: [0.015, 0.08],
      Consolidation: [0.04, 0.3],
    }
    for (const scene of many) {
      for (const finding of scene.findings) {
        const limits = range[finding.name]
        if (!limits) continue
        for (const part of findingShapes(scene, finding, 1)) {
          const share = shareOfLungs(scene, part.outline[0] as number[])
          expect(share, finding.name).toBeGreaterThan(limits[0])
          expect(share, finding.name).toBeLessThan(limits[1])
        }
      }
    }
  })

  it('draw the right lung on the left of the image and larger', () => {
    const { anatomy } = sampleScene(1, 0)
    expect(Math.max(...lungOf(anatomy, -1).filter((_, i) => i % 2 === 0))).toBeLessThan(0)
    const usual = sampleScene(1, 0, { dials: { nuisance: 0 } }).anatomy
    expect(usual.inspiration).toBe(0)
    expect(lungArea(usual)).toBeCloseTo(Math.abs(area(lungOf(usual, -1))) + Math.abs(area(lungOf(usual, 1))), 6)
    expect(lungArea(anatomy)).toBeCloseTo(lungArea(usual), 6)
  })
})

describe('patients', () => {
  it('have 1-4 studies in one run and one split', () => {
    const runs = new Map<string, number[]>()
    for (let index = 0; index < 3000; index++) {
      const { patient, visit, first } = visitOf(4, index)
      expect(first + visit).toBe(index)
      runs.set(patient, [...(runs.get(patient) ?? []), index])
    }
    for (const run of runs.values()) {
      expect(run.length).toBeLessThanOrEqual(4)
      expect((run.at(-1) as number) - (run[0] as number)).toBe(run.length - 1)
      expect(new Set(run.map((index) => splitOf(4, index))).size).toBe(1)
    }
    expect([...runs.values()].filter((run) => run.length > 1).length).toBeGreaterThan(300)
  })

  it('are never in two splits when exact numbers are asked', () => {
    const places = placesOf(4, { splits: { train: 33, validate: 7, test: 21 } })
    expect(places.map((p) => p.split).filter((split) => split === 'train').length).toBe(33)
    expect(places.length).toBe(61)
    const split = new Map<string, string>()
    for (const place of places) {
      const { patient } = visitOf(4, place.index)
      expect(split.get(patient) ?? place.split).toBe(place.split)
      split.set(patient, place.split)
    }
  })

  it('keep their anatomy and chronic findings', () => {
    const first = many.find((scene) => scene.visit === 1) as (typeof many)[0]
    const before = many[first.index - 1] as (typeof many)[0]
    expect(first.patient).toBe(before.patient)
    expect(first.anatomy.halfWidth).toBe(before.anatomy.halfWidth)
    for (const scene of many) {
      if (scene.visit === 0) continue
      const prior = many[scene.index - 1] as (typeof many)[0]
      const names = (s: typeof scene): string[] => s.findings.map((f) => f.name).filter((name) => name === 'Emphysema')
      expect(names(scene)).toEqual(names(prior))
    }
  })
})

describe('dials', () => {
  it('are filled in and checked', () => {
    expect(dialsOf().contrast).toBe(1)
    expect(() => dialsOf({ normals: 2 })).toThrow(VesaliusError)
    expect(() => dialsOf({ normals: 2 })).toThrow(/normals/)
    expect(() => dialsOf(JSON.parse('{"contrst": 1}'))).toThrow(/contrst/)
  })

  it('raise prevalence and normals', () => {
    const findingsPer = (dials: Parameters<typeof dialsOf>[0]): number =>
      Array.from({ length: 400 }, (_, i) => sampleScene(1, i, { dials }).findings.length).reduce((a, b) => a + b) / 400
    expect(findingsPer({ prevalence: 2 })).toBeGreaterThan(findingsPer({}) + 0.2)
    expect(findingsPer({ normals: 0 })).toBeGreaterThan(findingsPer({}) + 0.2)
    expect(findingsPer({ normals: 1, uncertaintyRate: 0 })).toBe(0)
  })

  it('tie the marker to the finding in train only', () => {
    const agree = (split: 'train' | 'test'): number => {
      const dials = { shortcut: 1, shortcutFinding: 'Edema', prevalence: 3 } as const
      const scenes = Array.from({ length: 300 }, (_, i) => sampleScene(1, i, { dials, split }))
      return (
        scenes.filter((s) => s.acquisition.marker.boxed === s.findings.some((f) => f.name === 'Edema')).length / 300
      )
    }
    expect(agree('train')).toBe(1)
    expect(agree('test')).toBeLessThan(0.62)
    expect(agree('test')).toBeGreaterThan(0.38)
  })

  it('scale what a finding adds to the picture', () => {
    const scene = many.find((s) => s.findings.length === 1 && s.findings[0]?.name === 'Nodule') as (typeof many)[0]
    const off = render(scene, 64, { without: [0], noise: 0 }).pixels
    const energy = (contrast: number): number =>
      render(scene, 64, { contrast, noise: 0 }).pixels.reduce((total, v, i) => total + (v - (off[i] as number)) ** 2, 0)
    expect(energy(0)).toBeLessThan(1e-9)
    expect(energy(0.5)).toBeGreaterThan(0)
    expect(energy(1)).toBeGreaterThan(2 * energy(0.5))
  })
})
