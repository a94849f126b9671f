import { expect, it, describe as suite } from 'vitest'
import { studySchema } from '../../data/study.ts'
import { describe } from './describe.ts'
import { type FindingName, findings } from './findings.ts'
import { sampleScene } from './sample.ts'
import { studyOf } from './study.ts'
import { deviceTerms, terms } from './vocabulary.ts'

const honest = { labelNoise: 0 }

/** Every name in use, with its finding; longest first so that the fullest name wins. */
const names = [
  ...findings.flatMap((name) =>
    [...terms[name].train.map(([t]) => t), ...terms[name].heldOut].map((t) => [t, name] as const),
  ),
  ...Object.values(deviceTerms).flatMap((entry) =>
    [...entry.train.map(([t]) => t), ...entry.heldOut].map((t) => [t, 'Support Devices'] as const),
  ),
].sort((a, b) => b[0].length - a[0].length)

/** A reader that knows the vocabulary and nothing of the generator: what does this sentence say? */
function read(sentence: string): { names: Set<FindingName>; polarity: 1 | 0 | -1 } {
  let text = sentence.toLowerCase().replaceAll('opacities', 'opacity').replaceAll('fractured ribs', 'fractured rib')
  const found = new Set<FindingName>()
  for (const [term, name] of names) {
    const at = new RegExp(`\\b${term}s?\\b`)
    if (!at.test(text)) continue
    found.add(name)
    text = text.replaceAll(new RegExp(`\\b${term}s?\\b`, 'g'), ' ')
  }
  const polarity = /^(no |there is no |negative )|has resolved|no longer/i.test(sentence)
    ? 0
    : /possible|questionable|cannot be excluded|may represent/i.test(sentence)
      ? -1
      : 1
  return { names: found, polarity }
}

suite('reports', () => {
  it('never say what is not in the scene, nor deny what is', () => {
    let read1 = 0
    for (let index = 0; index < 400; index++) {
      const scene = sampleScene(11, index, { dials: honest })
      const { report } = describe(scene)
      for (const text of `${report?.findings} ${report?.impression}`.split(/(?<=\.) /)) {
        const said = read(text)
        for (const name of said.names) {
          const drawn = scene.findings.filter((f) => f.name === name)
          if (said.polarity === 0) expect(drawn, text).toEqual([])
          if (said.polarity !== 1) continue
          read1++
          expect(drawn.length, text).toBe(1)
          const side = /\b(left|right)\b/.exec(text)?.[1]
          if (side && said.names.size === 1) expect([side, 'none'], text).toContain(drawn[0]?.side)
          const size = /(\d+) mm/.exec(text)?.[1]
          if (size) expect(Number(size), text).toBe(drawn[0]?.sizeMm)
          const zone = /\b(upper|lower)\b/.exec(text)?.[1]
          if (zone) expect(drawn[0]?.zone, text).toBe(zone)
        }
      }
    }
    expect(read1).toBeGreaterThan(400)
  })

  it('name every present finding when label noise is off, and labels follow the words', () => {
    for (let index = 0; index < 200; index++) {
      const scene = sampleScene(12, index, { dials: { ...honest, uncertaintyRate: 0 } })
      const { labels, sentences } = describe(scene)
      for (const finding of scene.findings) expect(labels[finding.name]).toBe(1)
      for (const [name, label] of Object.entries(labels)) {
        expect(sentences.some((s) => s.section === 'findings' && s.name === name && s.polarity === label)).toBe(true)
        if (label === 0) expect(scene.findings.some((f) => f.name === name)).toBe(false)
      }
    }
  })

  it('doubt with label -1 what is faint or not there', () => {
    const scenes = Array.from({ length: 400 }, (_, i) => sampleScene(3, i, { dials: { uncertaintyRate: 1 } }))
    const doubts = scenes.flatMap((scene) => scene.mentions.filter((m) => m.polarity === -1).map((m) => ({ scene, m })))
    expect(doubts.length).toBeGreaterThan(300)
    const drawn = doubts.filter(({ m }) => m.finding !== null)
    expect(drawn.length / doubts.length).toBeGreaterThan(0.35)
    expect(drawn.length / doubts.length).toBeLessThan(0.65)
    for (const { scene, m } of drawn) expect(scene.findings[m.finding as number]?.strength).toBeLessThan(0.45)
    for (const { scene, m } of doubts) expect(describe(scene).labels[m.name]).toBe(-1)
  })

  it('use held-out names only when asked, and then no training name', () => {
    const heldOut = [...Object.values(terms), ...Object.values(deviceTerms)].flatMap((entry) => entry.heldOut)
    const usual = [...Object.values(terms), ...Object.values(deviceTerms)].flatMap((entry) =>
      entry.train.map(([t]) => t),
    )
    for (let index = 0; index < 150; index++) {
      const scene = sampleScene(13, index, { dials: { ...honest, falseNegativeRate: 0 } })
      const plain = describe(scene).report
      const other = describe(scene, { heldOutSynonyms: true }).report
      const text = `${plain?.findings} ${plain?.impression}`.toLowerCase()
      for (const term of heldOut) expect(text).not.toContain(term)
      let left = `${other?.findings} ${other?.impression}`.toLowerCase()
      for (const term of heldOut) left = left.replaceAll(term, '')
      for (const term of usual) expect(left).not.toMatch(new RegExp(`\\b${term}\\b`))
    }
  })

  it('repeat normal reports word for word at the dialled rate', () => {
    const equal = (falseNegativeRate: number): number => {
      const texts = Array.from({ length: 300 }, (_, i) => {
        const { report } = describe(sampleScene(6, i, { dials: { falseNegativeRate, normals: 1, uncertaintyRate: 0 } }))
        return `${report?.findings}|${report?.impression}`
      })
      const counts = new Map<string, number>()
      for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
      return texts.filter((text) => (counts.get(text) as number) > 10).length / 300
    }
    expect(equal(1)).toBeGreaterThan(0.9)
    expect(equal(0)).toBeLessThan(0.3)
  })

  it('deny more as the negation dial rises', () => {
    const denials = (negationRate: number): number =>
      Array.from({ length: 200 }, (_, i) => sampleScene(8, i, { dials: { negationRate, falseNegativeRate: 0 } }))
        .flatMap((scene) => scene.mentions)
        .filter((m) => m.polarity === 0 && !m.resolved).length
    expect(denials(0)).toBe(0)
    expect(denials(0.8)).toBeGreaterThan(denials(0.2))
  })
})

suite('study records', () => {
  it('follow the schema, with the truth of every finding and sentences linked to boxes of their finding', () => {
    for (let index = 0; index < 60; index++) {
      const study = studyOf(21, index, { size: 96 })
      expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
      expect(Object.keys(study.truth?.labels ?? {})).toEqual([...findings])
      for (const sentence of study.truth?.sentences ?? []) {
        for (const box of sentence.boxes) expect(study.boxes[box]?.label).toBe(sentence.finding)
      }
      const said = new Set(study.truth?.sentences.filter((s) => s.section === 'findings').map((s) => s.text))
      expect([...said].join(' ').length).toBe(study.report?.findings?.length)
    }
  })
})
