import { defineConfig } from 'vitest/config'

// `npm run test:slow`: long runs by hand (kill-and-resume at 20 moments, reference lines). Not part of CI.
export default defineConfig({
  test: { include: ['src/**/*.slow.ts', 'test/**/*.slow.ts'], pool: 'forks', maxWorkers: 1, testTimeout: 3_600_000 },
})
