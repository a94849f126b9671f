import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  isProduct,
  kernelSeconds,
  parseProfile,
  peakInUse,
  providers,
  timeBy,
  timeByModule,
  withoutWarmUp,
} from './profile.ts'

const path = new URL('../../../test/golden/onnxruntime-profile.json', import.meta.url)
const content = readFileSync(path, 'utf8')
const whole = parseProfile(content, 'profile')
/** Sums over the file's lines, without the parser. */
const lines = content.split('\n').filter((line) => line.includes('_kernel_time'))
const number = (line: string, key: string): number => Number(new RegExp(`"${key}":"?(\\d+)`).exec(line)?.[1])

describe('profile of three runs, as ONNX Runtime wrote it', () => {
  it('every kernel call is there, with its run, its place in the model and its device', () => {
    expect(whole.runs).toEqual([0.000659, 0.000378, 0.000345])
    expect(whole.calls).toHaveLength(lines.length)
    for (const run of [0, 1, 2]) expect(whole.calls.filter((call) => call.run === run)).toHaveLength(lines.length / 3)
    expect(whole.calls[0]).toEqual({
      name: 'head.first/forward/matmul/0',
      op: 'FusedMatMul',
      provider: 'CPUExecutionProvider',
      run: 0,
      seconds: 0.000169,
      outputBytes: 12288,
      bytesInUse: 12336,
      origin: { module: 'head.first', pass: 'forward', primitive: 'matmul' },
    })
    expect(providers(whole)).toEqual([
      { provider: 'CPUExecutionProvider', nodes: lines.length / 3, ops: expect.objectContaining({ Gelu: 1 }) },
    ])
  })

  it('tables add up to the time of all kernels', () => {
    const total = lines.reduce((sum, line) => sum + number(line, 'dur'), 0) / 1e6 / 3
    const sum = (rows: readonly { seconds: number }[]): number => rows.reduce((all, { seconds }) => all + seconds, 0)
    expect(sum(timeBy(whole, ({ op }) => op))).toBeCloseTo(total, 9)
    const modules = timeByModule(whole)
    expect(modules.reduce((all, row) => all + row.forward + row.backward, 0)).toBeCloseTo(total, 9)
    expect(modules.map((row) => row.module).sort()).toEqual(['head.first', 'head.second'])
    expect(timeByModule(whole, 1).map((row) => row.module)).toEqual(['head'])
    expect(kernelSeconds(whole).all).toBeCloseTo(total, 9)
  })

  it('products are told from glue', () => {
    const products = lines.filter((line) => /"op_name":"(Fused)?MatMul"/.test(line))
    const seconds = products.reduce((sum, line) => sum + number(line, 'dur'), 0) / 1e6 / 3
    expect(kernelSeconds(whole).products).toBeCloseTo(seconds, 9)
    expect(['Gemm', 'FusedMatMul', 'Conv', 'NhwcFusedConv', 'MultiHeadAttention'].every(isProduct)).toBe(true)
    expect(['Add', 'Softmax', 'Transpose', 'LayerNormalization'].some(isProduct)).toBe(false)
  })

  it('calls a run, bytes a run; the backward pass has its own column', () => {
    const rows = timeBy(whole, ({ op }) => op)
    expect(rows.find(({ key }) => key === 'Gelu')).toMatchObject({ calls: 1, outputBytes: 64 * 48 * 4 })
    const backward = whole.calls.filter(({ origin }) => origin?.pass === 'backward' && origin.module === 'head.first')
    const seconds = backward.reduce((sum, call) => sum + call.seconds, 0) / 3
    expect(timeByModule(whole).find(({ module }) => module === 'head.first')?.backward).toBeCloseTo(seconds, 9)
  })

  it('leaves out runs at the start', () => {
    const later = withoutWarmUp(whole, 1)
    expect(later.runs).toEqual(whole.runs.slice(1))
    expect(later.calls).toHaveLength((lines.length * 2) / 3)
    expect(kernelSeconds(later).all).toBeLessThan(kernelSeconds(whole).all)
  })

  it('finds where most memory was in use', () => {
    const most = Math.max(...lines.map((line) => number(line, 'mem_bytes_in_use')))
    expect(peakInUse(whole)).toEqual({ bytes: most, name: 'head.first/backward/mul/17' })
    expect(peakInUse({ calls: [], runs: [] })).toBeUndefined()
  })

  it('nodes that the runtime made are shown as such', () => {
    const foreign = parseProfile(content.replaceAll('head.first/forward/matmul/0_kernel', 'made_kernel'), 'profile')
    expect(timeByModule(foreign).map(({ module }) => module)).toContain('(runtime)')
  })

  it.each(['', '[{"cat":"Node"', '{}', '[{"cat":1}]'])('refuses what is no profile: %s', (text) => {
    expect(() => parseProfile(text, 'p.json')).toThrow('p.json is not a profile of ONNX Runtime.')
  })
})
