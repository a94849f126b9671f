#!/usr/bin/env node
// The command line lives in src/cli/main.ts; `npm run build` compiles it to dist/.
import { existsSync } from 'node:fs'

const entry = new URL('../dist/cli/main.js', import.meta.url)
if (!existsSync(entry)) {
  console.error('Vesalius is not built yet. Run: npm run build')
  process.exit(1)
}
await import(entry)
