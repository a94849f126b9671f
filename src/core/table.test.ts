import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayWidth, textTable } from './table.ts'

describe('textTable', () => {
  it('aligns numbers right, words left, and shows undefined values as a dash', () => {
    const table = textTable(
      ['finding', 'AUROC', { title: 'n', digits: 0 }],
      [
        ['Edema', 0.9124, 40],
        ['Pneumothorax', Number.NaN, 1200],
        ['Mass', -0.00001, null],
      ],
    )
    expect(table).toBe(
      [
        'finding       AUROC     n',
        '────────────  ─────  ────',
        'Edema         0.912    40',
        'Pneumothorax      –  1200',
        'Mass          0.000     –',
      ].join('\n'),
    )
  })

  it('shows whole numbers without a point, booleans as words, short rows as dashes', () => {
    expect(
      textTable(
        ['a', 'b', 'c'],
        [
          [1, true],
          [20, false],
        ],
      )
        .split('\n')
        .slice(2),
    ).toEqual([' 1  yes  –', '20  no   –'])
  })

  it('measures wide, combining and joined characters', () => {
    expect(displayWidth('abc')).toBe(3)
    expect(displayWidth('肺炎')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('👩‍⚕️')).toBe(2)
    expect(displayWidth('Ödem')).toBe(4)
    expect(displayWidth('')).toBe(0)
  })

  it('every line of a right-aligned last column is equally wide, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 6 }), (names) => {
        const lines = textTable(
          ['name', { title: 'n', align: 'right' }],
          names.map((name) => [name, 'x']),
        ).split('\n')
        expect(lines).toHaveLength(names.length + 2)
        expect(new Set(lines.slice(1).map(displayWidth)).size).toBe(1)
      }),
    )
  })

  it('lets no terminal escape or line break through', () => {
    expect(textTable(['a'], [['x\u001b[31mred\ny\u202e']])).toBe('a\n──────────\nx[31mred y')
  })

  it('prints an empty table as its titles', () => {
    expect(textTable(['a', 'bb'], [])).toBe('a  bb\n─  ──')
  })
})
