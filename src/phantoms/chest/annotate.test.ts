import { describe, expect, it } from 'vitest'
import { annotate } from './annotate.ts'
import type { FindingName } from './findings.ts'
import { render } from './render.ts'
import { sampleScene } from './sample.ts'

const size = 128
const local: readonly FindingName[] = [
  'Nodule',
  'Mass',
  'Consolidation',
  'Atelectasis',
  'Pleural Effusion',
  'Pneumothorax',
  'Pleural Plaque',
  'Rib Fracture',
  'Support Devices',
  'Fibrosis',
]

describe('boxes and masks', () => {
  it.each(local)('hold nearly all that a %s adds to the picture, and lie inside it', (name) => {
    let seen = 0
    for (let index = 0; index < 600 && seen < 5; index++) {
      const scene = sampleScene(31, index, { dials: { uncertaintyRate: 0 } })
      const at = scene.findings.findIndex((finding) => finding.name === name)
      if (at < 0) continue
      seen++
      const boxes = annotate(scene, size, { masks: false }).boxes.filter((box) => box.finding === at)
      expect(boxes.length).toBeGreaterThan(0)
      for (const { box } of boxes) {
        const [x, y, w, h] = box
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
        expect(Math.min(w, h)).toBeGreaterThan(0)
        expect(Math.max(x + w, y + h)).toBeLessThanOrEqual(size)
      }
      const on = render(scene, size, { noise: 0 }).pixels
      const off = render(scene, size, { noise: 0, without: [at] }).pixels
      let all = 0
      let held = 0
      on.forEach((value, i) => {
        const energy = (value - (off[i] as number)) ** 2
        const [px, py] = [i % size, Math.floor(i / size)]
        all += energy
        if (boxes.some(({ box: [x, y, w, h] }) => px >= x && px < x + w && py >= y && py < y + h)) held += energy
      })
      expect(all).toBeGreaterThan(0)
      expect(held / all, `index ${index}`).toBeGreaterThan(0.93)
    }
    expect(seen).toBe(5)
  })

  it('has a mask of each lung on its side, and of each finding inside its boxes', () => {
    const scene = sampleScene(31, 4)
    const { masks } = annotate(scene, size)
    const centre = (label: string): number => {
      const mask = masks.find((m) => m.label === label)?.pixels as Uint8Array
      let [sum, n] = [0, 0]
      mask.forEach((value, i) => {
        if (value === 0) return
        sum += i % size
        n++
      })
      expect(n).toBeGreaterThan(500)
      return sum / n
    }
    expect(centre('Right Lung')).toBeLessThan(centre('Heart'))
    expect(centre('Left Lung')).toBeGreaterThan(centre('Heart'))
  })

  it('scales with the picture', () => {
    const scene = Array.from({ length: 50 }, (_, i) => sampleScene(31, i)).find((s) => s.findings[0]?.name === 'Mass')
    if (!scene) throw new Error('no mass among the scenes')
    const [small, large] = [96, 384].map((s) => annotate(scene, s, { masks: false }).boxes[0]?.box as number[])
    small?.forEach((value, i) => {
      expect(Math.abs(value * 4 - (large?.[i] as number))).toBeLessThanOrEqual(8)
    })
  })
})
