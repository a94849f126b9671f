/** @file `vesalius data`: build a data folder from a source, or check one. */

import { VesaliusError } from '../../core/errors.ts'
import { checkStudies } from '../../data/check.ts'
import { buildDataset, datasets } from '../../data/datasets/index.ts'
import { readStudies } from '../../data/studies.ts'
import { reportOf } from '../../data/text-of.ts'
import { readKey } from '../../imaging/index.ts'
import { describeTruncation, loadTokenizer, type Truncation, truncationOf } from '../../text/index.ts'
import { command } from '../command.ts'

/** "name=value" pairs; several values of one name become a list. */
function readerOptions(pairs: readonly string[]): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1)
      throw new VesaliusError('USAGE', `--option is "${pair}", which is not name=value.`, {
        hint: 'For example: --option image=file',
      })
    const name = pair.slice(0, at)
    const value = pair.slice(at + 1)
    const old = out[name]
    out[name] = old === undefined ? value : [...(Array.isArray(old) ? old : [old]), value]
  }
  return out
}

/** How many of a folder's texts a tokenizer cuts; undefined when none was named. */
async function truncationIn(
  folder: string,
  tokenizer: string | undefined,
  contextLength: number | undefined,
): Promise<Truncation | undefined> {
  if (tokenizer === undefined) return undefined
  const loaded = await loadTokenizer(tokenizer, contextLength === undefined ? {} : { contextLength })
  const texts = (await readStudies(folder)).map(reportOf).filter((text) => text !== '')
  return truncationOf(texts, loaded)
}

export const data = command({
  name: 'data',
  summary: 'turn image-text data into studies, or check them',
  usage: ['data build SET SOURCE --out DIR', 'data build --list', 'data check DIR [--tokenizer DIR]'],
  positionals: { least: 1, most: 3 },
  options: {
    list: { type: 'boolean', help: 'list the sets that can be read' },
    out: { type: 'string', value: 'DIR', help: 'folder to write' },
    option: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'option of the reader, see --list' },
    key: { type: 'string', value: 'FILE', help: 'secret for the de-identification of DICOM files; default random' },
    'keep-identifiers': {
      type: 'boolean',
      help: 'copy DICOM files as they are, with names and dates, under your own ids',
    },
    tokenizer: { type: 'string', value: 'DIR', help: 'data check: say how many texts this tokenizer cuts' },
    context: { type: 'integer', help: "data check: tokens a text; default the tokenizer's own" },
    overwrite: { type: 'boolean', help: 'replace the studies that are there' },
  },
  examples: [
    { text: 'VQA-RAD as studies', command: 'data build vqa-rad path/to/vqa-rad --out vqa' },
    { text: 'Images with sidecar texts (a.png and a.txt)', command: 'data build folder path/to/images --out studies' },
  ],
  async run({ positionals: [action, first, second], options }, { print, progress }) {
    if (action === 'check') {
      if (first === undefined)
        throw new VesaliusError('USAGE', 'data check needs a folder.', { hint: 'vesalius data check DIR' })
      const result = await checkStudies(first)
      print(
        `${result.studies} studies, ${result.problems.length === 0 ? 'no problem' : `${result.problems.length} problems`}.`,
      )
      for (const problem of result.problems.slice(0, 50)) print(`  ${problem}`)
      const truncation = await truncationIn(first, options.tokenizer, options.context)
      if (truncation !== undefined) print(describeTruncation(truncation))
      return {
        ...result,
        ...(truncation === undefined ? {} : { truncation }),
        exitCode: result.problems.length === 0 ? 0 : 1,
      }
    }
    if (action !== 'build') {
      throw new VesaliusError('USAGE', `There is no action "${action}" of data.`, {
        hint: 'Use: data build, or data check.',
      })
    }
    if (options.list) {
      const sets = datasets.map(({ id, name, describe, licence }) => ({ id, name, describe, licence }))
      for (const { id, name, describe } of sets) print(`${id}  ${name}: ${describe}`)
      return { sets }
    }
    if (first === undefined || second === undefined || options.out === undefined) {
      throw new VesaliusError('USAGE', 'data build needs a set, a source and a folder to write.', {
        hint: `vesalius data build SET SOURCE --out DIR, with SET one of ${datasets.map(({ id }) => id).join(', ')}.`,
      })
    }
    const built = await buildDataset(first, second, options.out, {
      options: readerOptions(options.option),
      overwrite: options.overwrite,
      ...(options['keep-identifiers']
        ? { deidentify: false }
        : options.key === undefined
          ? {}
          : { deidentify: { key: await readKey(options.key) } }),
      progress: progress('Copying', 0, 'images'),
    })
    print(`${built.studies} studies with ${built.images} images in ${options.out}.`)
    for (const note of built.notes) print(`  ${note}`)
    return { ...built, out: options.out }
  },
})

export { data as command }
