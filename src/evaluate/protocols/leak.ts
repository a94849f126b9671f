/** LEAK: what the test studies share with training: patients, the same picture files, and pictures that are almost the same. */

import { join } from 'node:path'
import { readBytes, sha256 } from '../../core/files.ts'
import type { Study } from '../../data/study.ts'
import type { CaseMeasure } from '../case-measures.ts'
import type { Protocol } from '../protocol.ts'
import { patientsOf } from '../studies.ts'

/** Root mean square difference of 16 x 16 averages, in units of normalised pixels, below which two pictures are one. */
const tolerance = 0.01

export const leak: Protocol = {
  id: 'LEAK',
  name: 'Leakage between splits',
  measures:
    'Share of test studies whose patient, or whose picture, is also among the training studies. It should be 0.',
  lower: ['patients', 'samePictures', 'nearPictures'],
  lacks: ({ train }) => (train.length === 0 ? 'there are no training studies' : undefined),
  async run({ data, pooled }) {
    const hashes = (studies: readonly Study[]) =>
      Promise.all(
        studies.map(async ({ images: [first] }) =>
          first === undefined ? '' : sha256(await readBytes(join(data.folder, first.path))),
        ),
      )
    const patients = new Set(data.train.map(({ patient }) => patient))
    const files = new Set(await hashes(data.train))
    const own = await hashes(data.test)
    const [train, test] = [await pooled('train'), await pooled('test')]
    const near = Float64Array.from(data.test, (_, n) => {
      for (let t = 0; t < data.train.length; t++) {
        let sum = 0
        for (let i = 0; i < 256 && sum <= 256 * tolerance ** 2; i++)
          sum += (test[n * 256 + i]! - train[t * 256 + i]!) ** 2
        if (sum <= 256 * tolerance ** 2) return 1
      }
      return 0
    })
    const share = (values: ArrayLike<number>): CaseMeasure => ({ kind: 'mean', values })
    const measures = {
      patients: share(data.test.map(({ patient }) => (patients.has(patient) ? 1 : 0))),
      samePictures: share(own.map((hash) => (files.has(hash) ? 1 : 0))),
      nearPictures: share(near),
    }
    const found = data.test.filter((_, n) => near[n] === 1).map(({ id }) => id)
    return { measured: [{ units: patientsOf(data.test), measures }], details: { nearStudies: found.slice(0, 20) } }
  },
}
