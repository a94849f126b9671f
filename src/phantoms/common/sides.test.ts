import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { brainMri, brainPictures } from '../brain/domain.ts'
import { type BrainScene, brainPlanner } from '../brain/scene.ts'
import { dentalPanorama, panoramaPictures } from '../dental/panorama-domain.ts'
import type { PanoramaScene } from '../dental/panorama-scene.ts'
import type { CommonDials } from '../dials.ts'
import { knee, kneePictures } from '../knee/domain.ts'
import type { KneeScene } from '../knee/scene.ts'
import { mammogram, mammogramPictures } from '../mammogram/domain.ts'
import type { MammogramScene } from '../mammogram/scene.ts'
import { boxesOf, type PictureDomain } from './picture-domain.ts'
import { planScene, type Scene } from './plan.ts'

const size = 200
type Parts = PictureDomain<string, unknown, unknown, CommonDials>

/** Scenes where nothing is turned or moved, and the middle of a finding's box in a view, in shares of the picture. */
function still(domain: { dials: unknown }, parts: unknown, count = 200) {
  const dials = parseWith(domain.dials as typeof knee.dials, { normals: 0, nuisance: 0 }, 'dials') as CommonDials
  const { planner } = parts as Parts
  const scenes = Array.from({ length: count }, (_, index) => planScene(planner, 4, { index, split: 'train' }, dials))
  const middle = (scene: Scene<string, unknown, unknown>, finding: number, image = 0): [number, number] | undefined => {
    const box = boxesOf(parts as Parts, scene, size).find((b) => b.finding === finding && b.image === image)?.box
    return (
      box && [
        ((box[0] as number) + (box[2] as number) / 2) / size,
        ((box[1] as number) + (box[3] as number) / 2) / size,
      ]
    )
  }
  return { scenes, middle }
}

describe('sides in words are sides in the picture', () => {
  it("of the brain: the patient's left is on the right, frontal in front, occipital behind", () => {
    expect(brainPictures.planner).toBe(brainPlanner)
    const { scenes, middle } = still(brainMri, brainPictures)
    let seen = 0
    for (const scene of scenes as unknown as BrainScene[]) {
      scene.findings.forEach(({ shape, name }, at) => {
        const place = middle(scene as never, at)
        if (shape.lobe === null || !place || name === 'Tumour') return
        seen++
        if (shape.side === 'left') expect(place[0]).toBeGreaterThan(0.5)
        else expect(place[0]).toBeLessThan(0.5)
        if (shape.lobe === 'frontal lobe') expect(place[1]).toBeLessThan(0.45)
        if (shape.lobe === 'occipital lobe') expect(place[1]).toBeGreaterThan(0.6)
      })
    }
    expect(seen).toBeGreaterThan(40)
  })

  it('of a panorama: left on the right, upper above lower', () => {
    const { scenes, middle } = still(dentalPanorama, panoramaPictures)
    for (const scene of scenes as unknown as PanoramaScene[]) {
      scene.findings.forEach(({ shape, name }, at) => {
        const place = middle(scene as never, at) as [number, number]
        if (shape.side === 'left') expect(place[0]).toBeGreaterThan(0.5)
        else expect(place[0]).toBeLessThan(0.5)
        if (name !== 'Periapical Lesion' && name !== 'Implant' && name !== 'Missing Tooth') return
        if (shape.jaw === 'upper') expect(place[1]).toBeLessThan(0.5)
        else if (shape.tooth < 5) expect(place[1]).toBeGreaterThan(0.5)
      })
    }
  })

  it('of a knee: medial is away from the fibula, on the inner side of both legs', () => {
    const { scenes, middle } = still(knee, kneePictures)
    for (const scene of scenes as unknown as KneeScene[]) {
      const medialRight = scene.anatomy.side === 'right'
      scene.findings.forEach(({ shape, name }, at) => {
        if (name === 'Osteophytes') return
        const [x] = middle(scene as never, at) as [number, number]
        expect(x > 0.5, `${name} ${scene.index}`).toBe((shape.compartment === 'medial') === medialRight)
      })
    }
  })

  it('of a breast: upper and outer findings lie high in the oblique view, outer ones high from above', () => {
    const { scenes, middle } = still(mammogram, mammogramPictures)
    let seen = 0
    for (const scene of scenes as unknown as MammogramScene[]) {
      scene.findings.forEach(({ shape, name }, at) => {
        if (name === 'Skin Thickening' || name === 'Lymph Node') return
        const [, up, out] = shape.at
        const [oblique, above] = [middle(scene as never, at, 0), middle(scene as never, at, 1)]
        if (oblique && Math.abs(up) > 0.4 * Math.abs(out) + 4) {
          seen++
          expect(oblique[1] < 0.5 + 12 / 188, `scene ${scene.index}`).toBe(up > 0)
        }
        if (above && Math.abs(out) > 4) expect(above[1] < 0.5).toBe(out > 0)
      })
    }
    expect(seen).toBeGreaterThan(30)
  })
})
