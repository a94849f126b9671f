import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { studySchema } from '../../data/study.ts'
import { brainMri, brainPictures } from '../brain/domain.ts'
import { crownPictures, dentalCrowns } from '../dental/crowns-domain.ts'
import { dentalPanorama, panoramaPictures } from '../dental/panorama-domain.ts'
import type { CommonDials } from '../dials.ts'
import type { PhantomDomain } from '../domain.ts'
import { nameOf, type Terms } from '../grammar.ts'
import { knee, kneePictures } from '../knee/domain.ts'
import { mammogram, mammogramPictures } from '../mammogram/domain.ts'
import { splitOf } from '../patients.ts'
import { breastPictures, ultrasoundBreast } from '../ultrasound/breast-domain.ts'
import { heartPictures, ultrasoundHeart } from '../ultrasound/heart-domain.ts'
import { canvasOf } from './canvas.ts'
import { dictate } from './dictate.ts'
import { boxesOf, type PictureDomain, renderView } from './picture-domain.ts'
import { planScene } from './plan.ts'
import { readBack } from './read-back.ts'

// Every domain has its own types of anatomy and shape; the tests only need what they share.
type Parts = PictureDomain<string, unknown, unknown, CommonDials>
const domains = [
  [knee, kneePictures],
  [dentalPanorama, panoramaPictures],
  [dentalCrowns, crownPictures],
  [mammogram, mammogramPictures],
  [brainMri, brainPictures],
  [ultrasoundBreast, breastPictures],
  [ultrasoundHeart, heartPictures],
] as unknown as [PhantomDomain, Parts][]

const rows = domains.map(([domain, parts]) => [domain.id, domain, parts] as const)
const dialsOf = (domain: PhantomDomain, dials: object = {}): CommonDials =>
  parseWith(domain.dials, dials, 'dials') as unknown as CommonDials
const sceneOf = (domain: PhantomDomain, parts: Parts, index: number, dials: object = {}, seed = 11) =>
  planScene(parts.planner, seed, { index, split: splitOf(seed, index) }, dialsOf(domain, dials))

describe.each(rows)('%s', (_id, domain, parts) => {
  const scenes = Array.from({ length: 200 }, (_, index) => sceneOf(domain, parts, index, { uncertaintyRate: 0.15 }))

  it('is a plain record, drawn the same from a copy, alone or among others', () => {
    const scene = sceneOf(domain, parts, 7)
    sceneOf(domain, parts, 8)
    const copy = JSON.parse(JSON.stringify(sceneOf(domain, parts, 7))) as typeof scene
    expect(copy).toEqual(scene)
    for (const view of parts.views(scene))
      expect(renderView(parts, copy, view, 48)).toEqual(renderView(parts, scene, view, 48))
    expect(sceneOf(domain, parts, 7, {}, 12)).not.toEqual(scene)
  })

  it('holds normals and every finding often enough to learn from', () => {
    const normal = scenes.filter((scene) => scene.findings.length === 0).length
    expect(normal).toBeGreaterThan(30)
    expect(normal).toBeLessThan(110)
    for (const name of domain.findings) {
      const seen = Array.from({ length: 400 }, (_, i) => sceneOf(domain, parts, i)).filter((scene) =>
        scene.findings.some((finding) => finding.name === name),
      )
      expect(seen.length, name).toBeGreaterThan(14)
    }
  })

  it.each([
    ['report', false],
    ['report', true],
    ['caption', false],
  ] as const)('as %s (held-out words: %s) says what is in the scene, and no more', (voice, heldOutSynonyms) => {
    const some = voice === 'report' && !heldOutSynonyms ? scenes : scenes.slice(0, 80)
    const wrong = some.flatMap((scene) =>
      readBack(scene, dictate(parts.words, scene, { heldOutSynonyms }, voice), domain, { voice, heldOutSynonyms }),
    )
    expect(wrong).toEqual([])
  })

  it('keeps boxes inside the picture and around nearly all that a finding adds', () => {
    const size = 96
    const counts = new Map<string, number>()
    for (let index = 0; index < 400; index++) {
      const scene = sceneOf(domain, parts, index, { uncertaintyRate: 0 })
      const fresh = scene.findings.some(({ name }) => (counts.get(name) ?? 0) < 1)
      if (!fresh) continue
      const boxes = boxesOf(parts, scene, size)
      for (const { box } of boxes) {
        const [x, y, w, h] = box as [number, number, number, number]
        expect(Math.min(x, y), scene.findings[0]?.name).toBeGreaterThanOrEqual(0)
        expect(Math.min(w, h)).toBeGreaterThan(0)
        expect(Math.max(x + w, y + h)).toBeLessThanOrEqual(size)
      }
      scene.findings.forEach(({ name }, at) => {
        if ((counts.get(name) ?? 0) >= 1) return
        counts.set(name, (counts.get(name) ?? 0) + 1)
        const views = parts.views(scene)
        const seen = views.map((view, image) => {
          const own = boxes.filter((box) => box.finding === at && box.image === image)
          const on = renderView(parts, scene, view, size, { noise: 0 })
          const off = renderView(parts, scene, view, size, { noise: 0, without: [at] })
          let [all, held] = [0, 0]
          on.forEach((value, i) => {
            const energy = (value - (off[i] as number)) ** 2
            const [px, py] = [i % size, Math.floor(i / size)]
            all += energy
            const within = own.some(({ box }) => {
              const [x, y, w, h] = box as [number, number, number, number]
              return px >= x && px < x + w && py >= y && py < y + h
            })
            if (within) held += energy
          })
          if (own.length > 0 && all > 0.05 && !parts.displacing?.has(name))
            expect(held / all, `${name} in scene ${index}, ${view.id}`).toBeGreaterThan(0.85)
          return all
        })
        // Somewhere it is to be seen, unless the shape of the anatomy is the finding.
        if (boxes.some((box) => box.finding === at) && !parts.displacing?.has(name))
          expect(Math.max(...seen), name).toBeGreaterThan(0.02)
      })
    }
  })

  it('makes records that follow the schema, in every voice, with masks', async () => {
    for (let index = 0; index < 6; index++) {
      const made = await domain.make(
        { index, split: splitOf(11, index) },
        {
          seed: 11,
          size: 48,
          bits: 8,
          masks: true,
          dicom: false,
          dials: dialsOf(domain) as unknown as Record<string, unknown>,
          heldOutSynonyms: false,
          voice: domain.voices[index % domain.voices.length] as string,
        },
      )
      expect(studySchema.parse(JSON.parse(JSON.stringify(made.study)))).toEqual(made.study)
      expect(Object.keys(made.study.truth?.labels ?? {})).toEqual([...domain.findings])
      const paths = made.files.map(({ path }) => path)
      expect(new Set(paths).size).toBe(paths.length)
      for (const { path } of [...made.study.images, ...made.study.masks]) expect(paths).toContain(path)
    }
  })

  it('puts boxes in the same place at every size', () => {
    const scene = Array.from({ length: 30 }, (_, i) => sceneOf(domain, parts, i)).find((s) => s.findings.length > 0)
    if (!scene) throw new Error('no finding among the scenes')
    const [small, large] = [96, 384].map((size) => boxesOf(parts, scene, size))
    large?.forEach(({ box, image, finding }) => {
      const near = small?.filter((other) => other.image === image && other.finding === finding) ?? []
      const distance = (other: readonly number[]): number =>
        Math.max(...other.slice(0, 2).map((value, i) => Math.abs(value * 4 - (box[i] as number))))
      if (near.length > 0) expect(Math.min(...near.map((other) => distance(other.box)))).toBeLessThanOrEqual(8)
    })
    const view = parts.views(scene)[0]
    if (view)
      expect(canvasOf(parts.pose(scene, view), 96).perMm * 4).toBeCloseTo(
        canvasOf(parts.pose(scene, view), 384).perMm,
        9,
      )
  })
})

describe('the shared plan', () => {
  it('gives a finding away by the boxed tag in train only, as surely as the dial says', () => {
    const agree = (split: 'train' | 'test', shortcut: number): number => {
      const dials = dialsOf(knee as unknown as PhantomDomain, { shortcut, shortcutFinding: 'Loose Body', normals: 0.2 })
      const made = Array.from({ length: 300 }, (_, index) =>
        planScene(kneePictures.planner, 3, { index, split }, dials),
      )
      return made.filter((s) => s.tag.boxed === s.findings.some((f) => f.name === 'Loose Body')).length / made.length
    }
    expect(agree('train', 1)).toBe(1)
    expect(agree('train', 0.5)).toBeGreaterThan(0.65)
    for (const chance of [agree('train', 0), agree('test', 1)]) {
      expect(chance).toBeGreaterThan(0.38)
      expect(chance).toBeLessThan(0.62)
    }
  })

  it('lets patients keep anatomy and chronic findings', () => {
    const scenes = Array.from({ length: 300 }, (_, index) =>
      sceneOf(knee as unknown as PhantomDomain, domains[0]?.[1] as Parts, index),
    )
    const later = scenes.filter(({ visit }) => visit > 0)
    expect(later.length).toBeGreaterThan(60)
    for (const scene of later) {
      const before = scenes[scene.index - 1] as typeof scene
      const chronic = (s: typeof scene): unknown[] =>
        s.findings
          .filter(({ name, strength }) => name === 'Chondrocalcinosis' && strength > 0.5)
          .map(({ shape }) => shape)
      expect(scene.patient).toBe(before.patient)
      if (chronic(before).length > 0 && chronic(scene).length > 0) expect(chronic(scene)).toEqual(chronic(before))
    }
  })

  it('speaks with names from the pool it is told to', () => {
    const terms = (knee.words as Record<string, readonly Terms[]>)['Loose Body']?.[0] as Terms
    const first = { pick: (items: readonly unknown[]) => items[0] }
    expect(nameOf(terms, { heldOutSynonyms: true }, first as never)).toBe('joint mouse')
  })
})
