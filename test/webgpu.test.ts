/** @file WebGPU in Node gives what the CPU gives. On a software GPU in CI, so this is about correctness only. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRuntime, type Runtime } from '../src/engine/index.ts'
import { families, familyDifference, trainFamily } from './layer-families.ts'
import { webgpuWorks } from './peers.ts'

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
