import { defineConfig } from 'vitest/config'

// `npm test`: self-contained, needs nothing but Node. Child processes and workers run from `dist`, which `npm test` builds first.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
