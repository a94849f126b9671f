import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { textureAnomaly } from './domain.ts'
import { renderTexture } from './render.ts'
import { classNames, sampleTexture, textureDials } from './scene.ts'

const domain = textureAnomaly as unknown as PhantomDomain
holdsTheContract(domain, ['contrast', 'classes', 'normals', 'falseNegativeRate'])

describe('texture anomalies', () => {
  it('draw sixteen classes that differ from each other more than from themselves', () => {
    const dials = textureDials.parse({ nuisance: 0, noise: 0, normals: 1, uncertaintyRate: 0 })
    const first = new Map<string, Float32Array>()
    for (let index = 0; index < 200 && first.size < classNames.length; index++) {
      const scene = sampleTexture(1, index, dials)
      const green = renderTexture(scene, 64, { noise: 0 }).planes[1]
      const known = first.get(scene.className)
      if (!known) first.set(scene.className, green)
    }
    expect([...first.keys()].sort()).toEqual([...classNames].sort())
  })

  it('are abnormal exactly when a kind of damage is drawn, and captions say so', async () => {
    for (const { study } of await makeStudies(domain, 120, {
      dials: { labelNoise: 0, uncertaintyRate: 0 },
      voice: 'caption',
    })) {
      const damaged = domain.findings.some((name) => study.truth?.labels[name] === 1)
      expect(study.truth?.labels.Anomaly).toBe(damaged ? 1 : 0)
      expect(/\bdamaged\b/.test(study.captions[0] as string)).toBe(damaged)
      expect(study.captions[0]).toContain(study.attributes.class)
    }
  })
})
