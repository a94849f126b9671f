/** @file `vesalius compare`: several objectives, the same start, the same batches, the same tasks, one table. */

import { join, resolve } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readJson, writeFileAtomic } from '../../core/files.ts'
import { command } from '../command.ts'

/** The shared part of all run configurations, and what single systems add: a file, with options over it. */
async function baseOf(
  file: string | undefined,
  given: Record<string, unknown>,
): Promise<{ base: Record<string, unknown>; systems: Record<string, Record<string, unknown>> }> {
  const { merge } = await import('../../pretrain/config.ts')
  const value = file === undefined ? {} : await readJson(file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VesaliusError('CONFIG_INVALID', `${file} is not a JSON object.`, { where: file ?? '--config' })
  }
  const { systems = {}, ...base } = value as Record<string, unknown>
  return { base: merge(base, given), systems: systems as Record<string, Record<string, unknown>> }
}

const defined = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

export const compare = command({
  name: 'compare',
  summary: 'train several objectives alike and put them into one table',
  usage: ['compare --objectives A,B,C --data DIR --steps N [--seeds 3] [options]'],
  options: {
    objectives: {
      type: 'string',
      value: 'A,B',
      help: 'what is compared, see: vesalius methods; differences are to clip',
    },
    data: { type: 'string', value: 'DIR', help: 'folder with studies.jsonl' },
    steps: { type: 'integer', help: 'steps of each training' },
    seeds: { type: 'integer', default: 3, help: 'trainings of each objective' },
    out: { type: 'string', value: 'DIR', default: 'comparison', help: 'folder to write, or to continue' },
    tasks: { type: 'string', value: 'A,B', help: 'protocols, such as ZSC,ITR; all that the data allow if not given' },
    config: {
      type: 'string',
      value: 'FILE',
      help: 'JSON with a part of a run configuration for all; "systems" in it adds to single objectives',
    },
    image: { type: 'string', help: 'image tower' },
    text: { type: 'string', help: 'text tower' },
    size: { type: 'integer', help: 'side of the pictures in pixels' },
    channels: { type: 'integer', help: '1 for greys, 3 as public models' },
    batch: { type: 'integer', help: 'pairs a step' },
    rate: { type: 'number', help: 'peak learning rate' },
    from: { type: 'string', value: 'MODEL', help: 'model folder that all start from' },
    threads: { type: 'integer', help: 'threads of one operator' },
    'head-steps': { type: 'integer', default: 300, help: 'steps of each head that a protocol trains' },
    prompts: { type: 'string', value: 'SET', help: 'prompt pairs for findings: a name or a JSON file' },
  },
  examples: [
    {
      text: 'Two objectives, three seeds; the same command again continues',
      command: 'compare --objectives clip,convirt --data phantoms --steps 1000 --seeds 3',
    },
  ],
  async run({ options: o }, { print, progress, signal }) {
    const { objectives, data, steps } = o
    if (objectives === undefined || data === undefined || steps === undefined)
      throw new VesaliusError('USAGE', 'compare needs --objectives, --data and --steps.')
    if (steps < 1 || o.seeds < 1 || o['head-steps'] < 1)
      throw new VesaliusError('USAGE', '--steps, --seeds and --head-steps must be at least 1.')
    const { compare: run, comparisonDocument } = await import('../../evaluate/compare/compare.ts')
    const { comparisonReport, comparisonTables } = await import('../../evaluate/compare/report.ts')
    const { hashOfData, protocolList } = await import('../../evaluate/compare/settings.ts')
    const folder = resolve(data)
    const { base, systems } = await baseOf(o.config, {
      ...defined({ image: o.image, text: o.text, size: o.size, channels: o.channels, threads: o.threads }),
      train: defined({ batch: o.batch, rate: o.rate }),
      ...(o.from === undefined ? {} : { model: { from: resolve(o.from) } }),
    })
    const comparison = await run({
      out: o.out,
      objectives: objectives.split(',').map((id) => id.trim()),
      seeds: o.seeds,
      settings: {
        version: 1,
        data: folder,
        dataHash: await hashOfData(folder),
        steps,
        tasks: protocolList(o.tasks) ?? null,
        headSteps: o['head-steps'],
        prompts: o.prompts ?? null,
        base,
        systems,
      },
      progress,
      signal,
    })
    const report = join(o.out, 'comparison.html')
    await writeFileAtomic(report, comparisonReport(comparison, folder.split('/').at(-1) ?? folder))
    print(`${comparisonTables(comparison)}\nReport: ${report}`)
    return comparisonDocument(comparison)
  },
})

export { compare as command }
