/** @file Our side of the evaluation bench: a metric of all findings and their mean, with intervals. */

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { atThreshold, bootstrapFindings, f1, rankedAuprc, rankedAuroc } from '../../dist/evaluate/index.js'

const { labels, scores, threshold } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const findings = labels.map((list, k) => ({ name: `finding ${k}`, labels: list, scores: scores[k] }))
const metrics = {
  auroc: rankedAuroc,
  'average-precision': rankedAuprc,
  f1: atThreshold(threshold, (cells) => f1(cells)),
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const [word, name, resamples] = line.split(' ')
  if (word === 'end') {
    say({})
    process.stdin.destroy() // else the open pipe keeps this process
    break
  }
  const start = performance.now()
  const { each, mean } = bootstrapFindings(metrics[name], findings, { resamples: Number(resamples) })
  const seconds = (performance.now() - start) / 1000
  const all = [...each, mean]
  say({ seconds, values: all.map(({ value }) => value), bounds: all.flatMap(({ low, high }) => [low, high]) })
}
