import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../test/peers.ts'
import { readReport, splitSections, splitSentences } from './report.ts'

const mimic = `                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___ year old woman with cough  // ?pna

 COMPARISONS:  ___ chest CT

 FINDINGS:

 The lungs are clear of focal
 consolidation. Heart size: normal.

 CONCLUSION:

 No acute process.
 RECOMMENDATION(S):  None.
`

describe('sections', () => {
  test('MIMIC layout: headings, normalised names, preamble', () => {
    expect(splitSections(mimic)).toEqual([
      { name: 'preamble', text: 'FINAL REPORT' },
      { name: 'examination', text: 'CHEST (PA AND LAT)' },
      { name: 'indication', text: '___ year old woman with cough  // ?pna' },
      { name: 'comparison', text: '___ chest CT' },
      { name: 'findings', text: 'The lungs are clear of focal\nconsolidation. Heart size: normal.' },
      { name: 'impression', text: 'No acute process.' },
      { name: 'recommendation(s)', text: 'None.' },
    ])
  })

  test('the study keeps four of them; the last of two counts, empty ones are absent', () => {
    expect(readReport('FINDINGS: a.\nIMPRESSION:\nHISTORY: cough\nFINDINGS: b.')).toEqual({
      indication: 'cough',
      findings: 'b.',
    })
  })

  test('mixed case and one-line reports', () => {
    expect(readReport('Findings: Clear lungs. IMPRESSION: Normal. Clinical history: x.')).toEqual({
      findings: 'Clear lungs.',
      impression: 'Normal. Clinical history: x.',
    })
    expect(readReport('Impression:\r\nNo change.\r\n')).toEqual({ impression: 'No change.' })
  })

  test('without headings the text is the findings; without findings the last paragraph is', () => {
    expect(readReport('Small right effusion.\n\nNo edema.')).toEqual({ findings: 'Small right effusion.\n\nNo edema.' })
    expect(readReport(' INDICATION: cough.\n COMPARISON:  None.\n\n Lungs are clear.')).toEqual({
      indication: 'cough.',
      comparison: 'None.',
      findings: 'Lungs are clear.',
    })
    expect(readReport('INDICATION: cough')).toEqual({ indication: 'cough' })
    expect(readReport(' \n--\n')).toBeNull()
  })
})

describe('sentences', () => {
  test.each([
    ['A 3.5 cm mass. No effusion.', ['A 3.5 cm mass.', 'No effusion.']],
    [
      'Mass of 3 cm. in size. It measured 2 cm. The rest is clear',
      ['Mass of 3 cm. in size.', 'It measured 2 cm.', 'The rest is clear'],
    ],
    ['Discussed with Dr. J. Smith at 5 p.m. by phone.', ['Discussed with Dr. J. Smith at 5 p.m. by phone.']],
    [
      '1. Stable mild cardiomegaly. 2. Hyperexpanded but clear lungs.',
      ['Stable mild cardiomegaly.', 'Hyperexpanded but clear lungs.'],
    ],
    ['1. Left effusion with\n   atelectasis.\n\n2) Cardiomegaly', ['Left effusion with atelectasis.', 'Cardiomegaly']],
    ['- no edema\n- no effusion', ['no edema', 'no effusion']],
    ['Nodule on image 2. The heart is normal.', ['Nodule on image 2.', 'The heart is normal.']],
    ['the lungs are clear. no effusion. fig. 2 shows it', ['the lungs are clear.', 'no effusion.', 'fig. 2 shows it']],
    ['Pneumothorax? Unlikely! (See below.) Done.', ['Pneumothorax?', 'Unlikely!', '(See below.)', 'Done.']],
    [
      'There is no change in hepatitis C. The liver is normal.',
      ['There is no change in hepatitis C.', 'The liver is normal.'],
    ],
    ['. .. --- ', []],
    ['', []],
  ])('%j', (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences)
  })

  test('any text: nothing is lost but list marks and white space', () => {
    const pieces = fc.constantFrom(
      'The lungs',
      ' are clear',
      '. ',
      '.',
      '\n',
      '\n\n',
      '1. ',
      '2) ',
      '- ',
      'Dr. ',
      '3.5 cm',
      '. no',
      '? ',
      '\t',
      'É. ',
      ':',
    )
    const letters = (s: string): string => s.replace(/[^\p{L}]/gu, '')
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const text = parts.join('')
        expect(letters(splitSentences(text).join(''))).toBe(letters(text))
        for (const sentence of splitSentences(text)) expect(sentence).toBe(sentence.trim())
      }),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void [splitSentences(text), readReport(text)]))
  })

  test('long texts without structure take linear time', () => {
    const start = process.cpuUsage()
    for (const text of [
      'A '.repeat(200_000),
      'a'.repeat(400_000),
      '.'.repeat(400_000),
      'A: '.repeat(100_000),
      '\n '.repeat(200_000),
    ]) {
      readReport(text)
      splitSentences(text)
    }
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(3)
  })
})

const labeler = sharedData('chexpert-labeler')
test.skipIf(labeler === undefined)(
  'sample reports of the CheXpert labeler (needs ../shared/data/chexpert-labeler)',
  () => {
    const rows = parse(readFileSync(join(labeler ?? '', 'sample_reports.csv')), {
      relax_column_count: true,
    }) as string[][]
    expect(rows.map(([text]) => splitSentences(text ?? '').length)).toEqual([3, 3, 1, 2])
  },
)
