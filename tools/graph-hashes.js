/**
 * @file Golden hashes of the training graphs of every preset and objective (test/golden/graph-hashes.json). They change
 * when a system's mathematics change, and must not change in a refactoring. `npm run hashes` builds and writes them.
 *
 *   node tools/graph-hashes.js               writes the file
 *   node tools/graph-hashes.js --show NAME   prints one graph as text, to compare two versions with diff
 */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { canonicalText, graphPrint } from '../dist/engine/inspect/canonical.js'
import { presetSteps, syntheticStep, traceSynthetic } from '../dist/pretrain/synthetic.js'

const path = fileURLToPath(new URL('../test/golden/graph-hashes.json', import.meta.url))
const steps = presetSteps()
const outputsOf = (name) => traceSynthetic(syntheticStep(steps.get(name))).outputs

const [flag, name] = process.argv.slice(2)
if (flag === '--show') {
  if (!steps.has(name)) {
    console.error(`There is no graph "${name}". There are:\n  ${[...steps.keys()].join('\n  ')}`)
    process.exit(2)
  }
  process.stdout.write(canonicalText(outputsOf(name)))
} else {
  const lines = [...steps.keys()].map((key) => `${JSON.stringify(key)}: ${JSON.stringify(graphPrint(outputsOf(key)))}`)
  writeFileSync(path, `{\n${lines.join(',\n')}\n}\n`)
  console.log(`${lines.length} graphs written to ${path}`)
}
