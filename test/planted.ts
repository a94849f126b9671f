/**
 * @file A planted world for tests of protocols: a model whose embeddings say exactly what studies and texts say, so that
 * every claim of a protocol is known, and can be made false by giving every study the picture of another.
 */

import type { ImageOutput, Model, Rows } from '../src/apply/model.ts'
import { silent } from '../src/core/progress.ts'
import { random } from '../src/core/random.ts'
import { type Study, wholeStudy } from '../src/data/study.ts'
import type { ProtocolContext } from '../src/evaluate/protocol.ts'

export const plantedFindings = ['Edema', 'Pneumothorax', 'Nodule'] as const
const names = ['edema', 'pneumothorax', 'nodule']
const width = 24

/** A text as its findings with their polarity, and a direction of its own. */
function textRow(text: string): Float32Array {
  const row = Float32Array.from({ length: width }, () => 0)
  const own = random('text', text)
  for (let d = names.length; d < width; d++) row[d] = own.normal(0, 0.25)
  names.forEach((name, k) => {
    for (const sentence of text.toLowerCase().split('.')) {
      if (sentence.includes(name)) row[k] = /\bno\b|without|absent|absence|not seen/.test(sentence) ? -1 : 1
    }
  })
  return row
}

export interface Planted {
  context: ProtocolContext
  studies: readonly Study[]
}

/** `shuffled`: pictures belong to other studies, so nothing that needs a picture can be known. */
export function planted({
  shuffled = false,
  seed = 1,
  test = 120,
}: {
  shuffled?: boolean
  seed?: number
  test?: number
} = {}): Planted {
  const count = { train: 200, validate: 60, test }
  const stream = random('planted', seed)
  const make = (split: Study['split'], i: number): Study => {
    const present = names.map(() => stream.chance(0.4))
    const sentences = names.map((name, k) => (present[k] ? `There is a ${name}.` : `No ${name}.`))
    const labels = Object.fromEntries(
      plantedFindings.map((name, k) => [name, present[k] ? (1 as const) : (0 as const)]),
    )
    const risk = present.filter(Boolean).length
    return wholeStudy({
      id: `${split}-${i}`,
      patient: `${split}-patient-${i >> 1}`,
      split,
      domain: 'chest-xray',
      images: [{ path: `${split}-${i}.png`, view: i % 2 === 0 ? 'PA' : 'AP' }],
      report: { findings: `${sentences.join(' ')} Word ${split}${i}.` },
      labels,
      truth: { labels },
      attributes: { age: 30 + (i % 60), sex: i % 3 === 0 ? 'F' : 'M' },
      questions: [{ question: 'Is there edema?', answer: present[0] ? 'yes' : 'no', kind: 'closed' }],
      survival: { months: Math.exp(-risk + stream.normal(0, 0.1)) * 20, event: stream.chance(0.8) },
    })
  }
  const of = (split: Study['split']): Study[] => Array.from({ length: count[split] }, (_, i) => make(split, i))
  const data = { folder: '.', train: of('train'), validate: of('validate'), test: of('test') }
  const rowsOf = (split: Study['split']): Float32Array => {
    const studies = shuffled ? random('shuffle', split).shuffle(data[split]) : data[split]
    const noise = random('noise', split)
    const out = new Float32Array(studies.length * width)
    studies.forEach((study, i) => {
      out.set(
        textRow(study.report?.findings ?? '').map((value) => value + noise.normal(0, 0.1)),
        i * width,
      )
    })
    return out
  }
  const embed = (texts: readonly string[]): Float32Array => {
    const out = new Float32Array(texts.length * width)
    texts.forEach((text, i) => {
      out.set(textRow(text), i * width)
    })
    return out
  }
  const model = {
    folder: 'planted',
    scale: 10,
    config: { joint: width, image: { kind: 'resnet', size: 32, channels: 1 } },
    embedTexts: async (texts: readonly string[]) => embed(texts),
    embedTextsRaw: async (texts: readonly string[]) => embed(texts),
  } as unknown as Model
  const context: ProtocolContext = {
    model,
    data,
    settings: { seed, headSteps: 150 },
    progress: () => silent,
    // One region a picture, which says what the whole picture says.
    features: async (split: Study['split'], name: ImageOutput): Promise<Rows> => ({
      shape: name.startsWith('regions') ? [1, width] : [width],
      values: rowsOf(split),
    }),
    pooled: async (split) => new Float32Array(data[split].length * 256).map(() => random('pixels', split).uniform()),
  }
  return { context, studies: data.test }
}
