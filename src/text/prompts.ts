/**
 * @file Prompt sets: versioned lists of templates and classes for zero-shot classification. Exclusive classes compete in
 * one softmax (survey eq 4); findings that can coexist have a positive and a negative set each (CheXzero, Seibold 2022).
 */

import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { readJson, sha256 } from '../core/files.ts'
import { builtInPromptSets } from './prompts/index.ts'

const text = z.string().refine((value) => value.trim() !== '', 'must not be empty')
const template = text
  .refine(
    (value) => slots(value) === 1,
    'a template needs exactly one slot: {} or {CLASS} for the name, {a} for the name with its article',
  )
  .describe('one slot: {} or {CLASS} = the name, {a} = the name with a or an')
const words = {
  name: text.describe('the label'),
  phrases: z.array(text).min(1).optional().describe('the words prompts use; default: the name'),
  article: z.boolean().default(true).describe('false for names without a or an in {a}: "edema", "clear lungs"'),
}
const head = {
  name: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be kebab-case'),
  version: z.number().int().positive().describe('raised whenever a prompt changes: scores of two versions differ'),
  source: text.describe('where the wording comes from'),
  licence: z.string().optional(),
}

const exclusiveSchema = z.strictObject({
  kind: z.literal('exclusive'),
  ...head,
  templates: z.array(template),
  classes: z
    .array(
      z.strictObject({ ...words, sentences: z.array(text).default([]).describe('whole prompts beside the templates') }),
    )
    .min(2, 'exclusive classes need at least two: with one the softmax is 1 for every image; use kind "pairs"'),
})
const pairsSchema = z.strictObject({
  kind: z.literal('pairs'),
  ...head,
  positive: z.array(template).describe('ways to state a finding'),
  negative: z.array(template).describe('ways to deny it'),
  findings: z
    .array(
      z.strictObject({
        ...words,
        positive: z.array(text).default([]).describe('whole sentences beside the templates'),
        negative: z.array(text).default([]),
      }),
    )
    .min(1, 'a prompt set needs at least one finding'),
})
const promptSetSchema = z.discriminatedUnion('kind', [exclusiveSchema, pairsSchema])

export type PromptSet = z.output<typeof promptSetSchema>
export type PromptSetInput = z.input<typeof promptSetSchema>
export type ExclusiveSet = Extract<PromptSet, { kind: 'exclusive' }>
export type PairSet = Extract<PromptSet, { kind: 'pairs' }>

/** The prompts of one class or finding; a pair set has two groups a finding, polarity 1 and 0. */
export interface PromptGroup {
  name: string
  /** 1: states the finding. 0: denies it. Undefined for exclusive classes. */
  polarity: 1 | 0 | undefined
  texts: string[]
}

/** All prompts of a set, in the order that is part of its identity. */
export interface FilledPrompts {
  kind: PromptSet['kind']
  /** Names of the classes or findings, K of them. */
  names: string[]
  /** Exclusive: group k is class k. Pairs: group 2k states finding k, group 2k + 1 denies it. */
  groups: PromptGroup[]
  /** name@version and a hash of kind, names and every prompt: the key to cache class embeddings by. */
  key: string
}

/**
 * Checks a prompt set. Throws CONFIG_INVALID naming the field for: fewer than two exclusive classes, no finding, a name
 * twice, a template without its slot, a class without prompts, a sentence that both states and denies a finding, a prompt
 * shared by two exclusive classes.
 */
export function parsePromptSet(value: unknown, where: string): PromptSet {
  const set = parseWith(promptSetSchema, value, where)
  fillPrompts(set, where)
  return set
}

/** Fills every template with every phrase of every class. Throws CONFIG_INVALID as {@link parsePromptSet} says. */
export function fillPrompts(set: PromptSet, where = `The prompt set ${set.name}`): FilledPrompts {
  const entries = set.kind === 'exclusive' ? set.classes : set.findings
  if (entries.length < (set.kind === 'exclusive' ? 2 : 1)) {
    const hint =
      set.kind === 'exclusive' ? 'One class alone always gets 1: give two, or positive and negative pairs.' : undefined
    throw invalid(where, `it has ${entries.length === 0 ? 'no classes' : 'only one exclusive class'}`, hint)
  }
  const twice = repeated(entries.map((entry) => fold(entry.name)))
  if (twice !== undefined) throw invalid(where, `the name "${entries[twice]?.name}" stands twice`, 'Merge the two.')

  const groups: PromptGroup[] = []
  for (const entry of entries) {
    const { name } = entry
    if ('sentences' in entry && set.kind === 'exclusive') {
      groups.push({ name, polarity: undefined, texts: fill(set.templates, entry, entry.sentences) })
    } else if ('positive' in entry && set.kind === 'pairs') {
      const states = fill(set.positive, entry, entry.positive)
      const denies = fill(set.negative, entry, entry.negative)
      const stated = new Set(states.map(fold))
      const both = denies.find((sentence) => stated.has(fold(sentence)))
      if (both !== undefined) throw invalid(where, `"${both}" both states and denies ${name}`)
      groups.push({ name, polarity: 1, texts: states }, { name, polarity: 0, texts: denies })
    }
  }
  for (const { name, polarity, texts } of groups) {
    if (texts.length > 0) continue
    const which = polarity === undefined ? '' : polarity === 1 ? 'positive ' : 'negative '
    throw invalid(where, `${name} has no ${which}prompts`, 'Give templates, or sentences of its own.')
  }
  if (set.kind === 'exclusive') refuseShared(groups, where)
  const identity = JSON.stringify([
    set.kind,
    groups.map(({ name, polarity, texts }) => [name, polarity ?? null, texts]),
  ])
  return {
    kind: set.kind,
    names: entries.map((entry) => entry.name),
    groups,
    key: `${set.name}@${set.version}#${sha256(identity).slice(0, 16)}`,
  }
}

/**
 * The same set for other names, in the order given: known names (in any case) keep their phrases and sentences, all others
 * get the templates with their name, lower-cased unless it looks like an abbreviation.
 */
export function selectPrompts(set: PromptSet, names: readonly string[]): PromptSet {
  const where = `The prompt set ${set.name}`
  const pick = <T extends { name: string }>(entries: readonly T[], make: (name: string) => T): T[] =>
    names.map((name) => {
      const entry = entries.find((known) => fold(known.name) === fold(name)) ?? make(name)
      return { ...entry, name }
    })
  const fresh = (name: string) => ({ name, phrases: [lower(name)], article: !takesNoArticle.test(name) })
  return set.kind === 'exclusive'
    ? parsePromptSet({ ...set, classes: pick(set.classes, (name) => ({ ...fresh(name), sentences: [] })) }, where)
    : parsePromptSet(
        { ...set, findings: pick(set.findings, (name) => ({ ...fresh(name), positive: [], negative: [] })) },
        where,
      )
}

/** What is built in: one row a set. */
export function listPromptSets(): {
  name: string
  version: number
  kind: PromptSet['kind']
  source: string
  names: string[]
}[] {
  return Object.values(builtInPromptSets).map((input) => {
    const { name, version, kind, source } = input
    const entries = input.kind === 'exclusive' ? input.classes : input.findings
    return { name, version, kind, source, names: entries.map((entry) => entry.name) }
  })
}

/**
 * A built-in set by its name, or one from a JSON file (anything with a slash or `.json`). Throws UNKNOWN_NAME,
 * FILE_MISSING, FILE_DAMAGED or CONFIG_INVALID.
 */
export async function loadPromptSet(pathOrName: string): Promise<PromptSet> {
  if (/[/\\]|\.json$/i.test(pathOrName)) return parsePromptSet(await readJson(pathOrName), pathOrName)
  const input = Object.hasOwn(builtInPromptSets, pathOrName) ? builtInPromptSets[pathOrName] : undefined
  if (input !== undefined) return parsePromptSet(input, `The prompt set ${pathOrName}`)
  throw new VesaliusError('UNKNOWN_NAME', `There is no prompt set named "${pathOrName}".`, {
    hint: `Built in are ${Object.keys(builtInPromptSets).join(', ')}; or give a path to a .json file.`,
  })
}

const slot = /\{(?:CLASS|a)?\}/g
const takesNoArticle = /(?:[^s]s|ia|ma|tion|ing|sy)$/i

function slots(value: string): number {
  return value.match(slot)?.length ?? 0
}

type Entry = { name: string; phrases?: string[] | undefined; article: boolean }

/** Templates x phrases, then the whole sentences; what comes out twice is kept once. */
function fill(templates: readonly string[], entry: Entry, sentences: readonly string[]): string[] {
  const phrases = entry.phrases ?? [entry.name]
  const filled = templates.flatMap((pattern) =>
    phrases.map((phrase) =>
      pattern.replace(slot, (found) => (found === '{a}' ? withArticle(phrase, entry.article) : phrase)),
    ),
  )
  return [...new Map([...filled, ...sentences].map((prompt) => [fold(prompt), prompt])).values()]
}

/** "a nodule", "an effusion", "an MRI", "a unit". By spelling, with the letters whose names begin with a vowel. */
export function withArticle(phrase: string, takes = true): string {
  if (!takes) return phrase
  const first = phrase.split(/[\s-]/)[0] ?? ''
  const spelled = /^(?:[AEFHILMNORSX]|[AEFHILMNORSX][A-Z0-9]+)$/.test(first)
  const vowel = /^(?:[aeiou](?!ni[^mn]|uro|ne\b|se)|8|11\b|18\b|hour|heir)/i.test(first)
  const letters = /^[A-Z][A-Z0-9]*$/.test(first)
  return `${(letters ? spelled : vowel) ? 'an' : 'a'} ${phrase}`
}

function refuseShared(groups: readonly PromptGroup[], where: string): void {
  const owner = new Map<string, string>()
  for (const { name, texts } of groups) {
    for (const prompt of texts) {
      const other = owner.get(fold(prompt))
      if (other !== undefined) throw invalid(where, `the prompt "${prompt}" stands for both ${other} and ${name}`)
      owner.set(fold(prompt), name)
    }
  }
}

function repeated(values: readonly string[]): number | undefined {
  const index = values.findIndex((value, i) => values.indexOf(value) !== i)
  return index < 0 ? undefined : index
}

/** Equal but for case and white space: every tokenizer here reads them alike or nearly so. */
function fold(value: string): string {
  return value.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
}

function lower(name: string): string {
  return name.replace(/\b\p{Lu}(?=\p{Ll})/gu, (letter) => letter.toLowerCase())
}

function invalid(where: string, what: string, hint?: string): VesaliusError {
  return new VesaliusError('CONFIG_INVALID', `${where} is not valid: ${what}.`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  })
}
