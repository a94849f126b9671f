import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { studySchema } from '../../data/study.ts'
import { canvasOf } from '../common/canvas.ts'
import { dictate } from '../common/dictate.ts'
import { planScene } from '../common/plan.ts'
import { readBack } from '../common/read-back.ts'
import { splitOf } from '../patients.ts'
import { placenta, placentaWords } from './domain.ts'
import { drawPlacenta, placentaOutlines } from './render.ts'
import { type PlacentaDials, type PlacentaScene, placentaPlanner } from './scene.ts'

const dialsOf = (dials: object = {}): PlacentaDials => parseWith(placenta.dials, dials, 'dials') as PlacentaDials
const sceneOf = (index: number, dials: object = {}): PlacentaScene =>
  planScene(placentaPlanner, 6, { index, split: splitOf(6, index) }, dialsOf(dials))
const canvas = canvasOf({ field: 262, roll: 0, shift: [0, 0] }, 96)

describe('placentas', () => {
  it.each([false, true])('are noted as they are, and no more (held-out words: %s)', (heldOutSynonyms) => {
    const manner = { voice: 'report', heldOutSynonyms }
    const wrong = Array.from({ length: 200 }, (_, index) => sceneOf(index, { uncertaintyRate: 0.15 })).flatMap(
      (scene) => readBack(scene, dictate(placentaWords(0.3), scene, manner, 'report'), placenta, manner),
    )
    expect(wrong).toEqual([])
  })

  it('are drawn the same from a copy; local findings change little outside their outline', () => {
    let seen = 0
    for (let index = 0; index < 80; index++) {
      const scene = sceneOf(index)
      scene.findings.forEach(({ name, strength }, at) => {
        if (strength < 0.5 || !['Chorionic Thrombus', 'Marginal Haematoma'].includes(name) || seen >= 4) return
        seen++
        const copy = JSON.parse(JSON.stringify(scene)) as PlacentaScene
        const on = drawPlacenta(copy, canvas, { noise: 0 }).planes[1]
        const off = drawPlacenta(scene, canvas, { noise: 0, without: new Set([at]) }).planes[1]
        const curves = placentaOutlines(scene, at).flat()
        const [xs, ys] = [0, 1].map((k) => curves.flat().filter((_, i) => i % 2 === k)) as [number[], number[]]
        const near = (values: number[], v: number): boolean =>
          v > Math.min(...values) - 6 && v < Math.max(...values) + 6
        let [all, held] = [0, 0]
        on.forEach((value, i) => {
          const energy = (value - (off[i] as number)) ** 2
          const [x, y] = [((i % 96) + 0.5) / canvas.perMm - 131, (Math.floor(i / 96) + 0.5) / canvas.perMm - 131]
          all += energy
          if (near(xs, x) && near(ys, y)) held += energy
        })
        expect(all, name).toBeGreaterThan(0.01)
        expect(held / all, name).toBeGreaterThan(0.9)
      })
    }
    expect(seen).toBe(4)
  })

  it('come as colour pictures with the items of their note', async () => {
    const options = {
      seed: 6,
      size: 64,
      bits: 8,
      masks: true,
      dicom: false,
      heldOutSynonyms: false,
      voice: 'report',
    } as const
    for (let index = 0; index < 6; index++) {
      const { study, files } = await placenta.make({ index, split: 'train' }, { ...options, dials: dialsOf() })
      expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
      expect((await sharp(files[0]?.bytes).metadata()).channels).toBe(3)
      for (const item of study.captions) expect(study.report?.findings).toContain(item)
      expect(study.masks[0]?.label).toBe('Placenta')
      const paths = files.map(({ path }) => path)
      for (const { path } of study.masks) expect(paths).toContain(path)
      for (const { box } of study.boxes) {
        expect((box[0] as number) + (box[2] as number)).toBeLessThanOrEqual(64)
        expect((box[1] as number) + (box[3] as number)).toBeLessThanOrEqual(64)
      }
    }
  })
})
