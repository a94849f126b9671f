import { describe, expect, it } from 'vitest'
import { commonForm } from '../text/labeler/words.ts'
import { chestOntology } from './chest-ontology.ts'

const { concepts, relations, labelSets, ancestors } = chestOntology()
const all = [...concepts.values()]

describe('the chest ontology', () => {
  it('has the things it was written with', () => {
    const count = (letter: string) => all.filter(({ id }) => id.startsWith(letter)).length
    expect(['A', 'C', 'F', 'D', 'M'].map(count)).toEqual([67, 17, 91, 17, 37])
    expect(relations).toHaveLength(130)
  })

  it('names only what exists', () => {
    const named = [
      ...all.flatMap(({ parents, places }) => [...parents, ...places]),
      ...relations.flatMap(({ head, tail }) => [head, tail]),
      ...[...labelSets.values()].flatMap((set) => [...set.values()].flat()),
    ]
    expect(named.filter((id) => !concepts.has(id))).toEqual([])
  })

  it('has no circles; places end at the thorax, findings at the widest class', () => {
    for (const { id, kind } of all) {
      const above = ancestors(id)
      expect(above.slice(1)).not.toContain(id)
      if (kind === 'anatomy') expect(above).toContain('A00')
      else if (kind !== 'modifier' && kind !== 'state') expect(above).toContain('C01')
    }
  })

  it('has no name for two things of one kind', () => {
    const kinds = { A: 'place', C: 'finding', F: 'finding', D: 'finding', M: 'modifier' } as const
    const owners = new Map<string, string>()
    const doubled: string[] = []
    for (const { id, name, synonyms } of all) {
      for (const one of [name, ...synonyms]) {
        const key = `${kinds[id[0] as keyof typeof kinds]}: ${one.toLowerCase().split(' ').map(commonForm).join(' ')}`
        if ((owners.get(key) ?? id) !== id) doubled.push(`${key} (${owners.get(key)}, ${id})`)
        owners.set(key, id)
      }
    }
    expect(doubled).toEqual([])
  })

  it('describes everything in one or two sentences', () => {
    for (const { id, kind, description } of all) {
      const words = description.split(' ').length
      expect(words, id).toBeGreaterThanOrEqual(kind === 'modifier' ? 2 : 5)
      expect(words, id).toBeLessThanOrEqual(45)
      expect(description.endsWith('.'), id).toBe(true)
    }
  })

  it('relates no pair twice, and none that one is a kind of the other', () => {
    const keys = relations.map(({ head, tail, relation }) =>
      relation === 'associated-with' ? [head, tail].sort().join(' ') : `${head}>${tail}`,
    )
    expect(new Set(keys).size).toBe(keys.length)
    for (const { head, tail } of relations) {
      expect(concepts.get(head)!.parents).not.toContain(tail)
      expect(concepts.get(tail)!.parents).not.toContain(head)
    }
  })

  it('has boxes inside the picture, on the side that their name says', () => {
    for (const { id, name, box } of all) {
      if (box === undefined) continue
      const [x0, y0, x1, y1] = box
      expect(0 <= x0 && x0 < x1 && x1 <= 1 && 0 <= y0 && y0 < y1 && y1 <= 1, id).toBe(true)
      // The patient's right is the picture's left.
      if (name.startsWith('right lung')) expect((x0 + x1) / 2, id).toBeLessThan(0.5)
      if (name.startsWith('left lung')) expect((x0 + x1) / 2, id).toBeGreaterThan(0.5)
    }
  })
})
