/** @file Boxes and masks of a scene, from the same shapes as the picture. */

import { bounds, mapPoints, type Points } from '../geometry.ts'
import { addPolygon, layer, resolve } from '../raster.ts'
import { heartOf, lungOf } from './anatomy.ts'
import { poseOf } from './render.ts'
import type { Scene } from './scene.ts'
import { findingShapes } from './shapes.ts'

/** A box [x, y, w, h] in pixels of the picture and the finding it belongs to (index into the scene's findings). */
export interface FindingBox {
  finding: number
  label: string
  box: [number, number, number, number]
}

/** A mask: 0 background, 255 the label; row-major [size * size]. */
export interface LabelMask {
  label: string
  pixels: Uint8Array
}

export interface Annotation {
  boxes: FindingBox[]
  masks: LabelMask[]
}

/** Softness of edges that a box must still hold, mm. */
const margin = 2

/** Boxes of every drawn finding that is inside the picture, and (unless `masks` is false) masks of lungs, heart and findings. */
export function annotate(scene: Scene, size: number, options: { masks?: boolean } = {}): Annotation {
  const pose = poseOf(scene, size)
  const pad = (margin * size) / scene.acquisition.field
  const boxes: FindingBox[] = []
  const masks: LabelMask[] = []
  const byLabel = new Map<string, Points[]>()
  scene.findings.forEach((finding, index) => {
    for (const part of findingShapes(scene, finding, 1)) {
      const outline = part.outline.map((points) => mapPoints(points, pose))
      byLabel.set(finding.name, [...(byLabel.get(finding.name) ?? []), ...outline])
      const [x0, y0, x1, y1] = bounds(outline)
      const left = Math.max(0, Math.floor(x0 - pad))
      const top = Math.max(0, Math.floor(y0 - pad))
      const right = Math.min(size, Math.ceil(x1 + pad))
      const bottom = Math.min(size, Math.ceil(y1 + pad))
      if (right - left < 1 || bottom - top < 1) continue
      boxes.push({ finding: index, label: finding.name, box: [left, top, right - left, bottom - top] })
    }
  })
  if (options.masks !== false) {
    for (const [label, side] of [
      ['Right Lung', -1],
      ['Left Lung', 1],
    ] as const) {
      masks.push(maskOf(label, [mapPoints(lungOf(scene.anatomy, side), pose)], size))
    }
    masks.push(maskOf('Heart', [mapPoints(heartOf(scene), pose)], size))
    for (const [label, polygons] of byLabel) masks.push(maskOf(label, polygons, size))
  }
  return { boxes, masks }
}

function maskOf(label: string, polygons: readonly Points[], size: number): LabelMask {
  const target = layer(size, size)
  for (const points of polygons) addPolygon(target, points, 1)
  const cover = resolve(target)
  return { label, pixels: Uint8Array.from(cover, (value) => (value >= 0.5 ? 255 : 0)) }
}
