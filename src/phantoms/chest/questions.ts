/**
 * @file Questions with answers from the scene: presence, side, location, count, size comparison, view, change. For every
 * kind the answers are balanced where the scene allows it, so that the words of a question do not give the answer away.
 */

import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { plural } from '../grammar.ts'
import { multiples } from './english.ts'
import { findings } from './findings.ts'
import { viewsOf } from './render.ts'
import type { Finding, Scene } from './scene.ts'
import { termsOf } from './vocabulary.ts'

type Question = Study['questions'][number]

/** Findings that are clearly there: doubtful ones are not asked about. */
function clear(scene: Scene): Finding[] {
  return scene.findings.filter(({ strength }) => strength >= 0.5)
}

/** Up to ten questions about a study. */
export function questionsOf(scene: Scene): Question[] {
  const stream = random(scene.seed, 'questions', scene.index)
  const there = clear(scene)
  const questions: Question[] = []
  const ask = (type: string, question: string, answer: string, kind: Question['kind']): void => {
    questions.push({ type, question, answer, kind })
  }
  const name = (finding: Finding | (typeof findings)[number]): string => termsOf(finding).train[0]?.[0] as string
  const an = (word: string, mass = false): string => (mass ? word : `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`)

  const absent = findings.filter((candidate) => !scene.findings.some((finding) => finding.name === candidate))
  const asked = stream.chance(0.5) && there.length > 0 ? stream.pick(there) : null
  const about = asked ?? stream.pick(absent)
  ask('presence', `Is there ${an(name(about), termsOf(about).mass)}?`, asked === null ? 'no' : 'yes', 'closed')
  ask('presence', 'Is this chest radiograph normal?', scene.findings.length === 0 ? 'yes' : 'no', 'closed')
  ask('view', 'Which views were taken?', viewsOf(scene).length === 1 ? 'PA' : 'PA and lateral', 'open')
  ask('count', 'How many different findings are there?', String(there.length), 'open')
  for (const finding of there) {
    const the = `the ${name(finding)}`
    if (finding.side !== 'none') {
      ask('side', `On which side is ${the}?`, finding.side === 'bilateral' ? 'both' : finding.side, 'open')
      const side = stream.pick(['left', 'right'] as const)
      const yes = finding.side === side || finding.side === 'bilateral'
      ask('side', `Is ${the} on the ${side}?`, yes ? 'yes' : 'no', 'closed')
    }
    if (finding.zone !== null && finding.side !== 'bilateral') {
      ask('location', `In which part of the lung is ${the}?`, `${finding.side} ${finding.zone}`, 'open')
    }
    if (multiples.has(finding.name)) {
      ask('count', `How many ${plural(name(finding))} are there?`, String(finding.parts.length), 'open')
    }
    if (finding.change !== null && finding.change !== 'new') {
      ask('change', `How has ${the} changed since the prior study?`, finding.change, 'open')
    }
  }
  compare(there, stream.chance(0.5), name, ask)
  return stream.shuffle(questions).slice(0, 10)
}

/** Which of two measured findings, or of two parts of one, is larger. */
function compare(
  there: readonly Finding[],
  swap: boolean,
  name: (finding: Finding) => string,
  ask: (type: string, question: string, answer: string, kind: Question['kind']) => void,
): void {
  const [first, second] = there.filter(({ sizeMm, zone }) => sizeMm !== null && zone !== null)
  if (first !== undefined && second !== undefined && first.sizeMm !== second.sizeMm) {
    const [a, b] = swap ? [second, first] : [first, second]
    const larger = (a.sizeMm as number) > (b.sizeMm as number)
    ask('comparison', `Is the ${name(a)} larger than the ${name(b)}?`, larger ? 'yes' : 'no', 'closed')
  }
  const effusion = there.find((finding) => finding.name === 'Pleural Effusion' && finding.parts.length === 2)
  if (effusion === undefined) return
  const size = (side: number): number => effusion.parts.find((part) => part.side === side)?.size ?? 0
  if (Math.abs(size(1) - size(-1)) < 3) return
  ask('comparison', 'Which pleural effusion is larger?', size(1) > size(-1) ? 'left' : 'right', 'open')
}
