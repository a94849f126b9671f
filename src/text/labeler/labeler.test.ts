import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../../test/peers.ts'
import { labelerScore, type ObservationStates } from '../../evaluate/metrics/clinical.ts'
import { findings, studyOf } from '../../phantoms/index.ts'
import { chestLabels, chexpertLabels, labelReport, readSentences } from './label-report.ts'
import { reportGraph } from './report-graph.ts'

const sign = { present: '+', absent: '-', uncertain: '?', elsewhere: '0' } as const

/** What each sentence says, by hand: ids of the ontology with + present, - absent, ? uncertain, 0 of another time. */
const byHand: readonly (readonly [string, string])[] = [
  ['No pleural effusion.', 'F49-'],
  ['No effusion, pneumothorax or consolidation.', 'F49- F54- F04-'],
  ['No effusion but mild edema.', 'F49- F15+'],
  ['Without evidence of pneumonia.', 'F08-'],
  ['Negative for pneumothorax.', 'F54-'],
  ['The lungs are free of consolidation.', 'F04-'],
  ['Lungs are clear of focal infiltrates.', 'F06- F02+'],
  ['There is no evidence of pulmonary nodule or mass.', 'F43- F44-'],
  ['Pneumothorax is not seen.', 'F54-'],
  ['Effusion is absent.', 'F49-'],
  ['The left effusion has resolved.', 'F49-'],
  ['The pneumothorax is no longer seen.', 'F54-'],
  ['Interval resolution of the right pleural effusion.', 'F49-'],
  ['Previously seen consolidation has resolved.', 'F04-'],
  ['Neither effusion nor pneumothorax.', 'F49- F54-'],
  ['Fracture was ruled out.', 'C17-'],
  ['Cannot exclude pneumonia.', 'F08?'],
  ['Pneumonia cannot be excluded.', 'F08?'],
  ['A small nodule is not excluded.', 'F43?'],
  ['Possible small left effusion.', 'F49?'],
  ['Questionable rib fracture on the right.', 'F77?'],
  ['Atelectasis versus consolidation.', 'F26? F04?'],
  ['Opacity may represent atelectasis.', 'F03+ F26?'],
  ['Findings suggestive of heart failure.', 'F22?'],
  ['Bibasilar opacities, likely atelectasis.', 'F03+ F26?'],
  ['Concerning for pneumonia.', 'F08?'],
  ['Pneumothorax is unlikely.', 'F54?'],
  ['Underlying emphysema is suspected.', 'F33?'],
  ['Consolidation consistent with pneumonia.', 'F04+ F08+'],
  ['No change in the effusion.', 'F49+'],
  ['No significant interval change in left pleural effusion.', 'F49+'],
  ['No further increase of the edema.', 'F15+'],
  ['Not only edema but also effusion.', 'F15+ F49+'],
  ['History of pneumonia.', 'F080'],
  ['Status post lobectomy.', 'F910'],
  ['Evaluate for pneumothorax.', 'F540'],
  ['Rule out pneumonia.', 'F080'],
  ['Heart size is normal.', 'F23-'],
  ['The heart is normal in size.', 'F23-'],
  ['The heart is not enlarged.', 'F23-'],
  ['The heart is mildly enlarged.', 'F23+'],
  ['Cardiac silhouette is enlarged.', 'F23+'],
  ['Heart size normal and lungs are clear.', 'F23- F02+'],
  ['Cardiomediastinal contours are unremarkable.', 'F24-'],
  ['The mediastinum is widened.', 'F24+'],
  ['Mediastinal contours are normal.', 'F24-'],
  ['The bones are intact.', 'C17-'],
  ['No acute bony abnormality.', 'C11-'],
  ['Osseous structures are unremarkable.', 'C17-'],
  ['Costophrenic angles are sharp.', 'F50-'],
  ['Blunting of the left costophrenic angle.', 'F50+'],
  ['The lungs are not clear.', ''],
  ['Hyperexpanded but clear lungs.', 'F32+ F02+'],
  ['The right hemidiaphragm is elevated.', 'F72+'],
  ['The aorta is tortuous and calcified.', 'F66+ F67+'],
  ['Stable cardiomegaly with mild edema and no effusion.', 'F23+ F15+ F49-'],
  ['No pneumothorax is seen, there is a small effusion.', 'F54- F49+'],
  ['No focal consolidation, the heart is enlarged.', 'F04- F23+'],
  ['Endotracheal tube tip 4 cm above the carina.', 'D01+'],
  ['ETT and NG tube in place.', 'D01+ D03+'],
  ['Right PICC in standard position.', 'D05+'],
  ['The chest tube has been removed.', 'D09-'],
  ['RLL pneumonia.', 'F08+'],
  ['Bilateral pneumothoraces.', 'F54+'],
  ['Pulmonary oedema.', 'F15+'],
  ['Effusion, consolidation and pneumothorax are not seen.', 'F49- F04- F54-'],
  ['Loculated effusion on the left, pneumothorax absent.', 'F51+ F54-'],
  ['No acute cardiopulmonary process.', 'F01+'],
  ['Minimal patchy airspace disease within the lingula.', 'C03+'],
  ['Pericardial effusion without pleural effusion.', 'F25+ F49-'],
  ['Pleural calcification along the left chest wall.', 'F58+'],
  ['Pulmonary vascular engorgement within limits of normal.', 'F18-'],
]

const said = (text: string): string =>
  readSentences(text)
    .flatMap(({ mentions }) => mentions.map(({ id, assertion }) => `${id}${sign[assertion]}`))
    .sort()
    .join(' ')

describe('assertions of a report', () => {
  it.each(byHand)('%s', (sentence, expected) => {
    expect(said(sentence)).toBe(expected.split(' ').sort().join(' '))
  })

  it('is linear: a long run of one word, brackets and hyphens ends', () => {
    for (const part of ['no ', 'a-', '(', 'and/or ', 'no effusion, '])
      expect(() => labelReport(part.repeat(5000))).not.toThrow()
  })
})

describe('labels of a report', () => {
  it('certain words outweigh doubt, doubt a denial, and an empty text says nothing, not even that it is normal', () => {
    const labels = { Effusion: ['F49'], 'No Finding': null } as const
    expect(labelReport('No effusion. Possible effusion.', labels).Effusion).toBe('uncertain')
    expect(labelReport('No effusion. Possible effusion. Effusion on the left.', labels).Effusion).toBe('positive')
    expect(labelReport('', labels)).toEqual({ Effusion: 'blank', 'No Finding': 'blank' })
    expect(labelReport('The heart is normal. A chest tube is in place.', labels)['No Finding']).toBe('positive')
  })

  it('a denied class denies its kinds; a kind that is there is its class; a denied kind denies no other', () => {
    expect(labelReport('No bony abnormality.', { Fracture: ['C17'] }).Fracture).toBe('negative')
    expect(labelReport('Rib fracture.', { Bones: ['C11'] }).Bones).toBe('positive')
    expect(labelReport('No tension pneumothorax.', { Effusion: ['F49'] }).Effusion).toBe('blank')
  })

  it('of labels that hold one another the nearest counts', () => {
    const states = labelReport('Consolidation in the left lung.')
    expect([states.Consolidation, states['Lung Opacity']]).toEqual(['positive', 'blank'])
  })

  it('reads findings and impression of a dictated report, not its indication', () => {
    const report = 'INDICATION: Pneumothorax?\n\nFINDINGS: No effusion.\n\nIMPRESSION: Cardiomegaly.'
    expect(Object.entries(labelReport(report)).filter(([, state]) => state !== 'blank')).toEqual([
      ['Cardiomegaly', 'positive'],
      ['Pleural Effusion', 'negative'],
    ])
  })
})

const examples = sharedData('chexpert-labeler')

describe.skipIf(examples === undefined)('the CheXpert labeler (needs ../shared/data/chexpert-labeler)', () => {
  it("is agreed with on its authors' reports", () => {
    const [head, ...rows] = csv(readFileSync(join(examples!, 'labeled_reports.csv'), 'utf8'))
    const code = { '1.0': 'positive', '0.0': 'negative', '-1.0': 'uncertain', '': 'blank' } as const
    expect(rows).toHaveLength(4)
    for (const [text, ...values] of rows) {
      const expected = values.map((value, k) => [head![k + 1]!, code[value as keyof typeof code]])
      const found = labelReport(text!, chexpertLabels())
      expect(Object.entries(found).sort()).toEqual(expected.sort())
    }
  })
})

describe('phantom reports, whose truth is known', () => {
  const studies = Array.from({ length: 250 }, (_, i) => studyOf(77, i))
  const textOf = ({ report }: (typeof studies)[number]): string =>
    `${report?.findings ?? ''} ${report?.impression ?? ''}`

  it('each label, each state: F1 against what the report was made to say', () => {
    const labels = chestLabels(findings)
    expect(Object.keys(labels)).toEqual([...findings])
    const found = studies.map((study) => labelReport(textOf(study), labels))
    const names = { 1: 'positive', 0: 'negative', [-1]: 'uncertain' } as const
    const truth = studies.map(
      (study): ObservationStates =>
        Object.fromEntries(Object.entries(study.labels).map(([label, value]) => [label, names[value]])),
    )
    for (const label of findings) {
      for (const state of ['positive', 'negative', 'uncertain'] as const) {
        const { count, f1 } = labelerScore(found, truth, label, state)
        if (count > 0) expect(f1, `${label}, ${state}`).toBeGreaterThan(0.97)
      }
    }
  })

  it('entities and relations: nearly all that the report was made to say are read', () => {
    const label = { present: 'OBS-DP', absent: 'OBS-DA', uncertain: 'OBS-U' } as const
    const type = { 'located-at': 'located_at', modifies: 'modify', 'suggestive-of': 'suggestive_of' } as const
    const counts = { entities: [0, 0], relations: [0, 0] } as Record<string, [number, number]>
    for (const study of studies) {
      const graph = study.graph!
      const own = reportGraph(textOf(study))
      const key = ({ tokens, label }: { tokens: string; label: string }) => `${tokens} ${label}`
      const true_ = graph.entities.map(({ text, kind, certainty }) =>
        key({ tokens: text.toLowerCase(), label: kind === 'anatomy' ? 'ANAT-DP' : label[certainty!] }),
      )
      const readEntities = new Set(own.entities.map(key))
      const readRelations = new Set(
        own.relations.map(({ from, to, type }) => `${key(own.entities[from]!)} > ${key(own.entities[to]!)} ${type}`),
      )
      const count = (name: string, hit: boolean): void => {
        counts[name]![0] += hit ? 1 : 0
        counts[name]![1]++
      }
      // A denial without a name stands in the truth as its whole sentence.
      for (const entity of true_) if (!entity.includes('. ')) count('entities', readEntities.has(entity))
      for (const { from, to, kind } of graph.relations)
        count('relations', readRelations.has(`${true_[from]} > ${true_[to]} ${type[kind]}`))
    }
    expect(counts.entities![0] / counts.entities![1]).toBeGreaterThan(0.96)
    expect(counts.relations![0] / counts.relations![1]).toBeGreaterThan(0.9)
  })
})

describe('the graph of a report', () => {
  it('says where, how much, what it suggests, and what is normal', () => {
    const { entities, relations } = reportGraph(
      'Small 8 mm nodule in the left upper lobe, concerning for lung cancer. Heart size is normal.',
    )
    const name = (i: number): string => `${entities[i]!.tokens} ${entities[i]!.label}`
    expect(relations.map(({ from, to, type }) => `${name(from)} ${type} ${name(to)}`).sort()).toEqual([
      '8 mm OBS-DP modify nodule OBS-DP',
      'nodule OBS-DP located_at left upper lobe ANAT-DP',
      'nodule OBS-DP suggestive_of lung cancer OBS-U',
      'normal OBS-DP located_at heart size ANAT-DP',
      'small OBS-DP modify nodule OBS-DP',
    ])
  })

  it('is empty where nothing is said', () => {
    expect(reportGraph('')).toEqual({ entities: [], relations: [] })
    expect(reportGraph('Clinical correlation is advised.').relations).toEqual([])
  })
})

/** Rows of a CSV file with quotes. */
function csv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, mark] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (mark === '\n') rows.push([])
    if (mark === '') break
  }
  return rows.filter(({ length }) => length > 1)
}
