/** @file `vesalius evaluate`: what a run or model can do, with intervals and reference lines. */

import { join } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { writeFileAtomic, writeJsonAtomic } from '../../core/files.ts'
import { type TaskName, taskNames } from '../../evaluate/protocol.ts'
import type { ProtocolOutcome } from '../../evaluate/run-protocols.ts'
import { command } from '../command.ts'
import { deviceOption } from '../device.ts'

/** What two protocols were called before they went by their codes. */
const formerNames: Readonly<Record<string, string>> = { 'zero-shot': 'zsc', retrieval: 'itr' }

function tasksOf(list: string | undefined): TaskName[] | undefined {
  return list?.split(',').map((name) => {
    const asked = name.trim().toLowerCase()
    const found = taskNames.find((task) => task.toLowerCase() === (formerNames[asked] ?? asked))
    if (found === undefined)
      throw new VesaliusError('USAGE', `There is no task "${name}".`, { hint: `Use: ${taskNames.join(', ')}.` })
    return found
  })
}

export const evaluate = command({
  name: 'evaluate',
  summary: 'what a model can do, on every task that the data allow',
  usage: ['evaluate RUN [--data DIR] [options]'],
  positionals: { least: 1, most: 1 },
  options: {
    device: deviceOption,
    data: { type: 'string', value: 'DIR', help: 'data folder; the one of the run if not given' },
    tasks: { type: 'string', value: 'A,B', help: `of ${taskNames.join(', ')}; all that the data allow if not given` },
    split: {
      type: 'string',
      choices: ['train', 'validate', 'test'],
      default: 'test',
      help: 'which studies; for a fold, test is the part held out',
    },
    'head-steps': { type: 'integer', default: 300, help: 'steps of each head that a protocol trains' },
    seed: { type: 'integer', default: 1, help: 'of heads, label shares and controls' },
    calibrate: {
      type: 'boolean',
      help: 'keep the scaling that CAL fits on the validation studies in the model folder',
    },
    spec: { type: 'string', value: 'FILE', help: 'repeat a published evaluation, and confirm or refute its numbers' },
    'write-spec': { type: 'string', value: 'FILE', help: 'write this evaluation down, to be repeated with --spec' },
    tolerance: { type: 'number', default: 0.001, help: 'of the numbers written by --write-spec' },
    prompts: { type: 'string', value: 'SET', help: 'prompt pairs for findings: a name or a JSON file' },
    'domain-prompts': { type: 'string', value: 'SET', help: 'exclusive classes for domain identification' },
    supervised: { type: 'string', value: 'RUN', help: 'run of the objective "supervised": its reference line' },
    shuffled: { type: 'string', value: 'RUN', help: 'run trained with --shuffle-pairs: the control' },
    out: { type: 'string', value: 'FILE', help: 'HTML report to write; RUN/evaluation.html if not given' },
  },
  examples: [
    { text: 'A run on its own test studies', command: 'evaluate run' },
    { text: 'Domain identification over five folds', command: 'evaluate vqa-run --data vqa --tasks domain --json' },
  ],
  async run({ positionals: [run = ''], options }, { print, progress }) {
    const { evaluate: evaluateRun } = await import('../../evaluate/evaluate.ts')
    const { outcomesDocument } = await import('../../evaluate/run-protocols.ts')
    const { evaluationReport, evaluationTables } = await import('../../evaluate/report/evaluation-report.ts')
    const { checkSpec, judge, readSpec, writeSpec } = await import('../../evaluate/spec.ts')
    const spec = options.spec === undefined ? undefined : await readSpec(options.spec)
    const chosen = {
      run,
      data: options.data ?? (await dataOf(run)),
      prompts: options.prompts ?? (spec?.prompts.file === null ? (spec.prompts.set ?? undefined) : undefined),
      split: spec?.split ?? (options.split as 'train' | 'validate' | 'test'),
      headSteps: spec?.headSteps ?? options['head-steps'],
      seed: spec?.seed ?? options.seed,
    }
    if (spec !== undefined) await checkSpec(spec, chosen)
    const evaluation = await evaluateRun({
      ...chosen,
      tasks: spec?.tasks ?? tasksOf(options.tasks),
      domainPrompts: options['domain-prompts'],
      supervised: options.supervised,
      shuffled: options.shuffled,
      device: options.device,
      progress,
    })
    const { outcomes, ...whole } = evaluation
    const report = options.out ?? join(run, 'evaluation.html')
    const subtitle = `${run}, split ${chosen.split}`
    await writeFileAtomic(report, evaluationReport(evaluation, { title: 'Evaluation', subtitle }))
    const calibration = options.calibrate ? await keepCalibration(run, outcomes) : undefined
    if (options['write-spec'] !== undefined) await writeSpec(options['write-spec'], chosen, outcomes, options.tolerance)
    print(`${evaluationTables(evaluation)}\nReport: ${report}`)
    const document = {
      protocols: outcomesDocument(outcomes),
      ...whole,
      report,
      ...(calibration ? { calibration } : {}),
    }
    if (spec === undefined) return document
    const verdicts = judge(spec, outcomes)
    const refuted = verdicts.filter(({ confirmed }) => !confirmed)
    print(
      refuted.length === 0
        ? `Confirmed: all ${verdicts.length} published values, within ${spec.tolerance}.`
        : [`Refuted: ${refuted.length} of ${verdicts.length} published values.`, ...refuted.map(line)].join('\n'),
    )
    return { ...document, spec: { confirmed: refuted.length === 0, verdicts }, exitCode: refuted.length === 0 ? 0 : 1 }
  },
})

function line({
  metric,
  published,
  found,
}: {
  metric: string
  published: number | null
  found: number | null
}): string {
  return `  ${metric}: published ${published ?? 'undefined'}, found ${found ?? 'undefined'}`
}

/** The data folder that a run was trained on. */
async function dataOf(run: string): Promise<string> {
  const { readRunConfig } = await import('../../pretrain/run-folder.ts')
  const config =
    (await readRunConfig(run).catch(() => undefined)) ??
    (await readRunConfig(join(run, 'fold-0')).catch(() => undefined))
  if (config !== undefined) return config.data.folder
  throw new VesaliusError('USAGE', `${run} does not say which data it was trained on.`, {
    where: run,
    hint: 'Give --data.',
  })
}

/** Writes the scaling that CAL fitted beside the weights. */
async function keepCalibration(run: string, outcomes: readonly ProtocolOutcome[]): Promise<string> {
  const { modelFolder } = await import('../../apply/model.ts')
  const found = outcomes.find(({ protocol }) => protocol.id === 'CAL')
  if (found === undefined || found.skipped !== undefined) {
    throw new VesaliusError(
      'DATA_LACKS_FIELD',
      `There is no calibration to keep: ${found?.skipped ?? 'CAL was not among the tasks'}.`,
      {
        where: '--calibrate',
        hint: 'Use data with labelled validation studies, and --tasks with CAL in it or no --tasks at all.',
      },
    )
  }
  const { calibrationFile } = await import('../../apply/calibration.ts')
  const path = calibrationFile(await modelFolder(run))
  await writeJsonAtomic(path, (found.result.details as { calibration: unknown }).calibration)
  return path
}

export { evaluate as command }
