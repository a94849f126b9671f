import { expect, test } from 'vitest'
import { fuzz, fuzzed } from './fuzz-text.ts'

test.each(Object.keys(fuzzed))('%s: 100,000 mutations, none crashes or takes 2 s', { timeout: 3_600_000 }, (name) => {
  expect(fuzz(name, 100_000)).toBeLessThan(2000)
})
