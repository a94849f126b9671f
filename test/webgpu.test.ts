/** @file WebGPU in Node gives what the CPU gives. On a software GPU in CI, so this is about correctness only. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { input, lowerTraining, openRuntime, type Runtime, square } from '../src/engine/index.ts'
import { sessionOptions } from '../src/engine/runtime/devices.ts'
import { openResident } from '../src/engine/runtime/resident.ts'
import { runtimeOver } from '../src/engine/runtime/runtime.ts'
import { allowedCrossings, stepCrossings, watchOrt } from './crossings.ts'
import { outcome } from './interruption.ts'
import { families, familyDifference, trainFamily } from './layer-families.ts'
import { expectNear } from './near.ts'
import { webgpuWorks } from './peers.ts'
import { tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

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
    const { watched, crossings } = watchOrt(ort)
    const handle = openResident({
      ort: watched,
      device: 'webgpu',
      sessionOptions: () => sessionOptions('webgpu', 1),
      location: 'gpu-buffer',
    })
    let id = 0
    const runtime = runtimeOver({
      threads: 1,
      device: 'webgpu',
      ask: async (request) => ({ id: id++, ...(await handle(request)) }),
      close: async () => void (await handle({ kind: 'close' })),
    })
    expect(await stepCrossings(runtime, crossings)).toEqual(allowedCrossings)
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
