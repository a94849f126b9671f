/** @file Boxes and masks of a fundus scene, from the shapes of the picture. */

import { bounds, ellipse, mapPoints, type Points, ribbon } from '../geometry.ts'
import { boxOf, maskOf, type OwnedBox } from '../outline.ts'
import type { FundusScene } from './scene.ts'
import { lesionShapes, poseOf } from './shapes.ts'
import { growVessels } from './vessels.ts'

/** A box of each group of spots that lies in the field of view. */
export function fundusBoxes(scene: FundusScene, size: number): OwnedBox[] {
  const pose = poseOf(scene, size)
  return scene.findings.flatMap((lesion, finding) =>
    lesionShapes(scene, lesion).flatMap((shapes) => {
      const drawn = shapes.map(({ points }) => mapPoints(points, pose)).filter((points) => seen(scene, size, points))
      const box = drawn.length === 0 ? undefined : boxOf(drawn, size)
      return box ? [{ finding, box: { image: 0, label: lesion.name, box } }] : []
    }),
  )
}

/** True when the middle of the outline lies inside the round field. */
function seen({ camera }: FundusScene, size: number, points: Points): boolean {
  const [x0, y0, x1, y1] = bounds([points])
  const [dx, dy] = [(x0 + x1) / 2 - size / 2, (y0 + y1) / 2 - size / 2]
  return Math.hypot(dx, dy) < 0.475 * size && (!camera.crop || Math.abs(dy) < 0.39 * size)
}

/** Masks of the disc, the vessels and every lesion with an outline. */
export function fundusMasks(scene: FundusScene, size: number): Map<string, Uint8Array> {
  const pose = poseOf(scene, size)
  const { disc } = scene.anatomy
  const toMask = (polygons: readonly Points[]): Uint8Array =>
    maskOf(
      polygons.map((points) => mapPoints(points, pose)),
      size,
    )
  const masks = new Map([
    ['Optic Disc', toMask([ellipse(disc.x, disc.y, disc.r * 0.94, disc.r, disc.tilt, 28)])],
    ['Vessels', toMask(growVessels(scene).map(({ path, width, endWidth }) => ribbon(path, width, endWidth)))],
  ])
  for (const lesion of scene.findings) {
    const polygons = lesionShapes(scene, lesion).flatMap((shapes) => shapes.map(({ points }) => points))
    if (polygons.length > 0) masks.set(lesion.name, toMask(polygons))
  }
  return masks
}
