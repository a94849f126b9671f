import sharp from 'sharp'
import { expect, it } from 'vitest'
import { encodePng, encodeRgbPng } from './encode.ts'

it('colour pictures keep every sample', async () => {
  const values = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => i * 5)
  const { data, info } = await sharp(await encodeRgbPng(values, 5, 3))
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([info.width, info.height, info.channels]).toEqual([5, 3, 3])
  expect([...data]).toEqual([...values])
})

it('grey pictures have one channel', async () => {
  const meta = await sharp(await encodePng(Uint8Array.from([0, 128, 255, 3]), 2, 2)).metadata()
  expect([meta.channels, meta.depth, meta.space]).toEqual([1, 'uchar', 'b-w'])
})
