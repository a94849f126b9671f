import { describe, expect, it } from 'vitest'
import { holdsTheContract } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { histologySlide } from './domain.ts'
import { families, type SlideScene, sampleSlide, slideDials } from './scene.ts'

holdsTheContract(histologySlide as unknown as PhantomDomain, ['tiles', 'tumourTiles', 'genes'], { tiles: 4 })

const has = ({ findings }: Pick<SlideScene, 'findings'>, wanted: string): boolean =>
  findings.some(({ name }) => name === wanted)

const scenes = (count: number, more: object = {}): SlideScene[] =>
  Array.from({ length: count }, (_, i) => sampleSlide(3, i, slideDials.parse({ tiles: 4, ...more })))

/** Share of comparable pairs in which the one with the higher risk dies first. */
function concordance(rows: readonly { risk: number; months: number; event: boolean }[]): number {
  let [good, all] = [0, 0]
  for (const a of rows) {
    for (const b of rows) {
      if (!a.event || a.months >= b.months) continue
      all++
      good += a.risk > b.risk ? 1 : a.risk === b.risk ? 0.5 : 0
    }
  }
  return good / all
}

describe('slides', () => {
  const many = scenes(240)
  const firsts = many.filter(({ visit }) => visit === 0)

  it('die earlier at a higher hazard, and the interaction adds what neither side knows', () => {
    const rows = (risk: (scene: SlideScene) => number) =>
      firsts.map((scene) => ({ risk: risk(scene), ...scene.survival }))
    const truth = concordance(rows(({ logHazard }) => logHazard))
    const necrosis = (scene: SlideScene): number => (has(scene, 'Necrosis') ? 1 : 0)
    const kinases = (scene: SlideScene): number => (scene.pathways['protein-kinases'] > 0 ? 1 : 0)
    expect(truth).toBeGreaterThan(0.68)
    expect(concordance(rows((scene) => necrosis(scene) * kinases(scene)))).toBeGreaterThan(
      concordance(rows(kinases)) + 0.02,
    )
    expect(concordance(rows(({ pathways }) => pathways['transcription-factors']))).toBeLessThan(0.6)
  })

  it('show in their tiles what they find, in few of them', () => {
    for (const { tiles, findings } of scenes(40, { tiles: 16 })) {
      const count = (tissue: string): number =>
        tiles.filter(({ tissues }) => tissues.some((name) => name === tissue)).length
      expect(count('Necrosis') > 0).toBe(has({ findings }, 'Necrosis'))
      expect(count('Lymphocytes') > 0).toBe(has({ findings }, 'Immune Infiltrate'))
      expect(count('Tumour') > 0).toBe(has({ findings }, 'Tumour'))
      expect(count('Necrosis')).toBeLessThan(5)
      expect(tiles.length).toBe(16)
    }
  })

  it('keep omics and survival of a patient from slide to slide', () => {
    for (const scene of many.filter(({ visit }) => visit > 0)) {
      const first = many[scene.index - scene.visit] as SlideScene
      expect(scene.omics).toEqual(first.omics)
      expect(scene.survival).toEqual(first.survival)
    }
    expect(new Set(many[0]?.omics.map(({ name }) => name.split(':')[0]))).toEqual(new Set(families))
  })
})
