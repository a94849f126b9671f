/** @file Loading and saving the tokenizer of a model folder. */

import { join } from 'node:path'
import { writeFileAtomic } from '../core/files.ts'
import { type Tokenizer, type TokenizerOptions, tokenizerFromJson } from './tokenizer.ts'
import { readTokenizerFolder } from './tokenizer-files.ts'

/**
 * The tokenizer of a folder: `tokenizer.json`, else `vocab.json` + `merges.txt`, OpenAI's `bpe_simple_vocab_16e6.txt(.gz)`,
 * or `vocab.txt`. The context length is the option, else `model_max_length`, else 77 (CLIP) or 512.
 *
 * @example
 * const tokenizer = await loadTokenizer('models/clip-vit-base-patch32')
 * tokenizer.encode('a photo of a cat')   // [49406, 320, 1125, 539, 320, 2368, 49407]
 */
export async function loadTokenizer(folder: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const { json, config, where } = await readTokenizerFolder(folder)
  return tokenizerFromJson(json, config, where, options)
}

/** Writes the tokenizer's files into a model folder, each whole or not at all. */
export async function saveTokenizer(tokenizer: Tokenizer, folder: string): Promise<void> {
  for (const [name, content] of Object.entries(tokenizer.toFiles())) await writeFileAtomic(join(folder, name), content)
}
