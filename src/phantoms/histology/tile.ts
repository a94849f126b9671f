/** @file One tile of a stained section: tissue regions, glands, nuclei. Unit coordinates (-1 to 1); a tile is 250 um wide. */

import { random } from '../../core/random.ts'
import { texture } from '../noise.ts'

/** Tissue classes. Names are label keys. */
export const tissueNames = ['Tumour', 'Stroma', 'Lymphocytes', 'Necrosis', 'Normal Glands', 'Adipose'] as const
export type TissueName = (typeof tissueNames)[number]

/** How far tumour still forms glands. Names are label keys. */
export const gradeNames = ['Well Differentiated', 'Moderately Differentiated', 'Poorly Differentiated'] as const
export type GradeName = (typeof gradeNames)[number]

export type NucleusKind = 'tumour' | 'stroma' | 'lymphocyte' | 'debris' | 'gland' | 'mitosis'

export interface Nucleus {
  kind: NucleusKind
  x: number
  y: number
  /** Half axes and direction. */
  rx: number
  ry: number
  angle: number
  seed: number
}

/** A gland: nuclei on its rim, an empty lumen inside. */
export interface Gland {
  x: number
  y: number
  r: number
  stretch: number
  angle: number
  seed: number
  lumens: { x: number; y: number; r: number }[]
  malignant: boolean
}

/** What a tile holds before it is laid out. */
export interface TilePlan {
  seed: number
  /** Tissues with their wanted shares. */
  tissues: readonly (readonly [TissueName, number])[]
  grade: GradeName
  mitoses: number
  /** Strength with which mitoses are drawn. */
  mitosisStrength: number
}

/** A tile laid out. */
export interface Tile extends TilePlan {
  /** Centres of the regions. */
  sites: { x: number; y: number; tissue: TissueName }[]
  glands: Gland[]
  nuclei: Nucleus[]
}

/** Which tissue is at a place: the nearest site, with borders that wander. */
export function tissueAt({ sites, seed }: Pick<Tile, 'sites' | 'seed'>): (x: number, y: number) => TissueName {
  const first = texture(seed, 'border', 0.42)
  const second = texture(seed, 'border2', 0.16)
  return (x, y) => {
    const wx = x + 0.2 * first(x + 5, y + 5) + 0.06 * second(x + 5, y + 5)
    const wy = y + 0.2 * first(x + 8, y + 2) + 0.06 * second(x + 8, y + 2)
    let best = sites[0] as Tile['sites'][number]
    let least = Number.POSITIVE_INFINITY
    for (const site of sites) {
      const d = (wx - site.x) ** 2 + (wy - site.y) ** 2
      if (d < least) {
        least = d
        best = site
      }
    }
    return best.tissue
  }
}

/** Share of the tile that each tissue covers. */
export function sharesOf(tile: Pick<Tile, 'sites' | 'seed'>): Partial<Record<TissueName, number>> {
  const at = tissueAt(tile)
  const shares: Partial<Record<TissueName, number>> = {}
  const n = 24
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const tissue = at((2 * i + 1) / n - 1, (2 * j + 1) / n - 1)
      shares[tissue] = (shares[tissue] ?? 0) + 1 / (n * n)
    }
  }
  return shares
}

/** Lays out a tile: regions, then glands, then nuclei. A pure function of the plan. */
export function layOut(plan: TilePlan): Tile {
  const stream = random(plan.seed, 'sites')
  const total = plan.tissues.reduce((sum, [, share]) => sum + share, 0)
  const sites: Tile['sites'] = []
  // One site for a tissue alone; otherwise each tissue gets sites by its share.
  for (const [tissue, share] of plan.tissues) {
    const count = plan.tissues.length === 1 ? 1 : Math.max(1, Math.round((5 * share) / total))
    for (let k = 0; k < count; k++) sites.push({ x: 0, y: 0, tissue })
  }
  const offset = stream.uniform(0, 2 * Math.PI)
  sites.forEach((site, k) => {
    const a = offset + (2 * Math.PI * k) / sites.length + stream.normal(0, 0.25)
    const d = sites.length === 1 ? 0 : stream.uniform(0.5, 0.85)
    site.x = d * Math.cos(a)
    site.y = d * Math.sin(a)
  })
  const tile: Tile = { ...plan, sites, glands: [], nuclei: [] }
  const at = tissueAt(tile)
  tile.glands = placeGlands(tile, at)
  tile.nuclei = placeNuclei(tile, at)
  return tile
}

function placeGlands({ seed, grade }: Tile, at: (x: number, y: number) => TissueName): Gland[] {
  const stream = random(seed, 'glands')
  const glands: Gland[] = []
  const pitch = 0.5
  for (let j = -3; j <= 3; j++) {
    for (let i = -3; i <= 3; i++) {
      const x = (i + (j % 2 === 0 ? 0 : 0.5)) * pitch + stream.normal(0, 0.045)
      const y = j * pitch * 0.87 + stream.normal(0, 0.045)
      const lots = [stream.uniform(), stream.uniform(), stream.uniform()] as const
      const tissue = at(x, y)
      const malignant = tissue === 'Tumour'
      if (tissue !== 'Normal Glands' && !(malignant && grade !== 'Poorly Differentiated')) continue
      const moderate = malignant && grade === 'Moderately Differentiated'
      const r = malignant ? (moderate ? 0.235 : 0.205) * (0.86 + 0.28 * lots[0]) : 0.185 * (0.95 + 0.1 * lots[0])
      const stretch = malignant ? 1 + 0.35 * lots[1] : 1 + 0.1 * lots[1]
      const angle = lots[2] * Math.PI
      // Moderately differentiated tumour is fused and sieve-like: several small lumens, some glands solid.
      const lumens = moderate
        ? Array.from({ length: lots[0] < 0.3 ? 0 : 2 + Math.floor(lots[1] * 2) }, () => ({
            x: x + stream.normal(0, 0.4) * r,
            y: y + stream.normal(0, 0.4) * r,
            r: r * stream.uniform(0.17, 0.24),
          }))
        : [{ x, y, r: r * (malignant ? 0.42 + 0.12 * lots[2] : 0.42) }]
      glands.push({ x, y, r, stretch, angle, seed: stream.int(2 ** 31), lumens, malignant })
    }
  }
  return glands
}

/** Distance from the middle of a gland in units of its radius. */
export function inGland({ x: gx, y: gy, r, stretch, angle }: Gland, x: number, y: number): number {
  const [dx, dy] = [x - gx, y - gy]
  const u = (dx * Math.cos(angle) + dy * Math.sin(angle)) / (r * stretch)
  const v = (-dx * Math.sin(angle) + dy * Math.cos(angle)) / (r / stretch)
  return Math.hypot(u, v)
}

function placeNuclei(tile: Tile, at: (x: number, y: number) => TissueName): Nucleus[] {
  const stream = random(tile.seed, 'nuclei')
  const nuclei: Nucleus[] = []
  const put = (kind: NucleusKind, x: number, y: number, size: number, stretch: number, angle: number): void => {
    nuclei.push({ kind, x, y, rx: size * stretch, ry: size / stretch, angle, seed: stream.int(2 ** 31) })
  }
  for (const gland of tile.glands) ringNuclei(gland, tile.grade, stream, put)
  const waves = texture(tile.seed, 'fibres', 0.5)
  /** Visits places about `pitch` apart that lie in the tissue and in no gland. */
  const sow = (tissue: TissueName, pitch: number, jitter: number, visit: (x: number, y: number) => void): void => {
    if (!tile.sites.some((site) => site.tissue === tissue)) return
    const n = Math.ceil(1.06 / pitch)
    for (let j = -n; j <= n; j++) {
      for (let i = -n; i <= n; i++) {
        const x = (i + (((j % 2) + 2) % 2) / 2) * pitch + stream.normal(0, jitter * pitch)
        const y = j * pitch * 0.87 + stream.normal(0, jitter * pitch)
        if (Math.abs(x) > 1.05 || Math.abs(y) > 1.05 || at(x, y) !== tissue) continue
        if (tile.glands.some((gland) => inGland(gland, x, y) < 1.08)) continue
        visit(x, y)
      }
    }
  }
  if (tile.grade === 'Poorly Differentiated') {
    sow('Tumour', 0.135, 0.24, (x, y) => {
      put('tumour', x, y, stream.uniform(0.044, 0.068), stream.uniform(1, 1.3), stream.uniform(0, Math.PI))
    })
  } else {
    sow('Tumour', 0.2, 0.25, (x, y) => put('stroma', x, y, 0.03, 1.5, Math.PI * waves(x + 5, y + 5)))
  }
  sow('Normal Glands', 0.2, 0.28, (x, y) => put('stroma', x, y, 0.028, 1.6, Math.PI * waves(x + 5, y + 5)))
  sow('Stroma', 0.2, 0.28, (x, y) => {
    if (stream.chance(0.85))
      put('stroma', x, y, stream.uniform(0.026, 0.034), stream.uniform(1.5, 1.9), 1.2 + 1.1 * waves(x + 5, y + 5))
  })
  sow('Lymphocytes', 0.092, 0.2, (x, y) =>
    put('lymphocyte', x, y, stream.uniform(0.03, 0.036), 1.04, stream.uniform(0, Math.PI)),
  )
  sow('Necrosis', 0.13, 0.36, (x, y) => {
    if (stream.chance(0.6))
      put('debris', x, y, stream.uniform(0.008, 0.022), stream.uniform(1, 1.4), stream.uniform(0, Math.PI))
  })
  // Nothing floats in a lumen.
  const lumens = tile.glands.flatMap((gland) => gland.lumens)
  const kept = nuclei.filter(({ x, y }) => lumens.every((hole) => Math.hypot(x - hole.x, y - hole.y) > hole.r * 1.05))
  const hosts = kept.filter(({ kind, x, y }) => kind === 'tumour' && Math.max(Math.abs(x), Math.abs(y)) < 0.85)
  for (const host of stream.shuffle(hosts).slice(0, tile.mitoses)) {
    Object.assign(host, { kind: 'mitosis', rx: 0.062, ry: 0.026 })
  }
  return kept
}

function ringNuclei(
  { x, y, r, stretch, angle, malignant }: Gland,
  grade: GradeName,
  stream: ReturnType<typeof random>,
  put: (kind: NucleusKind, x: number, y: number, size: number, stretch: number, angle: number) => void,
): void {
  const moderate = malignant && grade === 'Moderately Differentiated'
  const rings = malignant ? (moderate ? [0.92, 0.58, 0.25] : [0.93, 0.72]) : [0.86]
  for (const [k, ring] of rings.entries()) {
    const size = malignant ? 0.045 : 0.034
    const count = Math.max(3, Math.round((2 * Math.PI * r * ring) / (size * (malignant ? 2.1 : 2.5))))
    for (let i = 0; i < count; i++) {
      const a = (2 * Math.PI * (i + 0.5 * k)) / count + stream.normal(0, malignant ? 0.12 : 0.03)
      const d = r * ring * (1 + stream.normal(0, malignant ? 0.07 : 0.02))
      const [u, v] = [Math.cos(a) * d * stretch, (Math.sin(a) * d) / stretch]
      const px = x + u * Math.cos(angle) - v * Math.sin(angle)
      const py = y + u * Math.sin(angle) + v * Math.cos(angle)
      const wide = malignant ? stream.uniform(0.85, 1.3) : 1
      put(malignant ? 'tumour' : 'gland', px, py, size * wide, malignant ? stream.uniform(1, 1.25) : 1.2, a + angle)
    }
  }
}
