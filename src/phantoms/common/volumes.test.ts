import { gunzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parseWith } from '../../core/config.ts'
import { studySchema } from '../../data/study.ts'
import { abdomenWords, abdominalCt } from '../abdomen/domain.ts'
import {
  type AbdomenDials,
  type AbdomenScene,
  abdomenFindings,
  abdomenPlanner,
  arrival,
  labelSets,
  organs,
} from '../abdomen/scene.ts'
import { classMask, gridOf, hounsfield } from '../abdomen/volume.ts'
import { brainMri } from '../brain/domain.ts'
import type { MadeStudy, PhantomDomain } from '../domain.ts'
import { lungNoduleCt, noduleWords } from '../nodule/domain.ts'
import {
  classOf,
  type NoduleDials,
  type NoduleScene,
  nodulePlanner,
  readerScores,
  truthScores,
} from '../nodule/scene.ts'
import { noduleVolume } from '../nodule/volume.ts'
import { splitOf } from '../patients.ts'
import { dictate } from './dictate.ts'
import { planScene } from './plan.ts'
import { readBack } from './read-back.ts'

const seed = 5
const place = (index: number) => ({ index, split: splitOf(seed, index) })
const abdomen = (index: number, dials: object = {}): AbdomenScene =>
  planScene(abdomenPlanner, seed, place(index), parseWith(abdominalCt.dials, dials, 'dials') as AbdomenDials)
const nodule = (index: number, dials: object = {}): NoduleScene =>
  planScene(nodulePlanner, seed, place(index), parseWith(lungNoduleCt.dials, dials, 'dials') as NoduleDials)
const made = (domain: unknown, index: number, size: number, dials: object = {}): Promise<MadeStudy> => {
  const { make, dials: schema } = domain as PhantomDomain
  const options = { seed, size, bits: 8, masks: true, dicom: false, heldOutSynonyms: false, voice: 'report' } as const
  return make(place(index), { ...options, dials: parseWith(schema, dials, 'dials') })
}
const mean = (values: Int16Array, mask: Uint8Array): number => {
  let [sum, n] = [0, 0]
  mask.forEach((inside, i) => {
    if (inside === 0) return
    sum += values[i] as number
    n++
  })
  return sum / n
}

describe('words', () => {
  it.each([false, true])('say what is in the scene, and no more (held-out words: %s)', (heldOutSynonyms) => {
    const manner = { voice: 'report', heldOutSynonyms }
    const wrong = Array.from({ length: 200 }, (_, index) => {
      const dials = { uncertaintyRate: 0.15 }
      const [a, n] = [abdomen(index, dials), nodule(index, dials)]
      return [
        ...readBack(a, dictate(abdomenWords, a, manner, 'report'), abdominalCt, manner),
        ...readBack(n, dictate(noduleWords, n, manner, 'report'), lungNoduleCt, manner),
      ]
    }).flat()
    expect(wrong).toEqual([])
  })
})

describe('abdominal volumes', () => {
  it('hold organs of plausible size and density, each on its side', () => {
    const people = [3, 13, 23, 33].map((index) => abdomen(index, { normals: 1, noise: 0, thickness: 5 }))
    const scene = people[0] as AbdomenScene
    const grid = gridOf(scene, 64)
    const values = hounsfield(scene, grid, { contrast: 1 })
    const litre = (grid.spacing[0] * grid.spacing[1] * grid.spacing[2]) / 1e6
    const sizes: Record<string, [number, number]> = {
      Liver: [1, 2.1],
      Spleen: [0.1, 0.38],
      'Left Kidney': [0.08, 0.26],
      'Right Kidney': [0.08, 0.26],
      Pancreas: [0.04, 0.15],
      Gallbladder: [0.004, 0.06],
    }
    const centres = new Map<string, number>()
    for (const organ of organs) {
      const mask = classMask(scene, grid, organ)
      const at = [...mask.keys()].filter((i) => mask[i] === 1)
      expect(at.length, organ).toBeGreaterThan(0)
      centres.set(organ, at.reduce((sum, i) => sum + (i % 64), 0) / at.length)
      const limits = sizes[organ]
      if (limits) {
        const mean =
          people.reduce((sum, one) => sum + classMask(one, gridOf(one, 64), organ).reduce((a, b) => a + b), 0) / 4
        expect(mean * litre, organ).toBeGreaterThan(limits[0])
        expect(mean * litre, organ).toBeLessThan(limits[1])
      }
    }
    // The patient's right is on the left of the picture.
    expect(centres.get('Liver')).toBeLessThan(centres.get('Spleen') as number)
    expect(centres.get('Right Kidney')).toBeLessThan(centres.get('Left Kidney') as number)
    const [vessels] = scene.anatomy.enhancement
    expect(mean(values, classMask(scene, grid, 'Aorta'))).toBeGreaterThan(vessels * 0.7)
    expect(mean(values, classMask(scene, grid, 'Liver'))).toBeGreaterThan(60)
    expect(values.reduce((a, b) => Math.min(a, b))).toBeLessThan(-950)
  })

  it.each(abdomenFindings)('hold a %s inside its organ and darker than it', (name) => {
    const scenes = Array.from({ length: 60 }, (_, index) => abdomen(index, { noise: 0, uncertaintyRate: 0 }))
    const scene = scenes.find(({ findings }) => findings.some((finding) => finding.name === name)) as AbdomenScene
    const at = scene.findings.findIndex((finding) => finding.name === name)
    const side = scene.findings[at]?.shape.side === 'left' ? 'Left' : 'Right'
    const organ = name.startsWith('Kidney') ? `${side} Kidney` : (name.split(' ')[0] as string)
    const grid = gridOf(scene, 48)
    const mask = classMask(scene, grid, name)
    const around = classMask(scene, grid, organ)
    expect(mask.some((value) => value === 1)).toBe(true)
    expect(mask.every((value, i) => value === 0 || around[i] === 1)).toBe(true)
    const values = hounsfield(scene, grid, { contrast: 1 })
    const without = hounsfield(scene, grid, { contrast: 1, without: new Set([at]) })
    // A lesion that bulges into the fat is denser than that.
    const inner = mask.map((value, i) => (value === 1 && (without[i] as number) > 20 ? 1 : 0))
    expect(mean(values, inner)).toBeLessThan(mean(without, inner) - 10)
  })

  it('are annotated as the data set says, absent classes as empty masks', async () => {
    const study = await made(abdominalCt, 2, 32, { labelled: 'pancreas', normals: 1, thickness: 10 })
    expect(study.study.masks.map(({ label }) => label)).toEqual([...labelSets.pancreas])
    const file = study.files.find(({ path }) => path.includes('pancreas-tumour'))
    const mask = gunzipSync(Buffer.from(file?.bytes ?? [])).subarray(352)
    expect(mask.length).toBe(32 * 32 * 23)
    expect(mask.every((value) => value === 0)).toBe(true)
    const sets = Array.from({ length: 40 }, (_, index) => abdomen(index, { labelled: 'mixed' }).anatomy.dataset)
    expect(new Set(sets)).toEqual(new Set(['liver', 'spleen', 'kidney', 'pancreas']))
    expect(arrival.flat().sort()).toEqual([...labelSets.all].sort())
  })
})

describe('lung nodules', () => {
  it('are scored alike by readers who agree, and by habit by those who do not', () => {
    const scene = nodule(4)
    const scores = [0, 1, 2].map((reader) => readerScores(scene, reader, 0))
    expect(scores[1]).toEqual(scores[0])
    const differences = Array.from({ length: 60 }, (_, index) => {
      const [a, b] = [0, 1].map((reader) => readerScores(nodule(index), reader, 1).margin as number) as [number, number]
      return a - b
    })
    expect(new Set(differences).size).toBeGreaterThan(2)
    for (const [name, score] of Object.entries(readerScores(scene, 0, 2))) {
      expect(score, name).toBeGreaterThanOrEqual(1)
      expect(score, name).toBeLessThanOrEqual(name === 'calcification' ? 6 : 5)
    }
  })

  it('are malignant more often when large and spiculated, benign when calcified, in all three classes', () => {
    const scenes = Array.from({ length: 400 }, (_, index) => nodule(index))
    const risk = (test: (scene: NoduleScene) => boolean): number => {
      const set = scenes.filter(test).map((scene) => truthScores(scene).malignancy as number)
      return set.reduce((a, b) => a + b, 0) / set.length
    }
    const has = (name: string) => (scene: NoduleScene) =>
      scene.findings.some((f) => f.name === name && f.strength > 0.5)
    expect(risk(has('Spiculation'))).toBeGreaterThan(risk((s) => !has('Spiculation')(s)) + 0.8)
    expect(risk(has('Calcification'))).toBeLessThan(risk((s) => !has('Calcification')(s)) - 0.8)
    for (const name of ['benign', 'unsure', 'malignant'])
      expect(scenes.filter((s) => classOf(truthScores(s).malignancy as number) === name).length, name).toBeGreaterThan(
        60,
      )
  })

  it('show what is scored: solid denser than glass, calcified denser still; a slice is part of the cube', () => {
    const centre = (scene: NoduleScene): number => {
      const values = noduleVolume(scene, 32, { contrast: 1 })
      const [x, y, z] = scene.anatomy.shift.map((v) => Math.round(((v + 24) / 48) * 32 - 0.5)) as [
        number,
        number,
        number,
      ]
      return values[x + 32 * (y + 32 * z)] as number
    }
    const scenes = Array.from({ length: 120 }, (_, index) => nodule(index, { noise: 0 })).filter(
      (s) => s.anatomy.diameter > 10,
    )
    const only = (name: string) => scenes.filter((s) => s.findings.some((f) => f.name === name && f.strength > 0.5))
    const plain = scenes.filter((s) => !s.findings.some((f) => f.name === 'Calcification' || f.name === 'Ground Glass'))
    for (const scene of only('Ground Glass').slice(0, 4)) expect(centre(scene)).toBeLessThan(-150)
    for (const scene of plain.slice(0, 4)) expect(Math.abs(centre(scene) - 40)).toBeLessThan(60)
    const core = scenes.find((s) => s.findings.some((f) => f.shape.kind === 'central' && f.strength > 0.5))
    expect(centre(core as NoduleScene)).toBeGreaterThan(400)
    const scene = scenes[0] as NoduleScene
    const whole = noduleVolume(scene, 24, { contrast: 1 })
    expect(noduleVolume(scene, 24, { contrast: 1 }, { from: 12, to: 13 })).toEqual(whole.subarray(12 * 576, 13 * 576))
  })
})

describe.each([
  ['abdominal-ct', abdominalCt, 32, { thickness: 10 }],
  ['lung-nodule-ct', lungNoduleCt, 24, {}],
  ['brain-mri', brainMri, 48, { form: 'volume' }],
] as const)('%s', (_id, domain, size, dials) => {
  it('makes records that follow the schema, with files for every name, the same twice', async () => {
    for (const index of [1, 4]) {
      const { study, files, preview } = await made(domain, index, size, { ...dials, normals: 0 })
      expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
      const paths = files.map(({ path }) => path)
      for (const { path } of [...study.images, ...study.masks]) expect(paths).toContain(path)
      expect(new Set(paths).size).toBe(paths.length)
      const stored = Buffer.from(files[0]?.bytes ?? [])
      const volume = paths[0]?.endsWith('.gz') ? gunzipSync(stored) : stored
      const shape = Array.from({ length: 3 }, (_, k) => volume.readInt16LE(42 + 2 * k))
      for (const { box } of study.boxes) {
        expect(box.length).toBe(6)
        for (let axis = 0; axis < 3; axis++)
          expect((box[axis] as number) + (box[axis + 3] as number)).toBeLessThanOrEqual(shape[axis] as number)
      }
      const again = await made(domain, index, size, { ...dials, normals: 0 })
      expect(again.files.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).toEqual(
        files.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
      )
      expect((await sharp(await preview?.()).metadata()).format).toBe('png')
    }
  })
})
