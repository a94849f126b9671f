/** @file `vesalius doctor`: is this machine and installation fit? */

import { createRequire } from 'node:module'
import { availableParallelism, totalmem } from 'node:os'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { bytesInWords, freeMemory } from '../../core/memory.ts'
import { input, lowerTraining, openRuntime, square, sum } from '../../engine/index.ts'
import { command } from '../command.ts'
import { deviceOption } from '../device.ts'

interface Check {
  name: string
  ok: boolean
  found: string
}

/** Runs a graph of two nodes and looks at the answer. */
async function runtimeCheck(): Promise<Check> {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  const name = 'ONNX Runtime'
  try {
    const runtime = openRuntime({ threads: 1 })
    const session = await runtime.load(lowerTraining({ y: sum(square(input('x', [2]))) }).bytes)
    const { outputs } = await session.run({
      feeds: { x: { dtype: 'float32', shape: [2], data: Float32Array.of(3, 4) } },
      fetch: ['y'],
    })
    await runtime.close()
    const ok = outputs.y?.data[0] === 25
    return { name, ok, found: ok ? `${version}, runs` : `${version}, but 3² + 4² came out as ${outputs.y?.data[0]}` }
  } catch (error) {
    return { name, ok: false, found: `${version}, but: ${messageOf(error)}` }
  }
}

async function imagesCheck(): Promise<Check> {
  const name = 'image decoding'
  try {
    const { default: sharp } = await import('sharp')
    return { name, ok: true, found: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}` }
  } catch (error) {
    return { name, ok: false, found: messageOf(error) }
  }
}

/** Trains a step on the device, and says what it leaves to the CPU. */
async function deviceChecks(device: string): Promise<Check[]> {
  const { operatorsOn, stepPlacements } = await import('../../pretrain/placement.ts')
  try {
    return (await stepPlacements(device)).map((placement) => {
      const { image, text, providers } = placement
      const nodes = providers.map(
        ({ provider, nodes: n }) => `${n} nodes on ${provider.replace('ExecutionProvider', '')}`,
      )
      const left = device === 'cpu' ? '' : operatorsOn(placement, 'CPUExecutionProvider')
      const found = `trains ${image} with ${text}: ${nodes.join(', ')}${left === '' ? '' : `; on the CPU: ${left}`}`
      return { name: `device ${device}`, ok: true, found }
    })
  } catch (error) {
    const hint = error instanceof VesaliusError && error.hint !== undefined ? ` ${error.hint}` : ''
    return [{ name: `device ${device}`, ok: false, found: `${messageOf(error)}${hint}` }]
  }
}

/** Only runs of several processes need it, so its absence is no failure. */
async function mpiCheck(): Promise<Check> {
  const { loadMpi } = await import('../../engine/mpi/library.ts')
  try {
    return { name: 'MPI', ok: true, found: loadMpi('pmix', process.env.VESALIUS_MPI).version }
  } catch (error) {
    const chosen = process.env.VESALIUS_MPI
    if (chosen !== undefined && chosen !== '') return { name: 'MPI', ok: false, found: messageOf(error) }
    return { name: 'MPI', ok: true, found: 'none; needed only to train with several processes' }
  }
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  return { name: 'Node', ok, found: `${process.version}${ok ? '' : ', but 20.19 or newer is needed'}` }
}

export const doctor = command({
  name: 'doctor',
  summary: 'check this machine and installation',
  usage: ['doctor [--device DEVICE]'],
  options: {
    device: { ...deviceOption, help: `also train a step on a device: ${deviceOption.choices.join(', ')}` },
  },
  examples: [
    { text: 'Is everything there?', command: 'doctor' },
    { text: 'Does this GPU train?', command: 'doctor --device webgpu' },
  ],
  async run({ options: { device } }, { print }) {
    const checks: Check[] = [
      nodeCheck(),
      await runtimeCheck(),
      ...(device === undefined ? [] : await deviceChecks(device)),
      await imagesCheck(),
      await mpiCheck(),
      { name: 'cores', ok: true, found: String(availableParallelism()) },
      {
        name: 'memory',
        ok: totalmem() >= 2 * 2 ** 30,
        found: `${bytesInWords(totalmem())}, ${bytesInWords(freeMemory())} free for this process`,
      },
    ]
    for (const { name, ok, found } of checks) print(`${ok ? 'ok  ' : 'FAIL'}  ${name}: ${found}`)
    const ok = checks.every((check) => check.ok)
    return { ok, checks, exitCode: ok ? 0 : 1 }
  },
})

export { doctor as command }
