/** @file A thread of bench/imaging.js: files to tensors, one after another. */

import { parentPort } from 'node:worker_threads'
import { preprocess, readImage } from '../../dist/imaging/index.js'

const options = { size: 224, mode: 'stretch', resample: 'bicubic', channels: 1, mean: [0], std: [1] }

parentPort.on('message', async (path) => {
  const { pixels } = preprocess(await readImage(path), options)
  let sum = 0
  for (const value of pixels) sum += value
  parentPort.postMessage(sum / pixels.length)
})
