/** @file Scores of texts against pycocoevalcap and NLTK (tools/reference/metrics_text.py), the values of the method sheet, and laws. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/metrics-text.json' with { type: 'json' }
import { caseBleu, prepareBleu } from './bleu.ts'
import { ciderD, prepareCiderD } from './cider.ts'
import { measure, measureAll } from './measure.ts'
import { alignWords, meteor, meteorOf, prepareMeteor } from './meteor.ts'
import { porterStem } from './porter.ts'
import { prepareRougeL, rougeL } from './rouge.ts'
import { type TextCase, textCases, wordsOf } from './tokens.ts'

const split = (text: string) => text.split(' ').filter((word) => word !== '')

/** Cases as the package splits them: at blanks. */
function casesOf({ hypotheses, references }: { hypotheses: string[]; references: string[][] }): TextCase[] {
  return hypotheses.map((text, i) => ({ hypothesis: split(text), references: references[i]!.map(split) }))
}

function close(values: ArrayLike<number>, expected: readonly number[], digits: number): void {
  expect(values).toHaveLength(expected.length)
  expected.forEach((value, i) => void expect(values[i]).toBeCloseTo(value, digits))
}

describe('against pycocoevalcap and NLTK', () => {
  it.each(golden.corpora.map((data, i) => [i, data] as const))('corpus %i', (_, data) => {
    const cases = casesOf(data)
    close(
      prepareBleu(cases).map((bleu) => bleu.on()),
      data.bleu,
      12,
    )
    for (const n of [1, 2, 3, 4] as const) close(caseBleu(cases, n), data.caseBleu[n - 1]!, 12)
    close(rougeL(cases), data.rouge, 12)
    close(ciderD(cases), data.cider, 10)
    close(meteor(cases), data.meteor, 12)
  })

  it('stems as NLTK does', () => {
    const wrong = Object.entries(golden.stems).filter(([word, stem]) => porterStem(word) !== stem)
    expect(wrong.map(([word, stem]) => `${word}: ${porterStem(word)}, not ${stem}`)).toEqual([])
  })
})

describe('values of the sheet', () => {
  const cases = textCases(['The heart is normal'], ['the heart size is normal'])

  it('one pair', () => {
    const [one, two] = prepareBleu(cases)
    expect(one!.on()).toBeCloseTo(0.778801, 6)
    expect(two!.on()).toBeCloseTo(0.635888, 6)
    expect(rougeL(cases)[0]).toBeCloseTo(0.871429, 6)
    expect(meteor(cases)[0]).toBeCloseTo(0.765306, 6)
    expect(ciderD(cases)[0]).toBe(0)
  })

  it('three pairs', () => {
    const three = textCases(
      ['the heart is normal', 'no pleural effusion', 'the lungs are clear'],
      ['the heart size is normal', 'no pleural effusion is seen', 'the lungs are clear'],
    )
    close(ciderD(three), [3.478024, 5.051668, 10], 6)
    expect(prepareCiderD(three).on()).toBeCloseTo(6.176564, 6)
  })
})

describe('words', () => {
  it('are lower case; marks are words of their own or nothing; numbers and compounds stay whole', () => {
    const text = 'No 1.5-cm nodule, S/P X-ray; patient’s "clear".'
    expect(wordsOf(text)).toEqual([
      'no',
      '1.5-cm',
      'nodule',
      ',',
      's',
      '/',
      'p',
      'x-ray',
      ';',
      'patient’s',
      '"',
      'clear',
      '"',
      '.',
    ])
    expect(wordsOf(text, 'remove')).toEqual(['no', '1.5-cm', 'nodule', 's', 'p', 'x-ray', 'patient’s', 'clear'])
    expect(wordsOf(' \n')).toEqual([])
    expect(() => textCases(['a'], [])).toThrow('1 generated texts but 0')
  })
})

describe('degenerate texts', () => {
  const cases = textCases(['', 'a b', '', 'a b'], ['c d', '', '', ['', 'a b']])

  it('an empty text scores 0, an empty reference skips the case, also when both are empty', () => {
    for (const scores of [rougeL(cases), meteor(cases), caseBleu(cases, 1)]) {
      expect(scores[0]).toBeCloseTo(0, 12)
      expect(scores.slice(1, 3)).toEqual(Float64Array.of(Number.NaN, Number.NaN))
      expect(scores[3]).toBeGreaterThan(0.9)
    }
    for (const prepared of [...prepareBleu(cases), prepareRougeL(cases), prepareMeteor(cases), prepareCiderD(cases)]) {
      const { n, skipped, reason } = measure(prepared, { resamples: 20 })
      expect({ n, skipped }).toEqual({ n: 2, skipped: 2 })
      expect(reason).toMatch('without a reference')
    }
    expect(prepareCiderD(cases).variant).toBe('CIDEr-D-frequencies-of-2')
  })

  it('without references there is no value', () => {
    const none = textCases(['a'], [[]])
    for (const prepared of [...prepareBleu(none), prepareRougeL(none), prepareMeteor(none), prepareCiderD(none)]) {
      expect(measure(prepared)).toMatchObject({ value: null, interval: null, n: 0, skipped: 1 })
    }
  })

  it('words named like members of objects are words', () => {
    const names = ['constructor', 'toString', '__proto__']
    const odd = [{ hypothesis: names, references: [names] }]
    expect(rougeL(odd)[0]).toBeCloseTo(1, 12)
    expect(porterStem('constructor')).toBe('constructor')
    expect(meteor(odd)[0]).toBeCloseTo(1 - 0.5 / 27, 12)
  })
})

describe('METEOR', () => {
  it('matches from the end, each word with the last free equal one', () => {
    expect(alignWords(['a', 'b', 'a'], ['a', 'a', 'b'])).toEqual([
      [0, 0],
      [1, 2],
      [2, 1],
    ])
  })

  it('matches equal words first, then stems, then synonyms of a named table', () => {
    const [h, r] = [
      ['small', 'effusions', 'fluid'],
      ['fluid', 'effusion', 'seen'],
    ]
    expect(alignWords(h, r)).toEqual([
      [1, 1],
      [2, 0],
    ])
    const synonyms = { name: 'pleura', groups: [['effusion', 'fluid']] }
    expect(alignWords(['effusion'], ['fluid'], { synonyms })).toEqual([[0, 0]])
    expect(meteorOf(['effusion'], ['fluid'])).toBe(0)
    expect(prepareMeteor(textCases(['effusion'], ['fluid']), { synonyms }).variant).toBe(
      'METEOR-2005-exact+stem+pleura',
    )
    expect(prepareMeteor(textCases(['effusion'], ['fluid']), { synonyms }).on()).toBe(0.5)
  })
})

describe('laws', () => {
  const words = fc.array(fc.constantFrom('heart', 'lung', 'clear', 'no', 'effusion'), { minLength: 1, maxLength: 8 })
  const corpus = fc.array(
    fc.record({ hypothesis: words, references: fc.array(words, { minLength: 1, maxLength: 2 }) }),
    { minLength: 2, maxLength: 5 },
  )

  it('equal texts are best: BLEU and ROUGE-L 1, METEOR 1 - 0.5 / m^3', () => {
    fc.assert(
      fc.property(words, (text) => {
        const same = [{ hypothesis: text, references: [text] }]
        expect(prepareBleu(same)[0]!.on()).toBeCloseTo(1, 6)
        expect(rougeL(same)[0]).toBeCloseTo(1, 12)
        expect(meteor(same)[0]).toBeCloseTo(1 - 0.5 / text.length ** 3, 12)
      }),
    )
  })

  it('all lie in their ranges', () => {
    fc.assert(
      fc.property(corpus, (cases) => {
        const bleu = prepareBleu(cases).map((one) => one.on())
        for (const score of [...bleu, ...rougeL(cases), ...meteor(cases), ...ciderD(cases).map((s) => s / 10)]) {
          expect(score).toBeGreaterThanOrEqual(0)
          expect(score).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
    )
  })

  it('counts stand for repeated cases', () => {
    const counted = corpus.chain((cases) =>
      fc.tuple(
        fc.constant(cases),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: cases.length, maxLength: cases.length }),
      ),
    )
    fc.assert(
      fc.property(counted, ([cases, counts]) => {
        const repeated = cases.flatMap((one, i) => new Array<TextCase>(counts[i]!).fill(one))
        fc.pre(repeated.length > 0)
        prepareBleu(cases).forEach(
          (bleu, n) => void expect(bleu.on(counts)).toBeCloseTo(prepareBleu(repeated)[n]!.on(), 12),
        )
        expect(prepareRougeL(cases).on(counts)).toBeCloseTo(prepareRougeL(repeated).on(), 12)
        expect(prepareMeteor(cases).on(counts)).toBeCloseTo(prepareMeteor(repeated).on(), 12)
      }),
    )
  })

  it('all scores of a corpus share their resamples and have intervals around them', () => {
    const cases = casesOf(golden.corpora[0]!)
    const { measures, bootstrap } = measureAll([...prepareBleu(cases), prepareRougeL(cases), prepareMeteor(cases)], {
      resamples: 200,
    })
    expect(bootstrap).toMatchObject({ resamples: 200, units: cases.length })
    for (const { value, interval } of measures) {
      expect(interval![0]).toBeLessThan(value!)
      expect(interval![1]).toBeGreaterThan(value!)
    }
  })
})
