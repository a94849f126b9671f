import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import { findings } from '../phantoms/chest/findings.ts'
import { deviceTerms, terms } from '../phantoms/chest/vocabulary.ts'
import { tokenizePrompts } from './prompt-tokens.ts'
import {
  fillPrompts,
  listPromptSets,
  loadPromptSet,
  type PromptSetInput,
  parsePromptSet,
  selectPrompts,
  withArticle,
} from './prompts.ts'
import { wordPieceTokenizer } from './tokenizer.ts'
import { trainWordPiece } from './train-wordpiece.ts'

const organs: PromptSetInput = {
  kind: 'exclusive',
  name: 'organs',
  version: 1,
  source: 'test',
  templates: ['a photo of {a}', 'the {CLASS}'],
  classes: [
    { name: 'CHEST', phrases: ['chest', 'X-ray of it'] },
    { name: 'eye', sentences: ['a fundus photograph'] },
  ],
}
const pairs: PromptSetInput = {
  kind: 'pairs',
  name: 'pairs',
  version: 3,
  source: 'test',
  positive: ['{}', 'there is {a}'],
  negative: ['no {}'],
  findings: [
    { name: 'Edema', phrases: ['edema'], article: false, negative: ['the lungs are dry'] },
    { name: 'Effusion' },
  ],
}

describe('filling', () => {
  test('exclusive: templates x phrases, then whole sentences, one group a class', () => {
    expect(fillPrompts(parsePromptSet(organs, 'x')).groups).toEqual([
      {
        name: 'CHEST',
        polarity: undefined,
        texts: ['a photo of a chest', 'a photo of an X-ray of it', 'the chest', 'the X-ray of it'],
      },
      { name: 'eye', polarity: undefined, texts: ['a photo of an eye', 'the eye', 'a fundus photograph'] },
    ])
  })

  test('pairs: group 2k states finding k, group 2k + 1 denies it; sets may differ in size', () => {
    const filled = fillPrompts(parsePromptSet(pairs, 'x'))
    expect(filled.names).toEqual(['Edema', 'Effusion'])
    expect(filled.groups.map((group) => [group.name, group.polarity, ...group.texts])).toEqual([
      ['Edema', 1, 'edema', 'there is edema'],
      ['Edema', 0, 'no edema', 'the lungs are dry'],
      ['Effusion', 1, 'Effusion', 'there is an Effusion'],
      ['Effusion', 0, 'no Effusion'],
    ])
  })

  test('names with signs of replacement patterns stay as they are', () => {
    const odd = { ...pairs, findings: [{ name: "$& $1 $' {}" }] }
    expect(fillPrompts(parsePromptSet(odd, 'x')).groups[1]?.texts).toEqual(["no $& $1 $' {}"])
  })

  test('the key changes with any word, order or version, and with nothing else', () => {
    const key = (input: unknown): string => fillPrompts(parsePromptSet(input, 'x')).key
    expect(key(structuredClone(organs))).toBe(key(organs))
    expect(key(organs)).toMatch(/^organs@1#[0-9a-f]{16}$/)
    const others = [
      { ...organs, version: 2 },
      { ...organs, templates: ['the {CLASS}', 'a photo of {a}'] },
      { ...organs, classes: [...organs.classes].reverse() },
      { ...organs, classes: [...organs.classes, { name: 'knee' }] },
    ]
    expect(new Set([organs, ...others].map(key)).size).toBe(5)
    expect(key({ ...organs, source: 'other' })).toBe(key(organs))
  })

  test.each([
    ['nodule', 'a nodule'],
    ['effusion', 'an effusion'],
    ['MRI', 'an MRI'],
    ['CT', 'a CT'],
    ['X-ray', 'an X-ray'],
    ['ultrasound image', 'an ultrasound image'],
    ['unit', 'a unit'],
    ['unimportant one', 'an unimportant one'],
    ['8 mm nodule', 'an 8 mm nodule'],
    ['Enlarged heart', 'an Enlarged heart'],
  ])('article of %s', (phrase, expected) => expect(withArticle(phrase)).toBe(expected))
})

describe('refused', () => {
  const classes = (list: unknown): unknown => ({ ...organs, classes: list })
  const found = (list: unknown): unknown => ({ ...pairs, findings: list })
  test.each<[string, unknown, RegExp]>([
    ['one exclusive class', classes([{ name: 'chest' }]), /at least two/],
    ['no class', classes([]), /at least two/],
    ['no finding', found([]), /at least one finding/],
    ['a class twice, whatever the case', classes([{ name: 'chest' }, { name: ' Chest' }]), /" Chest" stands twice/],
    ['a finding twice', found([{ name: 'A' }, { name: 'a' }]), /stands twice/],
    ['a template without a slot', { ...organs, templates: ['a photo'] }, /templates\.0: .*slot/],
    ['a template with two slots', { ...pairs, negative: ['no {} or {a}'] }, /negative\.0: .*slot/],
    ['an empty phrase', classes([{ name: 'a', phrases: [' '] }, { name: 'b' }]), /phrases\.0: must not be empty/],
    [
      'a class without prompts',
      { ...organs, templates: [], classes: [{ name: 'a', sentences: ['x'] }, { name: 'b' }] },
      /b has no prompts/,
    ],
    ['an empty positive side', { ...pairs, positive: [] }, /Edema has no positive prompts/],
    ['an empty negative side', { ...pairs, negative: [] }, /Effusion has no negative prompts/],
    [
      'a sentence on both sides',
      found([{ name: 'Edema', negative: ['there is an EDEMA'] }]),
      /"there is an EDEMA" both states and denies Edema/,
    ],
    ['a prompt of two classes', classes([{ name: 'a' }, { name: 'b', phrases: ['a'] }]), /stands for both a and b/],
    ['an unknown field', { ...organs, template: 'x' }, /template/],
    ['a version of 0', { ...organs, version: 0 }, /version/],
    ['something else', [], /not valid/],
  ])('%s', (_, value, message) => {
    const attempt = (): unknown => parsePromptSet(value, 'my.json')
    expect(attempt).toThrowError(message)
    expect(attempt).toThrowError(/my\.json is not valid/)
    expect(attempt).toThrowError(VesaliusError)
  })

  test('any JSON is parsed or refused in one sentence', () => {
    const nearly = fc.record(
      {
        kind: fc.constantFrom('exclusive', 'pairs'),
        name: fc.constant('n'),
        version: fc.constant(1),
        source: fc.constant('s'),
        templates: fc.array(fc.string()),
        positive: fc.array(fc.string()),
        negative: fc.jsonValue(),
        classes: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearly), (value) => {
        try {
          parsePromptSet(value, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(VesaliusError)
        }
      }),
    )
  })
})

describe('built in', () => {
  test('every set loads by its name and fills', async () => {
    expect(listPromptSets().map(({ name, kind, names }) => [name, kind, names.length])).toEqual([
      ['chest-phantom', 'pairs', 15],
      ['chest-phantom-held-out', 'pairs', 15],
      ['chexzero', 'pairs', 14],
      ['tier', 'pairs', 11],
      ['modalities', 'exclusive', 4],
      ['vqa-rad-organs', 'exclusive', 3],
    ])
    for (const { name, names } of listPromptSets()) expect(fillPrompts(await loadPromptSet(name)).names).toEqual(names)
  })

  test('CheXzero is "{}" against "no {}"; the modalities are those of Fig. 4', async () => {
    const chexzero = fillPrompts(await loadPromptSet('chexzero'))
    expect(chexzero.groups.slice(0, 2).flatMap((group) => group.texts)).toEqual(['Atelectasis', 'no Atelectasis'])
    const modalities = fillPrompts(await loadPromptSet('modalities'))
    expect(modalities.groups.flatMap((group) => group.texts)).toEqual([
      'a photo of a Chest X-ray',
      'a photo of Mammography',
      'a photo of a Knee X-ray',
      'a photo of a Dental X-ray',
    ])
  })

  test('the phantom sets name its findings, in ordinary and in held-out words only', async () => {
    const spoken = await loadPromptSet('chest-phantom')
    const heldOut = await loadPromptSet('chest-phantom-held-out')
    if (spoken.kind !== 'pairs' || heldOut.kind !== 'pairs') throw new Error('pairs expected')
    expect(fillPrompts(spoken).names).toEqual([...findings])
    expect(fillPrompts(heldOut).names).toEqual([...findings])
    const devices = Object.values(deviceTerms).flatMap((term) => term.train.map(([word]) => word))
    for (const [i, name] of findings.entries()) {
      const ordinary = [...terms[name].train.map(([word]) => word), ...(name === 'Support Devices' ? devices : [])]
      expect(ordinary).toEqual(expect.arrayContaining(spoken.findings[i]?.phrases ?? ['missing']))
      expect(terms[name].heldOut).toEqual(expect.arrayContaining(heldOut.findings[i]?.phrases ?? ['missing']))
    }
  })

  test('an unknown name lists the known ones', async () => {
    await expect(loadPromptSet('chexnothing')).rejects.toMatchObject({
      code: 'UNKNOWN_NAME',
      hint: expect.stringContaining('chexzero'),
    })
    await expect(loadPromptSet('__proto__')).rejects.toMatchObject({ code: 'UNKNOWN_NAME' })
  })
})

test('other names take the templates; known ones keep their words', async () => {
  const chosen = selectPrompts(await loadPromptSet('chest-phantom'), ['Scoliosis', 'COVID-19', 'edema'])
  const groups = fillPrompts(chosen).groups
  expect(groups.map((group) => [group.name, group.polarity])).toEqual([
    ['Scoliosis', 1],
    ['Scoliosis', 0],
    ['COVID-19', 1],
    ['COVID-19', 0],
    ['edema', 1],
    ['edema', 0],
  ])
  expect(groups[0]?.texts).toEqual(['scoliosis', 'there is scoliosis', 'scoliosis is seen'])
  expect(groups[3]?.texts).toEqual(['no COVID-19', 'there is no COVID-19', 'no COVID-19 is seen'])
  expect(groups[4]?.texts).toContain('there is pulmonary edema')
  expect(() => selectPrompts(chosen, [])).toThrowError(/at least one/)
})

describe('files', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prompts-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('a JSON file loads by its path; damage names the file', async () => {
    const path = join(folder, 'mine.json')
    await writeFile(path, JSON.stringify(pairs))
    expect(await loadPromptSet(path)).toEqual(parsePromptSet(pairs, 'x'))
    await writeFile(path, '{')
    await expect(loadPromptSet(path)).rejects.toMatchObject({ code: 'FILE_DAMAGED', where: path })
    await expect(loadPromptSet(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'FILE_MISSING' })
  })
})

describe('as tokens', () => {
  const words = ['edema effusion there is an no the lungs are dry']
  const tokenizer = wordPieceTokenizer(trainWordPiece(words, { vocabSize: 200, minFrequency: 1 }), {
    contextLength: 10,
  })
  const filled = (input: unknown) => fillPrompts(parsePromptSet(input, 'x'))

  test('rows of each group', () => {
    const tokens = tokenizePrompts(filled(pairs), tokenizer)
    expect(tokens.rows).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 4 },
      { from: 4, to: 6 },
      { from: 6, to: 7 },
    ])
    expect(Array.from(tokens.ids.subarray(3 * 10, 4 * 10)).filter((id) => id !== 0)).toEqual(
      tokenizer.encode('the lungs are dry'),
    )
  })

  test('a prompt without tokens, one that is too long, sides that read alike are refused', () => {
    const zeroWidth = { ...pairs, findings: [{ name: 'Edema', positive: ['\u200b'] }] }
    expect(() => tokenizePrompts(filled(zeroWidth), tokenizer)).toThrowError(/of Edema holds no token/)
    const long = { ...pairs, findings: [{ name: 'Edema', negative: ['dry '.repeat(20)] }] }
    expect(() => tokenizePrompts(filled(long), tokenizer)).toThrowError(/longer than the model's 10 tokens/)
    expect(tokenizePrompts(filled(long), tokenizer, { policy: 'truncate' }).ids.at(-1)).toBe(tokenizer.eosId)
    const alike = { ...organs, templates: ['{}'], classes: [{ name: 'qqq' }, { name: 'ZZZ' }] }
    expect(() => tokenizePrompts(filled(alike), tokenizer)).toThrowError(/qqq and ZZZ are the same tokens/)
    const sides = { ...pairs, positive: ['{}'], negative: ['not_{}'], findings: [{ name: 'qqq' }] }
    expect(() =>
      tokenizePrompts(filled(sides), wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'])),
    ).not.toThrow()
  })
})
