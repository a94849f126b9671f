import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { bloodSmear } from './domain.ts'
import { sampleSmear, smearDials } from './scene.ts'

const domain = bloodSmear as unknown as PhantomDomain
holdsTheContract(domain, ['contrast', 'density', 'normals', 'falseNegativeRate'])

describe('blood smears', () => {
  it('count what is boxed, and words give the number of white cells', async () => {
    for (const { study } of await makeStudies(domain, 80, { dials: { labelNoise: 0 } })) {
      const boxed = (label: string): number => study.boxes.filter((box) => box.label === label).length
      expect(boxed('WBC')).toBe(study.attributes.whiteCells)
      const asked = study.questions.find(({ question }) => question === 'How many white cells are there?')
      expect(asked?.answer).toBe(String(boxed('WBC')))
      for (const { text, finding, polarity } of study.truth?.sentences ?? []) {
        const number = ['one', 'two', 'three'].findIndex((word) => new RegExp(`\\b${word}\\b`, 'i').test(text)) + 1
        if (polarity === 1 && finding && number > 0) expect(boxed(finding), text).toBe(number)
      }
    }
  })

  it('leave white cells free of red ones', () => {
    for (let index = 0; index < 30; index++) {
      const { cells } = sampleSmear(2, index, smearDials.parse({}))
      const whites = cells.filter(({ kind }) => /^[A-Z]/.test(kind))
      const others = cells.filter(({ kind, finding }) => kind === 'red' && finding === null)
      for (const white of whites)
        for (const red of others) expect(Math.hypot(white.x - red.x, white.y - red.y)).toBeGreaterThan(white.r)
    }
  })
})
