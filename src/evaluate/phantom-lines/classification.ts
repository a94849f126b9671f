/** @file Reference lines of a domain's findings: pixel baseline, supervised bound, control of pairs, leaks. */

import { readStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import type { ClassificationLines, Line } from '../../phantoms/index.ts'
import { summarizeFindings } from '../protocols/findings.ts'
import { meanAuroc, pixelLine } from '../reference.ts'
import { type LineCases, readCases } from './cases.ts'
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
  const { recipe } = context
  const [training, test] = await readSplits(folder, side, context)

  const volume = recipe.form.kind === 'slabs'
  const pixels = pixelLine(
    findings,
    { studies: training.studies, pooled: coarse(training, volume) },
    { studies: test.studies, pooled: coarse(test, volume) },
  )
  const file = factsLine(
    findings,
    { studies: training.studies, facts: await fileFacts(folder, training.studies) },
    { studies: test.studies, facts: await fileFacts(folder, test.studies) },
  )

  const learnt = await learn(findings, training, test, context)
  const k = findings.length
  const scores = findings.map((_, f) => Float32Array.from(test.studies, (_, n) => learnt.logits[n * k + f] as number))
  return {
    kind: 'classification',
    supervised: lineOf(summarizeFindings(findings, scores, test.studies)),
    pixelBaseline: { ...lineOf(pixels), smallFindings: rounded(meanAuroc(pixels, smallFindings)) },
    shuffled: await pairsLine(training, test, learnt, true, context),
    paired: await pairsLine(training, test, learnt, false, context),
    leaks: { file, ...noiseLines(findings, training, test) },
  }
}

/** What the grain of pictures tells, and their noise. */
function noiseLines(findings: readonly string[], training: LineCases, test: LineCases): { grain: Line; noise: Line } {
  const facts = noiseFacts(training)
  const [seen, held] = [facts(training), facts(test)]
  const told = (kind: 'grain' | 'noise') =>
    factsLine(findings, { studies: training.studies, facts: seen[kind] }, { studies: test.studies, facts: held[kind] })
  return { grain: told('grain'), noise: told('noise') }
}

/** The noise line of the pictures in `folder`, which were drawn without noise: what fine structure tells in its place. */
export async function noiselessLine(
  folder: string,
  side: number,
  findings: readonly string[],
  context: NetworkContext,
): Promise<Line> {
  const [training, test] = await readSplits(folder, side, context)
  return noiseLines(findings, training, test).noise
}

/** Cases of the training and test studies. */
async function readSplits(
  folder: string,
  side: number,
  { recipe, progress }: NetworkContext,
): Promise<[LineCases, LineCases]> {
  const studies = await readStudies(folder)
  const read = (split: Study['split']) => {
    const chosen = studies.filter((study) => study.split === split)
    return readCases(folder, chosen, recipe.form, side, progress(`Reading (${split})`, chosen.length, 'studies'))
  }
  return [await read('train'), await read('test')]
}
