/** @file A small writer of DICOM files for tests: any element, little-endian explicit or implicit, big-endian explicit. */

/** Group, element, value representation, value: text, US numbers, items of a sequence, or bytes. */
export type Field = readonly [
  group: number,
  element: number,
  vr: string,
  value: string | number[] | Uint8Array | Field[][],
]

const long = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])

export type Encoding = 'explicit' | 'implicit' | 'big'

function encode([group, element, vr, value]: Field, encoding: Encoding): Buffer {
  const big = encoding === 'big'
  const u16 = (n: number): Buffer => {
    const b = Buffer.alloc(2)
    big ? b.writeUInt16BE(n & 0xffff) : b.writeUInt16LE(n & 0xffff)
    return b
  }
  const u32 = (n: number): Buffer => {
    const b = Buffer.alloc(4)
    big ? b.writeUInt32BE(n) : b.writeUInt32LE(n)
    return b
  }
  let body: Buffer
  if (typeof value === 'string')
    body = Buffer.from(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`, 'latin1')
  else if (value instanceof Uint8Array) body = Buffer.from(value)
  else if (vr === 'SQ') {
    body = Buffer.concat(
      (value as Field[][]).map((fields) => {
        const item = Buffer.concat(fields.map((field) => encode(field, encoding)))
        return Buffer.concat([u16(0xfffe), u16(0xe000), u32(item.length), item])
      }),
    )
  } else body = Buffer.concat((value as number[]).map(u16))
  const tag = Buffer.concat([u16(group), u16(element)])
  if (encoding === 'implicit') return Buffer.concat([tag, u32(body.length), body])
  const type = Buffer.from(vr, 'latin1')
  return long.has(vr)
    ? Buffer.concat([tag, type, u16(0), u32(body.length), body])
    : Buffer.concat([tag, type, u16(body.length), body])
}

const syntaxes = { explicit: '1.2.840.10008.1.2.1', implicit: '1.2.840.10008.1.2', big: '1.2.840.10008.1.2.2' }

export interface Fixture {
  rows: number
  columns: number
  /** Stored words or bytes of all frames, or the bytes of the element. */
  pixels: number[] | Uint8Array
  bits?: 8 | 16
  stored?: number
  highBit?: number
  signed?: boolean
  samples?: 1 | 3
  photometric?: string
  encoding?: Encoding
  /** Put in place of the UID that belongs to the encoding. */
  transferSyntax?: string
  /** Other elements; they are sorted in. */
  fields?: Field[]
  /** False: no preamble and no meta header. */
  meta?: boolean
}

/** JPEG frames as encapsulated pixel data, with or without an offset table; a frame may take several fragments. */
export function encapsulate(frames: Uint8Array[][], table: boolean): Buffer {
  const item = (data: Uint8Array): Buffer => {
    const even = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)])
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
    head.writeUInt32LE(even.length, 4)
    return Buffer.concat([head, even])
  }
  const parts = frames.map((fragments) => Buffer.concat(fragments.map(item)))
  const offsets = Buffer.alloc(table ? 4 * parts.length : 0)
  let at = 0
  parts.forEach((part, i) => {
    if (table) offsets.writeUInt32LE(at, 4 * i)
    at += part.length
  })
  return Buffer.concat([item(offsets), ...parts, Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])])
}

/** The bytes of a DICOM file. */
export function dicomFile(fixture: Fixture): Buffer {
  const { rows, columns, pixels, bits = 8, signed = false, samples = 1, encoding = 'explicit', fields = [] } = fixture
  const stored = fixture.stored ?? bits
  const syntax = fixture.transferSyntax ?? syntaxes[encoding]
  const data: Field[] = [
    [0x0008, 0x0060, 'CS', 'OT'],
    [0x0010, 0x0010, 'PN', 'SECRET^NAME'],
    [0x0010, 0x0020, 'LO', 'SECRET-ID'],
    [0x0028, 0x0002, 'US', [samples]],
    [0x0028, 0x0004, 'CS', fixture.photometric ?? (samples === 1 ? 'MONOCHROME2' : 'RGB')],
    [0x0028, 0x0010, 'US', [rows]],
    [0x0028, 0x0011, 'US', [columns]],
    [0x0028, 0x0100, 'US', [bits]],
    [0x0028, 0x0101, 'US', [stored]],
    [0x0028, 0x0102, 'US', [fixture.highBit ?? stored - 1]],
    [0x0028, 0x0103, 'US', [signed ? 1 : 0]],
    ...fields,
  ]
  const order = [...data].sort(([g, e], [h, f]) => g - h || e - f)
  const body = order.map((field) => encode(field, encoding))
  const raw = pixels instanceof Uint8Array
  if (raw && fixture.transferSyntax !== undefined) {
    // Undefined length, as compressed pixels have.
    body.push(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]), Buffer.from(pixels))
  } else {
    const value = raw || bits === 16 ? pixels : Uint8Array.from(pixels)
    body.push(encode([0x7fe0, 0x0010, bits === 16 ? 'OW' : 'OB', value], encoding))
  }
  if (fixture.meta === false) return Buffer.concat(body)
  const meta = encode([0x0002, 0x0010, 'UI', syntax], 'explicit')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM', 'latin1')])
  return Buffer.concat([preamble, encode([0x0002, 0x0000, 'UL', length], 'explicit'), meta, ...body])
}
