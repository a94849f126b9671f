/** @file Brain MRI as volumes: slices of one head from below the ventricles to the vertex, a NIfTI file a sequence. */

import type { Study } from '../../data/study.ts'
import { solidBox } from '../common/boxes.ts'
import { canvasOf, maskOf } from '../common/canvas.ts'
import { mosaic } from '../common/mosaic.ts'
import { type PictureDomain, renderView } from '../common/picture-domain.ts'
import { planScene } from '../common/plan.ts'
import { type PlacedBox, recordScene } from '../common/record.ts'
import type { MadeStudy, MakeOptions } from '../domain.ts'
import { encodeNifti } from '../encode-nifti.ts'
import type { Place } from '../patients.ts'
import { kebab, studyId } from '../person.ts'
import { brainOf, brainOutlines, drawBrain } from './render.ts'
import {
  type BrainAnatomy,
  type BrainDials,
  type BrainFinding,
  type BrainScene,
  type BrainShape,
  type Sequence,
  signalOf,
} from './scene.ts'

const slices = 24
const thickness = 5
/** mm of height that one unit of level stands for. */
const rise = 62

/** Level and size of the head in each slice. */
function sliceAt(k: number): { level: number; shrink: number } {
  const level = -0.25 + (k * thickness) / rise
  return { level, shrink: Math.sqrt(Math.max(0.05, 1 - (Math.max(0, level - 0.2) / 1.62) ** 2)) }
}

/** How much of a lesion's radius is cut at a level. */
function reachAt({ anatomy }: BrainScene, level: number): (shape: BrainShape) => number {
  return (shape) => {
    if (shape.lobe === null) return Math.abs(level - anatomy.level) < 0.3 ? 1 : 0
    const off = ((level - anatomy.level) * rise) / shape.size
    return off * off >= 1 ? 0 : Math.sqrt(1 - off * off)
  }
}

/** One study of volumes; the picture size is the number of voxels along x and y. */
export async function makeBrainVolumes(
  domain: PictureDomain<BrainFinding, BrainAnatomy, BrainShape, BrainDials>,
  place: Place,
  options: MakeOptions<BrainDials>,
): Promise<MadeStudy> {
  const { seed, size, dials, masks: wanted } = options
  const scene = planScene(domain.planner, seed, place, dials)
  const id = studyId(scene.index)
  const files: { path: string; bytes: Uint8Array }[] = []
  const images: Study['images'] = []
  const masks: Study['masks'] = []
  const boxes: PlacedBox[] = []
  const shape = [size, size, slices] as const
  let spacing: [number, number, number] = [1, 1, thickness]
  for (const [image, view] of domain.views(scene).entries()) {
    const canvas = canvasOf(domain.pose(scene, view), size)
    const mm = Math.round(1e4 / canvas.perMm) / 1e4
    spacing = [mm, mm, thickness]
    const voxels = new Int16Array(size * size * slices)
    const found = new Map<number, Uint8Array>()
    for (let k = 0; k < slices; k++) {
      const { level, shrink } = sliceAt(k)
      const reach = reachAt(scene, level)
      const slice = {
        ...domain,
        tag: false,
        draw: ((s, c, v, how) => drawBrain(s, c, v.name as Sequence, how, level, shrink, reach)) as typeof domain.draw,
      }
      const grey = renderView(slice, scene, { ...view, id: `${view.id}-${k}` }, size, {
        contrast: dials.contrast,
        noise: dials.noise,
      })
      voxels.set(
        Int16Array.from(grey, (v) => Math.round(v * 1000)),
        k * size * size,
      )
      scene.findings.forEach(({ name, shape: lesion }, index) => {
        const share = reach(lesion)
        const everywhere = lesion.lobe === null && name !== 'White Matter Lesions'
        if (share === 0 || !(everywhere || name === 'Tumour' || signalOf(name, lesion, view.name as Sequence))) return
        const mask = found.get(index) ?? new Uint8Array(voxels.length)
        mask.set(maskOf(canvas, brainOutlines(scene, index, level, share).flat()), k * size * size)
        found.set(index, mask)
      })
    }
    const path = `images/${id}-${view.id}.nii.gz`
    images.push({ path, view: view.name, modality: 'MR', spacing })
    files.push({ path, bytes: encodeNifti({ shape, spacing, voxels, description: 'Phantom, not a person' }) })
    for (const [finding, mask] of found) {
      const label = (scene.findings[finding] as BrainScene['findings'][number]).name
      const box = solidBox(mask, shape)
      if (box) boxes.push({ image, finding, label, box })
      if (!wanted) continue
      const file = `masks/${id}-${view.id}-${kebab(label)}.nii.gz`
      masks.push({ image, label, path: file })
      files.push({ path: file, bytes: encodeNifti({ shape, spacing, voxels: mask }) })
    }
    if (!wanted) continue
    const head = new Uint8Array(voxels.length)
    for (let k = 0; k < slices; k++) head.set(maskOf(canvas, [brainOf(scene, sliceAt(k).shrink)]), k * size * size)
    masks.push({ image, label: 'Brain', path: `masks/${id}-${view.id}-brain.nii.gz` })
    files.push({ path: `masks/${id}-${view.id}-brain.nii.gz`, bytes: encodeNifti({ shape, spacing, voxels: head }) })
  }
  const study = recordScene(domain.planner, domain.words, scene, options, boxes, {
    images,
    masks,
    attributes: domain.attributes?.(scene) ?? {},
  })
  return { study, files, preview: () => previewOf(domain, scene, size) }
}

/** Eight slices of the T2 volume beside each other. */
async function previewOf(
  domain: PictureDomain<BrainFinding, BrainAnatomy, BrainShape, BrainDials>,
  scene: BrainScene,
  size: number,
): Promise<Buffer> {
  const canvas = canvasOf(domain.pose(scene, { name: 'T2', modality: 'MR', id: 't2' }), size)
  const tiles = [3, 6, 8, 10, 12, 14, 17, 20, 22].map((k) => {
    const { level, shrink } = sliceAt(k)
    return drawBrain(scene, canvas, 'T2', { contrast: 1, without: new Set() }, level, shrink, reachAt(scene, level))
  })
  return mosaic(tiles, size, 3)
}
