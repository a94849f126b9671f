/** @file What every objective promises by its declaration. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRuntime, type Runtime } from '../src/engine/index.ts'
import { resolveRun } from '../src/pretrain/config.ts'
import { objectives } from '../src/pretrain/objectives.ts'
import { someSteps } from './objective-step.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

describe.each(objectives.filter(({ tiny }) => tiny !== undefined).map((o) => [o.id, o] as const))(
  '%s',
  (id, objective) => {
    it('trains with its tiny recipe, every part of it', async () => {
      // Recomposed reports are drawn anew at each step, so single losses of Pan 2023 do not compare: means do.
      const drawn = id === 'pan-2023'
      const { losses, watched, still } = await someSteps(runtime, id, drawn ? 16 : 4)
      expect(losses.every(Number.isFinite)).toBe(true)
      const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b) / some.length
      if (drawn) expect(mean(losses.slice(8))).toBeLessThan(mean(losses.slice(0, 8)))
      else expect(Math.min(...losses.slice(1))).toBeLessThan(losses[0] as number)
      for (const name of objective.losses) expect(Number.isFinite(watched[name])).toBe(true)
      // Heads of its own may take the place of the projections, which zero-shot use and retrieval read.
      const serves = objective.survey.tasks.some((task) => task === 'ZSC' || task === 'ITR')
      const spare = serves ? [] : ['visual_projection.weight', 'text_projection.weight']
      expect(still.filter((name) => !spare.includes(name))).toEqual([])
    })

    it.each(['tiny', 'published'] as const)('has a %s recipe that is a whole configuration', (recipe) => {
      if (objective[recipe] === undefined) expect.fail(`There is no ${recipe} recipe.`)
      const { objectiveConfig } = resolveRun({ data: 'somewhere', objective: id, recipe }, 'recipe')
      expect(objective.config.parse(objectiveConfig)).toEqual(objectiveConfig)
    })
  },
)
