import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { histology } from './domain.ts'
import { tissueMask } from './render.ts'
import { histologyDials, sampleTile, type TileScene } from './scene.ts'
import { inGland, tissueNames } from './tile.ts'

const domain = histology as unknown as PhantomDomain
holdsTheContract(domain, ['contrast', 'normals', 'laboratory', 'shortcut', 'uncertaintyRate', 'negationRate'])

const scenes = (count: number, more: object = {}): TileScene[] =>
  Array.from({ length: count }, (_, i) => sampleTile(3, i, histologyDials.parse(more)))

describe('histology tiles', () => {
  it('name the tissues that the masks show, and masks share out the tile', () => {
    for (const { tile, findings } of scenes(30)) {
      const sizes = tissueNames.map((name) => tissueMask(tile, name, 64).reduce((sum, v) => sum + v / 255, 0))
      expect(sizes.reduce((a, b) => a + b)).toBe(64 * 64)
      tissueNames.forEach((name, i) => {
        const area = (sizes[i] as number) / (64 * 64)
        const named = findings.find((finding) => finding.name === name)
        if (area > 0.05) expect(named, name).toBeDefined()
        if (named) expect(area, name).toBeGreaterThan(0.015)
      })
    }
  })

  it('form open glands when well differentiated and none when poorly', () => {
    const tumours = scenes(90, { normals: 0 }).filter(({ findings }) =>
      findings.some(({ name, amount }) => name === 'Tumour' && amount > 0.5),
    )
    const glands = (grade: string): number[] =>
      tumours
        .filter((scene) => scene.grade === grade)
        .map(({ tile }) => tile.glands.filter(({ malignant }) => malignant).length)
    expect(Math.max(...glands('Poorly Differentiated'))).toBe(0)
    expect(Math.min(...glands('Well Differentiated'))).toBeGreaterThan(1)
    for (const { tile } of tumours.filter(({ grade }) => grade === 'Well Differentiated')) {
      for (const gland of tile.glands) {
        const inside = tile.nuclei.filter(({ x, y }) => inGland(gland, x, y) < 0.3)
        expect(inside.length).toBeLessThanOrEqual(1)
      }
    }
  })

  it('hold nuclei whose size goes with their kind', () => {
    const sizes = new Map<string, number[]>()
    for (const { tile } of scenes(20))
      for (const { kind, rx, ry } of tile.nuclei) sizes.set(kind, [...(sizes.get(kind) ?? []), Math.sqrt(rx * ry)])
    const mean = (kind: string): number =>
      (sizes.get(kind) as number[]).reduce((a, b) => a + b) / (sizes.get(kind) as number[]).length
    expect(mean('tumour')).toBeGreaterThan(1.3 * mean('lymphocyte'))
    expect(mean('lymphocyte')).toBeGreaterThan(1.5 * mean('debris'))
  })

  it('count as many mitoses as are boxed', async () => {
    for (const { study } of await makeStudies(domain, 60, { dials: { normals: 0, prevalence: 4 } })) {
      const boxed = study.boxes.filter(({ label }) => label === 'Mitoses').length
      expect(boxed > 0).toBe(study.truth?.labels.Mitoses === 1)
      expect(study.boxes.filter(({ label }) => label === 'Nucleus').length).toBe(study.attributes.nuclei)
    }
  })
})
