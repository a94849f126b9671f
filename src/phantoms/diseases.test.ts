import { expect, it } from 'vitest'
import { diseases, organs } from './diseases.ts'

it('each of six organs has 20 to 30 disease names, none twice', () => {
  expect(organs.length).toBe(6)
  const all = organs.flatMap((organ) => diseases[organ])
  for (const organ of organs) {
    expect(diseases[organ].length, organ).toBeGreaterThanOrEqual(20)
    expect(diseases[organ].length, organ).toBeLessThanOrEqual(30)
  }
  expect(new Set(all.map((name) => name.toLowerCase())).size).toBe(all.length)
  for (const name of all) expect(name).toBe(name.trim())
})
