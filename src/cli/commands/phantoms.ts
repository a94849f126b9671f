/** @file `vesalius phantoms`: make a data folder of procedural studies. */

import { availableParallelism } from 'node:os'
import { VesaliusError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { cardOf, contactSheet, domainOf, generate, listDomains } from '../../phantoms/index.ts'
import { command } from '../command.ts'

/** "name=value" pairs as a record of numbers (or words, where the value is no number). */
function dialsFrom(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1)
        throw new VesaliusError('USAGE', `--dial is "${pair}", which is not name=value.`, {
          hint: 'For example: --dial contrast=0.5',
        })
      const value = pair.slice(at + 1)
      const number = Number(value)
      return [pair.slice(0, at), value.trim() !== '' && Number.isFinite(number) ? number : value]
    }),
  )
}

/** Prints the card of a domain; the document holds it as Markdown with the measured lines. */
async function showCard(id: string, print: (line: string) => void): Promise<Record<string, unknown>> {
  const { committedLines } = await import('../../evaluate/phantom-lines/index.ts')
  const domain = domainOf(id)
  const measured = await committedLines(id)
  const card = cardOf(domain, { ...measured })
  print(card)
  return { domain: id, card, lines: measured?.lines ?? null, stale: measured?.stale ?? null }
}

export const phantoms = command({
  name: 'phantoms',
  summary: 'make procedural image-text data with known truth',
  usage: [
    'phantoms DOMAIN --out DIR [options]',
    'phantoms DOMAIN --card',
    'phantoms DOMAIN --sheet FILE.png',
    'phantoms --list',
  ],
  positionals: { least: 0, most: 1 },
  options: {
    list: { type: 'boolean', help: 'list the domains' },
    card: { type: 'boolean', help: 'print the card: what is hard, what each dial does, reference lines' },
    sheet: { type: 'string', value: 'FILE.png', help: 'write a page of small pictures with what is in them' },
    out: { type: 'string', value: 'DIR', help: 'folder to write' },
    count: { type: 'integer', default: 1000, help: 'number of studies, split by patient 80/5/15' },
    seed: { type: 'integer', default: 1, help: 'the same seed gives the same bytes' },
    size: { type: 'integer', help: "side of the pictures in pixels; the domain's own if absent" },
    voice: { type: 'string', value: 'VOICE', help: "how scenes are described; the domain's first voice if absent" },
    bits: { type: 'integer', default: 8, help: 'bits a pixel of PNG files, 8 or 16' },
    masks: { type: 'boolean', help: 'write masks too' },
    dicom: { type: 'boolean', help: 'write DICOM files instead of PNG' },
    dial: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'turn a dial: contrast, normals, shortcut ...' },
    'held-out-synonyms': { type: 'boolean', help: 'speak with the words held out of ordinary reports' },
    workers: {
      type: 'integer',
      default: availableParallelism(),
      help: 'worker threads; the bytes do not depend on it',
    },
    overwrite: { type: 'boolean', help: 'replace a data set that is there' },
  },
  examples: [
    { text: 'What a domain is like', command: 'phantoms fundus --card' },
    { text: 'Two hundred chest studies', command: 'phantoms chest-xray --count 200 --out phantoms' },
  ],
  async run({ positionals: [domain], options }, { print, progress, signal }) {
    if (options.list || domain === undefined) {
      const domains = listDomains()
      if (!options.list)
        throw new VesaliusError('USAGE', 'phantoms needs a domain.', {
          hint: `Use one of: ${domains.map(({ id }) => id).join(', ')}.`,
        })
      for (const { id, name, findings } of domains) print(`${id}  ${name}: ${findings.join(', ')}`)
      return { domains }
    }
    if (options.card) return showCard(domain, print)
    if (options.sheet !== undefined) {
      const page = await contactSheet(domain, { seed: options.seed, dials: dialsFrom(options.dial) })
      await writeFileAtomic(options.sheet, page)
      print(`${options.sheet}: the first studies of ${domain}.`)
      return { sheet: options.sheet }
    }
    const { out, count, seed, size, voice, bits, masks, dicom, workers, overwrite } = options
    if (out === undefined)
      throw new VesaliusError('USAGE', 'phantoms needs a folder to write.', { hint: 'Add: --out DIR' })
    if (bits !== 8 && bits !== 16) throw new VesaliusError('USAGE', `--bits is ${bits}; pictures have 8 or 16.`)
    const made = await generate(domain, {
      out,
      count,
      seed,
      ...(size === undefined ? {} : { size }),
      ...(voice === undefined ? {} : { voice }),
      bits,
      masks,
      dicom,
      dials: dialsFrom(options.dial),
      heldOutSynonyms: options['held-out-synonyms'],
      workers,
      overwrite,
      progress: progress('Drawing', count, 'studies'),
      signal,
    })
    print(`${made.studies} studies of ${made.patients} patients in ${out}, ${made.rate.toFixed(0)} a second.`)
    print(`Next: vesalius pretrain --data ${out} --out run`)
    return { ...made }
  },
})

export { phantoms as command }
