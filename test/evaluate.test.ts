/** @file `evaluate` as a user has it: protocols, page, published numbers, calibration. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from './peers.ts'
import { tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-evaluate-'))
const at = (name: string): string => join(room, name)
const [data, run, spec] = [at('data'), at('run'), at('spec.json')]
const browser = chromiumPath()

interface Document {
  protocols: Record<string, { skipped?: string; metrics: Record<string, { value: number; n: number }> }>
  calibration: string
  spec: { confirmed: boolean; verdicts: { metric: string; confirmed: boolean }[] }
}
let document: Document

beforeAll(async () => {
  await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '200', '--size', '48', '--seed', '6'])
  writeFileSync(at('config.json'), JSON.stringify({ ...tinyRun, train: { ...tinyRun.train, steps: 4 } }))
  await vesaliusJson(['pretrain', '--data', data, '--out', run, '--config', at('config.json')])
  const tasks = ['--tasks', 'ZSC,itr,PG,CAL,SP,ROB']
  document = await vesaliusJson(['evaluate', run, ...tasks, '--calibrate', '--write-spec', spec])
}, 240_000)
afterAll(() => rmSync(room, { recursive: true, force: true }))

describe('an evaluation', () => {
  it('has the values of every protocol with their cases, and says why one was left out', () => {
    const { ZSC, ITR, PG, SP } = document.protocols
    expect(ZSC!.metrics.macroAuroc!.value).toBeGreaterThan(0)
    expect(ITR!.metrics.imageToTextR5!.n).toBeGreaterThan(20)
    expect(Object.keys(PG!.metrics)).toEqual(expect.arrayContaining(['pointing', 'pointingCentre', 'pointingShuffled']))
    expect(SP!.skipped).toContain('survival times')
    const { plain, brighter, darker, blurred, turned } = document.protocols.ROB!.metrics
    expect(plain!.value).toBe(ZSC!.metrics.macroAuroc!.value)
    expect(new Set([plain, brighter, darker, blurred, turned].map((metric) => metric!.value)).size).toBe(5)
  })

  it('keeps the calibration beside the weights', () => {
    const kept = JSON.parse(readFileSync(document.calibration, 'utf8')) as { findings: Record<string, unknown> }
    expect(document.calibration).toBe(join(run, 'model', 'calibration.json'))
    expect(Object.keys(kept.findings)).toContain('Edema')
  })

  it('classify uses the calibration for the findings and prompts it was fitted on, and --plain does not', async () => {
    interface Classified {
      calibration: { calibrated: number } | null
      results: { scores: { label: string; probability: number; plain?: number }[] }[]
    }
    const picture = join(data, 'images', readdirSync(join(data, 'images'))[0]!)
    const ask = (...more: string[]) =>
      vesaliusJson<Classified>(['classify', '--model', run, '--prompts', 'chest-phantom', picture, ...more])
    const [scaled, plain] = [await ask(), await ask('--plain')]
    expect([scaled.calibration!.calibrated > 5, plain.calibration]).toEqual([true, null])
    const kept = JSON.parse(readFileSync(document.calibration, 'utf8')) as {
      findings: Record<string, { a: number; b: number } | null>
    }
    const plainOf = Object.fromEntries(plain.results[0]!.scores.map(({ label, probability }) => [label, probability]))
    for (const { label, probability, plain: before } of scaled.results[0]!.scores) {
      const scaling = kept.findings[label]
      if (!scaling) expect([before, probability]).toEqual([undefined, plainOf[label]])
      else {
        const odds = Math.log(plainOf[label]! / (1 - plainOf[label]!))
        expect(probability).toBeCloseTo(1 / (1 + Math.exp(-(scaling.a * odds + scaling.b))), 8)
      }
    }
  }, 60_000)

  it('is repeated from its spec and confirmed; a changed number is refuted, other data are not even tried', async () => {
    const again = await vesaliusJson<Document>(['evaluate', run, '--spec', spec])
    expect(again.spec.confirmed).toBe(true)
    const published = JSON.parse(readFileSync(spec, 'utf8')) as { values: Record<string, number>; data: object }
    published.values['ZSC.macroAuroc']! += 0.05
    writeFileSync(at('wrong.json'), JSON.stringify(published))
    const { code, stdout } = await vesalius(['evaluate', run, '--spec', at('wrong.json'), '--json'])
    const refuted = (JSON.parse(stdout) as Document).spec.verdicts.filter(({ confirmed }) => !confirmed)
    expect([code, refuted.map(({ metric }) => metric)]).toEqual([1, ['ZSC.macroAuroc']])
    const other = { ...published, data: { ...published.data, name: 'other', studies: '0'.repeat(64) } }
    writeFileSync(at('other.json'), JSON.stringify(other))
    const refused = await vesalius(['evaluate', run, '--spec', at('other.json')])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('the studies (other) differ')])
    // The same list of studies with one picture changed.
    const picture = join(data, 'images', readdirSync(join(data, 'images'))[0]!)
    const bytes = readFileSync(picture)
    writeFileSync(picture, Buffer.concat([bytes, Buffer.of(0)]))
    const changed = await vesalius(['evaluate', run, '--spec', spec])
    writeFileSync(picture, bytes)
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('the pictures and other files of data')])
  }, 120_000)

  it('writes one page: pictures inside it, nothing to load, nothing to run', () => {
    const page = readFileSync(join(run, 'evaluation.html'), 'utf8')
    expect(page).toMatch(/Zero-shot: the surest errors.*<img src="data:image\/png/s)
    expect(page).toContain('Grounding: best, middle and worst')
    expect(page.match(/(?:src|href)="(?!data:|#)/g)).toBeNull()
    expect(page).not.toContain('<script')
  })

  it.skipIf(browser === undefined)(
    'which a browser opens without a request, in a narrow window too (needs Chromium)',
    async () => {
      const opened = await chromium.launch({ executablePath: browser as string, args: ['--no-sandbox'] })
      try {
        for (const width of [1280, 390]) {
          const page = await opened.newPage({ viewport: { width, height: 800 }, colorScheme: 'dark' })
          const asked: string[] = []
          page.on('request', (request) => asked.push(request.url()))
          const url = pathToFileURL(join(run, 'evaluation.html')).href
          await page.goto(url)
          expect(asked.filter((one) => !one.startsWith('data:'))).toEqual([url])
          expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
          await page.close()
        }
      } finally {
        await opened.close()
      }
    },
  )

  it('of one task that the data do not allow fails, and says why', async () => {
    const { code, stderr } = await vesalius(['evaluate', run, '--tasks', 'SP'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('Survival prediction cannot be measured here')])
  })
})
