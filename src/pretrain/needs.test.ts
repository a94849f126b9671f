import { describe, expect, it } from 'vitest'
import { type StudyInput, studySchema } from '../data/study.ts'
import { checkNeeds, type Need } from './needs.ts'

const study = (id: string, more: Partial<StudyInput> = {}) =>
  studySchema.parse({
    id,
    patient: 'p',
    split: 'train',
    domain: 'd',
    images: [{ path: 'a.png' }],
    report: null,
    ...more,
  })
const check = (need: Need, ...studies: ReturnType<typeof study>[]) =>
  checkNeeds([need], 'MyMethod', studies, 'data/folder')

describe('fields that an objective needs', () => {
  it('of every study: the one that lacks it is named', () => {
    const report = { findings: 'Clear.' }
    expect(() => check('report', study('a', { report }), study('b', { report: {} }))).toThrow(
      'MyMethod needs a report for every study, and b has none.',
    )
    expect(() => check('report', study('a', { report }))).not.toThrow()
    expect(() => check('text', study('a', { captions: ['A lung.'] }))).not.toThrow()
  })
  it.each<[Need, Partial<StudyInput>, string]>([
    ['views', { images: [{ path: 'a.png' }, { path: 'b.png' }] }, 'several images'],
    ['labels', { labels: { Edema: 1 } }, 'labels'],
    ['prior', { priors: ['z'] }, 'an earlier study'],
    ['boxes', { boxes: [{ image: 0, label: 'Nodule', box: [1, 2, 3, 4] }] }, 'boxes'],
    ['attributes', { attributes: { age: 3 } }, 'attributes'],
    ['truth', { truth: { labels: {} } }, 'true labels'],
  ])('of some study: %s', (need, more, what) => {
    expect(() => check(need, study('a'), study('b', more))).not.toThrow()
    expect(() => check(need, study('a'))).toThrow(`MyMethod needs ${what}, and no training study has any.`)
  })
  it('names the field and a command that provides it', () => {
    const hintOf = () => {
      try {
        check('masks', study('a'))
      } catch (error) {
        return (error as { hint: string }).hint
      }
      return ''
    }
    expect(hintOf()).toContain('field "masks"')
    expect(hintOf()).toContain('vesalius phantoms chest-xray --out DIR --masks')
  })
})
