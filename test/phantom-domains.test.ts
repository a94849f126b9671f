/** @file What holds for every phantom domain that is listed: pure functions, no leaks beside the picture, words true to the scene. */

import { describe, expect, it } from 'vitest'
import { studySchema } from '../src/data/study.ts'
import { auroc } from '../src/evaluate/index.ts'
import { spanishSpeaker } from '../src/phantoms/chest/spanish.ts'
import type { MadeStudy, PhantomDomain } from '../src/phantoms/domain.ts'
import { english } from '../src/phantoms/grammar.ts'
import { firstStudies, listDomains } from '../src/phantoms/index.ts'
import { makeStudy, namesIn } from './phantom-contract.ts'

const seed = 17

describe.each(listDomains().map((domain) => [domain.id, domain] as const))('%s', (id, domain) => {
  const size = domain.size.least
  const clean = 'labelNoise' in domain.dials.shape ? { labelNoise: 0 } : {}
  // Words, labels and names of files need no picture: 200 records of every domain; pictures of some of them.
  const records = new Map<string, Promise<MadeStudy[]>>()
  const many = (voice: string = domain.voices[0], heldOutSynonyms = false): Promise<MadeStudy[]> => {
    const key = `${voice} ${heldOutSynonyms}`
    const made =
      records.get(key) ?? firstStudies(id, 200, { seed, size, dials: clean, voice, heldOutSynonyms, pictures: false })
    records.set(key, made)
    return made
  }
  let kept: Promise<MadeStudy[]> | undefined
  const drawn = (): Promise<MadeStudy[]> => {
    kept ??= firstStudies(id, size < 48 ? 12 : 60, { seed, size, dials: clean })
    return kept
  }

  it('a study alone equals the study among others, record and bytes', async () => {
    const made = await drawn()
    for (const index of [11, 3]) {
      const alone = await makeStudy(domain, index, { seed, size, dials: clean, split: made[index]?.study.split })
      expect(alone.study).toEqual(made[index]?.study)
      expect((await many())[index]?.study, 'without its pictures').toEqual(alone.study)
      alone.files.forEach(({ path, bytes }, i) => {
        expect(path).toBe(made[index]?.files[i]?.path)
        expect(Buffer.compare(bytes, made[index]?.files[i]?.bytes ?? Buffer.alloc(0))).toBe(0)
      })
    }
  })

  it('patients with much to be found are made too', async () => {
    const crowded = Object.fromEntries(
      [['prevalence', 3] as const, ['normals', 0] as const].filter(([dial]) => dial in domain.dials.shape),
    )
    const made = await firstStudies(id, 200, { seed, size, dials: { ...clean, ...crowded }, pictures: false })
    const present = (studies: readonly MadeStudy[]): number =>
      studies.flatMap(({ study }) => Object.values(study.truth?.labels ?? {})).filter((label) => label === 1).length
    if (domain.findings.length > 0 && 'normals' in crowded) expect(present(made)).toBeGreaterThan(present(await many()))
  })

  it('records follow the schema and name every file that is made', async () => {
    for (const { study, files } of (await drawn()).slice(0, 40)) {
      expect(studySchema.parse(JSON.parse(JSON.stringify(study)))).toEqual(study)
      expect(study.domain).toBe(id)
      const written = new Set(files.map(({ path }) => path))
      const named = [...study.images, ...study.masks, ...study.frames, ...study.signals].map(({ path }) => path)
      if (study.omics !== undefined) named.push(study.omics)
      for (const path of named) expect(written).toContain(path)
    }
  })

  it('names, sizes and order of files do not tell the labels', async () => {
    const made = await drawn()
    const plain = made.map(({ study, files }) => files[0]?.path.replaceAll(study.id, 'ID'))
    expect(new Set(plain).size).toBe(1)
    const sizes = made.map(({ files }) => files[0]?.bytes.length ?? 0)
    if (plain[0]?.endsWith('.png')) expect(new Set(sizes).size).toBe(1)
    for (const name of domain.findings) {
      const labels = made.map(({ study }) => study.truth?.labels[name] ?? -1)
      const positives = labels.filter((label) => label === 1).length
      const negatives = labels.filter((label) => label === 0).length
      if (Math.min(positives, negatives) < 5) continue
      // Mann-Whitney: the AUROC of a number without information has this spread; patients with several studies widen it.
      const spread = 1.6 * Math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
      for (const facts of [sizes, made.map((_, i) => i)]) {
        expect(Math.abs(auroc(facts, labels) - 0.5) / spread, name).toBeLessThan(4)
      }
    }
  })

  it('questions are answered by what is drawn, courses need a study before, the graph holds the words', async () => {
    const wrong: string[] = []
    const answers = new Set<string>()
    for (const { study } of await many()) {
      const { questions, truth, graph, changes, priors, report, captions, id: of } = study
      expect(questions.length, of).toBeGreaterThan(1)
      for (const { question, answer, type, kind } of questions) {
        const [name] = namesIn(domain, question)
        if (type === 'presence' && kind === 'closed' && name !== undefined) {
          answers.add(answer)
          if ((answer === 'yes') !== (truth?.labels[name] === 1)) wrong.push(`${of} ${question} ${answer}`)
        }
        if (type === 'change' && (name === undefined || changes[name] !== answer)) wrong.push(`${of} ${question}`)
      }
      if (priors.length === 0) expect(changes, of).toEqual({})
      for (const [name, change] of Object.entries(changes)) {
        if (truth?.labels[name] === 0 && change !== 'improving') wrong.push(`${of}: ${name} is gone and ${change}`)
      }
      const said = [report?.findings, report?.impression, ...captions].join(' ').toLowerCase()
      const missing = graph?.entities.filter(({ text }) => !said.includes(text.toLowerCase())) ?? []
      // A slip of the pen may hide a word.
      if (missing.length > 1) wrong.push(`${of}: ${missing.map(({ text }) => text).join(', ')} not in: ${said}`)
    }
    expect(wrong.slice(0, 5)).toEqual([])
    expect(answers).toEqual(new Set(['yes', 'no']))
  })

  it('names come in a pool for training and one held out', () => {
    for (const [name, terms] of Object.entries(domain.words ?? {})) {
      for (const { train, heldOut } of terms) {
        expect(train.length, name).toBeGreaterThan(0)
        expect(heldOut.length, name).toBeGreaterThan(0)
        for (const word of heldOut)
          expect(
            train.map(([text]) => text),
            name,
          ).not.toContain(word)
      }
    }
  })

  it.each(domain.voices.flatMap((voice) => [[voice, false] as const, [voice, true] as const]))(
    'in the voice %s (held-out words: %s), no sentence of 200 studies says more than the truth; doubt and denial are marked',
    async (voice, heldOut) => {
      const language = voice === 'es' ? spanishSpeaker.language : english
      const made = await many(voice, heldOut)
      const wrong: string[] = []
      for (const { study } of made) for (const problem of problemsOf(domain, study, language)) wrong.push(problem)
      expect(wrong.slice(0, 5)).toEqual([])
    },
  )
})

/** What is wrong with the words of a study. */
function problemsOf(
  domain: PhantomDomain,
  { labels, truth, report, captions }: MadeStudy['study'],
  { contradiction, denialCue, doubtCue }: typeof english,
): string[] {
  const problems: string[] = []
  const sentences = truth?.sentences ?? []
  const said = [report?.findings, report?.impression, ...captions].filter(Boolean).join(' ')
  const about = new Map<string, Set<string>>()
  const doubted = new Set(sentences.filter(({ polarity }) => polarity === -1).map(({ text }) => text))
  for (const { text, finding } of sentences) {
    const known = about.get(text) ?? new Set<string>()
    if (finding !== undefined) known.add(finding)
    about.set(text, known)
  }
  for (const { text, section, finding, polarity } of sentences) {
    const wrong = (what: string): unknown => problems.push(`${what}: ${text}`)
    if ((section === 'findings' || section === 'impression') && !said.includes(text)) wrong('not in the report')
    if (section === 'indication' || section === 'comparison') continue
    for (const name of namesIn(domain, text)) {
      if (!about.get(text)?.has(name)) wrong(`names ${name} and is not about it`)
    }
    if (finding === undefined || polarity === undefined) continue
    const there = truth?.labels[finding]
    if (polarity === 1 && there !== undefined && there !== 1) wrong('affirms what is not there')
    if (polarity === 0 && there === 1) wrong('denies what is there')
    // A line about several findings may end with one in doubt; what is certain stands before the mark.
    const certain = doubted.has(text) ? text.slice(0, text.search(doubtCue)) : text
    if (polarity === 1 && (contradiction.test(certain) || doubtCue.test(certain))) wrong('affirmation with a mark')
    if (polarity === 1 && domain.words?.[finding] && !namesIn(domain, certain).has(finding) && doubted.has(text)) {
      wrong('affirmation behind the mark of doubt')
    }
    if (polarity === 0 && !denialCue.test(text)) wrong('denial without a mark')
    if (polarity === -1 && !doubtCue.test(text)) wrong('doubt without a mark')
    if (polarity === -1 && labels[finding] !== undefined && labels[finding] === 0) wrong('label denies what is doubted')
  }
  return problems
}
