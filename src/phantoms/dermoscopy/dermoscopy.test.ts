import { describe, expect, it } from 'vitest'
import { holdsTheContract } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { dermoscopy } from './domain.ts'
import { renderDermoscopy } from './render.ts'
import { conceptsOf, dermoscopyDials, sampleDermoscopy } from './scene.ts'

holdsTheContract(dermoscopy as unknown as PhantomDomain, ['contrast', 'shortcut', 'overlap'])

const scenes = (count: number, more: object) =>
  Array.from({ length: count }, (_, i) => sampleDermoscopy(3, i, dermoscopyDials.parse(more)))

describe('dermoscopy scenes', () => {
  it('show only concepts of their diagnosis when diagnoses keep to their own', () => {
    for (const { diagnosis, findings } of scenes(200, { overlap: 0, uncertaintyRate: 0 })) {
      for (const { name } of findings) expect(conceptsOf[diagnosis][name], `${name} in ${diagnosis}`).toBeGreaterThan(0)
    }
  })

  it('call asymmetric what is asymmetric', () => {
    const spread = (profile: readonly number[]): number => {
      const mean = profile.reduce((a, b) => a + b) / profile.length
      return Math.sqrt(profile.reduce((sum, r) => sum + (r - mean) ** 2, 0) / profile.length)
    }
    for (const { findings, lesion } of scenes(200, { uncertaintyRate: 0 })) {
      expect(spread(lesion.profile) > 0.09).toBe(findings.some(({ name }) => name === 'Asymmetry'))
    }
  })

  it('draw every concept but the outline as something', () => {
    const seen = new Set<string>()
    for (const scene of scenes(60, { uncertaintyRate: 0 })) {
      scene.findings.forEach(({ name }, i) => {
        if (name === 'Asymmetry' || seen.has(name)) return
        seen.add(name)
        const on = renderDermoscopy(scene, 96, { noise: 0 }).planes[1]
        const off = renderDermoscopy(scene, 96, { noise: 0, without: [i] }).planes[1]
        const strongest = on.reduce((most, value, k) => Math.max(most, Math.abs(value - (off[k] as number))), 0)
        expect(strongest, name).toBeGreaterThan(0.12)
      })
    }
    expect(seen.size).toBeGreaterThan(11)
  })
})
