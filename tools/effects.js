/**
 * @file Runs what a family of systems is claimed to show: `npm run effects -- --family FAMILY`. Hours; what is interrupted
 * goes on where it stopped. Claims: bench/effects/FAMILY.json. Results: bench/results/effects-FAMILY.json and
 * docs/effects-FAMILY.md, written after every arm.
 */

import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { progress } from '../dist/core/progress.js'
import { runEffects } from '../dist/evaluate/effects/run.js'

const { values } = parseArgs({
  options: {
    family: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'vesalius-effects') },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    threads: { type: 'string', default: '1' },
    arms: { type: 'string' },
    'report-only': { type: 'boolean', default: false },
  },
})
if (values.family === undefined) {
  console.error('Name the family: npm run effects -- --family multi-scale [--arms clip,gloria] [--report-only]')
  process.exit(2)
}
const control = new AbortController()
process.once('SIGINT', () => control.abort())
process.once('SIGTERM', () => control.abort())
const document = await runEffects(values.family, {
  work: values.work,
  jobs: Number(values.jobs),
  threads: Number(values.threads),
  arms: values.arms?.split(','),
  reportOnly: values['report-only'],
  progress,
  signal: control.signal,
})
for (const { id, reproduced, difference, interval, notRun } of document.effects)
  console.log(`${id}: ${reproduced === null ? notRun : `${reproduced ? 'yes' : 'no'}, ${difference} (${interval})`}`)
