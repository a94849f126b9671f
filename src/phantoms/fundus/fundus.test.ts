import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { fundusBoxes } from './annotate.ts'
import { fundusDials } from './dials.ts'
import { fundus } from './domain.ts'
import { renderFundus } from './render.ts'
import { type FundusScene, sampleFundus } from './scene.ts'

const domain = fundus as unknown as PhantomDomain
const scenes = (count: number, more: object = {}): FundusScene[] =>
  Array.from({ length: count }, (_, i) => sampleFundus(3, i, fundusDials.parse(more)))

// How findings come together shows in hundreds of studies: measured with the other rates in test/phantom-dials.slow.ts.
holdsTheContract(
  domain,
  Object.keys(fundusDials.shape).filter((name) => name !== 'cooccurrence'),
)

describe('fundus scenes', () => {
  it('show what the grade says', () => {
    for (const { grade, findings, diabetic } of scenes(300, { uncertaintyRate: 0 })) {
      const has = (name: string): boolean => findings.some((lesion) => lesion.name === name)
      expect(grade > 0).toBe(diabetic)
      expect(has('Microaneurysms')).toBe(grade > 0)
      expect(has('Haemorrhages')).toBe(grade > 1)
      expect(has('New Vessels') || has('Preretinal Haemorrhage')).toBe(grade === 4)
      if (grade === 3) expect(findings.find(({ name }) => name === 'Haemorrhages')?.amount).toBe('many')
    }
  })

  it('put the optic disc on the nasal side', () => {
    for (const scene of scenes(20, { nuisance: 0, camera: 'orange', normals: 1, noise: 0, uncertaintyRate: 0 })) {
      const { planes, width } = renderFundus(scene, 64)
      const green = planes[1]
      const half = (from: number, to: number): number => {
        let brightest = 0
        for (let y = 20; y < 44; y++)
          for (let x = from; x < to; x++) brightest = Math.max(brightest, green[y * width + x] as number)
        return brightest
      }
      expect(half(34, 60) > half(4, 30)).toBe(scene.eye === 'right')
    }
  })

  it('have every spot in the quadrant that the words name', async () => {
    for (const scene of scenes(200)) {
      for (const lesion of scene.findings) {
        if (!lesion.place || lesion.place === 'macula' || lesion.place === 'disc') continue
        const spots = lesion.groups[0] as { x: number; y: number }[]
        const x = spots.reduce((sum, spot) => sum + spot.x, 0)
        const y = spots.reduce((sum, spot) => sum + spot.y, 0)
        expect(lesion.place.endsWith('nasal'), `${lesion.name} ${x}`).toBe(x > 0)
        expect(lesion.place.startsWith('infero'), `${lesion.name} ${y}`).toBe(y > 0)
      }
    }
    for (const { study } of await makeStudies(domain, 100, { dials: { labelNoise: 0 } })) {
      expect(study.report?.findings).toMatch(new RegExp(`${study.attributes.eye} eye`, 'i'))
    }
  })

  it('draw what they hold where its outline is', () => {
    let seen = 0
    for (const scene of scenes(80, { nuisance: 0 })) {
      const at = scene.findings.findIndex(
        ({ name }) => name === 'Cotton Wool Spots' || name === 'Preretinal Haemorrhage',
      )
      if (at < 0) continue
      seen++
      const on = renderFundus(scene, 96, { noise: 0 }).planes[1]
      const off = renderFundus(scene, 96, { noise: 0, without: [at] }).planes[1]
      const boxes = fundusBoxes(scene, 96).filter(({ finding }) => finding === at)
      let [all, held] = [0, 0]
      on.forEach((value, i) => {
        const change = (value - (off[i] as number)) ** 2
        const [px, py] = [i % 96, Math.floor(i / 96)]
        all += change
        if (
          boxes.some(({ box: { box } }) => px >= box[0] && py >= box[1] && px < box[0] + box[2] && py < box[1] + box[3])
        ) {
          held += change
        }
      })
      expect(held / all).toBeGreaterThan(0.85)
    }
    expect(seen).toBeGreaterThan(5)
  })
})
