/** @file The scene as a stained blood smear in transmitted light: each cell absorbs by its stain. */

import { random } from '../../core/random.ts'
import { absorb, type Canvas, type Colour, type Cover, canvas, coverFrom, coverOf, expose, mix } from '../colour.ts'
import { ellipse, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { rough, toPixels } from '../outline.ts'
import type { Cell, SmearScene } from './scene.ts'

/** What is left out or scaled when rendering. */
export interface SmearRendering {
  contrast?: number
  noise?: number
  /** Indices of findings whose cells are not drawn. */
  without?: readonly number[]
}

/** Density of eosin-stained haemoglobin and of azure-stained nuclei. */
const haemoglobin: Colour = [0.22, 1.0, 0.85]
const nuclear: Colour = [1.25, 1.75, 0.62]
const pinkCytoplasm: Colour = [0.12, 0.36, 0.22]
const blueCytoplasm: Colour = [0.55, 0.42, 0.12]

/** Outline of a cell, unit coordinates: boxes come from it. */
export function cellOutline({ kind, x, y, r, angle, seed }: Cell): Points {
  const stream = random(seed, 'cell')
  if (kind === 'sickle') return crescent(x, y, r * 1.45, angle)
  if (kind === 'platelet') return rough({ x, y, r, angle, seed }, 1.15, 0.12, 9)
  if (kind === 'red' || kind === 'target' || kind === 'infected') {
    const stretch = stream.uniform(0.94, 1.06)
    return ellipse(x, y, r * stretch, r / stretch, angle, 18)
  }
  return smoothClosed(rough({ x, y, r, angle, seed }, 1.03, 0.025, 12), 2)
}

function crescent(x: number, y: number, r: number, angle: number): Points {
  const points: Points = []
  const put = (u: number, v: number): void => {
    points.push(
      x + r * (u * Math.cos(angle) - v * Math.sin(angle)),
      y + r * (u * Math.sin(angle) + v * Math.cos(angle)),
    )
  }
  for (let k = -6; k <= 6; k++) put(k / 6, 0.3 - 0.52 * (k / 6) ** 2)
  for (let k = 6; k >= -6; k--) put(k / 6, -0.06 - 0.16 * (k / 6) ** 2)
  return points
}

/** Draws the scene at `size` x `size` pixels. The same scene gives the same picture, bit for bit. */
export function renderSmear(scene: SmearScene, size: number, options: SmearRendering = {}): Canvas {
  const { stain, camera } = scene
  const { contrast = 1, noise = 1, without = [] } = options
  const half = size / 2
  const picture = canvas(size, size, stain.background)
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  const drawn = scene.cells.filter(({ finding }) => finding === null || !without.includes(finding))
  const strengthOf = ({ finding }: Cell): number => (finding === null ? 1 : (scene.findings[finding]?.strength ?? 1))
  const order = (cell: Cell): number =>
    cell.kind === 'platelet'
      ? 1
      : cell.kind === 'red' || cell.kind === 'sickle' || cell.kind === 'target' || cell.kind === 'infected'
        ? 0
        : 2
  for (const cell of [...drawn].sort((a, b) => order(a) - order(b))) {
    const power = strengthOf(cell) * (cell.finding === null ? 1 : contrast)
    if (order(cell) === 0) drawRed(picture, scene, cell, power, cover)
    else if (cell.kind === 'platelet') {
      absorb(
        picture,
        cover([cellOutline(cell)], 0.008),
        [0.7, 1.05, 0.4],
        0.75 * stain.purple * (cell.finding === null ? 1 : power),
      )
    } else drawWhite(picture, scene, cell, power, cover)
  }
  const specks = camera.dirt.map(({ x, y, r }) => ellipse(x, y, r, r * 0.7, x * 9, 10))
  absorb(picture, cover(specks, 0.006), [1.2, 1.1, 1.1])
  const [cosine, sine] = [Math.cos(camera.shade[0]), Math.sin(camera.shade[0])]
  absorb(
    picture,
    coverFrom(picture, (px, py) => {
      const [x, y] = [px / half - 1, py / half - 1]
      return Math.max(0, camera.shade[1] * (0.5 + 0.5 * (x * cosine + y * sine)) + 0.04 * (x * x + y * y))
    }),
    [1, 1, 1],
  )
  if (camera.pointer !== null) {
    const [u, v] = [Math.cos(camera.pointer), Math.sin(camera.pointer)]
    mix(picture, cover([ribbon([1.5 * u, 1.5 * v, 0.66 * u, 0.66 * v], 0.05, 0.012)], 0.006), [0.06, 0.06, 0.07], 0.95)
  }
  expose(
    picture,
    { ...camera, blur: camera.blur * half, noise: camera.noise * noise },
    random(scene.seed, 'grain', scene.index),
  )
  return picture
}

type CoverOf = (polygons: readonly Points[], soft: number) => Cover | undefined

function drawRed(picture: Canvas, { stain }: SmearScene, cell: Cell, power: number, cover: CoverOf): void {
  const { x, y, r, angle, kind, seed } = cell
  const body = cover([cellOutline(cell)], 0.006)
  if (!body) return
  if (kind !== 'sickle') {
    // A disc hollow on both sides: thin, so pale, in the middle; target cells have a bull's eye there.
    const middle = cover([ellipse(x, y, r * stain.pallor * 1.15, r * stain.pallor * 1.15, angle, 14)], r * 0.17)
    const eye = kind === 'target' ? cover([ellipse(x, y, r * 0.34, r * 0.34, 0, 12)], r * 0.07) : undefined
    const ring = kind === 'target' ? cover([ellipse(x, y, r * 0.68, r * 0.68, 0, 16)], r * 0.07) : middle
    subtract(body, ring, kind === 'target' ? Math.min(0.92, 0.9 * power) : stain.pallorDepth)
    subtract(body, eye, -0.95 * Math.min(1.2, power))
  }
  absorb(picture, body, haemoglobin, stain.red * (kind === 'sickle' ? 1.15 * power : 1))
  if (kind === 'infected') {
    // A ring form: thin blue ring with a dark chromatin dot on it.
    const stream = random(seed, 'ring')
    const [rx, ry] = [x + stream.normal(0, 0.2) * r, y + stream.normal(0, 0.2) * r]
    const circle: Points = []
    for (let k = 0; k <= 14; k++) circle.push(rx + Math.cos(k * 0.449) * r * 0.4, ry + Math.sin(k * 0.449) * r * 0.4)
    absorb(picture, cover([ribbon(circle, r * 0.22)], 0.004), [1.1, 1.1, 0.35], 0.9 * power)
    absorb(
      picture,
      cover(
        [ellipse(rx + r * 0.4 * Math.cos(angle), ry + r * 0.4 * Math.sin(angle), r * 0.22, r * 0.22, 0, 10)],
        0.004,
      ),
      [1.3, 2.2, 0.9],
      power,
    )
  }
}

/** body -= amount * part, where they overlap. */
function subtract(body: Cover, part: Cover | undefined, amount: number): void {
  part?.values.forEach((value, i) => {
    const [px, py] = [(i % part.width) + part.x - body.x, Math.floor(i / part.width) + part.y - body.y]
    if (px < 0 || py < 0 || px >= body.width || py >= body.height) return
    const at = py * body.width + px
    body.values[at] = Math.max(0, (body.values[at] as number) - amount * value)
  })
}

function drawWhite(picture: Canvas, { stain }: SmearScene, cell: Cell, power: number, cover: CoverOf): void {
  const { x, y, r, angle, kind, seed } = cell
  const stream = random(seed, 'white')
  const outline = cellOutline(cell)
  // The cell lies over the film: what is under it does not show.
  mix(picture, cover([outline], 0.008), stain.background, Math.min(1, power))
  const blue = kind === 'Lymphocyte' || kind === 'Monocyte' || kind === 'Blast'
  const depth = { Lymphocyte: 0.75, Monocyte: 0.5, Blast: 0.85 }[kind as 'Blast'] ?? 0.8
  absorb(picture, cover([outline], 0.01), blue ? blueCytoplasm : pinkCytoplasm, depth * stain.purple * power)
  const lobe = (u: number, v: number, size: number): Points => {
    const [px, py] = [
      x + r * (u * Math.cos(angle) - v * Math.sin(angle)),
      y + r * (u * Math.sin(angle) + v * Math.cos(angle)),
    ]
    return smoothClosed(
      rough({ x: px, y: py, r: r * size, angle: angle + u, seed: seed + Math.round(u * 97) }, 1.06, 0.06, 10),
      2,
    )
  }
  const granules = (count: number, size: number, density: Colour, amount: number): void => {
    const dots = Array.from({ length: count }, () => {
      const a = stream.uniform(0, 2 * Math.PI)
      const d = r * Math.sqrt(stream.uniform(0.05, 0.8))
      return ellipse(x + d * Math.cos(a), y + d * Math.sin(a), r * size, r * size, 0, 8)
    })
    absorb(picture, cover(dots, 0.004), density, amount * power)
  }
  const nucleus = (lobes: Points[], amount: number): void => {
    const part = cover(lobes, 0.008)
    part?.values.forEach((value, i) => {
      part.values[i] = Math.min(1, value)
    })
    absorb(picture, part, nuclear, amount * stain.purple * power)
  }
  switch (kind) {
    case 'Neutrophil': {
      const lobes = 3 + stream.int(3)
      const centres = Array.from({ length: lobes }, (_, k) => {
        const a = (k / (lobes - 1) - 0.5) * 3.6
        return [0.46 * Math.cos(a), 0.46 * Math.sin(a)] as const
      })
      nucleus([...centres.map(([u, v]) => lobe(u, v, 0.26)), bridge(cell, centres)], 0.95)
      granules(16, 0.035, [0.4, 0.7, 0.3], 0.3)
      return
    }
    case 'Eosinophil':
      granules(70, 0.085, [0.05, 0.85, 1.25], 0.75)
      nucleus([lobe(0.1, -0.36, 0.36), lobe(0.1, 0.36, 0.36)], 1)
      return
    case 'Basophil':
      nucleus([lobe(-0.1, -0.2, 0.45), lobe(0.2, 0.25, 0.45)], 0.55)
      granules(46, 0.1, [1.5, 1.7, 0.75], 0.85)
      return
    case 'Lymphocyte':
      nucleus([lobe(0.08, 0.04, 0.82)], 1.1)
      return
    case 'Monocyte': {
      const bean = [-0.3, -0.42, 0.15, -0.34, 0.36, 0, 0.15, 0.34, -0.3, 0.42].map((v) => v * r)
      const path: Points = []
      for (let i = 0; i < bean.length; i += 2) {
        const [u, v] = [bean[i] as number, bean[i + 1] as number]
        path.push(x + u * Math.cos(angle) - v * Math.sin(angle), y + u * Math.sin(angle) + v * Math.cos(angle))
      }
      nucleus([ribbon(smoothPath(path, 4), r * 0.5)], 0.72)
      return
    }
    case 'Blast': {
      nucleus([lobe(0, 0, 0.88)], 0.68)
      const nucleoli = [0, 1, 2].map(() =>
        ellipse(x + stream.normal(0, 0.28) * r, y + stream.normal(0, 0.28) * r, r * 0.17, r * 0.14, angle, 10),
      )
      mix(picture, cover(nucleoli, 0.006), [0.72, 0.66, 0.88], 0.7 * Math.min(1, power))
      return
    }
    default:
      return
  }
}

/** The thin thread between the lobes of a nucleus. */
function bridge({ x, y, r, angle }: Cell, centres: readonly (readonly [number, number])[]): Points {
  const path = centres.flatMap(([u, v]) => [
    x + r * (u * Math.cos(angle) - v * Math.sin(angle)),
    y + r * (u * Math.sin(angle) + v * Math.cos(angle)),
  ])
  return ribbon(smoothPath(path, 3), r * 0.16)
}
