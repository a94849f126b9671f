/** @file Questions about a chest with answers from the scene, in the language of its report. */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import type { Known } from '../facts.ts'
import { questionsOf as ask } from '../questions.ts'
import { multiples } from './english.ts'
import { type FindingName, findings } from './findings.ts'
import { viewsOf } from './render.ts'
import type { Finding, Scene } from './scene.ts'
import type { Speaker } from './speaker.ts'

/** Up to ten questions about a study. */
export function questionsOf(scene: Scene, speaker: Speaker, changes: Study['changes']): Study['questions'] {
  const { questions: words } = speaker
  const devices = scene.findings.find(({ name }) => name === 'Support Devices')
  const views = viewsOf(scene)
  const more: Study['questions'] = [
    { type: 'view', question: words.view, answer: words.views[views.length - 1] as string, kind: 'open' },
  ]
  const larger = largerEffusion(scene)
  if (larger !== undefined) {
    more.push({ type: 'comparison', question: words.largerEffusion, answer: words.sides[larger], kind: 'open' })
  }
  return ask({
    known: scene.findings.map((finding) => knownAs(finding, speaker)),
    absent: findings.filter((name) => !scene.findings.some((finding) => finding.name === name)),
    noun: (name) => speaker.noun(name === devices?.name ? devices : (name as FindingName)),
    changes,
    words,
    stream: random(scene.seed, 'questions', scene.index),
    more,
  })
}

/** What may be asked of a finding: sizes are compared, parts counted where readers count them. */
function knownAs(finding: Finding, { placeOf }: Speaker): Known<FindingName> {
  const { name, strength, side, zone, sizeMm, parts } = finding
  return {
    name,
    strength,
    facts: {
      ...(side === 'none' ? {} : { side }),
      ...(zone === null || side === 'none' || side === 'bilateral' ? {} : { place: placeOf(side, zone) }),
      ...(sizeMm === null || zone === null ? {} : { mm: sizeMm }),
      ...(multiples.has(name) ? { count: parts.length } : {}),
    },
  }
}

/** The side of the larger of two effusions, where one clearly is. */
function largerEffusion(scene: Scene): 'left' | 'right' | undefined {
  const effusion = scene.findings.find((finding) => finding.name === 'Pleural Effusion' && finding.parts.length === 2)
  if (effusion === undefined || effusion.strength < 0.5) return undefined
  const size = (side: number): number => effusion.parts.find((part) => part.side === side)?.size ?? 0
  if (Math.abs(size(1) - size(-1)) < 3) return undefined
  return size(1) > size(-1) ? 'left' : 'right'
}
