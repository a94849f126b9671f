/**
 * @file Finds TIER's λ as its authors do: trials of one epoch with both λ uniform in 0 .. 0.5, the first with both at 0,
 * judged by zero-shot AUROC with several prompts for and against each finding, on the validation studies. What is
 * interrupted goes on where it stopped.
 *
 *   node tools/lambda-search.js --data DIR --work DIR [--trials 30] [--epochs 1] [--batch 32] [--rate 1e-4] [--seed 1]
 *                               [--prompts tier] [--config FILE]
 */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readJson, writeJsonAtomic } from '../dist/core/files.js'
import { bestTrial, trialAt } from '../dist/pretrain/random-search.js'

const text = (value) => ({ type: 'string', ...(value === undefined ? {} : { default: value }) })
const { values } = parseArgs({
  options: {
    data: text(),
    work: text(),
    trials: text('30'),
    epochs: text('1'),
    batch: text('32'),
    rate: text('1e-4'),
    seed: text('1'),
    prompts: text('tier'),
    config: text(),
  },
})
const { data, work, prompts } = values
if (data === undefined || work === undefined) {
  console.error('Say where the studies are and where trials are written: --data DIR --work DIR.')
  process.exit(2)
}

/** Runs the command line; its JSON document. */
function vesalius(...line) {
  const bin = fileURLToPath(new URL('../bin/vesalius.js', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...line, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  if (status !== 0) throw new Error(`vesalius ${line.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

async function trial(i) {
  const folder = join(work, `trial-${i}`)
  const [run, file] = [join(folder, 'run'), join(folder, 'result.json')]
  if (existsSync(file)) return readJson(file)
  const weights = trialAt(['tokenWeight', 'patchWeight'], { seed: Number(values.seed), most: 0.5 }, i)
  await mkdir(folder, { recursive: true })
  const started = existsSync(join(run, 'config.json'))
  if (started) vesalius('pretrain', '--resume', run)
  else {
    const given = values.config === undefined ? {} : await readJson(values.config)
    await writeJsonAtomic(join(folder, 'config.json'), { ...given, objectiveConfig: weights })
    const how = ['--epochs', values.epochs, '--batch', values.batch, '--rate', values.rate, '--seed', values.seed]
    const what = ['--objective', 'tier', '--recipe', 'tiny', '--config', join(folder, 'config.json')]
    vesalius('pretrain', '--data', data, '--out', run, ...what, ...how)
  }
  const { protocols } = vesalius('evaluate', run, '--tasks', 'ZSC', '--split', 'validate', '--prompts', prompts)
  const result = { ...weights, score: protocols.ZSC?.metrics.macroAuroc.value ?? null }
  await writeJsonAtomic(file, result)
  return result
}

const results = []
for (let i = 0; i < Number(values.trials); i++) {
  const result = await trial(i)
  results.push(result)
  console.log(`trial ${i}: ${JSON.stringify(result)}`)
}
const best = bestTrial(results)
await writeJsonAtomic(join(work, 'search.json'), { baseline: results[0], best: best ?? null, results })
console.log(
  best === undefined
    ? 'No trial has a defined score: there are too few validation studies.'
    : `best: ${JSON.stringify(best)}`,
)
