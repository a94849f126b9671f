import { expect, test } from 'vitest'
import { fuzz, fuzzed } from './fuzz-text.ts'

test.each(Object.keys(fuzzed))('%s: a thousand mutations, none crashes or takes 2 s', (name) => {
  expect(fuzz(name, 1000)).toBeLessThan(2000)
})
