/**
 * @file Files a second from a 1024-pixel picture to a 224-pixel tensor, on two threads, against pydicom and Pillow in two
 * processes: PNG, JPEG, DICOM uncompressed, JPEG-LS and JPEG 2000.
 *
 *   node bench/imaging.js PYTHON PICTURE [REPEATS]
 *
 * PICTURE is a DICOM file of 1024 x 1024 greys; PYTHON has pydicom, Pillow, imagecodecs and pylibjpeg.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const [python, picture, repeats = '3'] = process.argv.slice(2)
if (python === undefined || picture === undefined) {
  console.error('node bench/imaging.js PYTHON PICTURE [REPEATS]')
  process.exit(2)
}
const kinds = ['png', 'jpg', 'plain.dcm', 'jpegls.dcm', 'jpeg2000.dcm']
const script = fileURLToPath(new URL('imaging/reference.py', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'vesalius-bench-'))
const workers = [0, 1].map(() => new Worker(new URL('imaging/worker.js', import.meta.url)))

/** All paths through both threads; seconds and the mean of all tensors. */
async function run(paths) {
  let next = 0
  let total = 0
  const start = performance.now()
  await Promise.all(
    workers.map(async (worker) => {
      while (next < paths.length) {
        const path = paths[next++]
        worker.postMessage(path)
        const mean = await new Promise((resolve) => worker.once('message', resolve))
        total += mean
      }
    }),
  )
  return { seconds: (performance.now() - start) / 1000, mean: total / paths.length }
}

try {
  execFileSync(python, [script, 'make', folder, picture])
  const ours = {}
  for (const kind of kinds) {
    const paths = readdirSync(folder)
      .filter((name) => /^\d+/.test(name) && name.replace(/^\d+\./, '') === kind)
      .map((name) => join(folder, name))
    await run(paths.slice(0, 4))
    let best = { seconds: Number.POSITIVE_INFINITY }
    for (let i = 0; i < Number(repeats); i++) {
      const found = await run(paths)
      if (found.seconds < best.seconds) best = found
    }
    ours[kind] = { ...best, files: paths.length }
  }
  const theirs = JSON.parse(execFileSync(python, [script, 'run', folder, repeats], { encoding: 'utf8' }))
  const rows = kinds.map((kind) => ({
    kind,
    filesPerSecond: Number((ours[kind].files / ours[kind].seconds).toFixed(1)),
    python: Number((theirs[kind].files / theirs[kind].seconds).toFixed(1)),
    ratio: Number((theirs[kind].seconds / ours[kind].seconds).toFixed(2)),
    meanDifference: Math.abs(ours[kind].mean - theirs[kind].mean),
  }))
  console.log(JSON.stringify({ cpu: cpus()[0]?.model, node: process.version, rows }, null, 2))
} finally {
  for (const worker of workers) await worker.terminate()
  rmSync(folder, { recursive: true })
}
