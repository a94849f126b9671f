/** TXT: what the text tower knows by itself (survey Fig. 16 and the text side that the survey finds missing). */

import type { Protocol } from '../protocol.ts'
import { linePlot } from '../report/plots.ts'
import { similarityGrid, textQuality } from '../text/quality.ts'

export const txt: Protocol = {
  id: 'TXT',
  name: 'Text-encoder quality',
  measures:
    'Whether names of one disease lie nearer than names of different ones, statements nearer than denials, and diseases of an organ together.',
  chance: { synonymAuroc: 0.5, negationAuroc: 0.5, entailment: 0.5 },
  lacks: () => undefined,
  async run({ model }) {
    const { measured, organs, ...rest } = await textQuality({ embed: (texts) => model.embedTexts(texts) })
    const summary = Object.entries(organs).map(([organ, { density: _, ...numbers }]) => [organ, numbers])
    const { within, between, ...numbers } = rest
    const bare = ({ density: _, ...more }: typeof within) => more
    return {
      measured,
      details: { ...numbers, within: bare(within), between: bare(between), organs: Object.fromEntries(summary) },
      sections: async () => [
        {
          heading: 'Similarity of different diseases of an organ (survey Fig. 16)',
          text: `Mean within organs ${within.mean.toFixed(3)}, between organs ${between.mean.toFixed(3)}; overlap of the two ${rest.overlap.toFixed(2)}.`,
          plot: linePlot(
            { title: 'Cosine of pairs of diseases', x: 'cosine', y: 'density' },
            Object.entries(organs).map(([name, { density }]) => ({ name, x: similarityGrid, y: density })),
          ),
        },
      ],
    }
  },
}
