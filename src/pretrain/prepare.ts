/** @file From a configuration to everything a run needs: studies by split, tokenizer, sizes, preprocessing. */

import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts'
import { foldOf } from '../data/folds.ts'
import { readStudies } from '../data/studies.ts'
import type { Study } from '../data/study.ts'
import { dropWords } from '../data/text-of.ts'
import { clipMean, clipStd, type Preprocess } from '../imaging/index.ts'
import { type ModelConfig, modelSchema } from '../models/config.ts'
import { readWeights } from '../models/folder.ts'
import { loadTokenizer, type Tokenizer, trainWordPiece, wordPieceTokenizer } from '../text/index.ts'
import { objectiveOf, type RunConfig } from './config.ts'
import { checkNeeds, wordsOf } from './needs.ts'
import type { RunFolder } from './run-folder.ts'

export interface PreparedRun {
  data: { folder: string; train: Study[]; validate: Study[]; preprocess: Preprocess }
  model: ModelConfig
  tokenizer: Tokenizer
  config: RunConfig
}

/** Preprocessing of pictures for a model of ours. */
export function preprocessFor({ image }: ModelConfig, mode: Preprocess['mode']): Preprocess {
  if (image.channels !== 1 && image.channels !== 3) {
    throw new VesaliusError('CONFIG_INVALID', `Pictures have 1 or 3 channels, not ${image.channels}.`, {
      where: 'model.image.channels',
    })
  }
  const { size, channels } = image
  const normalisation = channels === 3 ? { mean: clipMean, std: clipStd } : { mean: [0.5], std: [0.25] }
  return { size, mode, resample: 'bicubic', channels, ...normalisation }
}

/** The studies of a run by split, or by fold where folds are asked for. */
export function splitStudies(
  studies: readonly Study[],
  { folds, fold }: Pick<RunConfig['data'], 'folds' | 'fold'>,
): { train: Study[]; validate: Study[]; test: Study[] } {
  if (folds === undefined || fold === undefined) {
    const of = (split: Study['split']): Study[] => studies.filter((study) => study.split === split)
    return { train: of('train'), validate: of('validate'), test: of('test') }
  }
  const held = (study: Study): boolean => foldOf(study.patient, folds) === fold
  return { train: studies.filter((study) => !held(study)), validate: [], test: studies.filter(held) }
}

/**
 * Reads the data, loads or trains the tokenizer, fixes all sizes. Writes the resolved configuration and the tokenizer into
 * the run, unless `folder` is undefined.
 */
export async function prepareRun(config: RunConfig, folder: RunFolder | undefined): Promise<PreparedRun> {
  const studies = await readStudies(config.data.folder)
  const { train, validate } = splitStudies(studies, config.data)
  if (train.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `There is no training study in ${config.data.folder}.`, {
      where: config.data.folder,
      hint: 'Check the splits with: vesalius data check',
    })
  }
  const { needs, survey } = objectiveOf(config.objective)
  checkNeeds(needs, survey.name, train, config.data.folder)
  const tokenizer = await tokenizerOf(train, config, folder)
  const model = await modelOf(config, tokenizer)
  if (folder !== undefined) await writeJsonAtomic(join(folder.path, 'config.json'), config)
  return {
    data: { folder: config.data.folder, train, validate, preprocess: preprocessFor(model, config.data.fit) },
    model,
    tokenizer,
    config,
  }
}

/** The tokenizer of the run folder if it has one (a resume), of the stated folder, or a new one from the training texts. */
async function tokenizerOf(
  train: readonly Study[],
  config: RunConfig,
  folder: RunFolder | undefined,
): Promise<Tokenizer> {
  const contextLength = config.model.text.context
  const source = config.tokenizer.folder ?? config.model.from
  if (source !== undefined) return loadTokenizer(source, { contextLength })
  if (config.model.text.kind !== 'bert') {
    throw new VesaliusError(
      'CONFIG_INVALID',
      'A CLIP text tower needs a tokenizer: its byte-pair merges are not trained here.',
      {
        where: 'tokenizer.folder',
        hint: 'Give --tokenizer a folder with bpe_simple_vocab_16e6.txt.gz, merges.txt or tokenizer.json.',
      },
    )
  }
  // A pure function of the training texts: a resume makes the same one.
  const texts = train.flatMap((study) => wordsOf(study).map((text) => dropWords(text, config.data.dropWords)))
  const vocabulary = trainWordPiece(texts, { vocabSize: config.tokenizer.vocabulary })
  const tokenizer = wordPieceTokenizer(vocabulary, { contextLength })
  if (folder === undefined) return tokenizer
  for (const [name, content] of Object.entries(tokenizer.toFiles()))
    await writeFileAtomic(join(folder.tokenizer, name), content)
  return tokenizer
}

/** The model's sizes with the tokenizer's numbers filled in, or those of the model it starts from. */
async function modelOf(config: RunConfig, tokenizer: Tokenizer): Promise<ModelConfig> {
  const { from, ...stated } = config.model
  if (from !== undefined) return (await readWeights(from)).config
  const text =
    stated.text.kind === 'bert'
      ? { ...stated.text, vocabulary: tokenizer.vocabSize, pad: tokenizer.padId }
      : { ...stated.text, vocabulary: tokenizer.vocabSize, pad: tokenizer.padId, ...ends(tokenizer) }
  return modelSchema.parse({ ...stated, text })
}

function ends({ bosId, eosId }: Tokenizer): { bos: number; eos: number } {
  if (bosId === undefined || eosId === undefined) {
    throw new VesaliusError('CONFIG_INVALID', 'A CLIP text tower needs a tokenizer with start and end tokens.', {
      where: 'tokenizer.folder',
    })
  }
  return { bos: bosId, eos: eosId }
}
