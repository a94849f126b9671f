/** @file Words in: tokenizers, vocabulary training, report sections and sentences, prompt sets. */

export {
  chestLabels,
  chexpertLabels,
  type LabelSet,
  labelReport,
  type ObservationState,
} from './labeler/label-report.ts'
export { chestLexicon, type Lexicon, namesLexicon } from './labeler/lexicon.ts'
export { readSentence } from './labeler/mentions.ts'
export { type EntityGraph, graphExtractor, reportGraph } from './labeler/report-graph.ts'
export { loadTokenizer, saveTokenizer } from './load-tokenizer.ts'
export { type PromptTokens, tokenizePrompts } from './prompt-tokens.ts'
export {
  type ExclusiveSet,
  type FilledPrompts,
  fillPrompts,
  listPromptSets,
  loadPromptSet,
  type PairSet,
  type PromptGroup,
  type PromptSet,
  type PromptSetInput,
  parsePromptSet,
  selectPrompts,
  withArticle,
} from './prompts.ts'
export { type ReportSections, readReport, type Section, splitSections, splitSentences } from './report.ts'
export {
  clipTokenizer,
  type TokenBatch,
  type Tokenizer,
  type TokenizerOptions,
  tokenizerFromJson,
  wordPieceTokenizer,
} from './tokenizer.ts'
export type { TokenizerKind } from './tokenizer-json.ts'
export { trainWordPiece, type WordPieceTraining } from './train-wordpiece.ts'
export { describeTruncation, type Truncation, truncationOf } from './truncation.ts'
