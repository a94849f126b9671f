/** @file Frames of a surgical clip: the field, tools with shafts and jaws, blood, smoke, the endoscope's view. */

import { random } from '../../core/random.ts'
import {
  absorb,
  type Canvas,
  type Colour,
  type Cover,
  canvas,
  coverFrom,
  coverOf,
  expose,
  mix,
  shine,
} from '../colour.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import { rough, toPixels } from '../outline.ts'
import { eventAt, phaseAt, postureAt, type SurgicalScene, type ToolName, toolOf } from './scene.ts'

type CoverOf = (polygons: readonly Points[], soft: number) => Cover | undefined

/** Outlines of a tool: shaft, jaws. Unit coordinates. */
export function toolOutlines(
  tool: ToolName,
  entry: readonly [number, number],
  tip: readonly [number, number],
  open: number,
): { shaft: Points; head: Points[] } {
  const [dx, dy] = [tip[0] - entry[0], tip[1] - entry[1]]
  const length = Math.hypot(dx, dy) || 1
  const [ux, uy] = [dx / length, dy / length]
  const at = (along: number, aside: number): [number, number] => [
    tip[0] + ux * along - uy * aside,
    tip[1] + uy * along + ux * aside,
  ]
  const shaft = ribbon([...entry, ...at(-0.2, 0)], 0.1)
  const jaw = (angle: number, reach: number, width: number, end: number): Points => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    return ribbon(
      [
        ...at(-0.21, 0),
        ...at(-0.21 + reach * 0.5 * cos, reach * 0.5 * sin * 1.2),
        ...at(-0.21 + reach * cos, reach * sin),
      ],
      width,
      end,
    )
  }
  switch (tool) {
    case 'Grasper':
      return { shaft, head: [jaw(0.28, 0.27, 0.05, 0.04), jaw(-0.28, 0.27, 0.05, 0.04)] }
    case 'Needle Driver':
      return { shaft, head: [jaw(0.1 + 0.18 * open, 0.22, 0.07, 0.045), jaw(-0.1 - 0.18 * open, 0.22, 0.07, 0.045)] }
    case 'Clip Applier':
      return {
        shaft,
        head: [
          jaw(0.35 + 0.3 * open, 0.24, 0.06, 0.06),
          jaw(-0.35 - 0.3 * open, 0.24, 0.06, 0.06),
          ellipse(...at(-0.06, 0), 0.05, 0.075 + 0.04 * open, Math.atan2(uy, ux), 14),
        ],
      }
    case 'Scissors':
      return { shaft, head: [jaw(0.08 + 0.4 * open, 0.32, 0.07, 0.008), jaw(-0.08 - 0.4 * open, 0.32, 0.07, 0.008)] }
    case 'Suction':
      return {
        shaft: ribbon([...entry, ...at(0, 0)], 0.085),
        head: [ellipse(...at(-0.01, 0), 0.03, 0.036, Math.atan2(uy, ux), 12)],
      }
  }
}

/** Draws a frame at `size` x `size` pixels. The same scene and frame give the same picture, bit for bit. */
export function renderFrame(
  scene: SurgicalScene,
  frame: number,
  size: number,
  { contrast = 1, noise = 1 }: { contrast?: number; noise?: number } = {},
): Canvas {
  const { camera, entry } = scene
  const half = size / 2
  const picture = canvas(size, size, scene.field.colour)
  const cover: CoverOf = (polygons, soft) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  drawField(picture, scene, frame, cover)
  drawBlood(picture, scene, frame, contrast, cover)
  const { action } = phaseAt(scene, frame)
  const posture = postureAt(scene, frame)
  drawTool(picture, scene, 'Grasper', entry.left, posture.left, 0.5, cover)
  drawTool(picture, scene, toolOf[action], entry.right, posture.right, posture.open, cover)
  const smoke = eventAt(scene, 'Smoke', frame)
  if (smoke) {
    const cloud = texture(scene.field.seed, 'smoke', 0.5)
    const veil = coverFrom(picture, (px, py) => {
      const [x, y] = [px / half - 1, py / half - 1]
      return Math.max(0, 0.62 + 0.5 * cloud(x + 3 + 0.07 * frame, y + 3 - 0.05 * frame))
    })
    mix(picture, veil, [0.86, 0.86, 0.88], smoke.amount * smoke.strength * contrast * (1 - 0.3 * Math.cos(frame)))
  }
  expose(
    picture,
    { ...camera, blur: camera.blur * half, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index, frame),
  )
  if (camera.round) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const seen = Math.min(1, Math.max(0, 1.02 * half - Math.hypot(x + 0.5 - half, y + 0.5 - half) + 0.5))
        for (const plane of picture.planes) plane[y * size + x] = (plane[y * size + x] as number) * seen
      }
    }
  }
  if (camera.lamp) mix(picture, cover([ellipse(-0.88, -0.9, 0.05, 0.05, 0, 14)], 0), [0.95, 0.1, 0.1])
  return picture
}

/** Tissue: colour, folds or fat lobules, vessels, wet glints; a simulator has flat colours and a faint grid. */
function drawField(picture: Canvas, scene: SurgicalScene, frame: number, cover: CoverOf): void {
  const { field, camera, appearance, target } = scene
  const half = picture.width / 2
  // The camera is held by hand: it sways a little.
  const [sx, sy] = [camera.drift[0] * Math.sin(0.35 * frame), camera.drift[1] * Math.cos(0.28 * frame)]
  const broad = texture(field.seed, 'broad', 0.5)
  const lobes = texture(field.seed, 'lobes', 0.17)
  const fine = texture(field.seed, 'fine', 0.05)
  const clinical = appearance === 'clinical'
  absorb(
    picture,
    coverFrom(picture, (px, py) => {
      const [x, y] = [px / half - 1 + sx, py / half - 1 + sy]
      const light = 0.28 * (x * x + y * y)
      if (!clinical) {
        const grid = Math.max(Math.cos(9 * Math.PI * x), Math.cos(9 * Math.PI * y)) > 0.97 ? 0.2 : 0
        return light + grid
      }
      const lobule = target === 'fat' ? 0.35 * Math.abs(lobes(x + 4, y + 4)) : 0.14 * Math.abs(lobes(x + 4, y + 4))
      const fold = target === 'bowel' ? 0.16 * Math.cos(11 * (x + 0.5 * y) + 4 * broad(x + 4, y + 4)) : 0
      return Math.max(0, 0.15 + light + 0.22 * broad(x + 4, y + 4) + lobule + fold + 0.05 * fine(x + 4, y + 4))
    }),
    clinical ? [0.7, 1.1, 1.1] : [0.8, 0.8, 0.8],
  )
  const stream = random(field.seed, 'vessels')
  const lines = Array.from({ length: target === 'vessel' ? 5 : 9 }, () => {
    let [x, y] = [stream.uniform(-1.1, 1.1) - sx, stream.uniform(-1.1, 1.1) - sy]
    let a = stream.uniform(0, 2 * Math.PI)
    const path: Points = [x, y]
    for (let k = 0; k < 7; k++) {
      a += stream.normal(0, 0.4)
      x += 0.11 * Math.cos(a)
      y += 0.11 * Math.sin(a)
      path.push(x, y)
    }
    return ribbon(smoothPath(path, 3), 0.022, 0.008)
  })
  if (clinical) absorb(picture, cover(lines, 0.006), [0.2, 1, 0.9], 0.55)
  if (target === 'vessel') {
    const tube = smoothPath([-1.2 - sx, -0.2 - sy, -0.4 - sx, -0.02 - sy, 0.4 - sx, -0.12 - sy, 1.2 - sx, 0.05 - sy], 6)
    mix(picture, cover([ribbon(tube, 0.24)], 0.015), clinical ? [0.62, 0.13, 0.13] : [0.8, 0.15, 0.2], 0.9)
    shine(picture, cover([ribbon(tube, 0.06)], 0.03), [0.22, 0.14, 0.13])
  }
  if (!clinical) return
  const glints = Array.from({ length: 12 }, () => {
    const r = stream.uniform(0.01, 0.03)
    return rough(
      {
        x: stream.uniform(-0.9, 0.9) - sx,
        y: stream.uniform(-0.9, 0.9) - sy,
        r,
        angle: stream.uniform(0, 3),
        seed: stream.int(2 ** 31),
      },
      1.4,
      0.2,
      8,
    )
  })
  shine(picture, cover(glints, 0.007), [0.6, 0.6, 0.6])
}

function drawBlood(picture: Canvas, scene: SurgicalScene, frame: number, contrast: number, cover: CoverOf): void {
  const event = eventAt(scene, 'Bleeding', frame)
  if (!event) return
  const { field, frames } = scene
  const power = Math.min(1.1, event.strength * contrast)
  const stream = random(field.seed, 'blood')
  const [x, y] = [stream.uniform(-0.45, 0.45), stream.uniform(-0.1, 0.45)]
  const r = 0.2 + 0.16 * Math.min(1, (frame - event.from) / Math.max(1, frames / 2))
  const pool = smoothClosed(rough({ x, y, r, angle: 1, seed: field.seed }, 1.25, 0.16, 12), 3)
  mix(picture, cover([pool], 0.02), [0.5, 0.02, 0.03], 0.9 * power)
  shine(picture, cover([ellipse(x - r * 0.3, y - r * 0.3, r * 0.25, r * 0.08, 0.4, 10)], 0.015), [0.4, 0.3, 0.3], power)
}

const heads: Readonly<Record<ToolName, Colour>> = {
  Grasper: [0.66, 0.67, 0.7],
  'Needle Driver': [0.78, 0.64, 0.3],
  'Clip Applier': [0.3, 0.62, 0.4],
  Scissors: [0.85, 0.86, 0.9],
  Suction: [0.12, 0.12, 0.13],
}

function drawTool(
  picture: Canvas,
  scene: SurgicalScene,
  tool: ToolName,
  entry: readonly [number, number],
  tip: readonly [number, number],
  open: number,
  cover: CoverOf,
): void {
  const { shaft, head } = toolOutlines(tool, entry, tip, open)
  const clinical = scene.appearance === 'clinical'
  const moved = (points: Points): Points => points.map((v, i) => v + (i % 2 === 0 ? 0.03 : 0.06))
  if (clinical) absorb(picture, cover([moved(shaft), ...head.map(moved)], 0.03), [1, 1, 1], 0.45)
  const metal: Colour = tool === 'Suction' ? [0.62, 0.64, 0.68] : [0.2, 0.2, 0.22]
  mix(picture, cover([shaft], 0.006), clinical ? metal : [metal[0] * 0.7, metal[1] * 0.8, metal[2] * 1.5], 0.97)
  const n = shaft.length / 4
  const spine: Points = []
  for (let k = 0; k < n; k++) {
    const [ax, ay] = [shaft[2 * k] as number, shaft[2 * k + 1] as number]
    const [bx, by] = [shaft[shaft.length - 2 - 2 * k] as number, shaft[shaft.length - 1 - 2 * k] as number]
    spine.push(0.62 * ax + 0.38 * bx, 0.62 * ay + 0.38 * by)
  }
  shine(picture, cover([ribbon(spine, 0.022)], 0.01), [0.32, 0.32, 0.33])
  for (const part of head) mix(picture, cover([part], 0.005), heads[tool], 0.97)
}
