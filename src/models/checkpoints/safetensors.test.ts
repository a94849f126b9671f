import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type ErrorCode, VesaliusError } from '../../core/errors.ts'
import { sha256 } from '../../core/files.ts'
import { encodeBF16, floatToHalf, halfToFloat, type StoredDtype, type TensorData } from './dtypes.ts'
import { readSafetensors, readSafetensorsHeader, type TensorToStore, writeSafetensors } from './safetensors.ts'

const golden = (name: string): string =>
  fileURLToPath(new URL(`../../../test/golden/safetensors/${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'vesalius-safetensors-'))
const file = join(folder, 'a.safetensors')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface PythonFile {
  metadata: Record<string, string>
  tensors: Record<string, { shape: number[]; values: (number | string)[] }>
}
const python = JSON.parse(readFileSync(golden('python.json'), 'utf8')) as PythonFile

/** A file from a header (text or value) and data bytes. */
function craft(header: unknown, data: Uint8Array = new Uint8Array(0)): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(file, Buffer.concat([length, json, data]))
  return file
}

async function errorOf(work: Promise<unknown>): Promise<VesaliusError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(VesaliusError)
  return error as VesaliusError
}

describe('files made by Python', () => {
  it('reads every type with the values Python reads', async () => {
    const { tensors, metadata } = await readSafetensors(golden('python.safetensors'))
    expect(metadata).toEqual(python.metadata)
    expect([...tensors.keys()].sort()).toEqual(Object.keys(python.tensors).sort())
    for (const [name, { shape, values }] of Object.entries(python.tensors)) {
      const tensor = tensors.get(name)
      expect(tensor?.shape, name).toEqual(shape)
      expect(
        Array.from(tensor?.data as Iterable<number | bigint>, (v) => (typeof v === 'bigint' ? `${v}` : v)),
        name,
      ).toEqual(values)
    }
    expect(tensors.get('float64')?.data).toBeInstanceOf(Float32Array)
    expect(tensors.get('int64')?.data).toBeInstanceOf(BigInt64Array)
    expect(tensors.get('bool')?.dtype).toBe('BOOL')
  })

  it('reads the names and shapes of a transformers model folder', async () => {
    const keys = JSON.parse(readFileSync(golden('../vtde/keys.json'), 'utf8')) as {
      'clip-bert': { saved: Record<string, number[]> }
    }
    const { tensors } = await readSafetensors(golden('../vtde/clip-bert/model.safetensors'))
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(keys['clip-bert'].saved)
    expect(tensors.get('logit_scale')).toEqual({ dtype: 'F32', shape: [], data: Float32Array.of(2) })
  })

  it('writes a file that Python has read as equal', async () => {
    const { tensors, metadata } = await readSafetensors(golden('python.safetensors'))
    await writeSafetensors(file, tensors, metadata)
    const checked = JSON.parse(readFileSync(golden('vesalius.json'), 'utf8')) as Record<string, unknown>
    expect(checked).toMatchObject({ namesEqual: true, tensorsEqual: true, metadata: python.metadata })
    expect(sha256(readFileSync(file)), 'run the check of tools/reference/README.md again').toBe(checked.sha256)
  })

  it('decodes all 65536 half-precision numbers and rounds as torch does', () => {
    const half = JSON.parse(readFileSync(golden('half.json'), 'utf8')) as Record<string, number[]> & {
      finite: number
      absolute: number
      weighted: number
    }
    let [finite, absolute, weighted] = [0, 0, 0]
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits)
      if (!Number.isNaN(value)) expect(floatToHalf(value)).toBe(bits)
      if (!Number.isFinite(value)) continue
      finite++
      absolute += Math.abs(value)
      weighted += value * (bits % 97)
    }
    expect(finite).toBe(half.finite)
    // The orders of summation differ in the last places.
    expect(absolute / half.absolute).toBeCloseTo(1, 10)
    expect(weighted / half.weighted).toBeCloseTo(1, 10)
    expect(half.probe?.map(floatToHalf)).toEqual(half.float16)
    expect([...encodeBF16(Float32Array.from(half.probe ?? []))]).toEqual(half.bfloat16)
  })

  it('refuses NaN by name unless told otherwise', async () => {
    const error = await errorOf(readSafetensors(golden('nan.safetensors')))
    expect(error.code).toBe('NOT_FINITE')
    expect(error.message).toMatch(/"bad".*NaN at element 1 of 2/)
    const { tensors } = await readSafetensors(golden('nan.safetensors'), { rejectNonFinite: false })
    expect(tensors.get('bad')?.data).toEqual(Float32Array.of(1, Number.NaN))
  })
})

const arrays: [StoredDtype, (count: number) => fc.Arbitrary<TensorData>][] = [
  ['F32', (n) => fc.float32Array({ minLength: n, maxLength: n })],
  ['I64', (n) => fc.bigInt64Array({ minLength: n, maxLength: n })],
  ['U64', (n) => fc.bigUint64Array({ minLength: n, maxLength: n })],
  ['I32', (n) => fc.int32Array({ minLength: n, maxLength: n })],
  ['U32', (n) => fc.uint32Array({ minLength: n, maxLength: n })],
  ['I16', (n) => fc.int16Array({ minLength: n, maxLength: n })],
  ['U16', (n) => fc.uint16Array({ minLength: n, maxLength: n })],
  ['I8', (n) => fc.int8Array({ minLength: n, maxLength: n })],
  ['U8', (n) => fc.uint8Array({ minLength: n, maxLength: n })],
  ['BOOL', (n) => fc.uint8Array({ minLength: n, maxLength: n, max: 1 })],
]
const tensor: fc.Arbitrary<TensorToStore> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.constantFrom(...arrays))
  .chain(([shape, [dtype, make]]) =>
    make(shape.reduce((a, b) => a * b, 1)).map((data) => ({ dtype, shape, data }) satisfies TensorToStore),
  )
const name = fc.string({ unit: 'binary', maxLength: 12 }).filter((s) => s !== '__metadata__')
const anyFile = fc.tuple(
  fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 }),
  fc.dictionary(name, fc.string({ unit: 'binary' }), { maxKeys: 3 }),
)

describe('round trips', () => {
  it('gives back names, types, shapes and bits', async () => {
    await fc.assert(
      fc.asyncProperty(anyFile, async ([tensors, metadata]) => {
        await writeSafetensors(file, tensors, metadata)
        const back = await readSafetensors(file, { rejectNonFinite: false })
        expect(back.metadata).toEqual({ format: 'pt', ...metadata })
        expect(back.tensors.size).toBe(tensors.length)
        for (const [key, { dtype, shape, data }] of tensors) {
          const got = back.tensors.get(key)
          expect(got?.dtype).toBe(dtype)
          expect(got?.shape).toEqual(shape)
          expect(got?.data).toEqual(data)
        }
        // Every tensor is aligned to its own width.
        const { entries, dataStart } = await readSafetensorsHeader(file)
        expect(dataStart % 8).toBe(0)
        for (const { start, name: key } of entries) {
          expect(start % (back.tensors.get(key)?.data.BYTES_PER_ELEMENT ?? 1)).toBe(0)
        }
      }),
      { numRuns: 150, examples: [[[[], JSON.parse('{"__proto__": "a key as any other"}')]]] },
    )
  })

  it('keeps tensors that are larger than one chunk', async () => {
    const count = (1 << 23) + 12_345
    const data = Float32Array.from({ length: count }, (_, i) => (i % 2039) / 8)
    await writeSafetensors(file, [
      ['half', { dtype: 'F16', shape: [count], data }],
      ['double', { dtype: 'F64', shape: [count], data }],
      ['brain', { dtype: 'BF16', shape: [3], data: Float32Array.of(1, -2.5, 2 ** 100) }],
    ])
    const { tensors } = await readSafetensors(file)
    const differs = (key: string): number => data.findIndex((v, i) => v !== tensors.get(key)?.data[i])
    expect(differs('half')).toBe(-1)
    expect(differs('double')).toBe(-1)
    expect(tensors.get('brain')?.data).toEqual(Float32Array.of(1, -2.5, 2 ** 100))
  })

  it('writes nothing when a tensor is wrong, and leaves the old file', async () => {
    await writeSafetensors(file, [['a', { shape: [1], data: Float32Array.of(1) }]])
    const before = readFileSync(file)
    const one = Float32Array.of(1)
    const wrong: [ErrorCode, [string, TensorToStore][]][] = [
      ['SHAPE_MISMATCH', [['a', { shape: [2], data: one }]]],
      [
        'CHECKPOINT_INVALID',
        [
          ['a', { shape: [1], data: one }],
          ['a', { shape: [1], data: one }],
        ],
      ],
      ['CHECKPOINT_INVALID', [['__metadata__', { shape: [1], data: one }]]],
      ['CHECKPOINT_INVALID', [['\ud800', { shape: [1], data: one }]]],
      ['CHECKPOINT_INVALID', [['a', { dtype: 'I32', shape: [1], data: one }]]],
      ['CHECKPOINT_INVALID', [['a', { dtype: 'BOOL', shape: [1], data: Uint8Array.of(2) }]]],
    ]
    for (const [code, tensors] of wrong) expect((await errorOf(writeSafetensors(file, tensors))).code).toBe(code)
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(folder)).toEqual(['a.safetensors'])
  })
})

describe('damaged files', () => {
  const f32 = (start: number, end: number, shape = [(end - start) / 4]): unknown => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  })
  const eight = new Uint8Array(8)

  it.each<[string, unknown, Uint8Array, RegExp]>([
    ['overlap', { a: f32(0, 8), b: f32(4, 8) }, eight, /"a" and "b" overlap/],
    ['gap', { a: f32(4, 8) }, eight, /unused bytes before tensor "a"/],
    ['out of range', { a: f32(0, 12) }, eight, /should end at byte \d+ with tensor "a"/],
    ['trailing bytes', { a: f32(0, 4) }, eight, /should end at byte/],
    ['shape', { a: f32(0, 8, [3]) }, eight, /"a" holds 8 bytes but F32\[3\] needs 12/],
    ['negative', { a: f32(0, 8, [-2]) }, eight, /"a" has a wrong header \(shape\.0/],
    ['huge', { a: f32(0, 8, [2 ** 40, 2 ** 40]) }, eight, /"a" has an impossible shape/],
    ['backwards', { a: f32(8, 0, [2]) }, eight, /"a" ends at byte 0, before its start 8/],
    ['twice', '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\\u0061":1}', eight, /names "a" twice/],
    ['twice inside', '{"a":{"dtype":"F32","dtype":"F16"}}', eight, /names "dtype" twice/],
    ['not JSON', '{"a":', eight, /not valid JSON/],
    ['not an object', '["a"]', eight, /does not begin with \{/],
    ['nested', '{"a":{"b":{"c":{"d":1}}}}', eight, /nested too deeply/],
    ['metadata', { __metadata__: { step: 3 } }, new Uint8Array(0), /__metadata__/],
    ['no shape', { a: { dtype: 'F32', data_offsets: [0, 8] } }, eight, /"a" has a wrong header \(shape/],
  ])('names the fault: %s', async (_, header, data, message) => {
    const error = await errorOf(readSafetensors(craft(header, data)))
    expect(error.code).toBe('FILE_DAMAGED')
    expect(error.message).toMatch(message)
    expect(error.message).toContain(file)
  })

  it('names what else it may be', async () => {
    expect(await errorOf(readSafetensors(join(folder, 'none')))).toMatchObject({ code: 'FILE_MISSING' })
    expect(await errorOf(readSafetensors(folder))).toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
    writeFileSync(file, '')
    expect(await errorOf(readSafetensors(file))).toMatchObject({ code: 'FILE_EMPTY' })
    writeFileSync(file, 'version https://git-lfs.github.com/spec/v1\n')
    expect((await errorOf(readSafetensors(file))).message).toContain('Git LFS pointer')
    writeFileSync(file, Buffer.from('504b03041400000808000000', 'hex'))
    expect((await errorOf(readSafetensors(file))).message).toContain('PyTorch')
    const f8 = craft({ a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } }, eight)
    expect(await errorOf(readSafetensors(f8))).toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })

  it('survives any cut', async () => {
    const whole = readFileSync(golden('python.safetensors'))
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(file, whole)
      truncateSync(file, length)
      expect((await errorOf(readSafetensors(file))).code).toMatch(/^FILE_(DAMAGED|EMPTY)$/)
    }
  })

  it('survives flipped bits, and never takes much more memory than the file has', async () => {
    const whole = readFileSync(golden('python.safetensors'))
    const header = 8 + Number(whole.readBigUInt64LE())
    const flips = fc.array(fc.tuple(fc.nat(header - 1), fc.nat(7)), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(flips, async (bits) => {
        const bytes = Buffer.from(whole)
        for (const [at, bit] of bits) bytes[at] = (bytes[at] as number) ^ (1 << bit)
        writeFileSync(file, bytes)
        try {
          const { tensors } = await readSafetensors(file, { rejectNonFinite: false })
          let taken = 0
          for (const { data } of tensors.values()) taken += data.byteLength
          expect(taken).toBeLessThanOrEqual(2 * whole.length)
        } catch (error) {
          if (!(error instanceof VesaliusError)) throw error
        }
      }),
      { numRuns: 1500 },
    )
  })
})
