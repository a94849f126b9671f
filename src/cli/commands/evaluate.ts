/** @file `vesalius evaluate`: what a run or model can do, with intervals and reference lines. */

import { join } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { type TaskName, taskNames } from '../../evaluate/protocol.ts'
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
  summary: 'zero-shot, retrieval and domain identification, with intervals',
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
    const split = options.split as 'train' | 'validate' | 'test'
    const evaluation = await evaluateRun({
      run,
      data: options.data,
      tasks: tasksOf(options.tasks),
      prompts: options.prompts,
      domainPrompts: options['domain-prompts'],
      split,
      supervised: options.supervised,
      shuffled: options.shuffled,
      device: options.device,
      progress,
    })
    const report = options.out ?? join(run, 'evaluation.html')
    await writeFileAtomic(
      report,
      evaluationReport(evaluation, { title: 'Evaluation', subtitle: `${run}, split ${split}` }),
    )
    print(`${evaluationTables(evaluation)}\nReport: ${report}`)
    const { outcomes, ...whole } = evaluation
    return { protocols: outcomesDocument(outcomes), ...whole, report }
  },
})

export { evaluate as command }
