/** @file Ids equal to Python's on 2,000 strings and on all reports of the Indiana collection. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { sharedData } from '../../test/peers.ts'
import { goldenTokenizers } from '../../test/tokenizers.ts'
import { sha256 } from '../core/files.ts'
import type { Tokenizer } from './tokenizer.ts'

interface Golden {
  strings: (string | [string, number])[]
  tokenizers: Record<string, { length: number; hashes: string; first: number[][]; reports: string; truncated: number }>
}
const { strings, tokenizers } = JSON.parse(
  readFileSync(new URL('../../test/golden/tokenizers/strings.json', import.meta.url), 'utf8'),
) as Golden
const texts = strings.map((each) => (typeof each === 'string' ? each : each[0].repeat(each[1])))
const made = goldenTokenizers()
const reportsFolder = sharedData('indiana-reports')
const hash = (rows: number[][], digits: number): string => sha256(JSON.stringify(rows)).slice(0, digits)

describe.each([...made])('%s', (name, tokenizer: Tokenizer) => {
  const golden = tokenizers[name]!

  test('the context, and full ids of twenty strings', () => {
    expect(tokenizer.contextLength).toBe(golden.length)
    expect(texts.slice(20, 40).map((text) => tokenizer.encode(text))).toEqual(golden.first)
  })

  test('all 2,000 strings, ten of them of 100 kB', () => {
    const wrong = texts.filter((text, i) => hash([tokenizer.encode(text)], 6) !== golden.hashes.slice(6 * i, 6 * i + 6))
    expect(texts).toHaveLength(2000)
    expect(wrong.map((text) => text.slice(0, 20))).toEqual([])
  })
})

describe.skipIf(reportsFolder === undefined)('Indiana reports (needs ../shared/data/indiana-reports)', () => {
  let reports: string[] = []
  beforeAll(() => {
    const xml = execFileSync('tar', ['-xzOf', `${reportsFolder}/NLMCXR_reports.tgz`, '--wildcards', '*.xml'], {
      maxBuffer: 1 << 28,
    }).toString('utf8')
    const names = execFileSync('tar', [
      '-tzf',
      `${reportsFolder}/NLMCXR_reports.tgz`,
      '--wildcards',
      '*.xml',
    ]).toString()
    const order = names.trim().split('\n')
    const bodies = xml.split(/(?=<\?xml )/).filter((body) => body.trim() !== '')
    const byName = new Map(order.map((path, i) => [path, textOf(bodies[i] ?? '')]))
    reports = order.sort((a, b) => (a < b ? -1 : 1)).map((path) => byName.get(path) ?? '')
  })

  test.each([...made.keys()])('%s: all 3,955 reports, and how many it cuts', (name) => {
    const [tokenizer, golden] = [made.get(name)!, tokenizers[name]!]
    expect(reports).toHaveLength(3955)
    const batch = reports.map((text) => tokenizer.encode(text))
    let hashes = ''
    for (let i = 0; i < batch.length; i += 100) hashes += hash(batch.slice(i, i + 100), 16)
    expect(hashes).toBe(golden.reports)
    expect(tokenizer.encodeBatch(reports).truncated).toHaveLength(golden.truncated)
  })
})

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** Texts of the sections of a report, as ElementTree gives them. */
function textOf(xml: string): string {
  const sections = [...xml.matchAll(/<AbstractText[^>]*?(?:\/>|>([^<]*))/g)]
  return sections
    .map(([, text = '']) => text.replace(/\r\n?/g, '\n').replace(/&(\w+);/g, (_, name: string) => entities[name] ?? ''))
    .join('\n')
}
