/** @file The commands. Only names and summaries are loaded here; each command's code is loaded when it is called. */

import type { Command } from '../command.ts'

export interface CommandEntry {
  name: string
  summary: string
  load: () => Promise<{ command: Command }>
}

/** A module's command, with its option types forgotten. */
const from = <C>(load: () => Promise<{ command: C }>) => load as unknown as CommandEntry['load']

export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'the whole path on made-up chest X-rays, in minutes',
    load: from(() => import('./demo.ts')),
  },
  {
    name: 'phantoms',
    summary: 'make procedural image-text data with known truth',
    load: from(() => import('./phantoms.ts')),
  },
  { name: 'data', summary: 'turn image-text data into studies, or check them', load: from(() => import('./data.ts')) },
  {
    name: 'deidentify',
    summary: 'DICOM files without what identifies the patient',
    load: from(() => import('./deidentify.ts')),
  },
  {
    name: 'pretrain',
    summary: 'train an image-text model, or continue a run',
    load: from(() => import('./pretrain.ts')),
  },
  {
    name: 'evaluate',
    summary: 'what a model can do, on every task that the data allow',
    load: from(() => import('./evaluate.ts')),
  },
  {
    name: 'compare',
    summary: 'train several objectives alike and put them into one table',
    load: from(() => import('./compare.ts')),
  },
  {
    name: 'text-towers',
    summary: 'how well text towers tell diseases apart, side by side',
    load: from(() => import('./text-towers.ts')),
  },
  { name: 'classify', summary: 'say which of your labels fit an image', load: from(() => import('./classify.ts')) },
  {
    name: 'embed',
    summary: 'images or texts as vectors: JSONL, NPY or Parquet',
    load: from(() => import('./embed.ts')),
  },
  {
    name: 'inspect',
    summary: 'what a file or folder is, and what is done to its pixels',
    load: from(() => import('./inspect.ts')),
  },
  { name: 'methods', summary: 'the objectives and applications that exist', load: from(() => import('./methods.ts')) },
  {
    name: 'bench',
    summary: 'how long a training step takes here, and where the time goes',
    load: from(() => import('./bench.ts')),
  },
  { name: 'doctor', summary: 'check this machine and installation', load: from(() => import('./doctor.ts')) },
]
