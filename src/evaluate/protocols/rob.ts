/**
 * ROB: how far zero-shot AUROC falls when the picture is exposed otherwise, blurred or turned, and when the finding is asked
 * for in words the reports never use. All on the same studies, so the falls are paired.
 */

import { fillPrompts, loadPromptSet, type PairSet, selectPrompts } from '../../text/index.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { pictures } from '../context.ts'
import { findingSet, labelledFindings } from '../prompts.ts'
import type { Protocol, ProtocolContext } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { zeroShotScores } from './scores.ts'

/** What is done to greys 0..1 [size, size] of a channel. */
type Change = (greys: Float32Array, size: number) => Float32Array

const changes: Readonly<Record<string, Change>> = {
  brighter: (greys) => greys.map((value) => value ** 0.7),
  darker: (greys) => greys.map((value) => value ** 1.4),
  blurred: (greys, size) => blurred(greys, size, size / 64),
  turned: (greys, size) => turned(greys, size, (10 * Math.PI) / 180),
}

/** Other ways to say that something is there, or is not. */
const paraphrase = {
  positive: ['the image shows {}', 'findings consistent with {}', '{} is present'],
  negative: ['the image shows no {}', 'without {}', '{} is absent'],
}

const chunk = 64

export const rob: Protocol = {
  id: 'ROB',
  name: 'Robustness',
  measures: 'Zero-shot AUROC on changed pictures, and with other prompts and names; `plain` is without any change.',
  chance: { plain: 0.5 },
  lacks: ({ test }) => (labelledFindings(test).size === 0 ? 'no study carries labels' : undefined),
  async run(context) {
    const { model, data, settings, features } = context
    const set = await findingSet(data.test, settings.prompts)
    const prompts = fillPrompts(set)
    const plain = (await features('test', 'global')).values
    const measures: Record<string, CaseMeasure> = {}
    const add = async (name: string, embeddings: Float32Array, asked = prompts): Promise<void> => {
      measures[name] = { kind: 'auroc', findings: await zeroShotScores(model, embeddings, data.test, asked) }
    }
    await add('plain', plain)
    for (const [name, change] of Object.entries(changes)) await add(name, await embedChanged(context, change))
    await add('paraphrasedPrompts', plain, fillPrompts(reworded(set)))
    const unseen = await heldOut(set)
    if (unseen !== undefined) await add('unseenSynonyms', plain, fillPrompts(unseen))
    return { measured: [{ units: patientsOf(data.test), measures }], details: { prompts: prompts.key } }
  },
}

async function embedChanged({ model, data }: ProtocolContext, change: Change): Promise<Float32Array> {
  const { size, channels, mean, std } = model.preprocess
  const load = pictures(model, data.folder, data.test)
  const out = new Float32Array(data.test.length * model.config.joint)
  const area = size * size
  for (let from = 0; from < data.test.length; from += chunk) {
    const n = Math.min(chunk, data.test.length - from)
    const pixels = await load(Array.from({ length: n }, (_, i) => from + i))
    for (let at = 0; at < n * channels; at++) {
      const c = at % channels
      const part = pixels.subarray(at * area, (at + 1) * area)
      const greys = part.map((value) => Math.min(Math.max(value * std[c]! + mean[c]!, 0), 1))
      part.set(change(greys, size).map((value) => (value - mean[c]!) / std[c]!))
    }
    out.set(await model.embedPixels(pixels), from * model.config.joint)
  }
  return out
}

/** The same findings in other templates; sentences of single findings are left out. */
function reworded(set: PairSet): PairSet {
  const findings = set.findings.map((finding) => ({ ...finding, positive: [], negative: [] }))
  return { ...set, ...paraphrase, name: `${set.name}-reworded`, findings }
}

/** The set of names that the reports never use, where there is one, for the same findings. */
async function heldOut(set: PairSet): Promise<PairSet | undefined> {
  const other = await loadPromptSet(`${set.name}-held-out`).catch(() => undefined)
  if (other?.kind !== 'pairs') return undefined
  const known = new Set(other.findings.map(({ name }) => name))
  const names = set.findings.map(({ name }) => name)
  return names.every((name) => known.has(name)) ? (selectPrompts(other, names) as PairSet) : undefined
}

/** Gaussian blur, edges repeated. */
function blurred(greys: Float32Array, size: number, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma)
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)))
  const total = weights.reduce((a, b) => a + b, 0)
  const along = (from: Float32Array, step: number, across: number): Float32Array =>
    from.map((_, i) => {
      const place = Math.floor(i / step) % size
      const start = i - place * step
      let sum = 0
      for (let k = -reach; k <= reach; k++)
        sum += weights[k + reach]! * from[start + Math.min(Math.max(place + k, 0), across - 1) * step]!
      return sum / total
    })
  return along(along(greys, 1, size), size, size)
}

/** Turned about the middle, bilinear; black outside. */
function turned(greys: Float32Array, size: number, angle: number): Float32Array {
  const [cos, sin, middle] = [Math.cos(angle), Math.sin(angle), (size - 1) / 2]
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= size || y >= size ? 0 : greys[y * size + x]!)
  return greys.map((_, i) => {
    const [dx, dy] = [(i % size) - middle, Math.floor(i / size) - middle]
    const [u, v] = [cos * dx + sin * dy + middle, -sin * dx + cos * dy + middle]
    const [x, y] = [Math.floor(u), Math.floor(v)]
    const [fx, fy] = [u - x, v - y]
    const top = at(x, y) * (1 - fx) + at(x + 1, y) * fx
    return top * (1 - fy) + (at(x, y + 1) * (1 - fx) + at(x + 1, y + 1) * fx) * fy
  })
}
