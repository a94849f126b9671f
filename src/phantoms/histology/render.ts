/** @file A tile in transmitted light: haematoxylin and eosin absorb; densities add where structures overlap. */

import { random } from '../../core/random.ts'
import { absorb, type Canvas, type Colour, canvas, coverFrom, coverOf, expose, mix } from '../colour.ts'
import { ellipse, type Points, smoothClosed } from '../geometry.ts'
import { texture } from '../noise.ts'
import { rough, toPixels } from '../outline.ts'
import type { Nucleus, NucleusKind, Tile, TissueName } from './tile.ts'
import { inGland, tissueAt } from './tile.ts'

/** How a laboratory stains and a scanner sees. */
export interface Staining {
  /** Optical densities of the stains in red, green and blue. */
  haematoxylin: Colour
  eosin: Colour
  exposure: number
  balance: Colour
  gamma: number
  /** Unit coordinates. */
  blur: number
  noise: number
  seed: number
  /** Marker ink in a corner: the cue of the shortcut dial. */
  ink: boolean
}

/** Density of each kind of nucleus, and its softness (unit coordinates). */
const chromatin: Readonly<Record<NucleusKind, readonly [density: number, soft: number]>> = {
  tumour: [0.62, 0.012],
  gland: [0.85, 0.01],
  stroma: [0.85, 0.008],
  lymphocyte: [1.25, 0.007],
  debris: [1.1, 0.006],
  mitosis: [1.9, 0.006],
}

/** Outline of a nucleus. */
export function nucleusOutline({ kind, x, y, rx, ry, angle, seed }: Nucleus): Points {
  if (kind === 'mitosis') {
    const stream = random(seed, 'plate')
    return ellipse(x, y, rx, ry, angle, 14, () => 1 + stream.normal(0, 0.22))
  }
  if (kind !== 'tumour') return ellipse(x, y, rx, ry, angle, 12)
  const stream = random(seed, 'nucleus')
  return ellipse(x, y, rx, ry, angle, 12, () => 1 + stream.normal(0, 0.07))
}

/** Draws a tile at `size` x `size` pixels. The same tile gives the same picture, bit for bit. */
export function renderTile(
  tile: Tile,
  staining: Staining,
  size: number,
  options: { contrast?: number; noise?: number } = {},
): Canvas {
  const { contrast = 1, noise = 1 } = options
  const half = size / 2
  const picture = canvas(size, size, [0.95, 0.94, 0.95])
  const cover = (polygons: readonly Points[], soft: number) =>
    coverOf(
      polygons.map((points) => toPixels(points, size)),
      picture,
      soft * half,
    )
  const at = tissueAt(tile)
  const waves = texture(tile.seed, 'fibres', 0.5)
  const middle = texture(tile.seed, 'middle', 0.15)
  const fine = texture(tile.seed, 'fine', 0.045)
  const cells = fatCells(tile)
  const eosin = new Float32Array(size * size)
  const haze = new Float32Array(size * size)
  for (let py = 0; py < size; py++) {
    for (let px = 0; px < size; px++) {
      const [x, y] = [(px + 0.5) / half - 1, (py + 0.5) / half - 1]
      const [pink, blue] = groundOf(at(x, y), x, y, waves, middle, fine, cells)
      eosin[py * size + px] = pink
      haze[py * size + px] = blue
    }
  }
  glandGround(tile, eosin, haze, size)
  absorb(picture, { x: 0, y: 0, width: size, height: size, values: eosin }, staining.eosin)
  absorb(picture, { x: 0, y: 0, width: size, height: size, values: haze }, staining.haematoxylin)
  // Lumens hold nothing but light; a mitosis stands in a cleared cell.
  const lumens = tile.glands.flatMap(({ lumens: holes, seed, angle }) =>
    holes.map((hole, k) => smoothClosed(rough({ ...hole, angle, seed: seed + k }, 1.15, 0.12, 10), 2)),
  )
  mix(picture, cover(lumens, 0.012), [0.94, 0.92, 0.94], 0.95)
  const cleared = tile.nuclei
    .filter(({ kind }) => kind === 'mitosis')
    .map(({ x, y }) => ellipse(x, y, 0.085, 0.085, 0, 14))
  mix(picture, cover(cleared, 0.015), [0.92, 0.8, 0.88], Math.min(1, 0.7 * contrast * tile.mitosisStrength))
  for (const kind of Object.keys(chromatin) as NucleusKind[]) {
    const outlines = tile.nuclei.filter((nucleus) => nucleus.kind === kind).map(nucleusOutline)
    const [density, soft] = chromatin[kind]
    absorb(
      picture,
      cover(outlines, soft),
      staining.haematoxylin,
      density * (kind === 'mitosis' ? contrast * tile.mitosisStrength : 1),
    )
  }
  // Tumour nuclei are open with a rim and a nucleolus.
  const nucleoli = tile.nuclei
    .filter(({ kind }) => kind === 'tumour')
    .map(({ x, y, rx, seed }) =>
      ellipse(x + ((seed % 7) - 3) * 0.003, y + ((seed % 5) - 2) * 0.003, rx * 0.27, rx * 0.27, 0, 8),
    )
  absorb(picture, cover(nucleoli, 0.005), staining.haematoxylin, 0.55)
  if (staining.ink) {
    const stroke = ellipse(-1, -1, 0.36, 0.36, 0, 24)
    absorb(picture, cover([stroke], 0.04), [1.2, 0.35, 0.9], 0.9)
  }
  expose(
    picture,
    { ...staining, blur: staining.blur * half, noise: staining.noise * noise },
    random(staining.seed, 'grain'),
  )
  return picture
}

type Field = (x: number, y: number) => number

/** Eosin and haematoxylin of the ground of a tissue. */
function groundOf(
  tissue: TissueName,
  x: number,
  y: number,
  waves: Field,
  middle: Field,
  fine: Field,
  fat: Field,
): readonly [number, number] {
  const [m, f] = [middle(x + 6, y + 6), fine(x + 6, y + 6)]
  switch (tissue) {
    case 'Tumour':
      return [0.3 + 0.06 * m + 0.05 * f, 0.16 + 0.05 * f]
    case 'Stroma':
    case 'Normal Glands': {
      // Collagen runs in wavy bundles with clefts between them.
      const bundle = Math.sin(30 * (x * 0.35 + y) + 9 * waves(x + 5, y + 5) + 1.5 * m)
      return [0.42 + 0.15 * bundle + 0.06 * f, 0.02]
    }
    case 'Lymphocytes':
      return [0.16 + 0.05 * f, 0.14 + 0.04 * m]
    case 'Necrosis':
      return [0.55 + 0.16 * m + 0.16 * f, 0.05 + 0.05 * Math.max(0, m)]
    case 'Adipose':
      return [0.5 * fat(x, y), 0.08 * fat(x, y)]
  }
}

/** Walls of fat cells: 1 on the border between two cells, 0 inside. */
function fatCells(tile: Tile): Field {
  if (!tile.sites.some(({ tissue }) => tissue === 'Adipose')) return () => 0
  const stream = random(tile.seed, 'fat')
  const pitch = 0.3
  const n = 5
  const centres = new Map<number, readonly [number, number]>()
  const key = (i: number, j: number): number => (j + 50) * 100 + (i + 50)
  for (let j = -n; j <= n; j++) {
    for (let i = -n; i <= n; i++) {
      centres.set(key(i, j), [
        (i + (((j % 2) + 2) % 2) / 2) * pitch + stream.normal(0, 0.04),
        j * pitch * 0.87 + stream.normal(0, 0.04),
      ])
    }
  }
  return (x, y) => {
    const [ci, cj] = [Math.round(x / pitch), Math.round(y / (pitch * 0.87))]
    let [first, second] = [9, 9]
    for (let j = cj - 1; j <= cj + 1; j++) {
      for (let i = ci - 2; i <= ci + 2; i++) {
        const centre = centres.get(key(i, j))
        if (!centre) continue
        const d = Math.hypot(x - centre[0], y - centre[1])
        if (d < first) {
          second = first
          first = d
        } else if (d < second) second = d
      }
    }
    return Math.exp(-(((second - first) / 0.03) ** 2))
  }
}

/** Epithelium of glands: eosin between lumen and rim, over whatever the ground holds. */
function glandGround(tile: Tile, eosin: Float32Array, haze: Float32Array, size: number): void {
  const half = size / 2
  for (const gland of tile.glands) {
    const reach = gland.r * gland.stretch * 1.15
    const [x0, x1] = [gland.x - reach, gland.x + reach].map((v) =>
      Math.min(size - 1, Math.max(0, Math.floor((v + 1) * half))),
    ) as [number, number]
    const [y0, y1] = [gland.y - reach, gland.y + reach].map((v) =>
      Math.min(size - 1, Math.max(0, Math.floor((v + 1) * half))),
    ) as [number, number]
    for (let py = y0; py <= y1; py++) {
      for (let px = x0; px <= x1; px++) {
        const d = inGland(gland, (px + 0.5) / half - 1, (py + 0.5) / half - 1)
        const inside = 1 / (1 + Math.exp((d - 1.06) * 24))
        const i = py * size + px
        eosin[i] = (eosin[i] as number) * (1 - inside) + (gland.malignant ? 0.3 : 0.24) * inside
        haze[i] = (haze[i] as number) * (1 - inside) + (gland.malignant ? 0.2 : 0.1) * inside
      }
    }
  }
}

/** Mask of a tissue; row-major [size * size], 255 where it is. */
export function tissueMask(tile: Tile, tissue: TissueName, size: number): Uint8Array {
  const at = tissueAt(tile)
  const inside = coverFrom({ width: size, height: size }, (px, py) =>
    at((2 * px) / size - 1, (2 * py) / size - 1) === tissue ? 1 : 0,
  )
  return Uint8Array.from(inside.values, (value) => (value > 0.5 ? 255 : 0))
}
