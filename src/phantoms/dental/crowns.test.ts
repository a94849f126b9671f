import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { planScene } from '../common/plan.ts'
import type { CommonDials } from '../dials.ts'
import { splitOf } from '../patients.ts'
import { dentalCrowns } from './crowns-domain.ts'
import { implantPoint, seatsOf } from './crowns-render.ts'
import { crownPlanner, positionOf } from './crowns-scene.ts'

const dials = parseWith(dentalCrowns.dials, { normals: 0 }, 'dials')
const place = (index: number) => ({ index, split: splitOf(2, index) })
const options = {
  seed: 2,
  size: 96,
  bits: 8,
  masks: false,
  dicom: false,
  heldOutSynonyms: false,
  voice: 'report',
} as const

describe('implant points', () => {
  it('lie between the teeth beside the gap, on the side that the word says', () => {
    for (let index = 0; index < 100; index++) {
      const scene = planScene(crownPlanner, 2, place(index), dials as CommonDials)
      const seats = seatsOf(scene)
      for (const { name, shape } of scene.findings) {
        const position = positionOf[name]
        if (!position) continue
        const [x, y] = implantPoint(scene, shape.tooth)
        const [before, after] = [seats[shape.tooth - 1], seats[shape.tooth + 1]] as [
          (typeof seats)[0],
          (typeof seats)[0],
        ]
        expect(Math.abs(Math.hypot(x - before.x, y - before.y) - Math.hypot(x - after.x, y - after.y))).toBeLessThan(
          5.5,
        )
        if (position === 'left') expect(x).toBeLessThan(-5)
        if (position === 'right') expect(x).toBeGreaterThan(5)
        if (position === 'middle') expect(Math.abs(x)).toBeLessThan(15)
      }
    }
  })

  it('are named in the record, with an instruction for one of them and questions on all places', async () => {
    const several = new Set<number>()
    for (let index = 0; index < 40; index++) {
      const { study } = await dentalCrowns.make(place(index), { ...options, dials })
      several.add(study.points.length)
      for (const { point } of study.points) for (const v of point) expect(v).toBeLessThanOrEqual(96)
      const target = study.attributes.instruction
      if (study.points.length === 0) expect(target).toBeUndefined()
      else {
        expect(study.points.map(({ label }) => label)).toContain(target)
        expect(study.captions).toEqual([`Place an implant ${target === 'middle' ? 'in' : 'on'} the ${target}.`])
      }
      const asked = study.questions.filter(({ type }) => type === 'position')
      expect(asked.map(({ answer }) => answer)).toEqual(
        ['left', 'middle', 'right'].map((p) => (study.points.some(({ label }) => label === p) ? 'yes' : 'no')),
      )
    }
    // Without several gaps in a picture the word would not be needed.
    expect([...several].some((n) => n >= 2)).toBe(true)
  })
})
