/** @file A CLIP trained here, read by Python transformers: `test/golden/trained` is the folder as `pretrain` wrote it. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectNear, flat } from '../../test/near.ts'
import { type Model, openModel } from './model.ts'
import { normalizeRows, products } from './vectors.ts'

const folder = fileURLToPath(new URL('../../test/golden/trained/', import.meta.url))
const json = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}`, 'utf8'))
const given = json('in.json') as { texts: string[]; pixel_values: unknown; input_ids: number[][] }
const python = json('out.json') as {
  model: string
  logits_per_image: unknown
  image_embeds: unknown
  text_embeds: unknown
  logit_scale: number
}

let model: Model
beforeAll(async () => {
  model = await openModel(folder)
})
afterAll(() => model.close())

it('embeddings and logits equal those of transformers CLIPModel', async () => {
  expect(python.model).toBe('CLIPModel')
  expect(model.scale).toBeCloseTo(Math.exp(python.logit_scale), 4)
  const width = model.config.joint
  const images = await model.embedPixels(Float32Array.from(flat(given.pixel_values)))
  const texts = await model.embedTexts(given.texts)
  expectNear('image embeddings', images, flat(python.image_embeds), 1e-4)
  expectNear('text embeddings', texts, flat(python.text_embeds), 1e-4)
  const name = () => 'row'
  const cosines = products(normalizeRows(images, width, name), normalizeRows(texts, width, name), width)
  expectNear(
    'logits',
    cosines.map((c) => c * model.scale),
    flat(python.logits_per_image),
    1e-4,
  )
})

it('the texts have the tokens that Python was given', () => {
  const length = given.input_ids[0]!.length
  expect([...model.tokenizer.encodeBatch(given.texts, length).ids]).toEqual(given.input_ids.flat())
})

it('a text embedding does not depend on its neighbours in the batch', async () => {
  const [alone, together] = [await model.embedTexts(['edema']), await model.embedTexts([...given.texts])]
  expectNear('edema', together.subarray(-alone.length), alone, 1e-5)
})
