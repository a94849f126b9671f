import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { endoscopy } from './domain.ts'
import { renderEndoscopy } from './render.ts'
import { endoscopyDials, placeName, sampleEndoscopy } from './scene.ts'

const domain = endoscopy as unknown as PhantomDomain
holdsTheContract(domain, ['contrast', 'shortcut', 'camouflage'])

describe('endoscopy', () => {
  it('names places on a grid of nine', () => {
    expect(placeName({ x: -0.8, y: -0.8 })).toBe('top left')
    expect(placeName({ x: 0, y: 0.1 })).toBe('center')
    expect(placeName({ x: 0.5, y: 0 })).toBe('right')
    expect(placeName({ x: 0.1, y: 0.9 })).toBe('bottom')
  })

  it('captions say number, size, colour, shape and place of the polyps that are there', async () => {
    let read = 0
    for (const { study } of await makeStudies(domain, 120, {
      dials: { labelNoise: 0, normals: 0 },
      voice: 'caption',
    })) {
      const text = study.truth?.sentences.find(({ finding }) => finding === 'Polyp')?.text
      if (!text) continue
      read++
      const { size, colour, shape, place, polyps } = study.attributes
      for (const word of [size, colour, shape]) expect(text).toContain(word)
      expect(/\b(one|two|three)\b/i.exec(text)?.[0].toLowerCase()).toBe(['one', 'two', 'three'][(polyps as number) - 1])
      if (polyps === 1) expect(text).toContain(`in the ${place} of the image`)
      expect(study.boxes.filter(({ label }) => label === 'Polyp').length).toBe(polyps)
    }
    expect(read).toBeGreaterThan(30)
  })

  it('draw nearly all of a lesion inside its boxes', async () => {
    let seen = 0
    for (let index = 0; index < 30; index++) {
      const scene = sampleEndoscopy(4, index, endoscopyDials.parse({ normals: 0, uncertaintyRate: 0 }))
      const { study } = await domain.make(
        { index, split: 'train' },
        {
          seed: 4,
          size: 96,
          bits: 8,
          masks: false,
          dicom: false,
          heldOutSynonyms: false,
          voice: 'report',
          dials: endoscopyDials.parse({ normals: 0, uncertaintyRate: 0 }),
        },
      )
      scene.findings.forEach(({ name }, i) => {
        seen++
        const on = renderEndoscopy(scene, 96, { noise: 0 }).planes[1]
        const off = renderEndoscopy(scene, 96, { noise: 0, without: [i] }).planes[1]
        const boxes = study.boxes.filter(({ label }) => label === name)
        let [all, held] = [0, 0]
        on.forEach((value, k) => {
          const change = (value - (off[k] as number)) ** 2
          const [px, py] = [k % 96, Math.floor(k / 96)]
          all += change
          // Shadows and reddened rims reach a little beyond the body itself.
          const near = ({ box: [x, y, w, h] }: (typeof boxes)[number]): boolean =>
            px >= x - 0.2 * w && py >= y - 0.2 * h && px <= x + 1.2 * w && py <= y + 1.2 * (h as number)
          if (boxes.some(near)) held += change
        })
        expect(held / all, `${name} ${index}`).toBeGreaterThan(0.85)
      })
    }
    expect(seen).toBeGreaterThan(25)
  })
})
