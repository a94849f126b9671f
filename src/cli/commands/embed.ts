/** @file `vesalius embed`: images or texts as vectors of the joint space. */

import { extname } from 'node:path'
import type { VectorFormat, Vectors } from '../../apply/export-vectors.ts'
import { VesaliusError } from '../../core/errors.ts'
import { type Context, command } from '../command.ts'
import { deviceOption } from '../device.ts'

const formats = ['jsonl', 'npy', 'parquet'] as const

function formatOf(format: string | undefined, out: string): VectorFormat {
  const wanted = format ?? extname(out).slice(1)
  const found = formats.find((name) => name === wanted)
  if (found === undefined) {
    throw new VesaliusError('USAGE', `The format of ${out} is not known.`, {
      hint: `End the name in .${formats.join(', .')}, or give --format.`,
    })
  }
  return found
}

export const embed = command({
  name: 'embed',
  summary: 'images or texts as vectors: JSONL, NPY or Parquet',
  usage: [
    'embed --model RUN --out FILE IMAGE...',
    'embed --model RUN --out FILE --text TEXT',
    'embed --model RUN --out FILE --data DIR',
  ],
  positionals: { least: 0, most: Number.POSITIVE_INFINITY },
  options: {
    model: { type: 'string', value: 'RUN', help: 'run or model folder' },
    out: { type: 'string', value: 'FILE', help: 'file to write: .jsonl, .npy or .parquet' },
    format: { type: 'string', choices: formats, help: 'format, where the name does not say' },
    text: { type: 'string', multiple: true, help: 'a text to embed' },
    data: { type: 'string', value: 'DIR', help: 'embed the pictures of all studies of this folder' },
    device: deviceOption,
    raw: { type: 'boolean', help: 'leave the vectors as they are; they are scaled to length 1 otherwise' },
  },
  examples: [{ text: 'Two images', command: 'embed --model run --out vectors.npy a.png b.dcm' }],
  async run({ positionals, options }, context) {
    const { model: path, out, text, data } = options
    if (path === undefined || out === undefined) throw new VesaliusError('USAGE', 'embed needs --model and --out.')
    const sources = [positionals.length > 0, text.length > 0, data !== undefined].filter(Boolean).length
    if (sources !== 1) throw new VesaliusError('USAGE', 'embed needs one kind of input: images, --text or --data.')
    const format = formatOf(options.format, out)
    const vectors = await vectorsOf(path, { files: positionals, texts: text, data, device: options.device }, context)
    const { writeVectors } = await import('../../apply/export-vectors.ts')
    const { normalizeRows } = await import('../../apply/vectors.ts')
    if (!options.raw) normalizeRows(vectors.values, vectors.width, (i) => vectors.ids[i] as string)
    const files = await writeVectors(out, format, vectors)
    context.print(`${vectors.ids.length} vectors of length ${vectors.width} in ${files.join(' and ')}.`)
    return { count: vectors.ids.length, width: vectors.width, normalized: !options.raw, files }
  },
})

async function vectorsOf(
  path: string,
  {
    files,
    texts,
    data,
    device,
  }: { files: readonly string[]; texts: readonly string[]; data: string | undefined; device: string | undefined },
  { progress }: Context,
): Promise<Vectors> {
  const { openModel } = await import('../../apply/model.ts')
  const model = await openModel(path, { device })
  const width = model.config.joint
  try {
    if (texts.length > 0) return { ids: texts, values: await model.embedTexts(texts), width }
    if (data === undefined) {
      const values = new Float32Array(files.length * width)
      for (const [i, file] of files.entries())
        values.set(await model.embedPixels((await model.readPicture(file)).pixels), i * width)
      return { ids: files, values, width }
    }
    const { readStudies } = await import('../../data/studies.ts')
    const { embedStudies } = await import('../../evaluate/studies.ts')
    const studies = await readStudies(data)
    const { images } = await embedStudies(model, data, studies, {
      progress: progress('Embedding', studies.length, 'studies'),
      normalize: false,
    })
    return { ids: studies.map(({ id }) => id), values: images, width }
  } finally {
    await model.close()
  }
}

export { embed as command }
