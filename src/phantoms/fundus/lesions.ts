/** @file Draws the attributes and geometry of one lesion of the fundus: how many spots, where, how large. */

import type { Random } from '../../core/random.ts'
import type { Spot } from '../outline.ts'
import type { Amount, FundusScene, Lesion, LesionName, Quadrant } from './scene.ts'

const quadrants: readonly Quadrant[] = ['superotemporal', 'inferotemporal', 'superonasal', 'inferonasal']

/** A point of the quadrant, `from` to `to` units away from the macula, clear of the disc. */
function pointIn(scene: FundusScene, quadrant: Quadrant, from: number, to: number, stream: Random): [number, number] {
  const right = quadrant.endsWith('nasal') ? 1 : -1
  const down = quadrant.startsWith('infero') ? 1 : -1
  const { disc } = scene.anatomy
  for (let attempt = 0; ; attempt++) {
    const a = stream.uniform(0.12, Math.PI / 2 - 0.12)
    const r = Math.sqrt(stream.uniform(from * from, to * to))
    const x = right * Math.cos(a) * r
    const y = down * Math.sin(a) * r
    if (Math.hypot(x - disc.x, y - disc.y) > disc.r + 0.1 || attempt > 30) return [x, y]
  }
}

/** One lesion of this kind in this eye. */
export function drawLesion(scene: FundusScene, name: LesionName, stream: Random): Lesion {
  const spot = (x: number, y: number, r: number, angle = stream.uniform(0, Math.PI)): Spot => ({
    x,
    y,
    r,
    angle,
    seed: stream.int(2 ** 31),
  })
  const { disc } = scene.anatomy
  const amount = stream.weighted([
    ['few', 0.4],
    ['several', 0.4],
    ['many', 0.2],
  ] as const) as Amount
  const lesion: Lesion = { name, strength: stream.uniform(0.9, 1.12), amount, place: null, groups: [] }
  /** Spots over one quadrant (`place`) or over all. */
  const scatter = (count: number, place: Quadrant | null, from: number, to: number, size: () => number): Spot[][] =>
    Array.from({ length: count }, (_, i) => {
      const quadrant = place ?? (quadrants[(i + stream.int(2)) % 4] as Quadrant)
      return [spot(...pointIn(scene, quadrant, from, to, stream), size())]
    })
  switch (name) {
    case 'Microaneurysms': {
      const count = { few: 4, several: 8, many: 16 }[amount] + stream.int(3)
      const place = amount === 'few' && stream.chance(0.6) ? stream.pick(quadrants) : null
      return { ...lesion, place, groups: scatter(count, place, 0.14, 0.8, () => stream.uniform(0.017, 0.023)) }
    }
    case 'Haemorrhages': {
      const severe = scene.grade === 3
      const shown: Amount = severe ? 'many' : amount === 'many' ? 'several' : amount
      const count = { few: 3, several: 7, many: 20 }[shown] + stream.int(3)
      const place = !severe && stream.chance(0.4) ? stream.pick(quadrants) : null
      return {
        ...lesion,
        amount: shown,
        place,
        groups: scatter(count, place, 0.2, 0.85, () => stream.uniform(0.03, 0.055)),
      }
    }
    case 'Hard Exudates': {
      const clusters = { few: 1, several: 2, many: 3 }[amount]
      const atMacula = stream.chance(0.4)
      const place = atMacula ? 'macula' : clusters === 1 ? stream.pick(quadrants) : null
      const groups = Array.from({ length: clusters }, (_, i) => {
        const home = place === null || place === 'macula' ? (quadrants[(i * 2 + stream.int(4)) % 4] as Quadrant) : place
        const [cx, cy] = pointIn(scene, home, atMacula ? 0.09 : 0.28, atMacula ? 0.19 : 0.6, stream)
        const around = stream.uniform(0.05, 0.09)
        return Array.from({ length: 7 + stream.int(8) }, () =>
          spot(cx + stream.normal(0, around * 0.7), cy + stream.normal(0, around * 0.7), stream.uniform(0.011, 0.024)),
        )
      })
      return { ...lesion, place, groups }
    }
    case 'Cotton Wool Spots': {
      const count = { few: 2, several: 3, many: 5 }[amount]
      const place = count === 2 && stream.chance(0.6) ? stream.pick(quadrants) : null
      return { ...lesion, place, groups: scatter(count, place, 0.35, 0.75, () => stream.uniform(0.05, 0.075)) }
    }
    case 'New Vessels': {
      const onDisc = stream.chance(0.5)
      const place = onDisc ? 'disc' : stream.pick(quadrants)
      const [x, y] = onDisc
        ? [disc.x + stream.normal(0, 0.03), disc.y + stream.normal(0, 0.03)]
        : pointIn(scene, place as Quadrant, 0.45, 0.75, stream)
      return { ...lesion, place, groups: [[spot(x, y, stream.uniform(0.15, 0.21))]] }
    }
    case 'Preretinal Haemorrhage': {
      const place = stream.pick(quadrants)
      const [x, y] = pointIn(scene, place, 0.42, 0.62, stream)
      return { ...lesion, place, groups: [[spot(x, y, stream.uniform(0.16, 0.27), stream.normal(0, 0.08))]] }
    }
    case 'Laser Scars': {
      const groups = [] as Spot[]
      const count = { few: 16, several: 28, many: 44 }[amount]
      while (groups.length < count) {
        const place = stream.pick(quadrants)
        const [x, y] = pointIn(scene, place, 0.6, 1.15, stream)
        groups.push(spot(x, y, stream.uniform(0.028, 0.042)))
      }
      return { ...lesion, groups: [groups] }
    }
    case 'Drusen': {
      const count = { few: 9, several: 20, many: 38 }[amount]
      const spots = Array.from({ length: count }, () => {
        const a = stream.uniform(0, 2 * Math.PI)
        const r = Math.abs(stream.normal(0, 0.17))
        return spot(r * Math.cos(a), r * Math.sin(a), stream.uniform(0.014, 0.03))
      })
      return { ...lesion, place: 'macula', groups: [spots] }
    }
    case 'Glaucomatous Cupping':
      return { ...lesion, place: 'disc', groups: [[spot(disc.x, disc.y, disc.r)]] }
    case 'Peripapillary Atrophy':
      return { ...lesion, place: 'disc', groups: [[spot(disc.x, disc.y, disc.r * stream.uniform(1.4, 1.75), 0)]] }
    case 'Macular Hole':
      return {
        ...lesion,
        place: 'macula',
        groups: [[spot(stream.normal(0, 0.006), stream.normal(0, 0.006), stream.uniform(0.055, 0.08))]],
      }
    case 'Bone Spicules': {
      const count = { few: 12, several: 22, many: 36 }[amount]
      const spots = Array.from({ length: count }, () => {
        const [x, y] = pointIn(scene, stream.pick(quadrants), 0.55, 1.1, stream)
        return spot(x, y, stream.uniform(0.035, 0.06))
      })
      return { ...lesion, groups: [spots] }
    }
    case 'Media Opacity':
      return { ...lesion, groups: [] }
  }
}
