/** @file The engine and the layers in Chromium, on onnxruntime-web, give what the CPU gives in Node. */

import { gzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRuntime, type Runtime } from '../src/engine/index.ts'
import { bundle, serve } from './browser/serve.ts'
import { allowedCrossings } from './crossings.ts'
import { type FamilyResult, families, familyDifference, trainFamily } from './layer-families.ts'
import { chromiumPath } from './peers.ts'

/** What test/browser/page.ts puts on the page. */
interface OnPage {
  vesalius: {
    train(family: number, device: string): Promise<FamilyResult>
    chosen(): Promise<string>
    crossings(): Promise<string[]>
  }
}

const executablePath = chromiumPath()

it('the engine and the layers need nothing of Node, and stay small', async () => {
  const code = await bundle('src/nn/index.ts', true)
  expect(code).not.toMatch(/from\s*["']node:/)
  expect(gzipSync(code).length / 1024).toBeLessThan(150)
})

describe.skipIf(executablePath === undefined)(
  'two steps of training in Chromium (needs: apt-get install chromium)',
  () => {
    let browser: Browser
    let page: Page
    let site: Awaited<ReturnType<typeof serve>>
    let cpu: Runtime
    beforeAll(async () => {
      cpu = openRuntime({ threads: 2 })
      site = await serve(await bundle('test/browser/page.ts'))
      browser = await chromium.launch({
        executablePath: executablePath as string,
        // SwiftShader is a GPU emulated on the CPU; a sandbox cannot be had as root in a container.
        args: [
          '--no-sandbox',
          '--enable-unsafe-webgpu',
          '--enable-features=Vulkan',
          '--use-webgpu-adapter=swiftshader',
        ],
      })
      page = await browser.newPage()
      await page.goto(site.url)
      await page.waitForFunction(() => 'vesalius' in globalThis)
    })
    afterAll(async () => {
      await browser?.close()
      await site?.close()
      await cpu?.close()
    })

    const train = (family: number, device: string): Promise<FamilyResult> =>
      page.evaluate(([i, on]) => (globalThis as unknown as OnPage).vesalius.train(i, on), [family, device] as const)

    it('a page with WebGPU gets it without asking', async () => {
      expect(await page.evaluate(() => (globalThis as unknown as OnPage).vesalius.chosen())).toBe('webgpu')
    })

    it('between two steps only inputs and scalars cross to and from the GPU', async () => {
      const seen = await page.evaluate(() => (globalThis as unknown as OnPage).vesalius.crossings())
      expect(seen).toEqual(allowedCrossings)
    })

    describe.each(['webgpu', 'wasm'])('%s', (device) => {
      it.each(families.map(({ name }, i) => ({ name, i })))('$name', async ({ i }) => {
        const wanted = await trainFamily(cpu, families[i]!)
        expect(familyDifference(await train(i, device), wanted, 1e-3)).toBeUndefined()
      })
    })
  },
)
