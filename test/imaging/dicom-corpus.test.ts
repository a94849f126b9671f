import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { transferSyntaxes } from '../../src/imaging/dicom/syntaxes.ts'
import { corpusFolder, inCorpus } from './corpus.ts'
import { type Agreement, agreementOf, type ExpectedFile, expectedFiles } from './dicom-agreement.ts'

/** Files with pixels that are refused, and why that is right. */
const refusals: Record<string, string> = {
  'JPEG2000-embedded-sequence-delimiter.dcm':
    'corrupted on purpose; OpenJPEG and GDCM refuse it too (impossible tiles)',
  'MR_truncated.dcm': 'lacks its last 62 bytes; pydicom refuses it too',
  'meta_missing_tsyntax.dcm': 'two bytes of pixels, no Rows or Columns',
  'nested_priv_SQ.dcm': 'two bytes of pixels, no Rows or Columns',
}
/** Files without pixels whose header is refused before that can be said. */
const brokenHeaders = new Set(['DICOMDIR-nooffset', 'no_meta.dcm', 'rtplan_truncated.dcm'])
/** Stored values may differ from the reference by this: decoders round the inverse cosine transform differently. */
const tolerance = 1

const last = (name: string): string => name.split('/').at(-1)!
const present = expectedFiles.filter(({ name }) => inCorpus(name))
const withPixels = present.filter(({ pixels }) => pixels === true)
const results = new Map<string, Agreement>()
const resultOf = async (file: ExpectedFile): Promise<Agreement> => {
  const known = results.get(file.name) ?? (await agreementOf(file))
  results.set(file.name, known)
  return known
}
const syntaxes = [...new Set(withPixels.map(({ syntax }) => syntax!))].sort()

describe('pixels of DICOM files of packages equal those of pydicom, GDCM and libjpeg', () => {
  it.each(syntaxes.map((uid) => ({ uid, name: transferSyntaxes[uid]!.name })))('$name', async ({ uid }) => {
    const problems: string[] = []
    for (const file of withPixels.filter(({ syntax }) => syntax === uid)) {
      const found = await resultOf(file)
      const refused = last(file.name) in refusals
      if (refused !== (found.result === 'refused')) problems.push(`${file.name}: ${JSON.stringify(found)}`)
      if (found.result !== 'close' || file.error !== undefined) continue
      const lossless = transferSyntaxes[uid]!.lossless && file.photometric?.startsWith('YBR') === false
      if (lossless || !(found.largest <= tolerance)) problems.push(`${file.name}: differs by ${found.largest}`)
    }
    expect(problems).toEqual([])
  })

  it.skipIf(corpusFolder() === undefined)('refuses no more files than are listed (needs sh tools/corpus.sh)', () => {
    const found = [...results].filter(([, { result }]) => result === 'refused').map(([name]) => last(name))
    expect(found.sort()).toEqual(Object.keys(refusals).sort())
  })

  it('says that a file has no picture', async () => {
    const without = present.filter(({ pixels }) => pixels === false)
    for (const file of without) {
      const found = await resultOf(file)
      expect(found, file.name).toMatchObject({ result: 'refused' })
      if (found.result !== 'refused' || brokenHeaders.has(last(file.name))) continue
      expect(found.message).toContain('without a picture')
    }
  })
})

/** Without the alignment a formatter gives to tables. */
const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-+/g, '-')

/** The table of docs/images.md. */
function table(): string {
  const decoders: Record<string, string> = {
    native: '',
    rle: 'own',
    jpeg: 'libjpeg-turbo (sharp)',
    'jpeg-lossless': 'own',
    'jpeg-ls': 'CharLS (WebAssembly)',
    'jpeg-2000': 'OpenJPEG (WebAssembly)',
  }
  const rows = syntaxes.map((uid) => {
    const files = withPixels.filter(({ syntax }) => syntax === uid)
    const found = files.map(({ name }) => results.get(name)!)
    const largest = found.map((each) => (each.result === 'close' && each.largest > 1e-9 ? each.largest : 0))
    const { name, codec } = transferSyntaxes[uid]!
    const close = found.filter((each, i) => each.result === 'close' && files[i]!.error === undefined).length
    return [
      name,
      uid.endsWith('.4.51') ? 'own (12 bit), libjpeg-turbo (8 bit)' : decoders[codec]!,
      files.length,
      found.filter(({ result }) => result === 'equal').length,
      close === 0 ? '' : `${close}, by at most ${Number(Math.max(...largest.filter(Number.isFinite)).toPrecision(2))}`,
      files.filter(({ error }, i) => error !== undefined && found[i]!.result !== 'refused').length || '',
      found.filter(({ result }) => result === 'refused').length || '',
    ]
  })
  const heads = ['transfer syntax', 'decoder', 'files', 'equal', 'close', 'read here only', 'refused']
  const cells = [heads, heads.map((_, i) => (i < 2 ? '-' : '-:')), ...rows.map((row) => row.map(String))]
  const refused = Object.entries(refusals).map(([name, why]) => `- \`${name}\`: ${why}.`)
  return `${cells.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\nRefused:\n\n${refused.join('\n')}\n`
}

describe.skipIf(corpusFolder() === undefined)('docs/images.md (needs sh tools/corpus.sh)', () => {
  it('holds the table of these results; WRITE_DOCS=1 writes it', () => {
    const path = new URL('../../docs/images.md', import.meta.url)
    const text = readFileSync(path, 'utf8')
    const [start, end] = ['<!-- table of test/imaging/dicom-corpus.test.ts -->\n', '<!-- end of table -->']
    const before = text.slice(0, text.indexOf(start) + start.length)
    const wanted = `${before}\n${table()}\n${text.slice(text.indexOf(end))}`
    if (process.env.WRITE_DOCS === '1') writeFileSync(path, wanted)
    else expect(plain(text)).toBe(plain(wanted))
  })
})
