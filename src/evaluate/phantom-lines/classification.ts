/** @file Reference lines of a domain's findings: pixel baseline, supervised bound, control of pairs, leaks. */

import { readStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import type { ClassificationLines } from '../../phantoms/index.ts'
import { summarizeFindings } from '../protocols/findings.ts'
import { meanAuroc, pixelLine } from '../reference.ts'
import { readCases } from './cases.ts'
import { coarse } from './coarse.ts'
import { fileFacts, noiseFacts } from './leaks.ts'
import { factsLine } from './linear.ts'
import { learn, type NetworkContext } from './network.ts'
import { pairsLine } from './pairs.ts'
import { lineOf, rounded } from './recipe.ts'

/** Trains and measures on the data in `folder`. `side` is that of its pictures. */
export async function classificationLines(
  folder: string,
  side: number,
  findings: readonly string[],
  smallFindings: readonly string[],
  context: NetworkContext,
): Promise<ClassificationLines> {
  const { recipe, progress } = context
  const studies = await readStudies(folder)
  const read = (split: Study['split']) => {
    const chosen = studies.filter((study) => study.split === split)
    return readCases(folder, chosen, recipe.form, side, progress(`Reading (${split})`, chosen.length, 'studies'))
  }
  const [training, test] = [await read('train'), await read('test')]

  const volume = recipe.form.kind === 'slabs'
  const pixels = pixelLine(
    findings,
    { studies: training.studies, pooled: coarse(training, volume) },
    { studies: test.studies, pooled: coarse(test, volume) },
  )
  const facts = noiseFacts(training)
  const [seen, held] = [facts(training), facts(test)]
  const leak = (trained: number[][], tested: number[][]) =>
    factsLine(findings, { studies: training.studies, facts: trained }, { studies: test.studies, facts: tested })
  const leaks = {
    file: leak(await fileFacts(folder, training.studies), await fileFacts(folder, test.studies)),
    grain: leak(seen.grain, held.grain),
    noise: leak(seen.noise, held.noise),
  }

  const learnt = await learn(findings, training, test, context)
  const k = findings.length
  const scores = findings.map((_, f) => Float32Array.from(test.studies, (_, n) => learnt.logits[n * k + f] as number))
  return {
    kind: 'classification',
    supervised: lineOf(summarizeFindings(findings, scores, test.studies)),
    pixelBaseline: { ...lineOf(pixels), smallFindings: rounded(meanAuroc(pixels, smallFindings)) },
    shuffled: await pairsLine(training, test, learnt, true, context),
    paired: await pairsLine(training, test, learnt, false, context),
    leaks,
  }
}
