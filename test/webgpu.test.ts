/** @file WebGPU in Node gives what the CPU gives. On a software GPU in CI, so this is about correctness only. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Inline, input, lowerTraining, mean, openRuntime, type Runtime, square } from '../src/engine/index.ts'
import { sessionOptions } from '../src/engine/runtime/devices.ts'
import { type OrtModule, openResident } from '../src/engine/runtime/resident.ts'
import { runtimeOver } from '../src/engine/runtime/runtime.ts'
import { linear, openTraining } from '../src/nn/index.ts'
import { outcome } from './interruption.ts'
import { families, familyDifference, trainFamily } from './layer-families.ts'
import { expectNear } from './near.ts'
import { webgpuWorks } from './peers.ts'
import { tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

type Feeds = Record<string, ort.Tensor>

const works = await webgpuWorks()

describe.skipIf(!works)('two steps of training (needs WebGPU: apt-get install chromium libvulkan1)', () => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(() => {
    cpu = openRuntime({ threads: 2 })
    gpu = openRuntime({ threads: 2, device: 'webgpu' })
  })
  afterAll(async () => {
    await cpu?.close()
    await gpu?.close()
  })
  it.each(families)('$name', async (family) => {
    const difference = familyDifference(await trainFamily(gpu, family), await trainFamily(cpu, family), 1e-3)
    expect(difference).toBeUndefined()
  })
})

describe.skipIf(!works)('a run (needs WebGPU: apt-get install chromium libvulkan1)', () => {
  const room = mkdtempSync(join(tmpdir(), 'vesalius-webgpu-'))
  const at = (name: string): string => join(room, name)
  afterAll(() => rmSync(room, { recursive: true, force: true }))

  it('pretrain, classify and embed on WebGPU give what the CPU gives; a run goes on on the other device', async () => {
    const steps = 4
    await vesaliusJson(['phantoms', 'chest-xray', '--out', at('data'), '--count', '60', '--size', '48'])
    const train = { batch: 8, steps, rate: 1e-3, logEvery: 1, validateEvery: 4, checkpointEvery: 2 }
    writeFileSync(at('config.json'), JSON.stringify({ ...tinyRun, train }))
    const line = ['pretrain', '--data', at('data'), '--config', at('config.json')]
    const [cpu, gpu] = [at('cpu'), at('gpu')]
    await vesaliusJson([...line, '--out', cpu])
    await vesaliusJson([...line, '--out', gpu, '--device', 'webgpu'])
    const losses = (run: string): number[] => outcome(run).log.map((entry) => (entry as { loss: number }).loss)
    expect(losses(cpu).length).toBe(steps)
    expectNear('losses', losses(gpu), losses(cpu), 1e-3, 0)

    // The checkpoint says where it comes from.
    const progress = JSON.parse(readFileSync(join(gpu, 'checkpoints', 'step-00000002', 'progress.json'), 'utf8'))
    expect(progress).toMatchObject({ environment: { device: 'webgpu' } })
    rmSync(join(gpu, 'checkpoints', 'step-00000004'), { recursive: true })
    const again = await vesalius(['pretrain', '--resume', gpu, '--device', 'cpu'])
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('device changed since the checkpoint')])
    expectNear('losses', losses(gpu), losses(cpu), 1e-3, 0)

    const embed = async (device: string): Promise<number[]> => {
      const out = at(`${device}.jsonl`)
      await vesaliusJson(['embed', '--model', cpu, '--out', out, '--text', 'no edema', '--device', device])
      return (JSON.parse(readFileSync(out, 'utf8')) as { vector: number[] }).vector
    }
    expectNear('embedding', await embed('webgpu'), await embed('cpu'), 1e-4, 0)
  }, 180_000)

  it('nothing but a cast of a CLIP step is left to the CPU, as doctor says', async () => {
    const { checks } = await vesaliusJson<{ checks: { name: string; found: string }[] }>([
      'doctor',
      '--device',
      'webgpu',
    ])
    const found = checks.filter(({ name }) => name === 'device webgpu').map((check) => check.found)
    expect(found).toEqual([
      expect.stringMatching(
        /^trains vit-tiny with clip-text-tiny: \d{3,} nodes on WebGpu, 1 nodes on CPU; on the CPU: Cast 1$/,
      ),
      expect.stringMatching(
        /^trains resnet-tiny with bert-tiny: \d{4,} nodes on WebGpu, 1 nodes on CPU; on the CPU: Cast 1$/,
      ),
    ])
  })
})

describe('buffers on the device', () => {
  it.skipIf(!works)('between two steps only inputs and scalars cross (needs WebGPU)', async () => {
    const seen: string[] = []
    const watch: OrtModule = {
      ...ort,
      InferenceSession: {
        ...ort.InferenceSession,
        async create(...args: Parameters<typeof ort.InferenceSession.create>) {
          const session = await ort.InferenceSession.create(...args)
          const run = session.run.bind(session) as (feeds: Feeds, fetches?: unknown) => Promise<Feeds>
          const note = (what: string, values: Feeds) => {
            for (const { location, size } of Object.values(values)) if (location === 'cpu') seen.push(`${what} ${size}`)
          }
          return Object.assign(session, {
            async run(feeds: Feeds, fetches?: unknown) {
              note('up', feeds)
              const results = fetches === undefined ? await run(feeds) : await run(feeds, fetches)
              note('down', results)
              return results
            },
          })
        },
      } as OrtModule['InferenceSession'],
    }
    const device = 'webgpu'
    const handle = openResident({
      ort: watch,
      device,
      sessionOptions: () => sessionOptions(device, 1),
      location: 'gpu-buffer',
    })
    let id = 0
    const runtime = runtimeOver({
      threads: 1,
      device,
      ask: async (request) => ({ id: id++, ...(await handle(request)) }),
      close: async () => void (await handle({ kind: 'close' })),
    })
    const scope = { first: null, clipNorm: 1, seed: 1, runtime }
    const training = await openTraining<null>({
      ...scope,
      build: (at) => ({ loss: mean(square(linear(at, input('x', [4, 64]), 80))), watch: {} }),
      optimizer: { kind: 'adamw', weightDecay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-6 },
      bounds: { bias: { low: -1, high: 1 } },
    })
    const feeds = (): Record<string, Inline> => ({
      x: { dtype: 'float32', shape: [4, 64], data: new Float32Array(256).fill(0.5) },
    })
    await training.step(null, feeds(), 1e-3)
    seen.length = 0
    const { values } = await training.step(null, feeds(), 1e-3)
    expect(values.loss).toBeGreaterThan(0)
    // Up: the input, the numbers of AdamW for its two groups, the bounds. Down: the loss, partial sums of the norm.
    expect(seen).toEqual(['up 256', 'down 1', 'down 1', 'down 1', 'up 9', 'up 9', 'up 1', 'up 1'])
    await runtime.close()
  })
})

describe('a device that is not there', () => {
  it('is refused by name, with what it needs and what this build offers', async () => {
    const runtime = openRuntime({ threads: 1, device: 'dml' })
    await expect(runtime.load(lowerTraining({ y: square(input('x', [2])) }).bytes)).rejects.toMatchObject({
      code: 'DEVICE_MISSING',
      message: expect.stringMatching(/^The device "dml" cannot be used here: /),
      hint: expect.stringMatching(/^It needs: Windows .* offers .*cpu/),
    })
    await runtime.close()
    expect(() => openRuntime({ device: 'tpu' })).toThrow('There is no device "tpu"')
  })
})
