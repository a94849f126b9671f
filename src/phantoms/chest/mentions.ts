/** @file Decides what a report will say: which findings are named, denied, doubted, left out or wrong. Words come later. */

import type { Random } from '../../core/random.ts'
import type { Dials } from './dials.ts'
import { type FindingName, findings } from './findings.ts'
import { partsOf } from './parts.ts'
import type { Finding, Mention, Scene } from './scene.ts'

/** How readily readers deny each finding, relative to the negation dial. */
const denialWeight: Record<FindingName, number> = {
  'Pleural Effusion': 2.4,
  Pneumothorax: 2.4,
  Consolidation: 1.6,
  Cardiomegaly: 1.6,
  'Enlarged Mediastinum': 1,
  Edema: 1,
  'Rib Fracture': 0.8,
  'Hiatal Hernia': 0.3,
  Nodule: 0.5,
  Mass: 0.5,
  Atelectasis: 0.3,
  Emphysema: 0.2,
  Fibrosis: 0.2,
  'Pleural Plaque': 0.2,
  'Support Devices': 0.1,
}

/** Findings that a reader may be in doubt about: local, and drawable faintly. */
const doubtful: readonly FindingName[] = [
  'Nodule',
  'Consolidation',
  'Atelectasis',
  'Pneumothorax',
  'Pleural Plaque',
  'Rib Fracture',
  'Edema',
  'Fibrosis',
]

/** Findings that the fixed normal reports deny. */
export const boilerplateDenials: readonly FindingName[] = ['Pleural Effusion', 'Pneumothorax', 'Cardiomegaly']

/** What is said, and the findings with a doubtful one added if it is drawn. */
export function mentionsOf(
  scene: Scene,
  dials: Dials,
  stream: Random,
): { mentions: Mention[]; findings: Finding[]; boilerplate: boolean } {
  const drawn = [...scene.findings]
  const mentions: Mention[] = []
  const absent = (name: FindingName): boolean => !drawn.some((finding) => finding.name === name)
  const honest = { wrong: false, resolved: false }

  let doubted: FindingName | undefined
  if (stream.chance(dials.uncertaintyRate)) {
    const name = stream.pick(doubtful)
    if (absent(name) && name !== scene.unnamed && !scene.resolved.includes(name)) {
      doubted = name
      const about = partsOf(scene, name, stream)
      let finding: number | null = null
      if (stream.chance(0.5)) {
        about.strength *= 0.35
        finding = drawn.push(about) - 1
      }
      mentions.push({ name, polarity: -1, about, finding, ...honest })
    }
  }
  drawn.forEach((about, finding) => {
    if (about.name === doubted) return
    if (stream.chance(dials.labelNoise)) return
    mentions.push({ name: about.name, polarity: 1, about, finding, ...honest })
  })
  if (stream.chance(dials.labelNoise)) {
    const taken = [...scene.resolved, doubted, scene.unnamed]
    const free = findings.filter((name) => absent(name) && !taken.includes(name))
    const name = stream.pick(free)
    const about = partsOf(scene, name, stream)
    mentions.push({ name, polarity: 1, about, finding: null, wrong: true, resolved: false })
  }
  for (const name of scene.resolved) {
    if (absent(name) && name !== scene.unnamed && stream.chance(0.7)) {
      mentions.push({ name, polarity: 0, about: null, finding: null, wrong: false, resolved: true })
    }
  }
  if (mentions.length === 0 && drawn.length === 0 && stream.chance(dials.falseNegativeRate)) {
    return {
      mentions: boilerplateDenials
        .filter((name) => name !== scene.unnamed)
        .map((name) => ({ name, polarity: 0, about: null, finding: null, ...honest })),
      findings: drawn,
      boilerplate: true,
    }
  }
  for (const name of findings) {
    if (!absent(name) || name === scene.unnamed || mentions.some((mention) => mention.name === name)) continue
    if (!stream.chance(Math.min(0.95, dials.negationRate * denialWeight[name]))) continue
    mentions.push({ name, polarity: 0, about: null, finding: null, ...honest })
  }
  return { mentions, findings: drawn, boilerplate: false }
}
