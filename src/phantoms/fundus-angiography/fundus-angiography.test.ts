import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { fundusAngiography } from './domain.ts'
import { frameRenderer } from './render.ts'
import { type AngiographyScene, angiographyDials, sampleAngiography } from './scene.ts'

const domain = fundusAngiography as unknown as PhantomDomain
holdsTheContract(domain, ['frames', 'oneEyed', 'normals'], { frames: 10 })

const scenes = (count: number, more: object = {}): AngiographyScene[] =>
  Array.from({ length: count }, (_, i) => sampleAngiography(3, i, angiographyDials.parse(more)))
const mean = (grey: Float32Array): number => grey.reduce((sum, v) => sum + v, 0) / grey.length

describe('angiography', () => {
  it('fills, then fades', () => {
    for (const scene of scenes(6, { normals: 1, uncertaintyRate: 0, nuisance: 0 })) {
      const draw = frameRenderer(scene, 64, { noise: 0 })
      const at = (seconds: number): number => mean(draw({ eye: scene.transit.eye, seconds }))
      expect(at(10)).toBeLessThan(at(12.5))
      expect(at(12.5)).toBeLessThan(at(15))
      expect(at(15)).toBeLessThan(at(24))
      expect(at(600)).toBeLessThan(0.5 * at(24))
    }
  })

  it('leaks late: oedema and new vessels brighten while vessels fade', () => {
    let seen = 0
    for (const scene of scenes(120, { normals: 0, uncertaintyRate: 0 })) {
      const { transit, delay } = scene
      const leaks = scene.findings.filter(
        ({ name, eyes }) => (name === 'Macular Oedema' || name === 'New Vessels') && eyes.includes(transit.eye),
      )
      if (leaks.length === 0 || seen > 8) continue
      seen++
      const without = { ...scene, findings: scene.findings.filter((finding) => !leaks.includes(finding)) }
      const [on, off] = [frameRenderer(scene, 64, { noise: 0 }), frameRenderer(without, 64, { noise: 0 })]
      const gain = (seconds: number): number => {
        const frame = { eye: transit.eye, seconds: seconds + delay }
        return mean(on(frame)) - mean(off(frame))
      }
      expect(gain(500)).toBeGreaterThan(gain(20))
      expect(gain(500)).toBeGreaterThan(0.002)
    }
    expect(seen).toBeGreaterThan(5)
  })

  it('tells of each frame what can be seen in that eye at that time, and the report names the eyes', async () => {
    for (const { study } of await makeStudies(domain, 60, { dials: { labelNoise: 0, uncertaintyRate: 0 } })) {
      expect(study.frames.length).toBeGreaterThanOrEqual(10)
      const seconds = study.frames.map((frame) => frame.seconds)
      expect([...seconds].sort((a, b) => a - b)).toEqual(seconds)
      const seen = (eye: string): Set<string> =>
        new Set(
          study.frames
            .filter(({ caption }) => caption?.startsWith(eye))
            .flatMap(({ labels }) => Object.keys(labels).filter((name) => labels[name] === 1)),
        )
      const eyes = { right: seen('Right'), left: seen('Left') }
      for (const { text, finding, polarity } of study.truth?.sentences ?? []) {
        if (finding === undefined || polarity !== 1) continue
        const both = /both eyes/i.test(text)
        for (const eye of ['right', 'left'] as const) {
          if (both || text.toLowerCase().includes(`${eye} eye`)) expect(eyes[eye].has(finding), text).toBe(true)
        }
      }
      for (const { labels, seconds: t } of study.frames) if (t < 60) expect(labels['Macular Oedema']).toBe(0)
    }
  })
})
