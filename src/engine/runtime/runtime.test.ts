import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { VesaliusError } from '../../core/errors.ts'
import { lowerTraining } from '../onnx/lower.ts'
import * as op from '../ops.ts'
import type { Feed, Inline } from './protocol.ts'
import { openRuntime, type Runtime } from './runtime.ts'

const runtime = openRuntime({ threads: 1 })
afterAll(() => runtime.close())

const doubling = (length: number): Uint8Array => lowerTraining({ y: op.mul(op.input('x', [length]), 2) }).bytes
const vector = (...values: number[]): Inline => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})

/** What a promise is rejected with; it must be an error of ours. */
async function refusal(promise: Promise<unknown>): Promise<VesaliusError> {
  const error = await promise.then(
    () => expect.fail('was not refused'),
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(VesaliusError)
  return error as VesaliusError
}

async function withRuntime(use: (own: Runtime) => Promise<void>): Promise<void> {
  const own = openRuntime({ threads: 1 })
  try {
    await use(own)
  } finally {
    await own.close()
  }
}

describe('errors of ONNX Runtime', () => {
  it('a model that is none', async () => {
    const error = await refusal(runtime.load(Uint8Array.of(1, 2, 3)))
    expect(error.code).toBe('RUNTIME_FAILED')
    expect(error.message).toMatch(/^ONNX Runtime failed: .+/)
  })

  it('inputs that are missing, of another shape or of another type: the next run works', async () => {
    const session = await runtime.load(doubling(2))
    const run = (feeds: Record<string, Feed>): Promise<unknown> => session.run({ feeds, fetch: ['y'] })
    expect((await refusal(run({}))).message).toContain('x')
    expect((await refusal(run({ x: vector(1, 2, 3) }))).code).toBe('RUNTIME_FAILED')
    await refusal(run({ x: { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) } }))
    await refusal(run({ x: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2, 3) } }))
    await refusal(session.run({ feeds: { x: vector(1, 2) }, fetch: ['z'] }))
    const { outputs } = await session.run({ feeds: { x: vector(1, 2) }, fetch: ['y'] })
    expect([...outputs.y!.data]).toEqual([2, 4])
    await session.dispose()
  })

  it('buffers that are not there or too short, and sessions that are gone', async () => {
    expect((await refusal(runtime.read('nowhere', 0, 1))).message).toContain('"nowhere"')
    await runtime.allocate('short', 4)
    await refusal(runtime.write('short', 2, new Float32Array(3)))
    await refusal(runtime.read('short', 2, 3))
    await refusal(runtime.norm('short', 2, 5))
    const session = await runtime.load(doubling(3))
    const x: Feed = { buffer: 'short', offset: 2, shape: [3] }
    await refusal(session.run({ feeds: { x }, fetch: ['y'] }))
    await refusal(session.run({ feeds: { x: vector(1, 2, 3) }, into: { y: x } }))
    await session.dispose()
    await refusal(session.run({ feeds: { x: vector(1, 2, 3) }, fetch: ['y'] }))
    expect([...(await runtime.read('short', 0, 4))]).toEqual([0, 0, 0, 0])
  })

  it('data that were given away already', async () => {
    const session = await runtime.load(doubling(2))
    const x = vector(1, 2)
    await session.run({ feeds: { x }, fetch: ['y'] })
    const error = await refusal(session.run({ feeds: { x }, fetch: ['y'] }))
    expect(error.message).toBe('The input "x" has 0 values for the shape [2].')
    expect(error.hint).toContain('moved, not copied')
    const data = Float32Array.of(1, 2)
    await runtime.allocate('given', 2)
    await runtime.write('given', 0, data)
    expect((await refusal(runtime.write('given', 0, data))).message).toContain('cannot be handed over')
    await session.dispose()
  })

  it('a view of something larger is copied, not taken', async () => {
    const session = await runtime.load(doubling(2))
    const whole = Float32Array.of(1, 2, 3)
    for (let i = 0; i < 2; i++) {
      const x: Inline = { dtype: 'float32', shape: [2], data: whole.subarray(1) }
      expect([...(await session.run({ feeds: { x }, fetch: ['y'] })).outputs.y!.data]).toEqual([4, 6])
    }
    expect([...whole]).toEqual([1, 2, 3])
    await session.dispose()
  })
})

describe('buffers', () => {
  it('are written, read, clamped and measured in place', async () => {
    await runtime.allocate('b', 6)
    await runtime.write('b', 1, Float32Array.of(3, -4, 12))
    expect(await runtime.norm('b', 1, 3)).toBe(5)
    expect(await runtime.norm('b', 0, 6)).toBe(13)
    await runtime.clamp('b', 2, 4, -1, 10)
    expect([...(await runtime.read('b', 0, 6))]).toEqual([0, 3, -1, 10, 0, 0])
    expect([...(await runtime.read('b', 3, 2))]).toEqual([10, 0])
  })
})

describe('life and death', () => {
  it('thirty sessions come and go', async () => {
    const sessions = await Promise.all(Array.from({ length: 30 }, (_, i) => runtime.load(doubling(i + 1))))
    for (const [i, session] of sessions.entries()) {
      const x = vector(...Array.from({ length: i + 1 }, (_, j) => j))
      const { outputs } = await session.run({ feeds: { x }, fetch: ['y'] })
      expect(outputs.y!.data[i]).toBe(2 * i)
    }
    for (const session of sessions) await session.dispose()
    await refusal(sessions[7]!.dispose())
  })

  it('close waits for what is under way, twice is once, and later calls are refused', async () => {
    const own = openRuntime({ threads: 1 })
    const session = await own.load(doubling(3))
    const under = Array.from({ length: 20 }, (_, i) => session.run({ feeds: { x: vector(i, i, i) }, fetch: ['y'] }))
    const [first, second] = [own.close(), own.close()]
    expect((await refusal(session.run({ feeds: { x: vector(1, 2, 3) }, fetch: ['y'] }))).message).toBe(
      'The runtime is closed.',
    )
    expect((await refusal(own.load(doubling(1)))).message).toBe('The runtime is closed.')
    const done = await Promise.all(under)
    expect(done.map(({ outputs }) => outputs.y!.data[0])).toEqual(under.map((_, i) => 2 * i))
    await Promise.all([first, second])
    await own.close()
  })

  it('runtimes are independent of each other', async () => {
    await withRuntime(async (own) => {
      await own.allocate('mine', 1)
      expect((await refusal(runtime.read('mine', 0, 1))).message).toContain('"mine"')
    })
    const session = await runtime.load(doubling(1))
    expect((await session.run({ feeds: { x: vector(4) }, fetch: ['y'] })).outputs.y!.data[0]).toBe(8)
    await session.dispose()
  })

  const engine = new URL('../../../dist/engine/index.js', import.meta.url)
  const script = (ending: string): string => `
    const e = await import(${JSON.stringify(engine.href)})
    const runtime = e.openRuntime({ threads: 1 })
    const session = await runtime.load(e.lowerTraining({ y: e.mul(e.input('x', [2]), 2) }).bytes)
    const x = { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }
    const { outputs } = await session.run({ feeds: { x }, fetch: ['y'] })
    console.log([...outputs.y.data].join())
    ${ending}`
  const endings = [
    ['with close', 'await runtime.close()', 0],
    ['without close', '', 0],
    ['after a refused run', 'await session.run({ feeds: { x }, fetch: ["y"] }).catch(() => {})', 0],
    ['with a run left alone', 'session.run({ feeds: { x: { ...x, data: Float32Array.of(1, 2) } }, fetch: ["y"] })', 0],
    ['by an uncaught error', 'throw new Error("x")', 1],
  ] as const
  it('nothing is reported or kept about its use', async () => {
    const home = await mkdtemp(join(tmpdir(), 'vesalius-home-'))
    const { XDG_CACHE_HOME: _, ORT_DISABLE_TELEMETRY: __, ...rest } = process.env
    const arguments_ = ['--input-type=module', '-e', script('await new Promise((done) => setTimeout(done, 300))')]
    const done = spawnSync(process.execPath, arguments_, {
      timeout: 20_000,
      encoding: 'utf8',
      env: { ...rest, HOME: home, TMPDIR: home },
    })
    expect([done.stdout, done.stderr, done.status]).toEqual(['2,4\n', '', 0])
    expect(await readdir(home)).toEqual([])
    await rm(home, { recursive: true })
  })
  it.each(endings)('a process ends by itself %s', (_, ending, code) => {
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', script(ending)], {
      timeout: 20_000,
      encoding: 'utf8',
    })
    expect([done.stdout, done.status, done.signal]).toEqual(['2,4\n', code, null])
  })
})
