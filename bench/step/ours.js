/**
 * @file One side of the step bench: a training step of Vesalius, driven by lines on stdin ("go N", "end"), answering
 * with one JSON line each. Run by ../step.js.
 *
 *   node bench/step/ours.js CASE THREADS FOLDER [profile | weights]
 *
 * With "profile" the answer to "end" tells the time of each kind of operation, without the first two steps. With
 * "weights" it only writes the initial weights for the other side: a process that measures memory holds no copy of them.
 */

import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  gather,
  input,
  logSoftmax,
  mean,
  mul,
  neg,
  openRuntime,
  parseProfile,
  reshape,
  sum,
  timeBy,
  withoutWarmUp,
} from '../../dist/engine/index.js'
import { modelSchema } from '../../dist/models/config.js'
import { writeWeights } from '../../dist/models/folder.js'
import { encodeImage } from '../../dist/models/two-tower.js'
import { openTraining, unet } from '../../dist/nn/index.js'
import { objectiveOf } from '../../dist/pretrain/index.js'
import { buildStep } from '../../dist/pretrain/step.js'
import { cases, clipNorm, optimizer, rate } from './cases.js'

const [name, threads = '2', folder, mode] = process.argv.slice(2)
const one = cases[name]
const plain = openRuntime({ threads: Number(threads) })
let sessions = 0
const runtime =
  mode === 'profile'
    ? { ...plain, load: (model) => plain.load(model, { profile: join(folder, `profile-${sessions++}`) }) }
    : plain
const model = one.model === undefined ? undefined : modelSchema.parse(one.model)
const { batch: b } = one

/** The same numbers as in peer.py: sixteen batches in turn. */
function pixels(shape, step) {
  const data = new Float32Array(shape.reduce((n, m) => n * m, 1))
  const pace = 1 + (step % 16)
  for (let i = 0; i < data.length; i++) data[i] = Math.sin((i % 9973) * pace * 0.1)
  return { dtype: 'float32', shape, data }
}
const whole = (shape, value) => ({
  dtype: 'int32',
  shape,
  data: Int32Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) => value(i)),
})

const steps = {
  clip: {
    build: (scope) =>
      buildStep(scope, { batch: b, tokens: one.tokens }, { model, objective: objectiveOf('clip'), config: {} }),
    feeds(step) {
      const { size } = model.image
      const last = model.text.kind === 'clip-text' ? model.text.eos : 102
      return {
        pixels: pixels([b, 3, size, size], step),
        ids: whole([b, one.tokens], (i) =>
          i % one.tokens === one.tokens - 1 ? last : 3 + ((i * 7919 + step * 31) % 20_000),
        ),
        mask: whole([b, one.tokens], () => 1),
        weights: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
      }
    },
  },
  resnet: {
    build(scope) {
      const { size } = model.image
      const { global } = encodeImage(scope, input('pixels', [b, 3, size, size]), model)
      const flat = reshape(logSoftmax(global, 1), [b * model.joint])
      return { loss: neg(mean(gather(flat, input('places', [b], 'int32')))), watch: {} }
    },
    feeds: (step) => ({
      pixels: pixels([b, 3, model.image.size, model.image.size], step),
      places: whole([b], (i) => i * model.joint + ((i * 37 + step) % model.joint)),
    }),
  },
  unet3d: {
    build(scope) {
      const shape = [b, 1, one.size, one.size, one.size]
      const { logits } = unet(scope, input('pixels', shape), { outputs: one.classes, base: one.base, depth: one.depth })
      const truth = input('truth', logits.shape) //                                          one-hot [B, K, ...]
      return { loss: neg(mean(sum(mul(logSoftmax(logits, 1), truth), 1))), watch: {} }
    },
    feeds(step) {
      const voxels = one.size ** 3
      const truth = new Float32Array(b * one.classes * voxels)
      for (let i = 0; i < b * voxels; i++) {
        const label = (Math.floor(i / 7) + step) % one.classes
        truth[(Math.floor(i / voxels) * one.classes + label) * voxels + (i % voxels)] = 1
      }
      const side = [one.size, one.size, one.size]
      return {
        pixels: pixels([b, 1, ...side], step),
        truth: { dtype: 'float32', shape: [b, one.classes, ...side], data: truth },
      }
    },
  },
}

const { build, feeds } = steps[one.kind]
const training = await openTraining({ runtime, build, first: {}, optimizer, clipNorm, seed: 1 })
if (mode === 'weights') {
  await mkdir(folder, { recursive: true })
  if (one.kind === 'clip')
    await writeWeights(folder, { config: model, layout: training.layout, flat: await training.parameters() })
  await runtime.close()
  process.exit(0)
}
const say = (answer) => console.log(JSON.stringify(answer))
say({ ready: true, parameters: training.layout.entries.reduce((n, { size }) => n + size, 0) })

for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.trim().split(' ')
  if (command !== 'go') break
  const seconds = []
  const losses = []
  for (let i = 0; i < Number(count); i++) {
    const fed = feeds(training.steps)
    const began = performance.now()
    const { values } = await training.step({}, fed, rate)
    seconds.push((performance.now() - began) / 1000)
    losses.push(values.loss)
  }
  say({ seconds, losses })
}

/** Seconds of a pass by what it computes: the forward or backward pass of each primitive, then ONNX Runtime's kernel. */
async function account() {
  await training.dispose()
  // ONNX Runtime adds the time to their names.
  const paths = (await readdir(folder)).filter((each) => each.startsWith('profile-')).map((each) => join(folder, each))
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  const largest = paths[sizes.indexOf(Math.max(...sizes))]
  const profile = withoutWarmUp(parseProfile(await readFile(largest, 'utf8'), largest), 2)
  return timeBy(profile, ({ origin, op }) => `${origin?.pass ?? 'runtime'} ${origin?.primitive ?? ''}: ${op}`)
}
const rows = mode === 'profile' ? await account() : undefined
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
say({ memory: Number(peak?.[1] ?? 0) * 1024, rows })
await runtime.close()
