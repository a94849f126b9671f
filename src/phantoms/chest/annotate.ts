/** @file Boxes and masks of a scene, from the same shapes as the picture. */

import { bounds, mapPoints, type Points } from '../geometry.ts'
import { addPolygon, layer, resolve } from '../raster.ts'
import { heartOf, lungOf } from './anatomy.ts'
import { lateralHeart, lateralLung } from './lateral.ts'
import { poseOf, shapesIn, takenAs, type View, viewsOf } from './render.ts'
import type { Scene } from './scene.ts'

/** A box [x, y, w, h] in pixels of the picture and the finding it belongs to (index into the scene's findings). */
export interface FindingBox {
  /** Index of the picture. */
  image: number
  finding: number
  label: string
  box: [number, number, number, number]
}

/** A mask: 0 background, 255 the label; row-major [size * size]. */
export interface LabelMask {
  image: number
  label: string
  pixels: Uint8Array
}

export interface Annotation {
  boxes: FindingBox[]
  masks: LabelMask[]
}

/** Softness of edges that a box must still hold, mm. */
const margin = 2

/**
 * Boxes of every drawn finding that is inside a picture, and (unless `masks` is false) masks of lungs, heart and findings,
 * for every view.
 */
export function annotate(scene: Scene, size: number, options: { masks?: boolean } = {}): Annotation {
  const views = viewsOf(scene).map((view, image) => annotateView(scene, size, view, image, options.masks !== false))
  return { boxes: views.flatMap(({ boxes }) => boxes), masks: views.flatMap(({ masks }) => masks) }
}

function annotateView(scene: Scene, size: number, view: View, image: number, wanted: boolean): Annotation {
  const pose = poseOf(scene, size, view)
  const pad = (margin * size) / takenAs(scene, view).field
  const boxes: FindingBox[] = []
  const masks: LabelMask[] = []
  const byLabel = new Map<string, Points[]>()
  scene.findings.forEach((finding, index) => {
    for (const part of shapesIn(view, scene, finding, 1)) {
      const outline = part.outline.map((points) => mapPoints(points, pose))
      byLabel.set(finding.name, [...(byLabel.get(finding.name) ?? []), ...outline])
      const [x0, y0, x1, y1] = bounds(outline)
      const left = Math.max(0, Math.floor(x0 - pad))
      const top = Math.max(0, Math.floor(y0 - pad))
      const right = Math.min(size, Math.ceil(x1 + pad))
      const bottom = Math.min(size, Math.ceil(y1 + pad))
      if (right - left < 1 || bottom - top < 1) continue
      boxes.push({ image, finding: index, label: finding.name, box: [left, top, right - left, bottom - top] })
    }
  })
  if (wanted) {
    const frontal = view === 'PA'
    for (const [label, side] of [
      ['Right Lung', -1],
      ['Left Lung', 1],
    ] as const) {
      const lung = frontal ? lungOf(scene.anatomy, side) : lateralLung(scene.anatomy, side)
      masks.push(maskOf(image, label, [mapPoints(lung, pose)], size))
    }
    masks.push(maskOf(image, 'Heart', [mapPoints(frontal ? heartOf(scene) : lateralHeart(scene), pose)], size))
    for (const [label, polygons] of byLabel) masks.push(maskOf(image, label, polygons, size))
  }
  return { boxes, masks }
}

function maskOf(image: number, label: string, polygons: readonly Points[], size: number): LabelMask {
  const target = layer(size, size)
  for (const points of polygons) addPolygon(target, points, 1)
  const cover = resolve(target)
  return { image, label, pixels: Uint8Array.from(cover, (value) => (value >= 0.5 ? 255 : 0)) }
}
