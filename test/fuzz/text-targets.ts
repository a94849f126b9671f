/** @file Every reader of text files with small files to damage: tokenizers, tables, lists of studies, configurations. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseWith } from '../../src/core/config.ts'
import { findDataset } from '../../src/data/datasets/index.ts'
import { readStudies } from '../../src/data/studies.ts'
import { readPreprocess } from '../../src/imaging/preprocess-config.ts'
import { fromHuggingFace } from '../../src/models/checkpoints/hugging-face.ts'
import { readSafetensors } from '../../src/models/checkpoints/safetensors.ts'
import { modelSchema } from '../../src/models/config.ts'
import { byteLevelJson } from '../../src/text/byte-level-json.ts'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import { readReport, splitSentences } from '../../src/text/report.ts'
import { sentencePieceJson } from '../../src/text/sentencepiece.ts'
import { byteAlphabet, parseMerges } from '../../src/text/tokenizer-json.ts'
import { mutatedJson, mutatedText } from './mutate.ts'
import type { FuzzTarget } from './run.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`../golden/${name}`, import.meta.url))
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const sample = 'No pneumothorax; 2.5 cm é 😀 <|endoftext|> [MASK]'

/** A WordPiece file with its first words: special tokens, signs, letters. */
function fewWords(file: Buffer): Buffer {
  const whole = JSON.parse(file.toString('utf8')) as { model: { vocab: Record<string, number> } }
  const vocab = Object.fromEntries(Object.entries(whole.model.vocab).slice(0, 120))
  return json({ ...whole, model: { ...whole.model, vocab } })
}

/** The first pieces of a real SentencePiece model, and its map of characters cut short. */
function unigramSeed(): Buffer {
  const whole = sentencePieceJson(golden('tokenizers/spiece.model'), { tokenizer_class: 'SiglipTokenizer' }, 'x')
  const vocab = (whole.model.vocab as [string, number][]).slice(0, 60)
  return json({
    ...whole,
    added_tokens: whole.added_tokens.filter(({ id }) => id < 60),
    model: { ...whole.model, vocab },
  })
}

function byteLevelSeeds(): { vocab: Record<string, number>; merges: string; whole: Buffer } {
  const merges = golden('tokenizers/merges-500.txt').toString('utf8').split('\n').slice(0, 40).join('\n')
  const pairs = parseMerges(merges, 'x', Number.POSITIVE_INFINITY)
  const alphabet = byteAlphabet()
  const tokens = [
    ...alphabet,
    ...alphabet.map((c) => `${c}</w>`),
    ...pairs.map((pair) => pair.join('')),
    '<|endoftext|>',
  ]
  const vocab = Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]))
  return { vocab, merges, whole: json(byteLevelJson(vocab, pairs, {}, 'x')) }
}

const study = {
  id: 's1',
  patient: 'p1',
  split: 'train',
  domain: 'chest-xray',
  images: [{ path: 'images/s1.png' }],
  report: { findings: 'Clear lungs.', impression: 'Normal.' },
  captions: ['A chest X-ray.'],
  labels: { effusion: 0 },
  boxes: [{ image: 0, label: 'nodule', x: 0.1, y: 0.1, width: 0.2, height: 0.2 }],
}
const question = {
  image_name: 'a.png',
  image_organ: 'CHEST',
  question: 'Is there an effusion?',
  answer: 'no',
  answer_type: 'CLOSED',
  question_type: 'PRES',
}

/** The readers; they read files in `room`, a folder of their own. */
export function textTargets(room: string): FuzzTarget[] {
  /** A folder with fixed files, and one that is damaged. */
  const inFolder = (
    name: string,
    file: string,
    fixed: Record<string, string | Uint8Array>,
    run: (folder: string, path: string) => unknown,
  ) => {
    const folder = join(room, name.replace(/\W+/g, '-'))
    mkdirSync(join(folder, 'images'), { recursive: true })
    for (const [other, content] of Object.entries(fixed)) writeFileSync(join(folder, other), content)
    return (bytes: Uint8Array) => {
      writeFileSync(join(folder, file), bytes)
      return run(folder, join(folder, file))
    }
  }
  const tokenize = async (folder: string): Promise<void> => {
    const tokenizer = await loadTokenizer(folder)
    tokenizer.decode(tokenizer.encode(sample))
    tokenizer.toFiles()
  }
  const { vocab, merges, whole } = byteLevelSeeds()
  const bert = fewWords(golden('tokenizers/bert-small/tokenizer.json'))
  const clip = golden('tokenizers/clip-small/tokenizer.json')
  const words = Buffer.from(golden('tokenizers/vocab-cased.txt').toString('utf8').split('\n').slice(0, 150).join('\n'))
  const table =
    'image,text,patient,split,effusion\na.png,"Clear, normal.",p1,train,1\na.png,"A ""small"" nodule",p2,test,0\n'
  const csvOptions = { text: 'text', patient: 'patient', split: 'split', labels: ['effusion'] }

  return (
    [
      {
        name: 'tokenizer.json',
        seeds: [bert, clip, whole, unigramSeed()],
        damage: mutatedJson,
        run: inFolder('tokenizer.json', 'tokenizer.json', {}, tokenize),
      },
      {
        name: 'tokenizer_config.json',
        seeds: [
          json({
            model_max_length: 77,
            tokenizer_class: 'CLIPTokenizer',
            pad_token: '<|endoftext|>',
            do_lower_case: true,
          }),
        ],
        damage: mutatedJson,
        run: inFolder('tokenizer_config', 'tokenizer_config.json', { 'tokenizer.json': bert }, tokenize),
      },
      {
        name: 'vocab.json',
        seeds: [json(vocab)],
        damage: mutatedJson,
        run: inFolder('vocab.json', 'vocab.json', { 'merges.txt': merges }, tokenize),
      },
      {
        name: 'merges.txt',
        seeds: [Buffer.from(merges)],
        damage: mutatedText,
        run: inFolder('merges.txt', 'merges.txt', { 'vocab.json': json(vocab) }, tokenize),
      },
      {
        name: 'vocab.txt',
        seeds: [words],
        damage: mutatedText,
        run: inFolder('vocab.txt', 'vocab.txt', {}, tokenize),
      },
      {
        name: 'spiece.model',
        seeds: [golden('tokenizers/spiece.model').subarray(0, 6000)],
        run: inFolder('spiece', 'spiece.model', {}, tokenize),
      },
      {
        name: 'studies.jsonl',
        seeds: [Buffer.from(`${JSON.stringify(study)}\n${JSON.stringify({ ...study, id: 's2' })}\n`), json(study)],
        damage: (seed, random) => (seed.includes(10) ? mutatedText(seed, random) : mutatedJson(seed, random)),
        run: inFolder('studies', 'studies.jsonl', { 'images/s1.png': '' }, readStudies),
      },
      {
        name: 'CSV table',
        seeds: [Buffer.from(table)],
        damage: mutatedText,
        run: inFolder('csv', 'table.csv', { 'a.png': '' }, (_, path) => findDataset('csv').read(path, csvOptions)),
      },
      {
        name: 'VQA-RAD JSON',
        seeds: [json([question, { ...question, answer: 2, answer_type: 'OPEN' }])],
        damage: mutatedJson,
        run: inFolder('vqa', 'trainset.json', { 'testset.json': '[]', 'images/a.png': '' }, (folder) =>
          findDataset('vqa-rad').read(folder, {}),
        ),
      },
      {
        name: 'config.json',
        seeds: [golden('clip-tiny/config.json')],
        damage: mutatedJson,
        run: inFolder('config', 'config.json', {}, (_, path) => {
          const value = parse(readFileSync(path))
          return value === undefined
            ? undefined
            : parseWith(modelSchema, fromHuggingFace(value, 'x'), 'x', 'MODEL_INVALID')
        }),
      },
      {
        name: 'preprocessor_config.json',
        seeds: [golden('clip-tiny/preprocessor_config.json')],
        damage: mutatedJson,
        run: (bytes) => {
          const value = parse(bytes)
          return value === undefined ? undefined : readPreprocess(value, 'x')
        },
      },
      {
        name: 'safetensors',
        seeds: [golden('safetensors/python.safetensors')],
        run: inFolder('safetensors', 'model.safetensors', {}, (_, path) => readSafetensors(path)),
      },
      {
        name: 'reports',
        seeds: [
          Buffer.from(
            'EXAM: Chest, 2 views.\n\nFINDINGS: 1. No effusion. 2. Dr. Lee saw 2.5 cm.\nIMPRESSION:\nNormal.\n',
          ),
        ],
        damage: mutatedText,
        run: (bytes) => {
          const text = Buffer.from(bytes).toString('utf8')
          readReport(text)
          return splitSentences(text)
        },
      },
    ] satisfies Omit<FuzzTarget, 'room'>[]
  ).map((target) => ({ ...target, room: 'text' as const }))
}

/** JSON, or undefined: readers of files refuse what is none before these functions see it. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
