/** @file Draws the attributes and geometry of one finding: side, zone, severity, size. Words and picture both read them. */

import type { Random } from '../../core/random.ts'
import { lungArea } from './anatomy.ts'
import type { FindingName } from './findings.ts'
import type { Finding, Part, Scene, Severity, Side, Zone } from './scene.ts'

/** Diameter (mm) of a disc that covers `share` of both lungs. */
export function diameterOf(scene: Scene, share: number): number {
  return 2 * Math.sqrt((share * lungArea(scene.anatomy)) / Math.PI)
}

const zones: readonly Zone[] = ['upper', 'mid', 'lower']
/** Where each zone lies between apex (0) and dome (1). */
const zoneRange: Record<Zone, [number, number]> = { upper: [0.08, 0.34], mid: [0.4, 0.62], lower: [0.7, 0.93] }

const severities: readonly Severity[] = ['small', 'moderate', 'large']

/** What the course of a finding decides: its extent in [0, 1] and how it moved. */
export interface Course {
  level: number
  change: Finding['change']
}

/** One finding of this kind in this scene, drawn from `stream`; a new one with an extent of its own without a course. */
export function partsOf(scene: Scene, name: FindingName, stream: Random, course?: Course): Finding {
  const own = stream.uniform()
  const lot = course?.level ?? own
  const side = (): Side => (stream.chance(0.5) ? -1 : 1)
  const part = (s: Side, zone: Zone, size: number, angle = 0, extra = 0): Part => ({
    side: s,
    u: stream.uniform(0.2, 0.8),
    v: stream.uniform(...zoneRange[zone]),
    size,
    angle,
    extra,
    seed: stream.int(2 ** 31),
  })
  const base: Finding = {
    name,
    side: 'none',
    zone: null,
    severity: 'moderate',
    sizeMm: null,
    strength: stream.uniform(0.9, 1.12),
    device: null,
    parts: [],
    change: course?.change ?? null,
    reading: null,
  }
  const grade = (at: number): Severity => severities[Math.min(2, Math.floor(at * 3))] as Severity
  switch (name) {
    case 'Nodule': {
      const count = stream.weighted([
        [1, 0.7],
        [2, 0.2],
        [3, 0.1],
      ] as const)
      const zone = stream.pick(zones)
      const first = side()
      const parts = Array.from({ length: count }, (_, i) => {
        const s = i === 0 ? first : side()
        const size = diameterOf(scene, 0.0045 + 0.0053 * Math.min(1, Math.max(0, lot + stream.uniform(-0.08, 0.08))))
        return part(s, i === 0 ? zone : stream.pick(zones), size, stream.uniform(0, 3), 0.03)
      })
      return named({ ...base, zone: count === 1 ? zone : null, severity: 'small', sizeMm: largest(parts), parts })
    }
    case 'Mass': {
      const zone = stream.pick(zones)
      const size = diameterOf(scene, 0.02 + 0.045 * lot ** 1.5)
      const mass = { ...part(side(), zone, size, stream.uniform(0, 3), stream.uniform(0.06, 0.16)) }
      mass.u = 0.35 + 0.35 * (mass.u - 0.2)
      return named({ ...base, zone, severity: grade(lot), sizeMm: Math.round(size), parts: [mass] })
    }
    case 'Consolidation': {
      const zone = stream.weighted([
        ['upper', 0.25],
        ['mid', 0.3],
        ['lower', 0.45],
      ] as const) as Zone
      const patch = part(
        side(),
        zone,
        diameterOf(scene, 0.07 + 0.13 * lot),
        stream.uniform(-0.5, 0.5),
        stream.uniform(0.7, 1),
      )
      const reading = stream.chance(0.6) ? 'pneumonia' : null
      return named({ ...base, zone, severity: grade(lot), parts: [patch], reading })
    }
    case 'Atelectasis': {
      const zone = stream.weighted([
        ['mid', 0.35],
        ['lower', 0.65],
      ] as const) as Zone
      const s = side()
      const line = part(s, zone, 50 + 40 * lot, s * stream.uniform(-0.35, 0.45), stream.uniform(6, 8.5))
      line.u = stream.uniform(0.35, 0.6)
      return named({ ...base, zone, severity: grade(lot), parts: [line] })
    }
    case 'Pleural Effusion': {
      const both = stream.chance(0.3)
      const first = side()
      const parts = (both ? [-1, 1] : [first]).map((s) =>
        part(s as Side, 'lower', 46 + 95 * lot * lot + stream.uniform(-4, 4)),
      )
      return named({ ...base, severity: grade(lot), parts })
    }
    case 'Pneumothorax': {
      const gap = part(side(), 'upper', 24 + 28 * lot, 0, 0.6 + 0.25 * lot)
      return named({ ...base, zone: 'upper', severity: grade(lot), sizeMm: Math.round(gap.size), parts: [gap] })
    }
    case 'Cardiomegaly': {
      const over = (scene.anatomy.cardiothoracicRatio - 0.56) / 0.12
      return { ...base, severity: grade(Math.min(0.99, Math.max(0, over))) }
    }
    case 'Enlarged Mediastinum':
      return base
    case 'Edema': {
      const parts = ([-1, 1] as const).map((s) => part(s, 'mid', 20 + 70 * lot))
      return named({ ...base, severity: grade(lot), strength: base.strength * (0.8 + 0.3 * lot), parts })
    }
    case 'Emphysema': {
      const parts = ([-1, 1] as const).map((s) => part(s, 'upper', 24 + 12 * lot, 0, 2 + stream.int(2)))
      return named({ ...base, severity: grade(lot), parts })
    }
    case 'Fibrosis': {
      const parts = ([-1, 1] as const).map((s) => part(s, 'lower', 60 + 60 * lot))
      return named({ ...base, zone: 'lower', severity: grade(lot), parts })
    }
    case 'Pleural Plaque': {
      const both = stream.chance(0.45)
      const first = side()
      const onDome = stream.chance(0.3) ? 1 : 0
      const parts = (both ? [first, -first] : [first]).map((s) => {
        const plate = part(s as Side, onDome ? 'lower' : 'mid', stream.uniform(42, 66), onDome, stream.uniform(8.5, 11))
        if (!onDome) plate.v = stream.uniform(0.45, 0.8)
        return plate
      })
      return named({ ...base, zone: onDome ? 'lower' : 'mid', severity: 'small', parts })
    }
    case 'Rib Fracture': {
      const count = stream.weighted([
        [1, 0.4],
        [2, 0.4],
        [3, 0.2],
      ] as const)
      const rib = 3 + stream.int(5 - count)
      const s = side()
      const along = stream.uniform(0.38, 0.72)
      const parts = Array.from({ length: count }, (_, i) => {
        const broken = part(s, 'mid', stream.uniform(7, 10), 0, rib + i)
        broken.u = along + stream.uniform(-0.06, 0.06)
        return broken
      })
      return named({ ...base, severity: 'small', parts })
    }
    case 'Hiatal Hernia':
      return { ...base, severity: grade(lot), parts: [part(1, 'lower', 38 + 30 * lot)] }
    case 'Support Devices': {
      const device = stream.weighted([
        ['pacemaker', 0.38],
        ['central line', 0.22],
        ['endotracheal tube', 0.12],
        ['nasogastric tube', 0.1],
        ['chest tube', 0.18],
      ] as const)
      const pneumothorax = scene.findings.find((finding) => finding.name === 'Pneumothorax')
      const s = device === 'chest tube' && pneumothorax ? (pneumothorax.parts[0] as Part).side : side()
      const tool = part(s, 'upper', stream.uniform(20, 50))
      const sided = device === 'pacemaker' || device === 'central line' || device === 'chest tube'
      return { ...base, device, side: sided ? (s < 0 ? 'right' : 'left') : 'none', parts: [tool] }
    }
  }
}

/** Side in words, from the parts. */
function named(finding: Finding): Finding {
  const left = finding.parts.some((p) => p.side > 0)
  const right = finding.parts.some((p) => p.side < 0)
  return { ...finding, side: left && right ? 'bilateral' : left ? 'left' : 'right' }
}

function largest(parts: readonly Part[]): number {
  return Math.round(Math.max(...parts.map((p) => p.size)))
}
