/**
 * @file Writes what `load_trained.py` reads: pictures and texts as a model folder of ours prepares them.
 *
 *   node tools/reference/trained-inputs.js MODEL in.json IMAGE... -- TEXT...
 *
 * Needs `npm run build`. Pixels are rounded to 1/256 so that the file stays small and exact.
 */

import { writeFileSync } from 'node:fs'
import { openModel } from '../../dist/index.js'

const [folder, out, ...rest] = process.argv.slice(2)
const cut = rest.indexOf('--')
const [files, texts] = [rest.slice(0, cut), rest.slice(cut + 1)]
const model = await openModel(folder)
const { size, channels } = model.config.image
const nested = (values, [n, ...shape]) =>
  n === undefined
    ? values[0]
    : Array.from({ length: n }, (_, i) =>
        nested(values.slice((i * values.length) / n, ((i + 1) * values.length) / n), shape),
      )
const pictures = []
for (const file of files) pictures.push((await model.readPicture(file)).pixels.map((v) => Math.round(v * 256) / 256))
const length = Math.max(...texts.map((text) => model.tokenizer.encode(text).length))
const { ids, mask } = model.tokenizer.encodeBatch(texts, length)
writeFileSync(
  out,
  `${JSON.stringify({
    texts,
    pixel_values: pictures.map((pixels) => nested([...pixels], [channels, size, size])),
    input_ids: nested([...ids], [texts.length, length]),
    attention_mask: nested([...mask], [texts.length, length]),
  })}\n`,
)
await model.close()
