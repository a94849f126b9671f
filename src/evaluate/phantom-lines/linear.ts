/** @file Logistic models on a few facts of each case, one a finding: what these facts alone tell. */

import type { Study } from '../../data/study.ts'
import type { Line } from '../../phantoms/index.ts'
import { moments, standardised } from '../heads.ts'
import { pixelLine } from '../reference.ts'
import { lineOf } from './recipe.ts'

interface Facts {
  studies: Study[]
  /** [N][F] */
  facts: readonly (readonly number[])[]
}

/** AUROC on the test cases of logistic models that see these facts and their squares. */
export function factsLine(findings: readonly string[], training: Facts, test: Facts): Line {
  const width = training.facts[0]?.length ?? 0
  const plain = ({ facts }: Facts): Float32Array => Float32Array.from(facts.flat())
  const scale = moments(plain(training), width)
  const wide = (facts: Facts): Float32Array => {
    const values = standardised(plain(facts), scale)
    return Float32Array.from({ length: 2 * values.length }, (_, i) => {
      const [row, d] = [Math.floor(i / (2 * width)), i % (2 * width)]
      return d < width ? values[row * width + d]! : values[row * width + d - width]! ** 2
    })
  }
  const pooled = (facts: Facts) => ({ studies: facts.studies, pooled: wide(facts) })
  return lineOf(pixelLine(findings, pooled(training), pooled(test), 1))
}
