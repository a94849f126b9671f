/** @file A page for tests: the bundle, ONNX Runtime's files, and headers under which WebAssembly may use threads. */

import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../../', import.meta.url))
const ort = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url)
const types: Record<string, string> = { '.mjs': 'text/javascript', '.wasm': 'application/wasm' }

/** Bundles a module for browsers; a module of Node among its imports is an error. */
export async function bundle(entry: string, minify = false): Promise<string> {
  const problems: string[] = []
  const build = await rolldown({
    input: `${root}${entry}`,
    platform: 'browser',
    external: [/^onnxruntime-web/],
    onLog: (level, { message }) => void (level === 'warn' && problems.push(message)),
  })
  const { output } = await build.generate({ format: 'esm', minify })
  await build.close()
  if (problems.length > 0 || output.length !== 1)
    throw new Error(`The bundle for the browser needs more than itself: ${problems.join('; ')}`)
  return output[0].code
}

const html = `<!doctype html><meta charset="utf-8"><title>test</title>
<script type="importmap">{ "imports": { "onnxruntime-web/webgpu": "/ort/ort.webgpu.min.mjs" } }</script>
<script type="module" src="/page.js"></script>`

/** Serves the page on a free port of this machine. */
export async function serve(page: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const send = (type: string, body: string | Buffer): void => {
      response.writeHead(200, {
        'Content-Type': type,
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      })
      response.end(body)
    }
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    try {
      if (path === '/') send('text/html', html)
      else if (path === '/page.js') send('text/javascript', page)
      else if (path.startsWith('/ort/'))
        send(types[extname(path)] ?? 'application/octet-stream', await readFile(new URL(basename(path), ort)))
      else response.writeHead(404).end()
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
