/**
 * CAL: do zero-shot probabilities mean what they say? Platt scaling of each finding, fitted on the validation studies alone,
 * against the probabilities as they are. The scaling can be kept in the model folder (`evaluate --calibrate`).
 */

import { type Calibration, logOdds, promptsOf } from '../../apply/calibration.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { reliability } from '../metrics/calibration.ts'
import type { Finding } from '../metrics/ranked.ts'
import { applyPlatt, fitPlatt } from '../metrics/scaling.ts'
import { findingPrompts, labelledFindings } from '../prompts.ts'
import type { Protocol } from '../protocol.ts'
import { reliabilityPlot } from '../report/plots.ts'
import { patientsOf } from '../studies.ts'
import { zeroShotScores } from './scores.ts'

export const cal: Protocol = {
  id: 'CAL',
  name: 'Calibration',
  measures:
    'Expected calibration error and Brier score of zero-shot probabilities, before and after scaling fitted on the validation studies.',
  lower: ['ecePlain', 'eceScaled', 'brierPlain', 'brierScaled'],
  lacks({ test, validate }) {
    if (labelledFindings(test).size === 0) return 'no study carries labels'
    return validate.length < 10 ? 'there are fewer than 10 validation studies to fit on' : undefined
  },
  async run({ model, data, settings, features }) {
    const prompts = await findingPrompts(data.test, settings.prompts)
    const of = async (split: 'validate' | 'test') =>
      zeroShotScores(model, (await features(split, 'global')).values, data[split], prompts)
    const [fitted, test] = [await of('validate'), await of('test')]
    const scalings = fitted.map(({ scores, labels }) => fitPlatt(logits(scores), labels))
    const scaled = test.map((finding, k): Finding => {
      const scaling = scalings[k]
      return scaling === undefined ? finding : { ...finding, scores: applyPlatt(scaling, logits(finding.scores)) }
    })
    const brier = (findings: readonly Finding[]): CaseMeasure => ({
      kind: 'mean',
      values: Float64Array.from(data.test, (_, n) => {
        const known = findings.filter(({ labels }) => labels[n] === 0 || labels[n] === 1)
        const errors = known.map(({ scores, labels }) => (scores[n]! - labels[n]!) ** 2)
        return errors.length === 0 ? Number.NaN : errors.reduce((a, b) => a + b, 0) / errors.length
      }),
    })
    const measures: Record<string, CaseMeasure> = {
      eceScaled: { kind: 'ece', findings: scaled },
      ecePlain: { kind: 'ece', findings: test },
      brierScaled: brier(scaled),
      brierPlain: brier(test),
    }
    const calibration: Calibration = {
      version: 1,
      prompts: prompts.key,
      studies: data.validate.length,
      findings: Object.fromEntries(
        prompts.names.map((name, k) => {
          const scaling = scalings[k]
          return [name, scaling === undefined ? null : { ...scaling, prompts: promptsOf(prompts, name) }]
        }),
      ),
    }
    const together = (findings: readonly Finding[]) =>
      reliability(
        findings.flatMap(({ scores }) => Array.from(scores)),
        findings.flatMap(({ labels }) => Array.from(labels)),
      )
    return {
      measured: [{ units: patientsOf(data.test), measures }],
      details: { calibration },
      sections: async () => [
        {
          heading: 'Reliability of zero-shot probabilities',
          text: `All findings of ${data.test.length} test studies together; scaling fitted on ${data.validate.length} validation studies. The area of a dot is its share of the cases.`,
          plot: [
            reliabilityPlot({ title: 'As the prompts say' }, together(test)),
            reliabilityPlot({ title: 'Scaled' }, together(scaled)),
          ],
        },
      ],
    }
  },
}

function logits(probabilities: ArrayLike<number>): Float64Array {
  return Float64Array.from(probabilities, logOdds)
}
